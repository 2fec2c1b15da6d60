/*
 * The connection table: finds the connection of a segment, decides who is the client, and when a connection
 * begins and ends. The payload's way is ordering.c's.
 */
#include "analyzer/stream/connection_table.h"

#include "analyzer/stream/connection_index.h"
#include "analyzer/stream/detect.h"
#include "analyzer/stream/ordering.h"
#include "analyzer/stream/signs.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
/* Connections are allocated in blocks, so that pointers to them stay. */
#define BLOCK 1024

/* Closed connections are kept to know their stragglers. Of so many the oldest one is forgotten, however short
 * its time: an index that stays in the processor's cache is worth more. */
#define MAX_CLOSED 8192

/* Connections on ports that nobody named, known to speak another protocol; a newer one may take an older
 * one's place. */
#define OTHERS 65536

/* The lists by age; the first ones are evicted first. */
enum list { LIST_CLOSED, LIST_HALF_OPEN, LIST_CLOSING, LIST_OPEN, LISTS };

static const int64_t max_idle_ns[LISTS] = {
    [LIST_CLOSED] = 30 * SECOND,
    [LIST_HALF_OPEN] = 60 * SECOND,
    [LIST_CLOSING] = 120 * SECOND,
    [LIST_OPEN] = 4 * 3600 * SECOND, /* clients in IDLE say something every 29 minutes */
};

struct connection_table {
    struct ordering ordering;
    struct connection_index index;
    uint64_t ports[65536 / 64];          /* named */
    uint64_t detected_ports[65536 / 64]; /* of servers that were found to speak IMAP */
    uint32_t others[OTHERS];             /* hashes of connections that speak another protocol */
    bool detect;
    uint32_t max_connections;
    struct connection **blocks;
    size_t block_count;
    struct connection *unused;
    struct {
        struct connection *oldest, *newest;
    } lists[LISTS];
    uint32_t closed; /* connections in its list */
    int64_t swept_ns, previous_ns;
    struct connection_counts counts;
};

/* --- the lists by age --- */

static void leave_list(struct connection_table *table, struct connection *connection)
{
    table->closed -= connection->list == LIST_CLOSED;
    *(connection->previous ? &connection->previous->next : &table->lists[connection->list].oldest) =
        connection->next;
    *(connection->next ? &connection->next->previous : &table->lists[connection->list].newest) =
        connection->previous;
}

static void enter_list(struct connection_table *table, struct connection *connection, enum list list)
{
    table->closed += list == LIST_CLOSED;
    connection->list = (uint8_t)list;
    connection->previous = table->lists[list].newest;
    connection->next = NULL;
    *(connection->previous ? &connection->previous->next : &table->lists[list].oldest) = connection;
    table->lists[list].newest = connection;
}

static void touch(struct connection_table *table, struct connection *connection, enum list list)
{
    if (connection->list == list && table->lists[list].newest == connection)
        return;
    leave_list(table, connection);
    enter_list(table, connection, list);
}

/* --- beginning and ending --- */

static void discard(struct connection_table *table, struct connection *connection)
{
    connection_index_remove(&table->index, connection);
    leave_list(table, connection);
    connection->next = table->unused;
    table->unused = connection;
}

/* Tells the end, if the handler knows the connection; its record stays. */
static void end(struct connection_table *table, struct connection *connection, enum connection_end how)
{
    const struct direction *client = &connection->directions[STREAM_CLIENT];
    const struct direction *server = &connection->directions[STREAM_SERVER];

    if (connection->closed)
        return;
    ordering_flush(&table->ordering, connection);
    connection->closed = true;
    connection->wanted = false;
    /* when only one side was captured its FIN is all there can be */
    if ((how == CONNECTION_IDLE || how == CONNECTION_CAPTURE || how == CONNECTION_REPLACED) &&
        (client->fin_seen || server->fin_seen) && (client->fin_seen || !client->seen) &&
        (server->fin_seen || !server->seen))
        how = CONNECTION_FIN;
    if (connection->payload)
        table->ordering.handler.ended(table->ordering.user, connection, how);
    connection->user = NULL;
}

