/*
 * The connection table: takes TCP segments as they were captured and passes to a handler the octets of each
 * connection, each direction in order, both directions in an order in which they can have happened (an octet
 * never comes before the octets that its sender had acknowledged), with holes where the capture has none.
 *
 * Followed are the connections with one end at one of the ports given, and those that are found to speak
 * IMAP. A connection met in its middle is picked up; a new connection with old addresses and ports ends the
 * old one. Memory is bounded by the limits below; what is evicted is reported as ended and counted. Of
 * overlapping segments the octets that were in order first count; those that come again are compared with
 * them and counted.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_CONNECTION_TABLE_H
#define IMAPTAP_ANALYZER_STREAM_CONNECTION_TABLE_H

#include "analyzer/decap/segment.h"
#include "analyzer/stream/connection.h"

struct connection_table;

struct connection_table_options {
    const uint16_t *ports; /* of the servers */
    size_t port_count;
    bool detect;                  /* follow connections on other ports too, when what they say is IMAP */
    uint32_t max_connections;     /* open ones */
    uint32_t max_half_open;       /* of them, those of which only the SYN was seen; at least 1 */
    uint32_t max_repairs;         /* connections with something out of order, at a time; at most 100,000 */
    uint32_t max_waiting_octets;  /* out of order, of all connections together */
    bool everything_through_nids; /* no shortcut for octets that are in order: slower, the same result */
};

/* What finds a segment's connection. */
struct connection_search {
    struct connection_key key;
    uint32_t hash;
    bool source_is_first;
    bool at_port; /* it is of a port that was named; else nothing else is known yet */
};

struct connection_counts {
    uint64_t opened;      /* connections that carried an octet */
    uint64_t open;        /* now in the table, half-open ones counted */
    uint64_t evicted;     /* ended because the table was full, but for those of which only the SYN was seen */
    uint64_t lost_octets; /* reported to the handler */
    uint64_t
        repeated_octets; /* captured again while near their first time, in connections that are followed */
    uint64_t copies;     /* segments whose octets had all come before, in another VLAN or tunnel */
    uint64_t differing_octets; /* of them, those that were others than the first ones */
};

/* The defaults for `options` but the ports. */
void connection_table_defaults(struct connection_table_options *options);

/* The options are copied. There can be one table at a time (libnids's state is the process's). NULL: out of
 * memory. */
struct connection_table *connection_table_new(const struct connection_table_options *options,
                                              const struct connection_handler *handler, void *user);

/* Takes one segment; calls the handler as needed. */
void connection_table_take(struct connection_table *table, const struct segment *segment);

/* The connections of many are more than the processor's cache holds. Whoever has several segments at hand may
 * let these two go over all of them, one after the other, before the first is taken: they fetch what
 * connection_table_process_found will wait for otherwise. */
void connection_table_lookup(const struct connection_table *table, const struct segment *segment,
                             struct connection_search *search);
void connection_table_fetch(const struct connection_table *table, const struct connection_search *search);

/* connection_table_take for a segment that connection_table_lookup filled `search` for. */
void connection_table_process_found(struct connection_table *table, const struct segment *segment,
                                    const struct connection_search *search);

/* The capture's time is at least `now_ns`: ends what is idle. Also called by _take now and then. */
void connection_table_tick(struct connection_table *table, int64_t now_ns);

/* The capture is over: what waits is delivered, holes are reported as losses, every connection ends. */
void connection_table_finish(struct connection_table *table);

struct connection_counts connection_table_counts(const struct connection_table *table);

void connection_table_free(struct connection_table *table);

#endif
