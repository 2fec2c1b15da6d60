/*
 * Where octets are missing in a direction.
 */
#include "analyzer/stream/gaps.h"

#include "analyzer/stream/reorder_buffer.h"

uint32_t gap_acked(const struct connection *connection, enum stream_side from)
{
    const struct direction *direction = &connection->directions[from];
    const struct reorder_buffer *reorder_buffer = connection->reorder_buffer;
    uint32_t acked = direction->acked;
    int32_t gap;

    if (!direction->known || !direction->acked_known || !direction->seen)
        return 0;
    if (direction->fin_seen && sequence_distance(direction->fin, acked) > 0)
        acked = direction->fin;
    if (reorder_buffer != NULL && reorder_buffer->queued[from] > 0 &&
        sequence_distance(reorder_buffer->queue[from][0].sequence, acked) > 0)
        acked = reorder_buffer->queue[from][0].sequence;
    for (const struct held *held = reorder_buffer != NULL ? reorder_buffer->held : NULL; held != NULL;
         held = held->next)
        if (held->from == from && sequence_distance(held->sequence, acked) > 0 &&
            sequence_distance(direction->expected, held->sequence + held->length) > 0)
            acked = held->sequence; /* captured, only not let through yet */
    gap = sequence_distance(direction->expected, acked);
    if (gap <= 0 || gap > MAX_ACKED_GAP)
        return 0;
    if (gap == 1 &&
        (reorder_buffer == NULL || (reorder_buffer->queued[from] == 0 && reorder_buffer->held == NULL)))
        return 0;
    return (uint32_t)gap;
}

uint32_t gap_waiting(const struct connection *connection, enum stream_side from)
{
    const struct reorder_buffer *reorder_buffer = connection->reorder_buffer;

    if (reorder_buffer == NULL || reorder_buffer->queued[from] == 0)
        return 0;
    return reorder_buffer->queue[from][0].sequence - connection->directions[from].expected;
}

uint32_t gap_missing(const struct connection *connection, enum stream_side from)
{
    const struct direction *direction = &connection->directions[from];
    const struct reorder_buffer *reorder_buffer = connection->reorder_buffer;
    uint32_t gap = gap_waiting(connection, from);

    for (const struct held *held = reorder_buffer != NULL ? reorder_buffer->held : NULL;
         held != NULL && gap > 0; held = held->next) {
        int32_t ahead = sequence_distance(direction->expected, held->sequence);

        if (held->from == from && ahead < (int32_t)gap &&
            sequence_distance(direction->expected, held->sequence + held->length) > 0)
            gap = ahead > 0 ? (uint32_t)ahead : 0;
    }
    return gap;
}
