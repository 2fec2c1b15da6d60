/*
 * imaptap verify: whether the captures are still what was read, and how many rows rest on each.
 */
#include "analyzer/cli/command.h"
#include "analyzer/cli/database_option.h"
#include "analyzer/verify/verify.h"
#include "db/display.h"
#include "db/format_number.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    struct candidates *candidates;
    unsigned counts[VERIFY_VERDICTS];
};

static void print_help(void)
{
    fputs("Usage: imaptap verify [-d FILE] [FILE|DIR...]\n\n"
          "Hashes the captures that the database was made from, and says of each whether its file is\n"
          "still what was read, and how many rows rest on it. A capture is looked for at the path\n"
          "that it was read from; where it is not there (any more), among the files and folders\n"
          "named, by its size and SHA-256, whatever its name is now. The database is only read.\n\n"
          "  -d, --db FILE  the database (default " DEFAULT_DATABASE ")\n"
          "  --help         this text\n\n"
          "Verdicts: intact; changed; missing; not hashed (read with --no-hash, or not to its end: there\n"
          "is nothing to compare with); no file (it came from an interface; does not count).\n\n"
          "Exit status: 0 every capture is intact; 2 wrong usage; 3 some are not, or the database could\n"
          "not be read.\n\n"
          "Example:\n"
          "  imaptap verify -d case7.db /evidence\n",
          stdout);
}

/* Prints a name as it may stand on a terminal. */
static void print_name(const char *name)
{
    size_t length;
    char *shown = display_escape(name, strlen(name), &length);

    fputs(shown == NULL ? "?" : shown, stdout);
    free(shown);
}

static void print_why(const struct capture_index_entry *holding, const struct verify_finding *finding)
{
    if (finding->found_at != NULL) {
        fputs("; found as ", stdout);
        print_name(finding->found_at);
    } else if (finding->verdict == VERIFY_CHANGED && finding->size_now != holding->size &&
               holding->size >= 0) {
        printf("; %s octets were read, it has %s now", format_number((uint64_t)holding->size).text,
               format_number((uint64_t)finding->size_now).text);
    } else if (finding->verdict == VERIFY_MISSING) {
        printf("; %s",
               finding->error == 0 ? "it came through a pipe: name a copy" : strerror(finding->error));
    }
}

static bool take(void *user, const struct capture_index_entry *holding)
{
    struct tally *tally = user;
    struct verify_finding finding = verify_capture(holding, tally->candidates);

    tally->counts[finding.verdict]++;
    printf("%-10s  %" PRId64 "  ", verify_word(finding.verdict), holding->id);
    print_name(holding->source);
    print_why(holding, &finding);
    printf("\n            SHA-256 %s%s\n            %s connections, %s logins, %s findings\n",
           holding->sha256 == NULL ? "not known" : holding->sha256,
           holding->is_complete ? "" : " (read in part)", format_number((uint64_t)holding->connections).text,
           format_number((uint64_t)holding->logins).text, format_number((uint64_t)holding->findings).text);
    return true;
}

static void print_tally(const struct tally *tally)
{
    unsigned all = 0;

    for (int i = 0; i < VERIFY_VERDICTS; i++)
        all += tally->counts[i];
    printf("%s%u capture%s", all > 0 ? "\n" : "", all, all == 1 ? "" : "s");
    for (int i = 0; i < VERIFY_VERDICTS; i++)
        if (tally->counts[i] > 0)
            printf(", %u %s", tally->counts[i], verify_word((enum verify_verdict)i));
    putchar('\n');
}

static int verify(const char *database, char **names, int count)
{
    struct tally tally = {.candidates = candidates_new()};
    int status = tally.candidates == NULL ? -1 : 0;
    unsigned failed = 0;
    char why[1024] = "out of memory";

    for (int i = 0; i < count && status == 0; i++)
        status = candidates_add(tally.candidates, names[i], stderr, &failed);
    if (status == 0)
        status = capture_index_list(database, take, &tally, why, sizeof why);
    if (status == 0)
        print_tally(&tally);
    else
        fprintf(stderr, "imaptap: %s\n", why);
    candidates_free(tally.candidates);
    if (fflush(stdout) != 0) {
        perror("imaptap: the result cannot be written");
        status = -1;
    }
    return status != 0 || failed > 0 || tally.counts[VERIFY_CHANGED] > 0 ||
                   tally.counts[VERIFY_MISSING] > 0 || tally.counts[VERIFY_NOT_HASHED] > 0
               ? EXIT_UNREAD
               : EXIT_DONE;
}

int cmd_verify(int argc, char **argv)
{
    const char *database = DEFAULT_DATABASE;
    int status = database_option(argc, argv, print_help, &database);

    if (status >= 0)
        return status;
    return verify(database, argv + optind, argc - optind);
}
