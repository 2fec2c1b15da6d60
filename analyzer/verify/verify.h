/*
 * Whether the file of a capture is still what was read.
 */
#ifndef IMAPTAP_ANALYZER_VERIFY_VERIFY_H
#define IMAPTAP_ANALYZER_VERIFY_VERIFY_H

#include "analyzer/capture/digest.h"
#include "analyzer/verify/candidates.h"
#include "db/capture_index.h"

enum verify_verdict {
    VERIFY_INTACT,     /* a file of this SHA-256 was found */
    VERIFY_CHANGED,    /* at its path is something else, and it was found nowhere */
    VERIFY_MISSING,    /* nothing that can be read is at its path, and it was found nowhere */
    VERIFY_NOT_HASHED, /* there is no SHA-256 to compare with */
    VERIFY_HASHED_NOW, /* there was none, and its file has the size, time and fingerprint of what was read */
    VERIFY_NO_FILE,    /* it came from an interface */
    VERIFY_VERDICTS
};

struct verify_finding {
    enum verify_verdict verdict;
    const char *found_at;     /* where it is when that is not its path; valid as long as the candidates */
    int64_t size_now;         /* of a changed file */
    int error;                /* errno of one that cannot be read; 0: there was no path to look at (a pipe) */
    char sha256[DIGEST_TEXT]; /* of one that was hashed now; else "" */
};

/* Looks at the path of the capture, then among the candidates. */
struct verify_finding verify_capture(const struct capture_index_entry *holding,
                                     struct candidates *candidates);

/* The verdict in words, e.g. "intact". */
const char *verify_word(enum verify_verdict verdict);

#endif
