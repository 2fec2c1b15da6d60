/*
 * imaptap report: what a person wants to know of a database.
 */
#include "analyzer/cli/narrowing_options.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/terminal.h"
#include "analyzer/report/output_file.h"
#include "analyzer/report/report.h"
#include "analyzer/report/totals.h"
#include "db/memory.h"

#include <errno.h>
#include <string.h>

struct settings {
    struct common_options common; /* the first member: options_parse */
    const char *page, *tables, *output;
    unsigned json;
    bool exit_code;
    struct query_parameters narrowing;
};

static const struct option_spec options[] = {
    NARROWING_OPTIONS(offsetof(struct settings, narrowing)),
    {"html", .argument = "FILE",
     .help = "write one page for a browser, which needs nothing else, instead of text; -: standard output",
     .take = option_text, .at = offsetof(struct settings, page), .group = "Output"},
    {"csv", .argument = "DIR", .help = "write the tables, whole, into the folder DIR, for a spreadsheet",
     .take = option_text, .at = offsetof(struct settings, tables)},
    {"format", .argument = "FORMAT", .help = "text or json", .initial = "text", .take = option_word,
     .at = offsetof(struct settings, json), .words = "text or json"},
    {"output", 'o', "FILE", "write the text or the JSON into FILE (mode 0600); -: standard output",
     .take = option_text, .at = offsetof(struct settings, output)},
    {"exit-code", .help = "exit with status 1 when a login breaks the grammar", .take = option_set,
     .at = offsetof(struct settings, exit_code)}};

static bool write_text(const void *source, FILE *out)
{
    return report_text(source, out) && fflush(out) == 0;
}

static bool write_page(const void *source, FILE *out)
{
    return report_page(source, out);
}

static bool write_json(const void *source, FILE *out)
{
    return report_json(source, out);
}

/* The text or the JSON, to a file or standard output. */
static bool write_report(const struct settings *settings, const struct report_source *source, char *why,
                         size_t why_size)
{
    bool (*const write)(const void *, FILE *) = settings->json ? write_json : write_text;

    if (settings->output != NULL)
        return output_file_make(settings->output, write, source, why, why_size);
    if (write(source, stdout) && fflush(stdout) == 0)
        return true;
    (void)snprintf(why, why_size, "the report cannot be written: %s", strerror(errno));
    return false;
}

/* Whether a login breaks a rule. */
static bool has_findings(struct queries *queries, bool *good)
{
    struct report_totals totals;
    bool found;

    *good = report_totals_read(queries, &totals);
    found = *good && totals.findings > 0;
    report_totals_free(&totals);
    return found;
}

static int report(const struct settings *settings, struct report_source *source)
{
    char why[1024];
    bool good, found = false;
    bool text =
        settings->json || settings->output != NULL || (settings->page == NULL && source->tables == NULL);

    source->queries = queries_open(source->database, source->narrowing, why, sizeof why);
    good = source->queries != NULL;
    if (good && source->tables != NULL)
        good = report_tables(source->queries, source->tables, why, sizeof why);
    if (good && settings->page != NULL)
        good = output_file_make(settings->page, write_page, source, why, sizeof why);
    if (good && text)
        good = write_report(settings, source, why, sizeof why);
    if (good && settings->exit_code)
        found = has_findings(source->queries, &good);
    if (source->queries != NULL && queries_error(source->queries) != NULL)
        (void)snprintf(why, sizeof why, "%s", queries_error(source->queries));
    queries_close(source->queries);
    if (!good) {
        fprintf(stderr, "imaptap: %s\n", why);
        return EXIT_UNREAD;
    }
    return found ? EXIT_VIOLATIONS : EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct settings settings = {.narrowing = QUERY_NO_PARAMETERS};
    int status = options_parse(&command_report, argc, argv, &settings);
    struct report_source source = {.tables = settings.tables, .columns = terminal_columns(REPORT_COLUMNS)};

    if (status != -1)
        return status;
    if (settings.common.operand_count > 0)
        return usage_error(&command_report, "takes no argument but options; name the database with --db");
    status = narrowing_check(&command_report, &settings.narrowing);
    if (status != -1)
        return status;
    source.narrowing = &settings.narrowing;
    source.database = settings.common.database;
    return report(&settings, &source);
}

const struct command command_report = {
    .name = "report",
    .title = "report on the database: as text, as a page, as tables",
    .usage = "[OPTIONS]",
    .about = "Reports on everything in the database: the verdict first, then what was read and what was "
             "missed, who sends what to whom, which users were hit, the worst findings, and what to do. No "
             "password is in it.\n",
    OPTIONS(options),
    .database = "the database",
    .example = "  imaptap report --since 24h --client 192.0.2.0/24\n"
               "  imaptap report --html report.html --csv report\n",
    .prepare = memory_counted,
    .run = run};
