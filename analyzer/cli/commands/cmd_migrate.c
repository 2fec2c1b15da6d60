/*
 * imaptap migrate: brings a database that an older imaptap made up to date.
 */
#include "analyzer/cli/options.h"
#include "analyzer/recorder/open_store.h"

static int run(int argc, char **argv)
{
    struct common_options common;
    int status = options_parse(&command_migrate, argc, argv, &common);
    struct store *store;

    if (status != -1)
        return status;
    if (common.operand_count > 0)
        return usage_error(&command_migrate, "the database is named with --db; nothing else is taken");
    store = open_store_there(common.database, common.quiet);
    return store != NULL && close_store(store) ? EXIT_DONE : EXIT_UNREAD;
}

const struct command command_migrate = {
    .name = "migrate",
    .title = "bring a database of an older version up to date",
    .usage = "[-d FILE]",
    .about = "Brings a database that an older imaptap made up to date, as `imaptap read` does before it "
             "writes. What it was is kept beside it first, as FILE.version-N.backup. A database of this "
             "version is left as it is.\n",
    .database = "the database",
    .notes = "Exit status: 0 it is up to date; 2 wrong usage; 3 it could not be.\n",
    .example = "  imaptap migrate -d case7.db\n",
    .run = run};
