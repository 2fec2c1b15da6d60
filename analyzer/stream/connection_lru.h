/*
 * The lives of connections: their memory, the index that finds them, and the lists by age that say who has
 * been silent for too long. Used by the connection table only.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_CONNECTION_LRU_H
#define IMAPTAP_ANALYZER_STREAM_CONNECTION_LRU_H

#include "analyzer/stream/connection_index.h"
#include "analyzer/stream/in_order.h"
#include "analyzer/stream/paths.h"

/* The lists by age; the first ones are evicted first. */
enum connection_lru_list {
    LIST_CLOSED,
    LIST_HALF_OPEN, /* nothing but its SYN was seen: giving it up loses nothing, as its answer has both
                       numbers */
    LIST_SILENT,    /* no octet was delivered */
    LIST_CLOSING,
    LIST_OPEN,
    LISTS
};

struct connection_lru {
    struct in_order *in_order;
    struct connection_index index;
    struct path_memory paths;
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

/* `in_order` must stay: ends are reported to it. Returns 0, or -1 when out of memory. */
int connection_lru_start(struct connection_lru *lru, uint32_t max_connections, uint32_t max_half_open,
                         struct in_order *in_order);

/* Begins the connection of this segment, sent by `from`, in the list of half-open ones; what `key` and `hash`
 * are is connection_index.h's. If there is no room another one is evicted. NULL: out of memory. */
struct connection *connection_lru_begin(struct connection_lru *lru, const struct segment *segment,
                                        const struct connection_key *key, uint32_t hash,
                                        enum stream_side from, bool source_is_first);

/* Makes it the newest of the list, from which the oldest one goes when there are too many. Closed connections
 * are kept in theirs to know their stragglers. */
void connection_lru_touch(struct connection_lru *lru, struct connection *connection,
                          enum connection_lru_list list);

/* Reports the end, if the handler knows the connection; its record stays. */
void connection_lru_end(struct connection_lru *lru, struct connection *connection, enum connection_end how);

/* Forgets it, without reporting its end. */
void connection_lru_discard(struct connection_lru *lru, struct connection *connection);

void connection_lru_end_and_discard(struct connection_lru *lru, struct connection *connection,
                                    enum connection_end how);

/* Ends those that have been silent for as long as their list allows. */
void connection_lru_sweep(struct connection_lru *lru, int64_t now_ns);

/* Ends all: the capture is over. */
void connection_lru_finish(struct connection_lru *lru);

/* Forgets all, and reports nothing. */
void connection_lru_stop(struct connection_lru *lru);

#endif
