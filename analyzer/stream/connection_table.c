/*
 * The connection table: finds the connection of a segment, decides who is the client, and when a connection
 * begins and ends. connection_lru.c keeps and evicts it; in_order.c delivers its payload.
 */
#include "analyzer/stream/connection_table.h"

#include "analyzer/stream/connection_lru.h"
#include "analyzer/stream/detect.h"
#include "analyzer/stream/in_order.h"
#include "analyzer/stream/paths.h"
#include "analyzer/stream/tcp_state.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
/* Connections on ports that nobody named, known to speak another protocol; a newer one may take an older
 * one's place. */
#define OTHERS 65536

struct connection_table {
    struct in_order in_order;
    struct connection_lru lru;
    uint64_t ports[65536 / 64];          /* named */
    uint64_t detected_ports[65536 / 64]; /* of servers that were found to speak IMAP */
    uint32_t others[OTHERS];             /* hashes of connections that speak another protocol */
    bool detect;
    uint64_t copies; /* segments that had come before, on another path */
    int64_t swept_ns, previous_ns;
};

static bool has_port(const uint64_t ports[65536 / 64], uint16_t port)
{
    return ports[port / 64] >> (port % 64) & 1;
}

/* True when the segment is of a connection at a port of the set. */
static bool touches(const uint64_t ports[65536 / 64], const struct segment *segment)
{
    return has_port(ports, segment->source_port) || has_port(ports, segment->destination_port);
}

/* Who sent this segment of a connection that begins with it: the handshake decides, else the port, else what
 * it says. */
static enum stream_side guess_side(const struct connection_table *table, const struct segment *segment)
{
    bool to_server = has_port(table->ports, segment->destination_port);

    if (segment->flags & SEGMENT_SYN)
        return segment->flags & SEGMENT_ACK ? STREAM_SERVER : STREAM_CLIENT;
    if (to_server && has_port(table->ports, segment->source_port))
        to_server = !detect_server(segment->payload, segment->captured);
    return to_server ? STREAM_CLIENT : STREAM_SERVER;
}

/* Both sides sent a SYN: the port decides who is the server. */
static void settle_roles(const struct connection_table *table, struct connection *connection)
{
    struct direction first = connection->directions[STREAM_CLIENT];

    if (!has_port(table->ports, connection_port(connection, STREAM_CLIENT)) ||
        has_port(table->ports, connection_port(connection, STREAM_SERVER)))
        return;
    connection->directions[STREAM_CLIENT] = connection->directions[STREAM_SERVER];
    connection->directions[STREAM_SERVER] = first;
    connection->reversed = !connection->reversed;
}

static void start_at(struct direction *direction, uint32_t first)
{
    direction->start = direction->expected = direction->highest = first;
    direction->known = direction->seen = direction->from_start = true;
}

/* What writes captures without a network may give a SYN no number of its own: then the SYN-ACK acknowledges
 * the SYN's number itself, and there the octets begin. */
static void take_uncounted_syn(struct connection_table *table, struct connection *connection,
                               enum stream_side to, uint32_t acknowledgment, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[to];

    if (connection->reorder_buffer != NULL || !direction->from_start || direction->reported ||
        acknowledgment + 1 != direction->start || direction->expected != direction->start)
        return;
    in_order_start_at(&table->in_order, connection, to, acknowledgment, mark);
    direction->start = acknowledgment;
    connection->uncounted_syn = true;
}

/* The same for the other side, whose first octets show it. */
static void take_first_octets(struct connection_table *table, struct connection *connection,
                              enum stream_side from, const struct segment *segment)
{
    struct direction *direction = &connection->directions[from];
    struct imap_mark mark = {segment->time_ns, segment->frame, segment->capture};

    if ((segment->flags & SEGMENT_SYN) || segment->length == 0 || connection->reorder_buffer != NULL ||
        !direction->from_start || direction->reported || segment->sequence + 1 != direction->start ||
        direction->expected != direction->start)
        return;
    in_order_start_at(&table->in_order, connection, from, segment->sequence, &mark);
    direction->start = segment->sequence;
}

/* Takes a SYN that belongs to this connection: its first, or its first of this side. */
static __attribute__((noinline)) void take_syn(struct connection_table *table, struct connection *connection,
                                               enum stream_side from, const struct segment *segment)
{
    enum stream_side to = side_across(from);
    struct imap_mark mark = {segment->time_ns, segment->frame, segment->capture};

    if (segment->flags & SEGMENT_ACK)
        take_uncounted_syn(table, connection, to, segment->acknowledgment, &mark);
    if (!connection->directions[from].seen) {
        in_order_start_at(&table->in_order, connection, from, segment->sequence + 1, &mark);
        start_at(&connection->directions[from], segment->sequence + 1);
    }
    if ((segment->flags & SEGMENT_ACK) && !connection->directions[to].known) {
        in_order_start_at(&table->in_order, connection, to, segment->acknowledgment, &mark);
        start_at(&connection->directions[to], segment->acknowledgment);
        connection->directions[to].seen = false;
    }
}

