/*
 * The lives of connections: their memory, the index that finds them, and the lists by age that say who has
 * been silent for too long. Used by the connection table only.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_LIVES_H
#define IMAPTAP_ANALYZER_STREAM_LIVES_H

#include "analyzer/stream/connection_index.h"
#include "analyzer/stream/ordering.h"

/* The lists by age; the first ones are evicted first. */
enum lives_list {
    LIST_CLOSED,
    LIST_HALF_OPEN, /* nothing but its SYN was seen: giving it up loses nothing, as its answer tells both
                       numbers */
    LIST_SILENT,    /* no octet was told */
    LIST_CLOSING,
    LIST_OPEN,
    LISTS
};

struct lives {
    struct ordering *ordering;
    struct connection_index index;
    uint32_t max_connections;
    struct connection **blocks;
    size_t block_count;
    struct connection *unused;
    struct {
        struct connection *oldest, *newest;
        uint32_t count, most; /* connections; of more than `most` the oldest one goes */
    } lists[LISTS];
    uint64_t evicted; /* connections; closed and half-open ones are not counted */
};

/* The ordering, which must stay, is told of ends. Returns 0, or -1 when out of memory. */
int lives_start(struct lives *lives, uint32_t max_connections, uint32_t max_half_open,
                struct ordering *ordering);

/* Begins the connection of this segment, sent by `from`, in the list of half-open ones; what `key` and `hash`
 * are is connection_index.h's. If there is no room another one is evicted. NULL: out of memory. */
struct connection *lives_begin(struct lives *lives, const struct segment *segment,
                               const struct connection_key *key, uint32_t hash, enum stream_side from,
                               bool source_is_first);

/* Makes it the newest of the list, from which the oldest one goes when there are too many. Closed connections
 * are kept in theirs to know their stragglers. */
void lives_touch(struct lives *lives, struct connection *connection, enum lives_list list);

/* Tells the end, if the handler knows the connection; its record stays. */
void lives_end(struct lives *lives, struct connection *connection, enum connection_end how);

/* Forgets it, without telling its end. */
void lives_discard(struct lives *lives, struct connection *connection);

void lives_end_and_discard(struct lives *lives, struct connection *connection, enum connection_end how);

/* Ends those that have been silent for as long as their list allows. */
void lives_sweep(struct lives *lives, int64_t now_ns);

/* Ends all: the capture is over. */
void lives_finish(struct lives *lives);

/* Forgets all, and tells nobody. */
void lives_stop(struct lives *lives);

#endif
