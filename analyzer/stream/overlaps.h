/*
 * Octets that are captured more than once: retransmissions, copies, overlaps. What was taken first stands;
 * here the rest is counted, and compared with it, because a sender that says two things at one place may be
 * hiding something. Used by in_order.c and the connection table.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_OVERLAPS_H
#define IMAPTAP_ANALYZER_STREAM_OVERLAPS_H

#include "analyzer/stream/connection.h"

/* Octets of each direction that are kept to compare with, while the connection is followed. */
#define OVERLAPS_KEPT 1024
/* Directions that may keep them at a time: beyond, nothing is compared, and repeats are not counted. */
#define OVERLAPS_MAX_DIRECTIONS 32768
/* Pieces of memory that wait for the next direction instead of being freed. */
#define OVERLAPS_MAX_UNUSED 256

struct segment;

/* The last octets of a direction that were delivered. */
struct recent;

struct overlaps {
    uint64_t octets;     /* captured again */
    uint64_t differing;  /* of them, those that are others than what was taken */
    uint32_t directions; /* that keep octets now */
    uint32_t unused_count;
    struct recent *unused;
};

/* The direction's next octets were delivered: they are kept. */
void overlaps_keep(struct overlaps *overlaps, struct connection *connection, enum stream_side from,
                   const uint8_t *octets, size_t length);

/* What comes next does not follow on what is kept. */
void overlaps_gap(struct connection *connection, enum stream_side from);

/* Counts what of a segment was delivered before or waits already; `sequence` is the number of its first
 * octet. To be called before it is taken. */
void overlaps_count(struct overlaps *overlaps, const struct connection *connection, enum stream_side from,
                    uint32_t sequence, const struct segment *segment);

/* How many octets of a segment are others than those that were delivered at their place, as far as these are
 * still kept. Counts nothing. */
uint64_t overlaps_compare(const struct connection *connection, enum stream_side from, uint32_t sequence,
                          const struct segment *segment);

/* Nothing of the connection is followed any more: wipes and frees what is kept. */
void overlaps_forget(struct overlaps *overlaps, struct connection *connection);

/* Frees what is not used; every connection was forgotten before. */
void overlaps_stop(struct overlaps *overlaps);

#endif
