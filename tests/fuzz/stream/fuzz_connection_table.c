/*
 * Feeds the connection table, libnids behind it, with segments that the input describes, and checks what it
 * delivers: every octet is the one at its place, none comes twice, losses add up, nothing is delivered of a
 * connection that ended or that nobody wants, and each ends once.
 *
 * The input: an octet of options, then a record for each segment (struct script, take_record).
 */
#include "analyzer/stream/connection_table.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 4
#define MAX_PAYLOAD 4096
#define TOGETHER    4
#define MAX_RECORDS 2000
#define MILLISECOND INT64_C(1000000)

enum options {
    THROUGH_NIDS = 1,
    SMALL_TABLE = 2, /* evicts and runs out of room all the time */
    DETECT = 4,
    UNWANTED = 8, /* the handler soon wants no more */
    LIES = 16,    /* some segments hold other octets than those at their place */
};

/* What the handler knows of a connection. */
struct known {
    struct known *next;
    uint64_t lost;
    unsigned calls;
    bool unwanted;
};

struct script {
    const uint8_t *at;
    size_t left;
    unsigned options;
    int64_t now_ns;
    uint64_t frame;
    uint32_t number[CONNECTIONS][2]; /* the next octet of either side */
    uint64_t fed, delivered, lost, seen;
    struct known *open;
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* The octet at a place of a stream. */
static uint8_t octet_at(unsigned connection, enum stream_side side, uint32_t number)
{
    return (uint8_t)((number * 2654435761U >> 24) + connection * 2 + (unsigned)side);
}

static struct known *known_of(struct script *script, struct connection *connection)
{
    struct known *known = connection->user;

