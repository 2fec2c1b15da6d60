/*
 * A source's octets in one piece, as many as are asked for: for formats that are read block by block.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_LOOKAHEAD_H
#define IMAPTAP_ANALYZER_CAPTURE_LOOKAHEAD_H

#include "analyzer/capture/source.h"

/* The most octets that can be asked for. */
#define LOOKAHEAD_MAX ((size_t)16 << 20)

struct lookahead;

/* The source stays the caller's. NULL: out of memory. */
struct lookahead *lookahead_new(struct source *source);

/* The next `wanted` octets, at most LOOKAHEAD_MAX, without taking them: valid until the next call. NULL:
 * there are fewer (lookahead_left says how many), or lookahead_error is set. */
const uint8_t *lookahead_at(struct lookahead *lookahead, size_t wanted);

/* Octets that are here already; after lookahead_at gave NULL, all there are. */
size_t lookahead_left(const struct lookahead *lookahead);

/* Takes octets that are here. */
void lookahead_take(struct lookahead *lookahead, size_t octets);

/* Octets taken so far. */
uint64_t lookahead_position(const struct lookahead *lookahead);

/* errno of the source's failure, or ENOMEM; 0: none. */
int lookahead_error(const struct lookahead *lookahead);

void lookahead_free(struct lookahead *lookahead);

#endif