/* Keeps the record of a connection that is over. */
static void keep_closed(struct connection_table *table, struct connection *connection)
{
    touch(table, connection, LIST_CLOSED);
    if (table->closed > MAX_CLOSED)
        discard(table, table->lists[LIST_CLOSED].oldest);
}

static void end_and_discard(struct connection_table *table, struct connection *connection,
                            enum connection_end how)
{
    end(table, connection, how);
    discard(table, connection);
}

static void evict_one(struct connection_table *table)
{
    for (int list = 0; list < LISTS; list++)
        if (table->lists[list].oldest != NULL) {
            if (list != LIST_CLOSED)
                table->counts.evicted++;
            end_and_discard(table, table->lists[list].oldest, CONNECTION_EVICTED);
            return;
        }
}

static bool add_block(struct connection_table *table)
{
    struct connection **blocks =
        realloc(table->blocks, (table->block_count + 1) * sizeof(struct connection *));
    struct connection *block;

    if (blocks == NULL)
        return false;
    table->blocks = blocks;
    block = malloc(BLOCK * sizeof *block);
    if (block == NULL)
        return false;
    blocks[table->block_count++] = block;
    for (size_t i = BLOCK; i-- > 0;) {
        block[i].next = table->unused;
        table->unused = &block[i];
    }
    return true;
}

static struct connection *begin(struct connection_table *table, const struct segment *segment,
                                const struct connection_key *key, uint32_t hash, enum stream_side from,
                                bool source_is_first)
{
    struct connection *connection;
    bool from_client = from == STREAM_CLIENT;

    if (table->index.used >= table->max_connections)
        evict_one(table);
    if (!connection_index_has_room(&table->index))
        evict_one(table);
    if (table->unused == NULL && !add_block(table)) {
        evict_one(table);
        if (table->unused == NULL)
            return NULL;
    }
    connection = table->unused;
    table->unused = connection->next;
    memset(connection, 0, sizeof *connection);
    memcpy(connection->client, from_client ? segment->source : segment->destination, 16);
    memcpy(connection->server, from_client ? segment->destination : segment->source, 16);
    connection->client_port = from_client ? segment->source_port : segment->destination_port;
    connection->server_port = from_client ? segment->destination_port : segment->source_port;
    connection->vlan = segment->vlan;
    memcpy(connection->tunnel_text, segment->tunnel_text, sizeof connection->tunnel_text);
    connection->first_ns = connection->last_ns = segment->time_ns;
    connection->capture = segment->capture;
    connection->key = *key;
    connection->hash = hash;
    connection->reversed = from_client != source_is_first;
    connection->wanted = true;
    connection_index_put(&table->index, connection);
    enter_list(table, connection, LIST_HALF_OPEN);
    return connection;
}

/* --- a segment --- */

static bool has_port(const uint64_t ports[65536 / 64], uint16_t port)
{
    return ports[port / 64] >> (port % 64) & 1;
}

/* True when the segment is of a connection at a port of the set. */
static bool touches(const uint64_t ports[65536 / 64], const struct segment *segment)
{
    return has_port(ports, segment->source_port) || has_port(ports, segment->destination_port);
}

/* Who sent this segment of a connection that begins with it: the handshake tells, else the port, else what it
 * says. */
static enum stream_side guess_side(const struct connection_table *table, const struct segment *segment)
{
    bool to_server = has_port(table->ports, segment->destination_port);

    if (segment->flags & SEGMENT_SYN)
        return segment->flags & SEGMENT_ACK ? STREAM_SERVER : STREAM_CLIENT;
    if (to_server && has_port(table->ports, segment->source_port))
        to_server = !detect_server(segment->payload, segment->captured);
    return to_server ? STREAM_CLIENT : STREAM_SERVER;
}

/* Both sides sent a SYN: the port tells who is the server. */
static void settle_roles(const struct connection_table *table, struct connection *connection)
{
    struct direction first = connection->directions[STREAM_CLIENT];
    uint16_t port = connection->client_port;
    uint8_t address[16];

    if (!has_port(table->ports, port) || has_port(table->ports, connection->server_port))
        return;
    memcpy(address, connection->client, sizeof address);
    memcpy(connection->client, connection->server, sizeof address);
    memcpy(connection->server, address, sizeof address);
    connection->client_port = connection->server_port;
    connection->server_port = port;
    connection->directions[STREAM_CLIENT] = connection->directions[STREAM_SERVER];
    connection->directions[STREAM_SERVER] = first;
    connection->reversed = !connection->reversed;
}