/* Begins a connection on a port that nobody named, if this segment is unmistakable IMAP. */
static struct connection *begin_detected(struct connection_table *table, const struct segment *segment,
                                         const struct connection_key *key, uint32_t hash,
                                         bool source_is_first, enum stream_side *from)
{
    enum detected detected = detect_imap(segment->payload, segment->captured);
    struct connection *connection;
    uint16_t port;

    if (detected == DETECTED_NOTHING || (segment->flags & (SEGMENT_SYN | SEGMENT_RST)) ||
        table->others[hash % OTHERS] == hash)
        return NULL;
    *from = detected == DETECTED_GREETING ? STREAM_SERVER : STREAM_CLIENT;
    connection = connection_lru_begin(&table->lru, segment, key, hash, *from, source_is_first);
    if (connection == NULL)
        return NULL;
    connection->detected = true;
    connection->midstream = detected == DETECTED_COMMAND;
    if (detected == DETECTED_GREETING) {
        /* a greeting comes first: both directions begin here */
        start_at(&connection->directions[STREAM_SERVER], segment->sequence);
        if (segment->flags & SEGMENT_ACK) {
            start_at(&connection->directions[STREAM_CLIENT], segment->acknowledgment);
            connection->directions[STREAM_CLIENT].seen = false;
        }
    }
    port = connection_port(connection, STREAM_SERVER);
    table->detected_ports[port / 64] |= UINT64_C(1) << (port % 64);
    return connection;
}

/* Ends `old`, if there is one, and begins the connection that follows it at this segment. */
static __attribute__((noinline)) struct connection *begin_next(struct connection_table *table,
                                                               const struct segment *segment,
                                                               const struct connection_search *search,
                                                               struct connection *old, enum stream_side *from)
{
    struct connection *connection;

    if (old != NULL) {
        struct connection was = *old;

        connection_lru_end_and_discard(&table->lru, old, CONNECTION_REPLACED);
        if (!was.closed && (was.pending[STREAM_CLIENT] || was.pending[STREAM_SERVER])) {
            /* the new connection's SYN was seen before: it begins there */
            connection = connection_lru_begin(&table->lru, segment, &search->key, search->hash, *from,
                                              search->source_is_first);
            if (connection != NULL)
                connection->detected = was.detected;
            for (int side = 0; side < 2 && connection != NULL; side++)
                if (was.pending[side])
                    start_at(&connection->directions[side], was.pending_number[side]);
            return connection;
        }
    }
    if (!touches(table->ports, segment))
        return begin_detected(table, segment, &search->key, search->hash, search->source_is_first, from);
    /* only a SYN or an octet begins a connection */
    if ((segment->flags & SEGMENT_RST) || (!(segment->flags & SEGMENT_SYN) && segment->length == 0))
        return NULL;
    *from = guess_side(table, segment);
    connection = connection_lru_begin(&table->lru, segment, &search->key, search->hash, *from,
                                      search->source_is_first);
    if (connection != NULL && !(segment->flags & SEGMENT_SYN))
        connection->midstream = true;
    return connection;
}

static enum stream_side side_of(const struct connection *connection, bool source_is_first)
{
    return source_is_first != connection->reversed ? STREAM_CLIENT : STREAM_SERVER;
}

/* A connection on another path, to which the segment belongs too: its path is added to that one's. */
static __attribute__((noinline)) struct connection *find_on_other_path(struct connection_table *table,
                                                                       const struct segment *segment,
                                                                       const struct connection_search *search,
                                                                       enum stream_side *from)
{
    struct connection_lru *lru = &table->lru;
    uint32_t sequence = segment->sequence + ((segment->flags & SEGMENT_SYN) != 0);
    struct connection_key keys[PATHS_TRIED];
    unsigned count = paths_to_try(&lru->paths, &lru->index, &search->key, keys);

    for (unsigned i = 0; i < count; i++) {
        struct connection *connection =
            connection_index_find(&lru->index, &keys[i], connection_index_hash(&lru->index, &keys[i]));

        if (connection == NULL)
            continue;
        *from = side_of(connection, search->source_is_first);
        if (path_fits(connection, *from, segment) &&
            overlaps_compare(connection, *from, sequence, segment) == 0 &&
            paths_add(&lru->paths, &lru->index, connection, segment, search->hash))
            return connection;
    }
    return NULL;
}

/* A path of the connection brought other octets than those that were taken at the same numbers: what it shows
 * is another connection, which begins here as far as can be known. */