    if (known == NULL) {
        known = calloc(1, sizeof *known);
        check(known != NULL);
        known->next = script->open;
        script->open = known;
        script->seen++;
        connection->user = known;
    }
    check(!known->unwanted);
    known->calls++;
    return known;
}

static bool is_wanted(const struct script *script, struct known *known)
{
    known->unwanted = (script->options & UNWANTED) && known->calls >= 5;
    return !known->unwanted;
}

static bool on_octets(void *user, struct connection *connection, enum stream_side from, const uint8_t *octets,
                      size_t length, const struct imap_mark *mark)
{
    struct script *script = user;
    struct known *known = known_of(script, connection);
    uint32_t number = connection->directions[from].expected - (uint32_t)length;
    /* the roles may be guessed the wrong way round: the side that sent is known by its port */
    uint16_t port = connection_port(connection, from);
    uint16_t other = connection_port(connection, side_across(from));
    enum stream_side side = port < 1000 ? STREAM_SERVER : STREAM_CLIENT;

    check(length > 0 && mark->frame <= script->frame);
    for (size_t i = 0; i < length && !(script->options & LIES); i++)
        check(octets[i] == octet_at((port < 1000 ? other : port) - 40000U, side, number + (uint32_t)i));
    script->delivered += length;
    check(script->delivered <= script->fed);
    return is_wanted(script, known);
}

static bool on_lost(void *user, struct connection *connection, enum stream_side from, uint64_t length,
                    const struct imap_mark *mark)
{
    struct script *script = user;
    struct known *known = known_of(script, connection);

    (void)from;
    check(mark->frame <= script->frame);
    check(length <= UINT64_C(1) << 30);
    known->lost += length;
    script->lost += length;
    return is_wanted(script, known);
}

static void on_ended(void *user, struct connection *connection, enum connection_end end)
{
    struct script *script = user;
    struct known *known = connection->user;
    struct known **link = &script->open;

    if (known == NULL)
        abort();
    check(end < CONNECTION_ENDS);
    check(connection->lost_octets >= known->lost);
    while (*link != known)
        link = &(*link)->next;
    *link = known->next;
    free(known);
}

static void on_silent(void *user, struct connection *connection, enum connection_end end)
{
    (void)user;
    check(connection->user == NULL && end < CONNECTION_ENDS);
}

static unsigned next(struct script *script)
{
    if (script->left == 0)
        return 0;
    script->left--;
    return *script->at++;
}

static uint32_t next_word(struct script *script)
{
    uint32_t word = next(script) << 8;

    word |= next(script);
    return word;
}

/* A number near `number`, or anywhere. */
static uint32_t next_number(struct script *script, unsigned how, uint32_t number)
{
    switch (how) {
    case 0:
        return number;
    case 1:
        return number + next(script) - 128;
    case 2:
        return number + (next_word(script) - 32768) * 16;
    default:
        number = next_word(script) << 16;
        return number | next_word(script);
    }
}

/* Segments that are looked up before the first of them is taken. */
struct together {
    struct segment segments[TOGETHER];
    struct connection_search searches[TOGETHER];
    uint8_t payloads[TOGETHER][MAX_PAYLOAD];
    unsigned count;
};

static void take_together(struct together *together, struct connection_table *table)
{
    for (unsigned i = 0; i < together->count; i++)
        connection_table_fetch(table, &together->searches[i]);
    for (unsigned i = 0; i < together->count; i++)
        connection_table_process_found(table, &together->segments[i], &together->searches[i]);
    together->count = 0;
}

/* One segment: what and how, flags, then what the two say follows. */
static void take_record(struct script *script, struct together *together, struct connection_table *table)
{
    uint8_t *payload = together->payloads[together->count];
    unsigned what = next(script), how = next(script), flags = next(script);
    unsigned connection = what & 3;
    enum stream_side side = what & 4 ? STREAM_SERVER : STREAM_CLIENT;
    enum stream_side other = side_across(side);
    uint32_t *numbers = script->number[connection];
    bool six = connection == 3;
    struct segment segment = {
        .source_port = (uint16_t)(side == STREAM_CLIENT ? 40000 + connection : 143),
        .destination_port = (uint16_t)(side == STREAM_CLIENT ? 143 : 40000 + connection),
        .window = 1024,
        .flags = (uint8_t)(flags & 0x3f),
    };
    uint32_t before = 0;

    if (connection == 2) /* on a port that nobody named */
        *(side == STREAM_CLIENT ? &segment.destination_port : &segment.source_port) = 144;
    segment.source[0] = segment.destination[0] = six ? 0x20 : 0;
    segment.source[15] = side == STREAM_CLIENT ? 1 : 2;
    segment.destination[15] = side == STREAM_CLIENT ? 2 : 1;
    segment.vlan = how & 64 ? connection + 100 : connection; /* once more, or half of it, on another path */
    segment.sequence = next_number(script, how & 3, numbers[side]);
    segment.acknowledgment = next_number(script, how >> 2 & 3, numbers[other]);
    segment.length = what & 8 ? next(script) : 0;
    if (what & 16)
        segment.length = segment.length * 16 % (MAX_PAYLOAD + 1);
    segment.captured = segment.length;
    if (what & 32) {
        before = next(script);
        segment.captured = before < segment.length ? before : segment.length;
    }
    if (what & 64) { /* time: a little, minutes, or backwards */
        unsigned step = next(script);

        script->now_ns += step < 128   ? step * 10 * MILLISECOND
                          : step < 192 ? (step - 127) * 60000 * MILLISECOND
                                       : -(int64_t)(step - 191) * 1000 * MILLISECOND;
    }
    script->now_ns += MILLISECOND;
    for (uint32_t i = 0; i < segment.captured; i++)
        payload[i] = octet_at(connection, side, segment.sequence + (segment.flags & SEGMENT_SYN ? 1 : 0) + i);
    if ((script->options & LIES) && how & 16 && segment.captured >= 8)
        memcpy(payload, side == STREAM_SERVER ? "* OK IMA" : "a LOGIN ", 8);
    segment.payload = payload;
    segment.time_ns = script->now_ns;
    segment.frame = ++script->frame;
    script->fed += segment.captured;
    if (how & 32) /* else it is a segment out of turn */
        numbers[side] = segment.sequence + segment.length + ((segment.flags & SEGMENT_SYN) != 0) +
                        ((segment.flags & SEGMENT_FIN) != 0);
    connection_table_lookup(table, &segment, &together->searches[together->count]);
    together->segments[together->count++] = segment;
    if (!(what & 128) || together->count == TOGETHER)
        take_together(together, table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct connection_handler handler = {on_octets, on_lost, on_ended, on_silent};
    static const uint16_t ports[] = {143};
    static struct together together;
    struct script script = {.at = data, .left = size, .now_ns = INT64_C(1700000000000000000)};
    struct connection_table_options options;
    struct connection_counts counts;
    struct connection_table *table;

    script.options = next(&script);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        for (unsigned side = 0; side < 2; side++)
            script.number[i][side] = i * 0x40000000U - 2000 * side - 100;
    connection_table_defaults(&options);
    options.ports = ports;
    options.port_count = 1;
    options.everything_through_nids = script.options & THROUGH_NIDS;
    options.detect = script.options & DETECT;
    options.max_connections = script.options & SMALL_TABLE ? 2 : 16;
    options.max_half_open = script.options & SMALL_TABLE ? 1 : 8;
    options.max_repairs = script.options & SMALL_TABLE ? 1 : 8;
    options.max_waiting_octets = script.options & SMALL_TABLE ? 2000 : 1 << 20;
    table = connection_table_new(&options, &handler, &script);
    check(table != NULL);
    for (unsigned records = 0; script.left > 0 && records < MAX_RECORDS; records++)
        take_record(&script, &together, table);
    take_together(&together, table);
    connection_table_finish(table);
    counts = connection_table_counts(table);
    check(script.open == NULL && counts.open == 0);
    check(counts.opened == script.seen && counts.lost_octets >= script.lost);
    connection_table_free(table);
    return 0;
}
