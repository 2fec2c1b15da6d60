/*
 * imaptap purge: removes what need not be kept any longer.
 */
#include "analyzer/cli/moment.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/terminal.h"
#include "analyzer/recorder/open_store.h"
#include "db/format_number.h"
#include "db/memory.h"
#include "db/query.h"
#include "db/upkeep/purge.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is removed: by age or by number. */
struct wish {
    struct common_options common; /* the first member: options_parse */
    int64_t age_ns;               /* -1: not by age */
    uint64_t capture;             /* 0: not by number */
    bool dry_run, yes;
};

static const struct option_spec options[] = {
    {"older-than", .argument = "AGE",
     .help = "captures whose last packet is older: 90d, 24h, 12w; of a live capture that goes on, the "
             "connections that ended before",
     .take = option_age, .at = offsetof(struct wish, age_ns), .takes = "an age as 90d, 24h or 12w"},
    {"capture", .argument = "N", .help = "the capture of this number; imaptap query captures lists them",
     .take = option_number, .at = offsetof(struct wish, capture), .least = 1, .most = INT64_MAX,
     .takes = "the number of a capture"},
    {"dry-run", 'n', .help = "only list what would be removed", .take = option_set,
     .at = offsetof(struct wish, dry_run)},
    {"yes", 'y', .help = "do not ask; without it a question is asked on a terminal", .take = option_set,
     .at = offsetof(struct wish, yes)}};

/* Lists what would be removed: whole captures, and of live ones that go on what ended before. *rows: how many
 * there are. */
static bool preview(const struct wish *wish, int64_t before_ns, uint64_t *rows)
{
    static const char list[] =
        "WITH chosen AS (SELECT id, source, kind, CASE WHEN %lld > 0 THEN id = %lld"
        " ELSE coalesce(last_ns, read_ns) < %lld END AS whole FROM captures),"
        " gone AS (SELECT p.id, p.source, p.whole, c.id AS connection FROM chosen p LEFT JOIN connections c"
        " ON c.capture_id = p.id WHERE p.whole OR (%lld = 0 AND p.kind = 'live' AND c.last_ns < %lld"
        " AND c.\"end\" IS NOT NULL))"
        " SELECT gone.id AS capture, gone.source, iif(whole, 'all', 'in part') AS removed,"
        " count(DISTINCT connection) AS connections, count(l.id) AS logins FROM gone"
        " LEFT JOIN logins l ON l.connection_id = gone.connection GROUP BY gone.id ORDER BY gone.id";
    struct query_options how = {
        .format = QUERY_TABLE, .width = terminal_columns(0), .ascii = !terminal_is_utf8()};
    long long capture = (long long)wish->capture, before = before_ns;
    char sql[sizeof list + 5 * 20], why[1024];

    (void)snprintf(sql, sizeof sql, list, capture, capture, before, capture, before);
    if (query_run(wish->common.database, sql, &how, stdout, rows, why, sizeof why) != QUERY_OK)
        fprintf(stderr, "imaptap: %s\n", why);
    else if (*rows == 0 && capture > 0)
        fprintf(stderr, "imaptap: there is no capture %lld: imaptap query captures lists them\n", capture);
    else
        return fflush(stdout) == 0;
    return false;
}

static bool is_wanted(void)
{
    char answer[16];

    fputs("Remove this for good? [y/N] ", stderr);
    if (fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
        return true;
    fputs("imaptap: nothing was removed\n", stderr);
    return false;
}

static uint64_t size_of(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static void print_counts(const struct purge_counts *counts)
{
    amount_print("Removed: ", counts->captures, "capture");
    amount_print(", ", counts->connections, "connection");
    amount_print(", ", counts->logins, "login");
    amount_print(", ", counts->violations, "violation");
    amount_print(", ", counts->runs, "run");
    putchar('\n');
    if (counts->handed_over > 0) {
        amount_print("Kept: ", counts->handed_over, "connection");
        puts(" that went on into another capture");
    }
}

static void print_size(const char *path, uint64_t before, bool smaller)
{
    printf("%s: %s, was %s\n", path, format_octets(size_of(path)).text, format_octets(before).text);
    if (!smaller)
        puts("The freed pages are overwritten and will be used again; the file could not be made smaller, "
             "since another\n"
             "process has it open.");
}

/* Older versions are kept beside the database, with all that was in them. */
static void warn_of_backups(const char *path)
{
    char pattern[4096];
    glob_t found;
    int length = snprintf(pattern, sizeof pattern, "%s.version-*.backup", path);

    if (length < 0 || (size_t)length >= sizeof pattern || glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        fprintf(stderr, "imaptap: %s still holds what was removed: delete it, if that may go too\n",
                found.gl_pathv[i]);
    globfree(&found);
}

static int purge(const struct wish *wish, int64_t before_ns)
{
    struct purge_counts counts = {0};
    const char *path = wish->common.database;
    struct store *store;
    bool smaller = true, done;
    uint64_t before = size_of(path);

    store = open_store_there(path, wish->common.quiet);
    if (store == NULL)
        return EXIT_UNREAD;
    done = (wish->capture == 0 ? purge_older(store, before_ns, &counts)
                               : purge_capture(store, (int64_t)wish->capture, &counts)) == STORE_OK;
    if (done)
        done = store_judge(store) == STORE_OK;
    if (done)
        done = purge_shrink(store, &smaller) == STORE_OK;
    if (!done)
        fprintf(stderr, "imaptap: %s\n", store_error(store));
    done &= close_store(store);
    if (!wish->common.quiet)
        print_counts(&counts);
    if (!done)
        return EXIT_UNREAD;
    if (!wish->common.quiet)
        print_size(path, before, smaller);
    if (counts.captures + counts.connections > 0)
        warn_of_backups(path);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct wish wish = {.age_ns = -1};
    uint64_t rows = 0;
    int64_t before_ns;
    bool asks;
    int status = options_parse(&command_purge, argc, argv, &wish);

    if (status != -1)
        return status;
    if (wish.common.operand_count > 0 || (wish.age_ns >= 0) == (wish.capture > 0))
        return usage_error(&command_purge, "takes --older-than AGE or --capture N, and nothing else");
    before_ns = moment_now() - wish.age_ns;
    asks = !wish.yes && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    if ((wish.dry_run || asks) && !preview(&wish, before_ns, &rows))
        return EXIT_UNREAD;
    if (wish.dry_run || (asks && rows > 0 && !is_wanted()))
        return EXIT_DONE;
    return purge(&wish, before_ns);
}

const struct command command_purge = {
    .name = "purge",
    .title = "remove what need not be kept any longer",
    .usage = "[-d FILE] --older-than AGE | --capture N",
    .about =
        "Removes captures and all that was found in them, for good: their rows are overwritten, and the file "
        "is made smaller. A connection that went on into another capture stays, with what was found there.\n",
    OPTIONS(options),
    .database = "the database",
    .notes = "Exit status: 0 done; 2 wrong usage; 3 it could not be done.\n",
    .example = "  imaptap purge -d sensor.db --older-than 90d\n",
    .prepare = memory_counted,
    .run = run};