static struct connection *part_path(struct connection_table *table, struct connection *connection,
                                    const struct segment *segment, const struct connection_search *search,
                                    enum stream_side *from)
{
    struct connection_lru *lru = &table->lru;
    struct direction was[2] = {connection->directions[0], connection->directions[1]};
    enum stream_side side = *from, other = side_across(side);
    struct connection *parted;
    bool syn = segment->flags & SEGMENT_SYN;
    bool begins = syn || (was[side].from_start && segment->sequence == was[side].start);
    bool answers = (segment->flags & SEGMENT_ACK) && was[other].from_start &&
                   segment->acknowledgment == was[other].start;

    connection->apart = true;
    paths_drop(&lru->index, connection, paths_number(connection, segment));
    if (connection->paths->count == 1)
        paths_forget(&lru->paths, &lru->index, connection);
    parted = begin_next(table, segment, search, NULL, from);
    if (parted == NULL)
        return NULL;
    parted->apart = true;
    if (*from != side)
        return parted;
    if (begins && !syn)
        start_at(&parted->directions[side], was[side].start);
    if (answers) {
        start_at(&parted->directions[other], was[other].start);
        parted->directions[other].seen = false;
    }
    parted->midstream = !begins || !answers;
    return parted;
}

static struct connection *connection_of(struct connection_table *table, const struct segment *segment,
                                        const struct connection_search *search, enum stream_side *from)
{
    struct connection *connection = connection_index_find(&table->lru.index, &search->key, search->hash);

    if (connection == NULL)
        connection = find_on_other_path(table, segment, search, from);
    if (connection == NULL)
        return begin_next(table, segment, search, NULL, from);
    *from = side_of(connection, search->source_is_first);
    if (connection->paths != NULL && !connection->closed && paths_differ(connection, *from, segment))
        return part_path(table, connection, segment, search, from);
    if (!connection->closed && tcp_state_of_simultaneous_open(connection, *from, segment)) {
        settle_roles(table, connection);
        *from = side_of(connection, search->source_is_first);
    }
    if (tcp_state_of_new(connection, *from, segment))
        return begin_next(table, segment, search, connection, from);
    return connection->closed ? NULL : connection;
}

/* Fills in what finds the segment's connection. */
static void search_for(const struct connection_table *table, const struct segment *segment,
                       struct connection_search *search)
{
    search->source_is_first = connection_index_key(segment, &search->key);
    search->hash = connection_index_hash(&table->lru.index, &search->key);
}

/* True when the segment, of a port that nobody named, is worth a look. Notes what speaks another protocol. */
static bool may_be_imap(struct connection_table *table, const struct segment *segment)
{
    if (!table->detect)
        return false;
    if (detect_other(segment->payload, segment->captured)) {
        struct connection_search search;

        search_for(table, segment, &search);
        table->others[search.hash % OTHERS] = search.hash;
    }
    return touches(table->detected_ports, segment) ||
           detect_imap(segment->payload, segment->captured) != DETECTED_NOTHING;
}

static void note_closer(struct connection *connection, enum stream_side from, int64_t time_ns)
{
    if (connection->closer != CLOSED_BY_NOBODY)
        return;
    connection->closer = from == STREAM_CLIENT ? CLOSED_BY_CLIENT : CLOSED_BY_SERVER;
    connection->closed_ns = time_ns;
}

static __attribute__((noinline)) void take_reset(struct connection_table *table,
                                                 struct connection *connection, enum stream_side from,
                                                 const struct segment *segment)
{
    if (!tcp_state_reset_is_believed(connection, from, segment))
        return;
    note_closer(connection, from, segment->time_ns);
    connection_lru_end(&table->lru, connection, CONNECTION_RESET);
    if (connection->payload)
        connection_lru_touch(&table->lru, connection, LIST_CLOSED);
    else
        connection_lru_discard(&table->lru, connection);
}

/* Where an open connection belongs, with this segment. */
static enum connection_lru_list list_of(const struct connection *connection, const struct segment *segment)
{
    bool lone_syn = (segment->flags & (SEGMENT_SYN | SEGMENT_ACK)) == SEGMENT_SYN;

    if (connection->list == LIST_HALF_OPEN && !connection->payload && lone_syn)
        return LIST_HALF_OPEN;
    if (tcp_state_of_closing(connection))
        return LIST_CLOSING;
    return connection->payload ? LIST_OPEN : LIST_SILENT;
}

