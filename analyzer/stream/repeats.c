/*
 * Octets that are captured more than once, counted and compared.
 */
#include "analyzer/stream/repeats.h"

#include "analyzer/decap/segment.h"
#include "analyzer/stream/repair.h"
#include "dissector/octets.h"

#include <stdlib.h>
#include <string.h>

struct recent {
    struct recent *next_unused;
    uint32_t count; /* octets there are, from the first place on; of others nothing is left */
    uint32_t end;   /* the place of the next one: when all are taken, that of the oldest */
    uint8_t octets[REPEATS_KEPT];
};

/* What is compared: a segment's octets, and where they stand. */
struct again {
    struct repeats *repeats;
    const uint8_t *octets;
    uint32_t sequence, length;
    bool rejoined;
};

static struct recent *take_recent(struct repeats *repeats)
{
    struct recent *recent = repeats->unused;

    if (repeats->directions >= REPEATS_MAX_DIRECTIONS)
        return NULL;
    if (recent != NULL) {
        repeats->unused = recent->next_unused;
        repeats->unused_count--;
    } else {
        recent = malloc(sizeof *recent);
        if (recent == NULL)
            return NULL;
        recent->count = recent->end = 0;
    }
    repeats->directions++;
    return recent;
}

static void empty(struct recent *recent)
{
    explicit_bzero(recent->octets, recent->count);
    recent->count = recent->end = 0;
}

static void give_recent(struct repeats *repeats, struct recent *recent)
{
    repeats->directions--;
    empty(recent);
    if (repeats->unused_count >= REPEATS_MAX_UNUSED) {
        free(recent);
        return;
    }
    recent->next_unused = repeats->unused;
    repeats->unused = recent;
    repeats->unused_count++;
}

void repeats_keep(struct repeats *repeats, struct connection *connection, enum stream_side from,
                  const uint8_t *octets, size_t length)
{
    struct recent *recent = connection->recent[from];
    size_t before_end;

    if (recent == NULL) {
        recent = take_recent(repeats);
        if (recent == NULL)
            return;
        connection->recent[from] = recent;
    }
    if (length > REPEATS_KEPT) {
        octets += length - REPEATS_KEPT;
        length = REPEATS_KEPT;
    }
    before_end = REPEATS_KEPT - recent->end;
    if (length < before_end) {
        octets_copy(recent->octets + recent->end, octets, length);
        recent->end += (uint32_t)length;
    } else {
        memcpy(recent->octets + recent->end, octets, before_end);
        memcpy(recent->octets, octets + before_end, length - before_end);
        recent->end = (uint32_t)(length - before_end);
        recent->count = REPEATS_KEPT;
    }
    if (recent->count < recent->end)
        recent->count = recent->end;
}

void repeats_gap(struct connection *connection, enum stream_side from)
{
    if (connection->recent[from] != NULL)
        empty(connection->recent[from]);
}

/* Counts what the segment shares with `length` octets that stand at `sequence`. Returns how many. */
static uint32_t count_shared(const struct again *again, uint32_t sequence, const uint8_t *octets,
                             uint32_t length)
{
    int32_t ahead = sequence_distance(again->sequence, sequence);
    uint32_t skip = ahead > 0 ? (uint32_t)ahead : 0;
    uint32_t skip_there = ahead > 0 ? 0 : 0U - (uint32_t)ahead;
    uint32_t shared;

    if (skip >= again->length || skip_there >= length)
        return 0;
    shared = again->length - skip;
    if (length - skip_there < shared)
        shared = length - skip_there;
    if (!again->rejoined)
        again->repeats->octets += shared;
    for (uint32_t i = 0; octets != NULL && i < shared; i++)
        if (again->octets[skip + i] != octets[skip_there + i])
            again->repeats->differing++;
    return shared;
}

/* Counts what was told before; `expected` is the number behind the last octet of it. */
static void count_recent(const struct again *again, const struct recent *recent, uint32_t expected)
{
    uint32_t older = recent->count - recent->end;

    count_shared(again, expected - recent->count, recent->octets + recent->end, older);
    count_shared(again, expected - recent->end, recent->octets, recent->end);
}

/* Counts what waits in libnids's queue; an octet that waits twice is counted once. Returns how many. */
static uint32_t count_queued(struct again again, const struct repair *repair, enum stream_side from)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < repair->queued[from] && again.length > 0; i++) {
        const struct queued *queued = &repair->queue[from][i];
        int32_t done = sequence_distance(again.sequence, queued->sequence + queued->length);
        uint32_t gone;

        if (done <= 0)
            continue;
        sum += count_shared(&again, queued->sequence, queued->octets, queued->length);
        gone = (uint32_t)done < again.length ? (uint32_t)done : again.length;
        again.sequence += gone;
        again.octets += gone;
        again.length -= gone;
    }
    return sum;
}

void repeats_count(struct repeats *repeats, const struct connection *connection, enum stream_side from,
                   uint32_t sequence, const struct segment *segment)
{
    const struct direction *direction = &connection->directions[from];
    const struct recent *recent = connection->recent[from];
    struct again again;

    if (sequence == direction->expected && connection->repair == NULL)
        return; /* mostly it is what comes next */
    /* a keep-alive may bring any octet (RFC 9293, 3.8.4) */
    if (!direction->known || (segment->length == 1 && sequence + 1 == direction->expected))
        return;
    again = (struct again){repeats, segment->payload, sequence, segment->captured, segment->rejoined};
    if (recent != NULL)
        count_recent(&again, recent, direction->expected);
    if (connection->repair == NULL || count_queued(again, connection->repair, from) > 0)
        return;
    for (const struct held *held = connection->repair->held; held != NULL; held = held->next)
        if (held->from == from && count_shared(&again, held->sequence, held->octets, held->captured) > 0)
            return;
}

void repeats_forget(struct repeats *repeats, struct connection *connection)
{
    for (int side = 0; side < 2; side++) {
        struct recent *recent = connection->recent[side];

        if (recent == NULL)
            continue;
        give_recent(repeats, recent);
        connection->recent[side] = NULL;
    }
}

void repeats_stop(struct repeats *repeats)
{
    while (repeats->unused != NULL) {
        struct recent *next = repeats->unused->next_unused;

        free(repeats->unused);
        repeats->unused = next;
    }
}
