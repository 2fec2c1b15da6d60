/*
 * The way of the payload: each direction in order, both directions in an order in which they can have
 * happened, and holes declared as losses. Used by the connection table only.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_IN_ORDER_H
#define IMAPTAP_ANALYZER_STREAM_IN_ORDER_H

#include "analyzer/stream/connection_table.h"
#include "analyzer/stream/overlaps.h"

struct reorder_buffer;

struct in_order {
    struct connection_handler handler;
    void *user;
    struct reassembly *reassembly;
    bool everything_through_nids;
    size_t max_waiting; /* octets, of all connections together */
    size_t waiting;
    struct reorder_buffer *oldest, *newest; /* all repairs, by their last segment */
    uint64_t lost;                          /* octets, of all connections */
    uint64_t opened;                        /* connections that the handler knows */
    struct overlaps overlaps;
};

/* Starts libnids. Returns 0, or -1 when out of memory. */
int in_order_start(struct in_order *in_order, const struct connection_table_options *options,
                   const struct connection_handler *handler, void *user);

/* The direction's next octet is numbered `number`, whatever was thought before any of it was captured. */
void in_order_start_at(struct in_order *in_order, struct connection *connection, enum stream_side from,
                       uint32_t number, const struct imap_mark *mark);

/* Takes the payload and the acknowledgment of one segment; `sequence` is the number of its first octet. */
void in_order_take(struct in_order *in_order, struct connection *connection, enum stream_side from,
                   uint32_t sequence, const struct segment *segment);

/* Time passed without a segment: declares the holes that have waited long enough. */
void in_order_tick(struct in_order *in_order, int64_t now_ns);

/* The connection is about to end: delivers all that waits, and forgets it. */
void in_order_flush(struct in_order *in_order, struct connection *connection);

/* Forgets what waits of a connection, and what was delivered of it. */
void in_order_forget(struct in_order *in_order, struct connection *connection);

/* When all connections are forgotten. */
void in_order_stop(struct in_order *in_order);

#endif
