/*
 * A place in a stream where its beginning may be that of another capture: by it a stream that was cut is
 * known when the whole comes.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_MARK_H
#define IMAPTAP_ANALYZER_CAPTURE_MARK_H

#include "analyzer/capture/fingerprint.h"

#include <stdint.h>

/* So many can be looked for in one stream. */
#define MARKS_MAX 32

struct mark {
    uint64_t octets; /* of the beginning */
    char fingerprint[CAPTURE_FINGERPRINT_SIZE];
};

#endif
