/*
 * The way of the payload: each direction in order, both directions in an order in which they can have
 * happened, and holes declared as losses. Used by the connection table only.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_ORDERING_H
#define IMAPTAP_ANALYZER_STREAM_ORDERING_H

#include "analyzer/stream/connection_table.h"
#include "analyzer/stream/repeats.h"

struct repair;

struct ordering {
    struct connection_handler handler;
    void *user;
    struct reassembly *reassembly;
    bool everything_through_nids;
    size_t max_waiting; /* octets, of all connections together */
    size_t waiting;
    struct repair *oldest, *newest; /* all repairs, by their last segment */
    uint64_t lost;                  /* octets, of all connections */
    uint64_t opened;                /* connections that the handler was told of */
    struct repeats repeats;
};

/* Starts libnids. Returns 0, or -1 when out of memory. */
int ordering_start(struct ordering *ordering, const struct connection_table_options *options,
                   const struct connection_handler *handler, void *user);

/* The direction's next octet is numbered `number`, whatever was thought before any of it was captured. */
void ordering_start_at(struct ordering *ordering, struct connection *connection, enum stream_side from,
                       uint32_t number, const struct imap_mark *mark);

/* Takes the payload and the acknowledgment of one segment; `sequence` is the number of its first octet. */
void ordering_take(struct ordering *ordering, struct connection *connection, enum stream_side from,
                   uint32_t sequence, const struct segment *segment);

/* Time passed without a segment: declares the holes that have waited long enough. */
void ordering_tick(struct ordering *ordering, int64_t now_ns);

/* The connection is about to end: delivers all that waits, and forgets it. */
void ordering_flush(struct ordering *ordering, struct connection *connection);

/* Forgets what waits of a connection, and what was told of it. */
void ordering_forget(struct ordering *ordering, struct connection *connection);

/* When all connections are forgotten. */
void ordering_stop(struct ordering *ordering);

#endif
