/*
 * Keeps SHA-256 that became known only after the rows of their captures were complete.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LATE_HASHES_H
#define IMAPTAP_ANALYZER_RECORDER_LATE_HASHES_H

#include "analyzer/capture/digest.h"

#include <stddef.h>
#include <stdint.h>

struct late_hash {
    int64_t capture; /* the id of its row */
    char sha256[DIGEST_TEXT];
};

/* Opens the database and fills in the hashes of captures that have none, in one transaction; touches nothing
 * when there are none to keep. Returns 0, or -1: `why` holds the sentence. */
int late_hashes_keep(const char *database, const struct late_hash *hashes, size_t count, char *why,
                     size_t why_size);

#endif
