/*
 * SHA-256 of the captures that are files, in the time in which the recorder would wait for the analyzer, and
 * after the summary: so it never delays an answer.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_HASHING_H
#define IMAPTAP_ANALYZER_RECORDER_HASHING_H

#include "analyzer/recorder/inputs.h"
#include "analyzer/recorder/outcome.h"

struct hashing;

/* Hashes the inputs that are files, come as a whole and have a pending outcome now, or one that is known and
 * unhashed; each one's `sha256` is filled when all of it was hashed and it did not change meanwhile. NULL:
 * out of memory. */
struct hashing *hashing_new(const struct inputs *inputs, const struct outcome *outcomes);

/* Hashes the next piece. False: there is nothing left to hash. */
bool hashing_step(struct hashing *hashing);

/* How many octets were hashed so far, and are to be hashed in all. */
uint64_t hashing_done(const struct hashing *hashing);
uint64_t hashing_total(const struct hashing *hashing);

void hashing_free(struct hashing *hashing);

#endif
