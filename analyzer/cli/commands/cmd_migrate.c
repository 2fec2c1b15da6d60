/*
 * imaptap migrate: brings a database that an older imaptap made up to date.
 */
#include "analyzer/cli/command.h"
#include "analyzer/cli/database_option.h"
#include "analyzer/recorder/open_store.h"
#include "db/database_file.h"

#include <getopt.h>
#include <stdio.h>

static void print_help(void)
{
    fputs("Usage: imaptap migrate [-d FILE]\n\n"
          "Brings a database that an older imaptap made up to date, as `imaptap read` does before it\n"
          "writes. What it was is kept beside it first, as FILE.version-N.backup. A database of this\n"
          "version is left as it is.\n\n"
          "  -d, --db FILE  the database (default " DEFAULT_DATABASE ")\n"
          "  --help         this text\n\n"
          "Exit status: 0 it is up to date; 2 wrong usage; 3 it could not be.\n\n"
          "Example: imaptap migrate -d case7.db\n",
          stdout);
}

static int migrate(const char *path)
{
    enum database_file found;
    struct store *store;
    char why[1024];

    found = database_file_check(path, why, sizeof why);
    if (found == DATABASE_EMPTY)
        (void)snprintf(why, sizeof why, "%s: the database is empty: name another one with --db", path);
    if (found != DATABASE_OURS && found != DATABASE_OLDER) {
        fprintf(stderr, "imaptap: %s\n", why);
        return EXIT_UNREAD;
    }
    store = open_store(path, false);
    return store != NULL && close_store(store) ? EXIT_DONE : EXIT_UNREAD;
}

int cmd_migrate(int argc, char **argv)
{
    const char *path = DEFAULT_DATABASE;
    int status = database_option(argc, argv, print_help, &path);

    if (status >= 0)
        return status;
    if (optind < argc) {
        fputs("imaptap migrate: the database is named with --db; nothing else is taken\n", stderr);
        return EXIT_USAGE;
    }
    return migrate(path);
}
