/*
 * imaptap query: asks the database, by canned queries or SQL.
 */
#include "analyzer/cli/narrowing_options.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/rule_name.h"
#include "analyzer/cli/terminal.h"
#include "analyzer/report/output_file.h"
#include "db/finding/finding.h"
#include "db/memory.h"
#include "db/query.h"
#include "dissector/rules.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* SQL that does not stop at its time limit, since one function of it runs that long, is ended with the
 * process this much later. */
#define GRACE_S 2

#define NO_SCHEMA UINT_MAX

struct question {
    struct common_options common; /* the first member: options_parse */
    const char *text, *output;
    const struct query_canned *canned; /* NULL: the text is SQL */
    struct query_options options;
    bool list, show;
    unsigned schema; /* NO_SCHEMA, or an enum finding_schema */
    uint64_t seconds;
    struct query_parameters parameters;
};

/* The file to remove when the alarm ends the process. */
static const char *unfinished = "";

#define AT(member) .at = offsetof(struct question, member)

static const struct option_spec options[] = {
    {"list", .help = "list the canned queries and what each can be narrowed by", .take = option_set,
     AT(list)},
    {"sql", .help = "print the SQL of the canned query NAME instead of running it", .take = option_set,
     AT(show)},
    NARROWING_OPTIONS(offsetof(struct question, parameters)),
    {"rule", .argument = "RULE", .help = "that broke this rule; imaptap rules lists them",
     .take = option_text, AT(parameters.rule)},
    {"format", .argument = "FORMAT", .help = "table, csv, json, ndjson, markdown or lines (a line a column)",
     .initial = "table", .take = option_word, AT(options.format),
     .words = "table, csv, json, ndjson, markdown or lines", .group = "Output"},
    {"schema", .argument = "SCHEMA",
     .help = "with --format ndjson, for findings: the names of Suricata (eve) or of the Elastic Common "
             "Schema (ecs)",
     .take = option_word, AT(schema), .words = "eve or ecs"},
    {"columns", .argument = "LIST", .help = "only these columns, with commas between, in this order",
     .take = option_text, AT(options.columns)},
    {"output", 'o', "FILE", "write FILE (mode 0600), the whole result or no file", .take = option_text,
     AT(output)},
    {"max-rows", .argument = "N", .help = "cut the result after N rows; 0: never", .initial = "1000000",
     .take = option_number, AT(options.row_limit), .most = UINT64_MAX},
    {"max-time", .argument = "SECONDS", .help = "stop after so long; 0: never", .initial = "300",
     .take = option_number, AT(seconds), .most = 1000000}};

static void print_list(void)
{
    size_t count;
    const struct query_canned *queries = query_canned(&count);

    for (size_t i = 0; i < count; i++) {
        printf("%-25s%s\n%-25s", queries[i].name, queries[i].title, "");
        fputs("  --since --until", stdout);
        for (const char *at = queries[i].takes; *at != '\0'; at += strspn(at, " ")) {
            int length = (int)strcspn(at, " ");

            printf(" --%.*s", length, at);
            at += length;
        }
        putchar('\n');
    }
}

static int check_takes(const struct query_canned *canned, const struct query_parameters *parameters)
{
    const struct {
        const char *name, *value;
    } given[] = {{"client", parameters->client},
                 {"server", parameters->server},
                 {"user", parameters->user},
                 {"rule", parameters->rule}};

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        if (given[i].value != NULL && !query_takes(canned, given[i].name))
            return usage_error(&command_query,
                               "%s does not take --%s; imaptap query --list shows what it takes",
                               canned->name, given[i].name);
    return -1;
}

/* SQL has a space in it; a single word is meant as a name. */
static int settle_text(struct question *question)
{
    char *const *words = question->common.operands;
    size_t count;
    const struct query_canned *queries = query_canned(&count);

    if (question->common.operand_count > 1)
        return usage_error(&command_query, "takes one query: put SQL in quotes (behind '%s')", words[0]);
    question->text = words[0];
    question->canned = query_find(words[0]);
    if (question->canned != NULL)
        return check_takes(question->canned, &question->parameters);
    return strpbrk(words[0], " \t\n;") == NULL ? unknown_word(&command_query, "canned query", words[0],
                                                              queries, count, sizeof(struct query_canned))
                                               : -1;
}

