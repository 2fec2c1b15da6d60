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

/* Whether the file was last changed before it was read. */
static bool is_as_read(const struct capture_index_entry *holding, int fd)
{
    struct stat about;

    return fstat(fd, &about) == 0 && about.st_size == holding->size &&
           (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec < holding->read_ns;
}

/* A reading that was interrupted while it hashed, or did not, left that to whoever comes next. */
static enum verify_verdict hash_now(const struct capture_index_entry *holding, int fd,
                                    char sha256[DIGEST_TEXT])
{
    char text[DIGEST_TEXT];
    uint64_t octets;

    if (!holding->is_complete || !is_as_read(holding, fd) || digest_of_file(fd, &octets, text) != 0 ||
        (int64_t)octets != holding->size || !is_as_read(holding, fd))
        return VERIFY_NOT_HASHED;
    memcpy(sha256, text, sizeof text);
    return VERIFY_HASHED_NOW;
}

/* Without a SHA-256 the fingerprint can still show that it is another file, but never that it is the same. */
static enum verify_verdict compare_fingerprint(const struct capture_index_entry *holding, int fd,
                                               char sha256[DIGEST_TEXT])
{
    char text[CAPTURE_FINGERPRINT_SIZE];

    if ((holding->fingerprint == NULL && holding->packed_fingerprint == NULL) ||
        fingerprint_of_file(fd, text) != 0)
        return VERIFY_NOT_HASHED;
    if ((holding->fingerprint != NULL && strcmp(text, holding->fingerprint) == 0) ||
        (holding->packed_fingerprint != NULL && strcmp(text, holding->packed_fingerprint) == 0))
        return hash_now(holding, fd, sha256);
    return VERIFY_CHANGED;
}

static enum verify_verdict compare(const struct capture_index_entry *holding, int fd, int64_t size,
                                   char sha256[DIGEST_TEXT])
{
    char text[DIGEST_TEXT];
    uint64_t octets;

    if (holding->sha256 == NULL)
        return compare_fingerprint(holding, fd, sha256);
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
        finding.verdict = compare(holding, fd, about.st_size, finding.sha256);
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
        [VERIFY_INTACT] = "intact",         [VERIFY_CHANGED] = "changed",       [VERIFY_MISSING] = "missing",
        [VERIFY_NOT_HASHED] = "not hashed", [VERIFY_HASHED_NOW] = "hashed now", [VERIFY_NO_FILE] = "no file",
    };

    return words[verdict];
}