static void start_at(struct direction *direction, uint32_t first)
{
    direction->start = direction->expected = direction->highest = first;
    direction->known = direction->seen = direction->from_start = true;
}

/* Takes a SYN that belongs to this connection: its first, or its first of this side. */
static __attribute__((noinline)) void take_syn(struct connection_table *table, struct connection *connection,
                                               enum stream_side from, const struct segment *segment)
{
    enum stream_side to = from == STREAM_CLIENT ? STREAM_SERVER : STREAM_CLIENT;
    struct imap_mark mark = {segment->time_ns, segment->frame, segment->capture};

    if (!connection->directions[from].seen) {
        ordering_start_at(&table->ordering, connection, from, segment->sequence + 1, &mark);
        start_at(&connection->directions[from], segment->sequence + 1);
    }
    if ((segment->flags & SEGMENT_ACK) && !connection->directions[to].known) {
        ordering_start_at(&table->ordering, connection, to, segment->acknowledgment, &mark);
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
    connection = begin(table, segment, key, hash, *from, source_is_first);
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
    port = connection->server_port;
    table->detected_ports[port / 64] |= UINT64_C(1) << (port % 64);
    return connection;
}

/* What finds a segment's connection, and what the segment is of it. */
struct search {
    struct connection_key key;
    uint32_t hash;
    bool source_is_first;
};

/* Ends `old`, if there is one, and begins the connection that follows it at this segment. */
static __attribute__((noinline)) struct connection *begin_next(struct connection_table *table,
                                                               const struct segment *segment,
                                                               const struct search *search,
                                                               struct connection *old, enum stream_side *from)
{
    struct connection *connection;