/* Takes a segment that is worth it. */
static void take(struct connection_table *table, const struct segment *segment,
                 const struct connection_search *search)
{
    struct connection *connection;
    enum stream_side from;
    uint32_t sequence = segment->sequence;

    if (segment->time_ns - table->swept_ns >= SECOND || segment->time_ns < table->swept_ns)
        connection_table_tick(table, segment->time_ns);
    connection = connection_of(table, segment, search, &from);
    if (connection == NULL)
        return;
    if (segment->time_ns > connection->last_ns)
        connection->last_ns = segment->time_ns;
    if (connection->paths != NULL && paths_is_copy(connection, from, segment)) {
        table->copies++;
        if (!(segment->flags & (SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST)))
            return;
    }
    if (segment->flags & SEGMENT_RST) {
        take_reset(table, connection, from, segment);
        return;
    }
    if (segment->flags & SEGMENT_SYN) {
        take_syn(table, connection, from, segment);
        sequence++;
    }
    if (connection->uncounted_syn)
        take_first_octets(table, connection, from, segment);
    if (segment->flags & SEGMENT_FIN)
        tcp_state_take_fin(connection, from, sequence + segment->length);
    if (connection->directions[from].fin_seen)
        note_closer(connection, from, segment->time_ns);
    in_order_take(&table->in_order, connection, from, sequence, segment);
    if (tcp_state_of_end(connection)) {
        connection_lru_end(&table->lru, connection, CONNECTION_FIN);
        connection_lru_touch(&table->lru, connection, LIST_CLOSED);
        return;
    }
    connection_lru_touch(&table->lru, connection, list_of(connection, segment));
}

/* Of a port that nobody named. */
static __attribute__((noinline)) void take_elsewhere(struct connection_table *table,
                                                     const struct segment *segment)
{
    struct connection_search search;

    if (!may_be_imap(table, segment))
        return;
    search_for(table, segment, &search);
    take(table, segment, &search);
}

void connection_table_lookup(const struct connection_table *table, const struct segment *segment,
                             struct connection_search *search)
{
    search->at_port = touches(table->ports, segment);
    if (!search->at_port)
        return;
    search_for(table, segment, search);
    connection_index_fetch_place(&table->lru.index, search->hash);
}

void connection_table_fetch(const struct connection_table *table, const struct connection_search *search)
{
    if (search->at_port)
        connection_index_fetch(&table->lru.index, search->hash);
}

void connection_table_process_found(struct connection_table *table, const struct segment *segment,
                                    const struct connection_search *search)
{
    if (search->at_port)
        take(table, segment, search);
    else
        take_elsewhere(table, segment);
}

void connection_table_take(struct connection_table *table, const struct segment *segment)
{
    struct connection_search search;

    connection_table_lookup(table, segment, &search);
    connection_table_process_found(table, segment, &search);
}

void connection_table_tick(struct connection_table *table, int64_t now_ns)
{
    /* one frame with a time far off must not end everything: a jump is believed when a second frame
     * confirms it */
    bool jumped = now_ns - table->previous_ns > 60 * SECOND || now_ns < table->previous_ns;

    table->swept_ns = table->previous_ns = now_ns;
    if (jumped)
        return;
    in_order_tick(&table->in_order, now_ns);
    connection_lru_sweep(&table->lru, now_ns);
}

void connection_table_finish(struct connection_table *table)
{
    connection_lru_finish(&table->lru);
}

struct connection_counts connection_table_counts(const struct connection_table *table)
{
    struct connection_counts counts = {.evicted = table->lru.evicted};

    counts.opened = table->in_order.opened;
    counts.open = connection_index_count(&table->lru.index);
    counts.copies = table->copies;
    counts.lost_octets = table->in_order.lost;
    counts.repeated_octets = table->in_order.overlaps.octets;
    counts.differing_octets = table->in_order.overlaps.differing;
    return counts;
}

void connection_table_defaults(struct connection_table_options *options)
{
    memset(options, 0, sizeof *options);
    options->detect = true;
    options->max_connections = 250000;
    options->max_half_open = 65536;
    options->max_repairs = 8192;
    options->max_waiting_octets = 16 << 20;
}

struct connection_table *connection_table_new(const struct connection_table_options *options,
                                              const struct connection_handler *handler, void *user)
{
    struct connection_table *table = calloc(1, sizeof *table);

    if (table == NULL)
        return NULL;
    table->detect = options->detect;
    for (size_t i = 0; i < options->port_count; i++)
        table->ports[options->ports[i] / 64] |= UINT64_C(1) << (options->ports[i] % 64);
    if (connection_lru_start(&table->lru, options->max_connections, options->max_half_open,
                             &table->in_order) != 0 ||
        in_order_start(&table->in_order, options, handler, user) != 0) {
        connection_lru_stop(&table->lru);
        free(table);
        return NULL;
    }
    return table;
}

void connection_table_free(struct connection_table *table)
{
    if (table == NULL)
        return;
    connection_lru_stop(&table->lru);
    in_order_stop(&table->in_order);
    free(table);
}
