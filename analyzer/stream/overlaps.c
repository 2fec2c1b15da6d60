/*
 * Octets that are captured more than once, counted and compared.
 */
#include "analyzer/stream/overlaps.h"

#include "analyzer/decap/segment.h"
#include "analyzer/stream/reorder_buffer.h"
#include "dissector/octets.h"

#include <stdlib.h>
#include <string.h>

struct recent {
    struct recent *next_unused;
    uint32_t count; /* octets there are, from the first place on; of others nothing is left */
    uint32_t end;   /* the place of the next one: when all are taken, that of the oldest */
    uint8_t octets[OVERLAPS_KEPT];
};

/* What is compared: a segment's octets, and where they stand. */
struct again {
    struct overlaps *overlaps;
    const uint8_t *octets;
    uint32_t sequence, length;
    bool rejoined;
};

static struct recent *take_recent(struct overlaps *overlaps)
{
    struct recent *recent = overlaps->unused;

    if (overlaps->directions >= OVERLAPS_MAX_DIRECTIONS)
        return NULL;
    if (recent != NULL) {
        overlaps->unused = recent->next_unused;
        overlaps->unused_count--;
    } else {
        recent = malloc(sizeof *recent);
        if (recent == NULL)
            return NULL;
        recent->count = recent->end = 0;
    }
    overlaps->directions++;
    return recent;
}

static void empty(struct recent *recent)
{
    explicit_bzero(recent->octets, recent->count);
    recent->count = recent->end = 0;
}

static void give_recent(struct overlaps *overlaps, struct recent *recent)
{
    overlaps->directions--;
    empty(recent);
    if (overlaps->unused_count >= OVERLAPS_MAX_UNUSED) {
        free(recent);
        return;
    }
    recent->next_unused = overlaps->unused;
    overlaps->unused = recent;
    overlaps->unused_count++;
}

void overlaps_keep(struct overlaps *overlaps, struct connection *connection, enum stream_side from,
                   const uint8_t *octets, size_t length)
{
    struct recent *recent = connection->recent[from];
    size_t before_end;

    if (recent == NULL) {
        recent = take_recent(overlaps);
        if (recent == NULL)
            return;
        connection->recent[from] = recent;
    }
    if (length > OVERLAPS_KEPT) {
        octets += length - OVERLAPS_KEPT;
        length = OVERLAPS_KEPT;
    }
    before_end = OVERLAPS_KEPT - recent->end;
    if (length < before_end) {
        octets_copy(recent->octets + recent->end, octets, length);
        recent->end += (uint32_t)length;
    } else {
        memcpy(recent->octets + recent->end, octets, before_end);
        memcpy(recent->octets, octets + before_end, length - before_end);
        recent->end = (uint32_t)(length - before_end);
        recent->count = OVERLAPS_KEPT;
    }
    if (recent->count < recent->end)
        recent->count = recent->end;
}

void overlaps_gap(struct connection *connection, enum stream_side from)
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
        again->overlaps->octets += shared;
    for (uint32_t i = 0; octets != NULL && i < shared; i++)
        if (again->octets[skip + i] != octets[skip_there + i])
            again->overlaps->differing++;
    return shared;
}

/* Counts what was delivered before; `expected` is the number after the last octet of it. */
static void count_recent(const struct again *again, const struct recent *recent, uint32_t expected)
{
    uint32_t older = recent->count - recent->end;

    count_shared(again, expected - recent->count, recent->octets + recent->end, older);
    count_shared(again, expected - recent->end, recent->octets, recent->end);
}

/* Counts what waits in libnids's queue; an octet that waits twice is counted once. Returns how many. */
static uint32_t count_queued(struct again again, const struct reorder_buffer *reorder_buffer,
                             enum stream_side from)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < reorder_buffer->queued[from] && again.length > 0; i++) {
        const struct queued *queued = &reorder_buffer->queue[from][i];
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

void overlaps_count(struct overlaps *overlaps, const struct connection *connection, enum stream_side from,
                    uint32_t sequence, const struct segment *segment)
{
    const struct direction *direction = &connection->directions[from];
    const struct recent *recent = connection->recent[from];
    struct again again;

    if (sequence == direction->expected && connection->reorder_buffer == NULL)
        return; /* mostly it is what comes next */
    /* a keep-alive may bring any octet (RFC 9293, 3.8.4) */
    if (!direction->known || (segment->length == 1 && sequence + 1 == direction->expected))
        return;
    again = (struct again){overlaps, segment->payload, sequence, segment->captured, segment->rejoined};
    if (recent != NULL)
        count_recent(&again, recent, direction->expected);
    if (connection->reorder_buffer == NULL || count_queued(again, connection->reorder_buffer, from) > 0)
        return;
    for (const struct held *held = connection->reorder_buffer->held; held != NULL; held = held->next)
        if (held->from == from && count_shared(&again, held->sequence, held->octets, held->captured) > 0)
            return;
}

uint64_t overlaps_compare(const struct connection *connection, enum stream_side from, uint32_t sequence,
                          const struct segment *segment)
{
    const struct recent *recent = connection->recent[from];
    struct overlaps counts = {0};
    struct again again = {&counts, segment->payload, sequence, segment->captured, false};

    if (recent == NULL)
        return 0;
    count_recent(&again, recent, connection->directions[from].expected);
    return counts.differing;
}

void overlaps_forget(struct overlaps *overlaps, struct connection *connection)
{
    for (int side = 0; side < 2; side++) {
        struct recent *recent = connection->recent[side];

        if (recent == NULL)
            continue;
        give_recent(overlaps, recent);
        connection->recent[side] = NULL;
    }
}

void overlaps_stop(struct overlaps *overlaps)
{
    while (overlaps->unused != NULL) {
        struct recent *next = overlaps->unused->next_unused;

        free(overlaps->unused);
        overlaps->unused = next;
    }
}
