/*
 * imaptap merge: joins the databases of several sensors.
 */
#include "analyzer/cli/options.h"
#include "analyzer/recorder/open_store.h"
#include "analyzer/report/output_file.h"
#include "db/format_number.h"
#include "db/upkeep/merge.h"

#include <stdio.h>

static void print_counts(const char *source, const struct merge_counts *counts)
{
    printf("%s: ", source);
    amount_print("added ", counts->captures, "capture");
    amount_print(", ", counts->connections, "connection");
    amount_print(", ", counts->logins, "login");
    amount_print(", ", counts->violations, "violation");
    if (counts->replaced > 0)
        amount_print("; replaced ", counts->replaced, "capture");
    if (counts->known > 0)
        amount_print("; left out ", counts->known, "capture");
    puts(counts->known > 0 ? " known already" : "");
}

static int merge(const struct common_options *common)
{
    const char *path = common->database;
    char **sources = common->operands;
    int status = EXIT_DONE;
    struct store *store = open_store(path, false);

    if (store == NULL || !close_store(store))
        return EXIT_UNREAD;
    for (int i = 0; i < common->operand_count; i++) {
        struct merge_counts counts = {0};
        char why[1024];

        if (merge_source(path, sources[i], &counts, why, sizeof why) == STORE_OK) {
            if (!common->quiet)
                print_counts(sources[i], &counts);
            continue;
        }
        fprintf(stderr, "imaptap: %s\n", why);
        status = EXIT_UNREAD;
    }
    return status;
}

static int run(int argc, char **argv)
{
    struct common_options common;
    int status = options_parse(&command_merge, argc, argv, &common);

    if (status != -1)
        return status;
    if (common.operand_count == 0)
        return usage_error(&command_merge, "name the databases to take in");
    for (int i = 0; i < common.operand_count; i++)
        if (output_file_is(common.database, common.operands[i]))
            return usage_error(&command_merge, "%s is the database that takes the others in",
                               common.operands[i]);
    return merge(&common);
}

const struct command command_merge = {
    .name = "merge",
    .title = "join the databases of several sensors",
    .usage = "[-d FILE] SOURCE...",
    .about = "Takes what other databases hold into one, without doubles: a capture that is there already is "
             "left out, so that merging again changes nothing. One that is not whole there is replaced by "
             "one that is. The sources are only read. Each is taken as a whole or, when something is wrong "
             "with it, not at all.\n",
    .database = "the database that takes them; made when there is none",
    .notes = "Exit status: 0 done; 2 wrong usage; 3 a source could not be taken; the others were.\n",
    .example = "  imaptap merge -d all.db berlin.db paris.db\n",
    .run = run};