    if (old != NULL) {
        struct connection was = *old;

        end_and_discard(table, old, CONNECTION_REPLACED);
        if (!was.closed && (was.pending[STREAM_CLIENT] || was.pending[STREAM_SERVER])) {
            /* the new connection's SYN was seen before: it begins there */
            connection = begin(table, segment, &search->key, search->hash, *from, search->source_is_first);
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
    connection = begin(table, segment, &search->key, search->hash, *from, search->source_is_first);
    if (connection != NULL && !(segment->flags & SEGMENT_SYN))
        connection->midstream = true;
    return connection;
}

static enum stream_side side_of(const struct connection *connection, bool source_is_first)
{
    return source_is_first != connection->reversed ? STREAM_CLIENT : STREAM_SERVER;
}

static struct connection *connection_of(struct connection_table *table, const struct segment *segment,
                                        enum stream_side *from)
{
    struct search search = {.key = {.vlan = 0}};
    struct connection *connection;

    search.source_is_first = connection_index_key(segment, &search.key);
    search.hash = connection_index_hash(&table->index, &search.key);
    connection = connection_index_find(&table->index, &search.key, search.hash);
    if (connection == NULL)
        return begin_next(table, segment, &search, NULL, from);
    *from = side_of(connection, search.source_is_first);
    if (!connection->closed && signs_of_simultaneous_open(connection, *from, segment)) {
        settle_roles(table, connection);
        *from = side_of(connection, search.source_is_first);
    }
    if (signs_of_new(connection, *from, segment))
        return begin_next(table, segment, &search, connection, from);
    return connection->closed ? NULL : connection;
}

/* True when the segment, of a port that nobody named, is worth a look. Notes what speaks another protocol. */
static bool may_be_imap(struct connection_table *table, const struct segment *segment)
{
    if (!table->detect)
        return false;
    if (detect_other(segment->payload, segment->captured)) {
        struct connection_key key = {0};
        uint32_t hash;

        connection_index_key(segment, &key);
        hash = connection_index_hash(&table->index, &key);
        table->others[hash % OTHERS] = hash;
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
    if (!signs_reset_is_believed(connection, from, segment))
        return;
    note_closer(connection, from, segment->time_ns);
    end(table, connection, CONNECTION_RESET);
    if (connection->payload)
        keep_closed(table, connection);
    else
        discard(table, connection);
}

void connection_table_take(struct connection_table *table, const struct segment *segment)
{
    struct connection *connection;
    enum stream_side from;
    uint32_t sequence = segment->sequence;

    if (!touches(table->ports, segment) && !may_be_imap(table, segment))
        return;
    if (segment->time_ns - table->swept_ns >= SECOND || segment->time_ns < table->swept_ns)
        connection_table_tick(table, segment->time_ns);
    connection = connection_of(table, segment, &from);
    if (connection == NULL)
        return;
    if (segment->time_ns > connection->last_ns)
        connection->last_ns = segment->time_ns;
    if (segment->flags & SEGMENT_RST) {
        take_reset(table, connection, from, segment);
        return;
    }
    if (segment->flags & SEGMENT_SYN) {
        take_syn(table, connection, from, segment);
        sequence++;
    }
    if (segment->flags & SEGMENT_FIN)
        signs_take_fin(connection, from, sequence + segment->length);
    if (connection->directions[from].fin_seen)
        note_closer(connection, from, segment->time_ns);
    ordering_take(&table->ordering, connection, from, sequence, segment);
    if (signs_of_end(connection)) {
        end(table, connection, CONNECTION_FIN);
        keep_closed(table, connection);
        return;
    }
    if (signs_of_closing(connection))
        touch(table, connection, LIST_CLOSING);
    else
        touch(table, connection, connection->payload ? LIST_OPEN : LIST_HALF_OPEN);
}

void connection_table_tick(struct connection_table *table, int64_t now_ns)
{
    /* one frame with a time far off must not end everything: a jump is believed when a second frame bears it
     * out */
    bool jumped = now_ns - table->previous_ns > 60 * SECOND || now_ns < table->previous_ns;

    table->swept_ns = table->previous_ns = now_ns;
    if (jumped)
        return;
    ordering_tick(&table->ordering, now_ns);
    for (int list = 0; list < LISTS; list++)
        while (table->lists[list].oldest != NULL &&
               now_ns - table->lists[list].oldest->last_ns > max_idle_ns[list])
            end_and_discard(table, table->lists[list].oldest, CONNECTION_IDLE);
}

void connection_table_finish(struct connection_table *table)
{
    for (int list = 0; list < LISTS; list++)
        while (table->lists[list].oldest != NULL)
            end_and_discard(table, table->lists[list].oldest, CONNECTION_CAPTURE);
}

struct connection_counts connection_table_counts(const struct connection_table *table)
{
    struct connection_counts counts = table->counts;

    counts.opened = table->ordering.opened;
    counts.open = table->index.used;
    counts.lost_octets = table->ordering.lost;
    counts.repeated_octets = table->ordering.repeats.octets;
    counts.differing_octets = table->ordering.repeats.differing;
    return counts;
}

void connection_table_defaults(struct connection_table_options *options)
{
    memset(options, 0, sizeof *options);
    options->detect = true;
    options->max_connections = 250000;
    options->max_repairs = 8192;
    options->max_waiting_octets = 16 << 20;
}

struct connection_table *connection_table_new(const struct connection_table_options *options,
                                              const struct connection_handler *handler, void *user)
{
    struct connection_table *table = calloc(1, sizeof *table);

    if (table == NULL)
        return NULL;
    table->max_connections = options->max_connections;
    table->detect = options->detect;
    for (size_t i = 0; i < options->port_count; i++)
        table->ports[options->ports[i] / 64] |= UINT64_C(1) << (options->ports[i] % 64);
    if (connection_index_start(&table->index) != 0 ||
        ordering_start(&table->ordering, options, handler, user) != 0) {
        connection_index_stop(&table->index);
        free(table);
        return NULL;
    }
    return table;
}

void connection_table_free(struct connection_table *table)
{
    if (table == NULL)
        return;
    for (int list = 0; list < LISTS; list++)
        for (struct connection *open = table->lists[list].oldest; open != NULL; open = open->next)
            repeats_forget(&table->ordering.repeats, open);
    ordering_stop(&table->ordering);
    for (size_t i = 0; i < table->block_count; i++)
        free(table->blocks[i]);
    free(table->blocks);
    connection_index_stop(&table->index);
    free(table);
}
