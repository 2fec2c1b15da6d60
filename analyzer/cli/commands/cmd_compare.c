/*
 * imaptap compare: before and after a repair.
 */
#include "analyzer/cli/narrowing_options.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/terminal.h"
#include "analyzer/report/compare/compare.h"
#include "analyzer/report/output_file.h"
#include "analyzer/report/report.h"
#include "db/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Captures that can be named for one side. */
#define MOST_CAPTURES 1000

/* One side as it was asked for. */
struct side {
    const char *database;
    int64_t captures[MOST_CAPTURES];
    size_t count;
    struct queries *queries;
    char *name;
};

struct settings {
    struct common_options common; /* the first member: options_parse */
    struct side before, after;
    unsigned json;
    const char *page;
    bool exit_code;
    struct query_parameters narrowing;
};

static bool take_capture(const struct option_spec *option, void *at, const char *value)
{
    struct side *side = at;
    uint64_t number;

    if (side->count == MOST_CAPTURES || !option_number(option, &number, value))
        return false;
    side->captures[side->count++] = (int64_t)number;
    return true;
}

static const struct option_spec options[] = {
    {"before", .argument = "N",
     .help =
         "number of a capture from before, as imaptap query captures lists it; may be given several times",
     .take = take_capture, .at = offsetof(struct settings, before), .least = 1, .most = INT64_MAX,
     .takes = "the number of a capture, as imaptap query captures lists it"},
    {"after", .argument = "N", .help = "the same from after", .take = take_capture,
     .at = offsetof(struct settings, after), .least = 1, .most = INT64_MAX,
     .takes = "the number of a capture, as imaptap query captures lists it"},
    NARROWING_OPTIONS(offsetof(struct settings, narrowing)),
    {"format", .argument = "FORMAT", .help = "text or json", .initial = "text", .take = option_word,
     .at = offsetof(struct settings, json), .words = "text or json", .group = "Output"},
    {"html", .argument = "FILE", .help = "write one page for a browser instead; -: standard output",
     .take = option_text, .at = offsetof(struct settings, page)},
    {"exit-code",
     .help = "exit with status 1 when the verdict is that it is not repaired, or that this is not known",
     .take = option_set, .at = offsetof(struct settings, exit_code)}};

/* "case.db" or "case.db, capture 3" */
static bool name_side(struct side *side)
{
    int length;

    if (side->count == 0)
        length = asprintf(&side->name, "%s", side->database);
    else
        length = asprintf(&side->name, "%s, capture %" PRId64 "%s", side->database, side->captures[0],
                          side->count > 1 ? " and others" : "");
    if (length < 0)
        side->name = NULL;
    return length >= 0;
}

/* A number that is no capture would make a side that is empty, and looks as if nothing was seen. */
static bool open_side(struct side *side, const struct query_parameters *narrowing, char *why, size_t why_size)
{
    struct queries_rows *rows;

    side->queries = queries_open(side->database, narrowing, why, why_size);
    if (side->queries == NULL)
        return false;
    if (!name_side(side) ||
        (side->count > 0 && !queries_choose(side->queries, side->captures, side->count))) {
        (void)snprintf(why, why_size, "out of memory");
        return false;
    }
    rows = queries_ask(side->queries, QUERIES_SIDE_TOTALS, 0, 0);
    if (queries_next(rows) && side->count > 0 && queries_number(rows, "captures") < (int64_t)side->count) {
        (void)snprintf(why, why_size,
                       "%s: there is no capture with a number given, or one was given twice; imaptap query "
                       "captures shows the numbers",
                       side->database);
        queries_end(rows);
        return false;
    }
    queries_end(rows);
    return true;
}

static bool write_page(const void *source, FILE *out)
{
    return compare_page(source, out);
}

static bool ignore_sender(void *user, const struct compared_sender *sender)
{
    (void)user;
    (void)sender;
    return true;
}

static bool ignore_user(void *user, const struct compared_user *row)
{
    (void)user;
    (void)row;
    return true;
}

/* Whether something is left to repair, or may be. */
static bool is_open(const struct compare_source *source, bool *good)
{
    static const struct compare_receiver nobody = {ignore_sender, ignore_user};
    struct compared compared = {.before.name = NULL};
    const char *word;
    bool open;

    *good = compare_run(source->before, source->after, &nobody, NULL, &compared);
    word = compare_word(&compared);
    open = strcmp(word, "not repaired") == 0 || strcmp(word, "not known") == 0;
    compare_free(&compared);
    return open;
}

static int compare(struct side *before, struct side *after, const struct query_parameters *narrowing,
                   bool json, const char *page, bool exit_code)
{
    struct compare_source source = {.columns = terminal_columns(REPORT_COLUMNS), .narrowing = narrowing};
    char why[1024];
    bool open = false;
    bool good = open_side(before, narrowing, why, sizeof why) && open_side(after, narrowing, why, sizeof why);

    if (good) {
        source.before = before->queries;
        source.after = after->queries;
        source.before_name = before->name;
        source.after_name = after->name;
        if (page != NULL) {
            good = output_file_make(page, write_page, &source, why, sizeof why);
        } else {
            good =
                (json ? compare_json(&source, stdout) : compare_text(&source, stdout)) && fflush(stdout) == 0;
            if (!good)
                (void)snprintf(why, sizeof why, "the comparison cannot be written: %s", strerror(errno));
        }
        if (good && exit_code)
            open = is_open(&source, &good);
        if (queries_error(before->queries) != NULL || queries_error(after->queries) != NULL)
            (void)snprintf(why, sizeof why, "%s",
                           queries_error(before->queries) != NULL ? queries_error(before->queries)
                                                                  : queries_error(after->queries));
    }
    if (!good)
        fprintf(stderr, "imaptap: %s\n", why);
    queries_close(before->queries);
    queries_close(after->queries);
    free(before->name);
    free(after->name);
    if (!good)
        return EXIT_UNREAD;
    return open ? EXIT_VIOLATIONS : EXIT_DONE;
}

/* Which two sides the arguments name. */
static bool choose(struct settings *settings)
{
    const struct common_options *common = &settings->common;
    struct side *before = &settings->before, *after = &settings->after;
    bool captures = before->count > 0 && after->count > 0;

    if (captures ? common->operand_count != 0
                 : common->operand_count != 2 || before->count + after->count > 0 || common->database_named)
        return false;
    before->database = captures ? common->database : common->operands[0];
    after->database = captures ? common->database : common->operands[1];
    return true;
}

static int run(int argc, char **argv)
{
    static struct settings settings = {.narrowing = QUERY_NO_PARAMETERS};
    int status = options_parse(&command_compare, argc, argv, &settings);

    if (status != -1)
        return status;
    if (!choose(&settings))
        return usage_error(&command_compare,
                           "name two databases, or with --before and --after captures of one");
    status = narrowing_check(&command_compare, &settings.narrowing);
    if (status != -1)
        return status;
    return compare(&settings.before, &settings.after, &settings.narrowing, settings.json, settings.page,
                   settings.exit_code);
}

const struct command command_compare = {
    .name = "compare",
    .title = "what changed between two databases: before and after a repair",
    .usage = "[OPTIONS] BEFORE.db AFTER.db\n[OPTIONS] [-d FILE] --before N --after N",
    .about = "Says what changed between two databases, or two captures of one: which senders of * or % "
             "without quotes stopped and which began, which users now get in and which are newly refused. "
             "What was not seen afterwards is never called repaired.\n",
    OPTIONS(options),
    .database = "the database of both captures",
    .example = "  imaptap compare monday.db tuesday.db\n",
    .prepare = memory_counted,
    .run = run};
