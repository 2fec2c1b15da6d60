/*
 * imaptap verify: whether the captures are still what was read, and how many rows rest on each.
 */
#include "analyzer/cli/options.h"
#include "analyzer/recorder/late_hashes.h"
#include "analyzer/verify/verify.h"
#include "db/display.h"
#include "db/format_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    bool quiet;
    struct candidates *candidates;
    unsigned counts[VERIFY_VERDICTS];
    struct late_hash *hashes; /* taken now, of captures that had none */
    size_t hash_count, hash_room;
};

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

/* Notes a hash to be kept when all were looked at. */
static bool note_hash(struct tally *tally, int64_t capture, const char *sha256)
{
    if (tally->hash_count == tally->hash_room) {
        size_t room = tally->hash_room * 2 + 16;
        struct late_hash *larger = realloc(tally->hashes, room * sizeof *larger);

        if (larger == NULL)
            return false;
        tally->hashes = larger;
        tally->hash_room = room;
    }
    tally->hashes[tally->hash_count].capture = capture;
    memcpy(tally->hashes[tally->hash_count++].sha256, sha256, DIGEST_TEXT);
    return true;
}

static bool take(void *user, const struct capture_index_entry *holding)
{
    struct tally *tally = user;
    struct verify_finding finding = verify_capture(holding, tally->candidates);
    const char *sha256 = finding.verdict == VERIFY_HASHED_NOW ? finding.sha256 : holding->sha256;

    if (finding.verdict == VERIFY_HASHED_NOW && !note_hash(tally, holding->id, finding.sha256))
        finding.verdict = VERIFY_NOT_HASHED;
    tally->counts[finding.verdict]++;
    if (tally->quiet && (finding.verdict == VERIFY_INTACT || finding.verdict == VERIFY_NO_FILE))
        return true;
    printf("%-10s  %" PRId64 "  ", verify_word(finding.verdict), holding->id);
    print_name(holding->source);
    print_why(holding, &finding);
    printf("\n            SHA-256 %s%s\n            %s connections, %s logins, %s findings\n",
           sha256 == NULL ? "not known" : sha256, holding->is_complete ? "" : " (read in part)",
           format_number((uint64_t)holding->connections).text, format_number((uint64_t)holding->logins).text,
           format_number((uint64_t)holding->findings).text);
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

static int verify(const struct common_options *common)
{
    struct tally tally = {.quiet = common->quiet, .candidates = candidates_new()};
    int status = tally.candidates == NULL ? -1 : 0;
    unsigned failed = 0;
    char why[1024] = "out of memory";

    for (int i = 0; i < common->operand_count && status == 0; i++)
        status = candidates_add(tally.candidates, common->operands[i], stderr, &failed);
    if (status == 0)
        status = capture_index_list(common->database, take, &tally, why, sizeof why);
    if (status == 0 && !common->quiet)
        print_tally(&tally);
    if (status == 0)
        status = late_hashes_keep(common->database, tally.hashes, tally.hash_count, why, sizeof why);
    if (status != 0)
        fprintf(stderr, "imaptap: %s\n", why);
    free(tally.hashes);
    candidates_free(tally.candidates);
    if (fflush(stdout) != 0) {
        perror("imaptap: the result cannot be written");
        status = -1;
    }
    return status != 0 || failed > 0 || tally.counts[VERIFY_CHANGED] > 0 ||
                   tally.counts[VERIFY_MISSING] > 0 || tally.counts[VERIFY_NOT_HASHED] > 0 ||
                   tally.counts[VERIFY_HASHED_NOW] > 0
               ? EXIT_UNREAD
               : EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct common_options common;
    int status = options_parse(&command_verify, argc, argv, &common);

    return status != -1 ? status : verify(&common);
}

const struct command command_verify = {
    .name = "verify",
    .title = "check captures against what was read, and count what rests on each",
    .usage = "[-d FILE] [FILE|DIR...]",
    .about = "Hashes the captures that the database was made from, and says of each whether its file is "
             "still what was read, and how many rows rest on it. A capture is looked for at the path that it "
             "was read from; where it is not there (any more), among the files and folders named, by its "
             "size and SHA-256, whatever its name is now. The database is only read, but for a SHA-256 that "
             "is missing: it is filled in when the file has the size, the time of change and the fingerprint "
             "of what was read.\n",
    .database = "the database",
    .quiet = "only the captures that are not intact",
    .notes =
        "Verdicts: intact; changed; missing; hashed now (its SHA-256 was missing, since it was read with "
        "--no-hash or the hashing was interrupted, and is filled in); not hashed (the same, but it cannot "
        "be filled in); no file (it came from an interface; does not count).\n\n"
        "Exit status: 0 every capture is intact; 2 wrong usage; 3 some are not, or the database could "
        "not be read.\n",
    .example = "  imaptap verify -d case7.db /evidence\n",
    .run = run};
