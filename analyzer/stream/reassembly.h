/*
 * libnids behind one small interface: puts the segments of a connection back in order.
 *
 * A pair is libnids's stream for one connection. It exists only while there is something to put in order: the
 * connection table opens it when a segment comes ahead of its turn, feeds it every segment from then on, and
 * closes it when nothing waits any more. libnids sees a composed conversation (synthetic IPv4 addresses, a
 * handshake of ours, wide windows, our acknowledgment numbers), so its own limits never meet the wire's
 * traffic. No other file knows libnids. libnids's state is the process's: there can be one reassembly at a
 * time.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_REASSEMBLY_H
#define IMAPTAP_ANALYZER_STREAM_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who sent the octets. */
enum stream_side { STREAM_CLIENT, STREAM_SERVER };

/* The other one. */
static inline enum stream_side side_across(enum stream_side side)
{
    return side == STREAM_CLIENT ? STREAM_SERVER : STREAM_CLIENT;
}

struct reassembly;
struct reassembly_pair;

/* Octets in order, from reassembly_feed or reassembly_step only; one call a segment. */
typedef void reassembly_deliver(void *owner, enum stream_side from, const uint8_t *octets, size_t length);

/* The version of libnids. */
const char *reassembly_library(void);

/* Starts libnids with room for `pairs` open pairs (1 to 100,000). Reads /dev/urandom, so call it before any
 * sandbox. NULL: out of memory, or there is one already. */
struct reassembly *reassembly_new(unsigned pairs, reassembly_deliver *deliver);

/* Opens a pair whose next octets are numbered `client` and `server` (wire sequence numbers, host byte order).
 * `owner` is handed to `deliver`. NULL: all pairs are in use. */
struct reassembly_pair *reassembly_open(struct reassembly *reassembly, void *owner, uint32_t client,
                                        uint32_t server);

/* True when a segment of `length` octets can be queued beside what waits already in this direction. */
bool reassembly_has_room(const struct reassembly_pair *pair, enum stream_side from, size_t length);

/* Feeds the payload of one segment; any sequence number less than 2^30 ahead of the next octet. When it has
 * to wait there must be room for it. Delivers what has become in order. */
void reassembly_feed(struct reassembly_pair *pair, enum stream_side from, uint32_t sequence,
                     const uint8_t *octets, size_t length);

/* Steps over a hole: the next `length` octets (1 to 2^30 - 1) never come, and no segment with any of them
 * waits. They are not delivered; what waited right after them is. */
void reassembly_step(struct reassembly_pair *pair, enum stream_side from, uint32_t length);

/* True when no segment waits in this direction. */
bool reassembly_is_empty(const struct reassembly_pair *pair, enum stream_side from);

/* Frees the pair and what waits in it. Never from within `deliver`. */
void reassembly_close(struct reassembly_pair *pair);

/* How often libnids complained (it has no reason to); for tests. */
uint64_t reassembly_complaints(const struct reassembly *reassembly);

/* Closes all pairs and ends libnids; NULL is allowed. */
void reassembly_free(struct reassembly *reassembly);

#endif
