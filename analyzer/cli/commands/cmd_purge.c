/*
 * imaptap purge: removes what need not be kept any longer.
 */
#include "analyzer/cli/command.h"
#include "analyzer/cli/moment.h"
#include "analyzer/recorder/open_store.h"
#include "db/database_file.h"
#include "db/format_number.h"
#include "db/upkeep/purge.h"

#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void print_help(void)
{
    fputs("Usage: imaptap purge [-d FILE] --older-than AGE | --capture N\n\n"
          "Removes captures and all that was found in them, for good: their rows are overwritten, and\n"
          "the file is made smaller. A connection that went on into another capture stays, with what\n"
          "was found there.\n\n"
          "  -d, --db FILE     the database (default " DEFAULT_DATABASE ")\n"
          "  --older-than AGE  captures whose last packet is older: 90d, 24h, 12w; of a live capture that\n"
          "                    goes on, the connections that ended before\n"
          "  --capture N       the capture of this number; imaptap query captures lists them\n"
          "  --help            this text\n\n"
          "Exit status: 0 done; 2 wrong usage; 3 it could not be done.\n\n"
          "Example: imaptap purge -d sensor.db --older-than 90d\n",
          stdout);
}

/* What is removed: by age or by number. */
struct wish {
    int64_t before_ns, capture;
    bool by_age, by_number;
};

static bool take(struct wish *wish, int option, const char *value)
{
    int64_t age_ns;
    char *end;

    if (option == 'o') {
        wish->by_age = true;
        if (!moment_age(value, &age_ns)) {
            fprintf(stderr, "imaptap purge: --older-than takes an age as 90d, 24h or 12w, and '%s' is none\n",
                    value);
            return false;
        }
        wish->before_ns = moment_now() - age_ns;
        return true;
    }
    wish->by_number = true;
    errno = 0;
    wish->capture = strtoll(value, &end, 10);
    if (value[0] >= '1' && value[0] <= '9' && *end == '\0' && errno == 0)
        return true;
    fprintf(stderr, "imaptap purge: --capture takes the number of a capture, and '%s' is none\n", value);
    return false;
}

static uint64_t size_of(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static void count(const char *before, int64_t number, const char *word)
{
    printf("%s%lld %s%s", before, (long long)number, word, number == 1 ? "" : "s");
}

static void tell(const struct purge_counts *counts)
{
    count("Removed: ", counts->captures, "capture");
    count(", ", counts->connections, "connection");
    count(", ", counts->logins, "login");
    count(", ", counts->violations, "violation");
    count(", ", counts->runs, "run");
    putchar('\n');
    if (counts->handed_over > 0) {
        count("Kept: ", counts->handed_over, "connection");
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

static int purge(const char *path, const struct wish *wish)
{
    struct purge_counts counts = {0};
    enum database_file found;
    struct store *store;
    bool smaller = true, done;
    uint64_t before = size_of(path);
    char why[1024];

    found = database_file_check(path, why, sizeof why);
    if (found != DATABASE_OURS && found != DATABASE_OLDER) {
        if (found == DATABASE_EMPTY)
            (void)snprintf(why, sizeof why, "%s: the database is empty: name another one with --db", path);
        fprintf(stderr, "imaptap: %s\n", why);
        return EXIT_UNREAD;
    }
    store = open_store(path, false);
    if (store == NULL)
        return EXIT_UNREAD;
    done = (wish->by_age ? purge_older(store, wish->before_ns, &counts)
                         : purge_capture(store, wish->capture, &counts)) == STORE_OK;
    if (done)
        done = purge_shrink(store, &smaller) == STORE_OK;
    if (!done)
        fprintf(stderr, "imaptap: %s\n", store_error(store));
    done &= close_store(store);
    tell(&counts);
    if (!done)
        return EXIT_UNREAD;
    tell_size(path, before, smaller);
    if (counts.captures + counts.connections > 0)
        warn_of_backups(path);
    return EXIT_DONE;
}

int cmd_purge(int argc, char **argv)
{
    static const struct option options[] = {{"db", required_argument, NULL, 'd'},
                                            {"older-than", required_argument, NULL, 'o'},
                                            {"capture", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *path = DEFAULT_DATABASE;
    struct wish wish = {0};
    int option;

    while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            path = optarg;
            break;
        case 'o':
        case 'c':
            if (!take(&wish, option, optarg))
                return EXIT_USAGE;
            break;
        case 'h':
            print_help();
            return EXIT_DONE;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind < argc || wish.by_age == wish.by_number) {
        fputs("imaptap purge: takes --older-than AGE or --capture N, and nothing else\n", stderr);
        return EXIT_USAGE;
    }
    return purge(path, &wish);
}
