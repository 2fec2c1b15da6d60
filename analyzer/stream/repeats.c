/*
 * Octets that are captured more than once, counted and compared.
 */
#include "analyzer/stream/repeats.h"

#include "analyzer/packet/segment.h"
#include "analyzer/stream/repair.h"

#include <stdlib.h>
#include <string.h>

struct recent {
    uint32_t count; /* octets there are, the newest last */
    uint8_t octets[REPEATS_KEPT];
};

/* What is compared: a segment's octets, and where they stand. */
struct again {
    struct repeats *repeats;
    const uint8_t *octets;
    uint32_t sequence, length;
    bool rejoined;
};

void repeats_keep(struct repeats *repeats, struct connection *connection, enum stream_side from,
                  const uint8_t *octets, size_t length)
{
    struct recent *recent = connection->recent[from];
    size_t kept;

    if (recent == NULL) {
        if (repeats->directions >= REPEATS_MAX_DIRECTIONS)
            return;
        recent = malloc(sizeof *recent);
        if (recent == NULL)
            return;
        recent->count = 0;
        connection->recent[from] = recent;
        repeats->directions++;
    }
    if (length > REPEATS_KEPT) {
        octets += length - REPEATS_KEPT;
        length = REPEATS_KEPT;
    }
    kept = recent->count < REPEATS_KEPT - length ? recent->count : REPEATS_KEPT - length;
    memmove(recent->octets, recent->octets + recent->count - kept, kept);
    memcpy(recent->octets + kept, octets, length);
    recent->count = (uint32_t)(kept + length);
}

void repeats_gap(struct connection *connection, enum stream_side from)
{
    if (connection->recent[from] != NULL)
        connection->recent[from]->count = 0;
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
    struct again again = {repeats, segment->payload, sequence, segment->captured, segment->rejoined};

    /* a keep-alive may bring any octet (RFC 9293, 3.8.4) */
    if (!direction->known || (segment->length == 1 && sequence + 1 == direction->expected))
        return;
    if (recent != NULL)
        count_shared(&again, direction->expected - recent->count, recent->octets, recent->count);
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
        explicit_bzero(recent, sizeof *recent);
        free(recent);
        connection->recent[side] = NULL;
        repeats->directions--;
    }
}
