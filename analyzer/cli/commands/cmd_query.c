/*
 * imaptap query: asks the database, by canned queries or SQL.
 */
#include "analyzer/cli/command.h"
#include "analyzer/cli/moment.h"
#include "analyzer/report/output_file.h"
#include "db/finding/finding.h"
#include "db/network.h"
#include "db/query.h"
#include "dissector/rules.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Limits, unless the user says otherwise. */
#define MOST_SECONDS 300
#define MOST_ROWS    1000000

/* SQL that does not stop at its time limit, since one function of it runs that long, is ended with the
 * process this much later. */
#define GRACE_S 2

struct question {
    const char *database, *text, *output;
    const struct query_canned *canned; /* NULL: the text is SQL */
    struct query_options options;
    bool has_schema;
    enum finding_schema schema;
    struct query_parameters parameters;
};

/* The file to remove when the alarm ends the process. */
static const char *unfinished = "";

static void print_help(void)
{
    fputs("Usage: imaptap query [-d FILE] [OPTIONS] [NAME | SQL]\n\n"
          "Runs a canned query, or one SQL statement that only reads; without either, the canned\n"
          "queries are listed.\n\n"
          "  -d, --db FILE        the database (default " DEFAULT_DATABASE ")\n"
          "  --list               list the canned queries and what each can be narrowed by\n"
          "  --sql                print the SQL of the canned query NAME instead of running it\n\n"
          "  --since TIME         what happened at or after TIME: 2026-11-24, 2026-11-24T02:22:51Z (UTC\n"
          "                       where no zone stands), or so long ago: 90d, 24h, 30m\n"
          "  --until TIME         what happened before TIME\n"
          "  --client NETWORK     of this client: an address, or a network as 192.0.2.0/24\n"
          "  --server NETWORK     at this server\n"
          "  --user NAME          of this user\n"
          "  --rule RULE          that broke this rule; imaptap rules lists them\n\n"
          "  --format FORMAT      table (default), csv, json, ndjson or markdown\n"
          "  --schema SCHEMA      with --format ndjson, for findings: the names of Suricata (eve) or of the\n"
          "                       Elastic Common Schema (ecs)\n"
          "  -o, --output FILE    write FILE (mode 0600), the whole result or no file\n"
          "  --max-rows N         cut the result after N rows (default 1000000; 0: never)\n"
          "  --max-time SECONDS   stop after so long (default 300; 0: never)\n"
          "  --help               this text\n\n"
          "SQL may name the parameters :user, :rule, :client and :server (JSON arrays of addresses),\n"
          ":since and :until (nanoseconds). Exit status 3: a limit cut the result, and a message says so.\n\n"
          "Examples:\n"
          "  imaptap query senders --since 7d --server 192.0.2.0/24\n"
          "  imaptap query --format csv -o no.csv \"SELECT username, result FROM logins WHERE result <> "
          "'OK'\"\n",
          stdout);
}

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

static int wrong(const char *format, const char *what)
{
    fputs("imaptap query: ", stderr);
    fprintf(stderr, format, what);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

static bool parse_format(const char *name, enum query_format *format)
{
    static const char *const names[] = {"table", "csv", "json", "ndjson", "markdown"};
    static const enum query_format formats[] = {QUERY_TABLE, QUERY_CSV, QUERY_JSON, QUERY_NDJSON,
                                                QUERY_MARKDOWN};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) {
            *format = formats[i];
            return true;
        }
    return false;
}

static bool parse_count(const char *text, unsigned long long most, unsigned long long *count)
{
    char *end;

    errno = 0;
    *count = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *count <= most;
}

static bool is_rule(const char *name)
{
    for (int i = 0; i < IMAP_RULES; i++)
        if (strcmp(imap_rule_info((enum imap_rule)i)->id, name) == 0)
            return true;
    return false;
}

static bool is_network(const char *text)
{
    struct network network;

    return network_parse(text, &network);
}

enum option_code { SINCE = 256, UNTIL, CLIENT, SERVER, USER, RULE, FORMAT, SCHEMA, ROWS, SECONDS, LIST, SQL };

static int take_parameter(struct query_parameters *parameters, int option, const char *value)
{
    switch (option) {
    case SINCE:
    case UNTIL:
        return moment_parse(value, moment_now(),
                            option == SINCE ? &parameters->since_ns : &parameters->until_ns)
                   ? EXIT_DONE
                   : wrong("'%s' is no time: write 2026-11-24, 2026-11-24T02:22:51Z or an age as 90d, 24h",
                           value);
    case CLIENT:
        parameters->client = value;
        return is_network(value) ? EXIT_DONE
                                 : wrong("--client takes an address or a network, and '%s' is none", value);
    case SERVER:
        parameters->server = value;
        return is_network(value) ? EXIT_DONE
                                 : wrong("--server takes an address or a network, and '%s' is none", value);
    case USER:
        parameters->user = value;
        return EXIT_DONE;
    default:
        parameters->rule = value;
        return is_rule(value) ? EXIT_DONE : wrong("there is no rule '%s'; imaptap rules lists them", value);
    }
}

