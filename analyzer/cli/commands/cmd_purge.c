/*
 * imaptap purge: removes what need not be kept any longer.
 */
#include "analyzer/cli/moment.h"
#include "analyzer/cli/options.h"
#include "analyzer/recorder/open_store.h"
#include "db/format_number.h"
#include "db/memory.h"
#include "db/upkeep/purge.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What is removed: by age or by number. */
struct wish {
    struct common_options common; /* the first member: options_parse */
    int64_t age_ns;               /* -1: not by age */
    uint64_t capture;             /* 0: not by number */
};

static bool take_age(const struct option_spec *option, void *at, const char *value)
{
    (void)option;
    return moment_age(value, at);
}

static const struct option_spec options[] = {
    {"older-than", .argument = "AGE",
     .help = "captures whose last packet is older: 90d, 24h, 12w; of a live capture that goes on, the "
             "connections that ended before",
     .take = take_age, .at = offsetof(struct wish, age_ns), .takes = "an age as 90d, 24h or 12w"},
    {"capture", .argument = "N", .help = "the capture of this number; imaptap query captures lists them",
     .take = option_number, .at = offsetof(struct wish, capture), .least = 1, .most = INT64_MAX,
     .takes = "the number of a capture"}};

static uint64_t size_of(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static void tell(const struct purge_counts *counts)
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

static void tell_size(const char *path, uint64_t before, bool smaller)
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

static int purge(const struct wish *wish)
{
    struct purge_counts counts = {0};
    const char *path = wish->common.database;
    struct store *store;
    bool smaller = true, done;
    uint64_t before = size_of(path);

    store = open_store_there(path, wish->common.quiet);
    if (store == NULL)
        return EXIT_UNREAD;
    done = (wish->capture == 0 ? purge_older(store, moment_now() - wish->age_ns, &counts)
                               : purge_capture(store, (int64_t)wish->capture, &counts)) == STORE_OK;
    if (done)
        done = purge_shrink(store, &smaller) == STORE_OK;
    if (!done)
        fprintf(stderr, "imaptap: %s\n", store_error(store));
    done &= close_store(store);
    if (!wish->common.quiet)
        tell(&counts);
    if (!done)
        return EXIT_UNREAD;
    if (!wish->common.quiet)
        tell_size(path, before, smaller);
    if (counts.captures + counts.connections > 0)
        warn_of_backups(path);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct wish wish = {.age_ns = -1};
    int status = options_parse(&command_purge, argc, argv, &wish);

    if (status != -1)
        return status;
    if (wish.common.operand_count > 0 || (wish.age_ns >= 0) == (wish.capture > 0))
        return usage_error(&command_purge, "takes --older-than AGE or --capture N, and nothing else");
    return purge(&wish);
}

const struct command command_purge = {
    .name = "purge",
    .title = "remove what need not be kept any longer",
    .usage = "[-d FILE] --older-than AGE | --capture N",
    .about =
        "Removes captures and all that was found in them, for good: their rows are overwritten, and the file "
        "is made smaller. A connection that went on into another capture stays, with what was found there.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .database = "the database",
    .quiet = "only warnings and errors",
    .notes = "Exit status: 0 done; 2 wrong usage; 3 it could not be done.\n",
    .example = "  imaptap purge -d sensor.db --older-than 90d\n",
    .prepare = memory_exclusive,
    .run = run};
