/*
 * Compares files with what the database knows of the captures that were read from them.
 */
#include "analyzer/verify/verify.h"

#include "analyzer/capture/digest.h"
#include "analyzer/capture/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Without a SHA-256 the fingerprint can still show that it is another file, but never that it is the same. */
static enum verify_verdict compare_fingerprint(const struct capture_index_entry *holding, int fd)
{
    char text[CAPTURE_FINGERPRINT_SIZE];

    if (holding->fingerprint == NULL || fingerprint_of_file(fd, text) != 0)
        return VERIFY_NOT_HASHED;
    return strcmp(text, holding->fingerprint) == 0 ? VERIFY_NOT_HASHED : VERIFY_CHANGED;
}

static enum verify_verdict compare(const struct capture_index_entry *holding, int fd, int64_t size)
{
    char text[DIGEST_TEXT];
    uint64_t octets;

    if (holding->sha256 == NULL)
        return compare_fingerprint(holding, fd);
    if (holding->size != size || digest_of_file(fd, &octets, text) != 0)
        return VERIFY_CHANGED;
    return strcmp(text, holding->sha256) == 0 ? VERIFY_INTACT : VERIFY_CHANGED;
}

static struct verify_finding look_at_path(const struct capture_index_entry *holding)
{
    struct verify_finding finding = {.verdict = VERIFY_MISSING};
    struct stat about;
    int fd;

    if (strcmp(holding->source, "-") == 0)
        return finding;
    fd = open(holding->source, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0) {
        finding.error = errno;
    } else if (S_ISREG(about.st_mode)) {
        finding.size_now = about.st_size;
        finding.verdict = compare(holding, fd, about.st_size);
    }
    if (fd >= 0)
        (void)close(fd);
    return finding;
}

struct verify_finding verify_capture(const struct capture_index_entry *holding, struct candidates *candidates)
{
    struct verify_finding finding = {.verdict = VERIFY_NO_FILE};

    if (!holding->is_file)
        return finding;
    finding = look_at_path(holding);
    if (finding.verdict == VERIFY_INTACT)
        return finding;
    if (holding->sha256 == NULL) {
        if (finding.verdict == VERIFY_MISSING && finding.error == 0)
            finding.verdict = VERIFY_NOT_HASHED; /* a pipe: there never was a file */
        return finding;
    }
    finding.found_at = candidates_find(candidates, holding->size, holding->sha256);
    if (finding.found_at != NULL)
        finding.verdict = VERIFY_INTACT;
    return finding;
}

const char *verify_word(enum verify_verdict verdict)
{
    static const char *const words[VERIFY_VERDICTS] = {
        [VERIFY_INTACT] = "intact",         [VERIFY_CHANGED] = "changed", [VERIFY_MISSING] = "missing",
        [VERIFY_NOT_HASHED] = "not hashed", [VERIFY_NO_FILE] = "no file",
    };

    return words[verdict];
}