/* What the options mean together. Returns -1 to go on, else an exit status. */
static int settle(struct question *question)
{
    int status = settle_text(question);

    if (status == -1 && question->parameters.rule != NULL)
        status = rule_name_check(&command_query, question->parameters.rule, NULL);
    if (status != -1)
        return status;
    if (question->schema != NO_SCHEMA) {
        if (question->options.format != QUERY_NDJSON)
            return usage_error(&command_query, "--schema needs --format ndjson");
        if (question->options.columns != NULL)
            return usage_error(&command_query, "--columns does not go with --schema, which names them");
        /* the findings of a schema have more columns than those for people */
        if (question->canned != NULL && strcmp(question->canned->name, "findings") == 0)
            question->canned = query_find("findings-in-full");
        question->options.format = question->schema == FINDING_EVE ? QUERY_EVE : QUERY_ECS;
    }
    status = question->show ? -1 : narrowing_check(&command_query, &question->parameters);
    if (status != -1)
        return status;
    question->options.time_limit_s = (unsigned)question->seconds;
    question->options.parameters = &question->parameters;
    question->options.ascii = !terminal_is_utf8();
    question->options.width = question->output != NULL ? 0 : terminal_columns(0);
    return -1;
}

/* Nothing but calls that a signal handler may make. */
static void on_alarm(int number)
{
    static const char words[] = "imaptap: this SQL ran for too long and was stopped\n";

    (void)number;
    if (unfinished[0] != '\0')
        (void)unlink(unfinished);
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
        _exit(EXIT_UNREAD);
    _exit(EXIT_UNREAD);
}

/* `user`: whom the rows were narrowed to; NULL: nobody. */
static void say_empty(const char *user)
{
    fputs("0 rows", stderr);
    if (user != NULL && strpbrk(user, "*%?") != NULL)
        fputs(": --user takes a whole name, and * % ? stand for themselves", stderr);
    fputc('\n', stderr);
}

static int ask(const struct question *question, FILE *out)
{
    const char *sql = question->canned != NULL ? question->canned->sql : question->text;
    enum query_status status;
    uint64_t rows = 0;
    char why[1024];

    if (question->options.time_limit_s > 0) {
        (void)signal(SIGALRM, on_alarm);
        (void)alarm(question->options.time_limit_s + GRACE_S);
    }
    status = query_run(question->common.database, sql, &question->options, out, &rows, why, sizeof why);
    (void)alarm(0);
    if (status == QUERY_OK && rows == 0 && !question->common.quiet)
        say_empty(question->parameters.user);
    if (status == QUERY_OK)
        return EXIT_DONE;
    fprintf(stderr, "imaptap: %s%s\n", why,
            status == QUERY_CUT ? "; --max-rows and --max-time set the limits" : "");
    return status == QUERY_BAD_SQL ? EXIT_USAGE : EXIT_UNREAD;
}

/* Whether the file is part of the database: itself, its log or its journal. */
static bool is_database(const char *output, const char *database)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_MAX];

    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        int length = snprintf(name, sizeof name, "%s%s", database, tails[i]);

        if (length > 0 && (size_t)length < sizeof name && output_file_is(name, output))
            return true;
    }
    return false;
}

/* A result that a limit cut is not whole, and so there is no file. */
static int ask_into_file(const struct question *question)
{
    struct output_file file;
    char why[PATH_MAX + 256];
    int status;

    if (is_database(question->output, question->common.database))
        return usage_error(&command_query,
                           "%s is the database that is asked: name another file with --output",
                           question->output);
    if (!output_file_open(&file, question->output, why, sizeof why)) {
        fprintf(stderr, "imaptap: %s\n", why);
        return EXIT_UNREAD;
    }
    unfinished = file.temporary;
    status = ask(question, file.stream);
    unfinished = "";
    if (status != EXIT_DONE) {
        output_file_drop(&file);
        return status;
    }
    if (output_file_keep(&file, why, sizeof why))
        return EXIT_DONE;
    fprintf(stderr, "imaptap: %s\n", why);
    return EXIT_UNREAD;
}

static int run(int argc, char **argv)
{
    struct question question = {.schema = NO_SCHEMA, .parameters = QUERY_NO_PARAMETERS};
    int status = options_parse(&command_query, argc, argv, &question);

    if (status != -1)
        return status;
    if (question.list || question.common.operand_count == 0) {
        print_list();
        return EXIT_DONE;
    }
    status = settle(&question);
    if (status != -1)
        return status;
    if (question.show) {
        fputs(question.canned != NULL ? question.canned->sql : question.text, stdout);
        return EXIT_DONE;
    }
    return question.output != NULL ? ask_into_file(&question) : ask(&question, stdout);
}

const struct command command_query = {
    .name = "query",
    .title = "ask the database: canned queries or SQL",
    .usage = "[OPTIONS] [NAME | SQL]",
    .about = "Runs a canned query, or one SQL statement that only reads; without either, the canned queries "
             "are listed.\n",
    OPTIONS(options),
    .database = "the database",
    .notes =
        "SQL may name the parameters :user, :rule, :client and :server (JSON arrays of addresses), :since "
        "and :until (nanoseconds). Exit status 3: a limit cut the result, and a message says so.\n",
    .example = "  imaptap query senders --since 7d --server 192.0.2.0/24\n"
               "  imaptap query --format csv -o no.csv \\\n"
               "      \"SELECT username, result FROM logins WHERE result <> 'OK'\"\n",
    .prepare = memory_counted,
    .run = run};
