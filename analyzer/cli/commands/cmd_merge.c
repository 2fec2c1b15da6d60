/*
 * imaptap merge: joins the databases of several sensors.
 */
#include "analyzer/cli/command.h"
#include "analyzer/cli/database_option.h"
#include "analyzer/recorder/open_store.h"
#include "db/upkeep/merge.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

static void print_help(void)
{
    fputs("Usage: imaptap merge [-d FILE] SOURCE...\n\n"
          "Takes what other databases hold into one, without doubles: a capture that is there already is\n"
          "left out, so that merging again changes nothing. One that is not whole there is replaced by\n"
          "one that is. The sources are only read. Each is taken as a whole or, when something is wrong\n"
          "with it, not at all.\n\n"
          "  -d, --db FILE  the database that takes them; made when there is none (default " DEFAULT_DATABASE
          ")\n"
          "  --help         this text\n\n"
          "Exit status: 0 done; 2 wrong usage; 3 a source could not be taken; the others were.\n\n"
          "Example: imaptap merge -d all.db berlin.db paris.db\n",
          stdout);
}

static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;

    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void count(const char *before, int64_t number, const char *word)
{
    printf("%s%lld %s%s", before, (long long)number, word, number == 1 ? "" : "s");
}

static void tell(const char *source, const struct merge_counts *counts)
{
    printf("%s: ", source);
    count("added ", counts->captures, "capture");
    count(", ", counts->connections, "connection");
    count(", ", counts->logins, "login");
    count(", ", counts->violations, "violation");
    if (counts->replaced > 0)
        count("; replaced ", counts->replaced, "capture");
    if (counts->known > 0)
        count("; left out ", counts->known, "capture");
    puts(counts->known > 0 ? " known already" : "");
}

static int merge(const char *path, char *const *sources, int number)
{
    int status = EXIT_DONE;
    struct store *store = open_store(path, false);

    if (store == NULL || !close_store(store))
        return EXIT_UNREAD;
    for (int i = 0; i < number; i++) {
        struct merge_counts counts = {0};
        char why[1024];

        if (merge_source(path, sources[i], &counts, why, sizeof why) == STORE_OK) {
            tell(sources[i], &counts);
            continue;
        }
        fprintf(stderr, "imaptap: %s\n", why);
        status = EXIT_UNREAD;
    }
    return status;
}

int cmd_merge(int argc, char **argv)
{
    const char *path = DEFAULT_DATABASE;
    int status = database_option(argc, argv, print_help, &path);

    if (status >= 0)
        return status;
    if (optind == argc) {
        fputs("imaptap merge: name the databases to take in; see imaptap merge --help\n", stderr);
        return EXIT_USAGE;
    }
    for (int i = optind; i < argc; i++)
        if (is_same_file(path, argv[i])) {
            fprintf(stderr, "imaptap merge: %s is the database that takes the others in\n", argv[i]);
            return EXIT_USAGE;
        }
    return merge(path, argv + optind, argc - optind);
}
