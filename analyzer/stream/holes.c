/*
 * Where octets are missing in a direction.
 */
#include "analyzer/stream/holes.h"

#include "analyzer/stream/repair.h"

uint32_t hole_acked(const struct connection *connection, enum stream_side from)
{
    const struct direction *direction = &connection->directions[from];
    const struct repair *repair = connection->repair;
    uint32_t acked = direction->acked;
    int32_t hole;

    if (!direction->known || !direction->acked_known || !direction->seen)
        return 0;
    if (direction->fin_seen && sequence_distance(direction->fin, acked) > 0)
        acked = direction->fin;
    if (repair != NULL && repair->queued[from] > 0 &&
        sequence_distance(repair->queue[from][0].sequence, acked) > 0)
        acked = repair->queue[from][0].sequence;
    for (const struct held *held = repair != NULL ? repair->held : NULL; held != NULL; held = held->next)
        if (held->from == from && sequence_distance(held->sequence, acked) > 0 &&
            sequence_distance(direction->expected, held->sequence + held->length) > 0)
            acked = held->sequence; /* captured, only not let through yet */
    hole = sequence_distance(direction->expected, acked);
    if (hole <= 0 || hole > MAX_ACKED_HOLE)
        return 0;
    if (hole == 1 && (repair == NULL || (repair->queued[from] == 0 && repair->held == NULL)))
        return 0;
    return (uint32_t)hole;
}

uint32_t hole_waiting(const struct connection *connection, enum stream_side from)
{
    const struct repair *repair = connection->repair;

    if (repair == NULL || repair->queued[from] == 0)
        return 0;
    return repair->queue[from][0].sequence - connection->directions[from].expected;
}

uint32_t hole_missing(const struct connection *connection, enum stream_side from)
{
    const struct direction *direction = &connection->directions[from];
    const struct repair *repair = connection->repair;
    uint32_t hole = hole_waiting(connection, from);

    for (const struct held *held = repair != NULL ? repair->held : NULL; held != NULL && hole > 0;
         held = held->next) {
        int32_t ahead = sequence_distance(direction->expected, held->sequence);

        if (held->from == from && ahead < (int32_t)hole &&
            sequence_distance(direction->expected, held->sequence + held->length) > 0)
            hole = ahead > 0 ? (uint32_t)ahead : 0;
    }
    return hole;
}