static int take_option(struct question *question, int option, const char *value)
{
    unsigned long long count;

    switch (option) {
    case 'd':
        question->database = value;
        return EXIT_DONE;
    case 'o':
        question->output = value;
        return EXIT_DONE;
    case FORMAT:
        return parse_format(value, &question->options.format)
                   ? EXIT_DONE
                   : wrong("--format is table, csv, json, ndjson or markdown, not '%s'", value);
    case SCHEMA:
        question->has_schema = true;
        return finding_schema_parse(value, &question->schema)
                   ? EXIT_DONE
                   : wrong("--schema is eve or ecs, not '%s'", value);
    case ROWS:
        if (!parse_count(value, UINT64_MAX, &count))
            return wrong("--max-rows takes a number, and '%s' is none", value);
        question->options.row_limit = count;
        return EXIT_DONE;
    case SECONDS:
        if (!parse_count(value, 1000000, &count))
            return wrong("--max-time takes seconds (at most 1000000), and '%s' is none", value);
        question->options.time_limit_s = (unsigned)count;
        return EXIT_DONE;
    default:
        return take_parameter(&question->parameters, option, value);
    }
}

static unsigned terminal_width(void)
{
    struct winsize size;

    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
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
        if (given[i].value != NULL && !query_takes(canned, given[i].name)) {
            fprintf(stderr,
                    "imaptap query: %s does not take --%s; imaptap query --list shows what it takes\n",
                    canned->name, given[i].name);
            return EXIT_USAGE;
        }
    return EXIT_DONE;
}

/* SQL has a space in it; a single word is meant as a name. */
static int settle(struct question *question, char *const *words, int count)
{
    if (count > 1)
        return wrong("takes one query: put SQL in quotes (behind '%s')", words[0]);
    question->text = words[0];
    question->canned = query_find(words[0]);
    if (question->canned != NULL)
        return check_takes(question->canned, &question->parameters);
    if (strpbrk(words[0], " \t\n;") == NULL)
        return wrong("there is no canned query '%s'; imaptap query --list names them", words[0]);
    return EXIT_DONE;
}

/* The findings of a schema have more columns than those for people. */
static int settle_schema(struct question *question)
{
    if (!question->has_schema)
        return EXIT_DONE;
    if (question->options.format != QUERY_NDJSON)
        return wrong("--schema needs --format ndjson%s", "");
    if (question->canned != NULL && strcmp(question->canned->name, "findings") == 0)
        question->canned = query_find("findings-in-full");
    question->options.format = question->schema == FINDING_EVE ? QUERY_EVE : QUERY_ECS;
    return EXIT_DONE;
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

static int run(const struct question *question, FILE *out)
{
    const char *sql = question->canned != NULL ? question->canned->sql : question->text;
    enum query_status status;
    char why[1024];

    if (question->options.time_limit_s > 0) {
        (void)signal(SIGALRM, on_alarm);
        (void)alarm(question->options.time_limit_s + GRACE_S);
    }
    status = query_run(question->database, sql, &question->options, out, NULL, why, sizeof why);
    (void)alarm(0);
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
    struct stat one, other;
    char name[PATH_MAX];

    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        int length = snprintf(name, sizeof name, "%s%s", database, tails[i]);

        if (length > 0 && (size_t)length < sizeof name && stat(name, &one) == 0 &&
            stat(output, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino)
            return true;
    }
    return false;
}

/* A result that a limit cut is not whole, and so there is no file. */
static int run_into_file(const struct question *question)
{
    struct output_file file;
    char why[PATH_MAX + 256];
    int status;

    if (is_database(question->output, question->database))
        return wrong("%s is the database that is asked: name another file with --output", question->output);
    if (!output_file_open(&file, question->output, why, sizeof why)) {
        fprintf(stderr, "imaptap: %s\n", why);
        return EXIT_UNREAD;
    }
    unfinished = file.temporary;
    status = run(question, file.stream);
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

int cmd_query(int argc, char **argv)
{
    static const struct option options[] = {{"db", required_argument, NULL, 'd'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"since", required_argument, NULL, SINCE},
                                            {"until", required_argument, NULL, UNTIL},
                                            {"client", required_argument, NULL, CLIENT},
                                            {"server", required_argument, NULL, SERVER},
                                            {"user", required_argument, NULL, USER},
                                            {"rule", required_argument, NULL, RULE},
                                            {"format", required_argument, NULL, FORMAT},
                                            {"schema", required_argument, NULL, SCHEMA},
                                            {"max-rows", required_argument, NULL, ROWS},
                                            {"max-time", required_argument, NULL, SECONDS},
                                            {"list", no_argument, NULL, LIST},
                                            {"sql", no_argument, NULL, SQL},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct question question = {
        .database = DEFAULT_DATABASE,
        .options = {.format = QUERY_TABLE, .time_limit_s = MOST_SECONDS, .row_limit = MOST_ROWS},
        .parameters = QUERY_NO_PARAMETERS};
    bool list = false, show = false;
    int option, status = EXIT_DONE;

    while ((option = getopt_long(argc, argv, "d:o:h", options, NULL)) != -1) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'h') {
            print_help();
            return EXIT_DONE;
        }
        list |= option == LIST;
        show |= option == SQL;
        if (option != LIST && option != SQL)
            status = take_option(&question, option, optarg);
        if (status != EXIT_DONE)
            return status;
    }
    if (list || optind == argc) {
        print_list();
        return EXIT_DONE;
    }
    status = settle(&question, argv + optind, argc - optind);
    if (status != EXIT_DONE)
        return status;
    status = settle_schema(&question);
    if (status != EXIT_DONE)
        return status;
    if (show) {
        fputs(question.canned != NULL ? question.canned->sql : question.text, stdout);
        return EXIT_DONE;
    }
    if (question.parameters.since_ns >= question.parameters.until_ns)
        return wrong("--until is not after --since: nothing lies between%s", "");
    question.options.parameters = &question.parameters;
    question.options.width = question.output != NULL ? 0 : terminal_width();
    return question.output != NULL ? run_into_file(&question) : run(&question, stdout);
}
