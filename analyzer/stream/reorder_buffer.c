/*
 * What a connection needs only while something in it is out of order.
 */
#include "analyzer/stream/reorder_buffer.h"

#include <stdlib.h>
#include <string.h>

/* Segments that one connection may have held at the causality gate. */
#define MAX_HELD 256

static void unlink_repair(struct reorder_buffer *reorder_buffer)
{
    struct in_order *in_order = reorder_buffer->in_order;

    *(reorder_buffer->older ? &reorder_buffer->older->newer : &in_order->oldest) = reorder_buffer->newer;
    *(reorder_buffer->newer ? &reorder_buffer->newer->older : &in_order->newest) = reorder_buffer->older;
}

static void link_newest(struct reorder_buffer *reorder_buffer)
{
    struct in_order *in_order = reorder_buffer->in_order;

    reorder_buffer->older = in_order->newest;
    reorder_buffer->newer = NULL;
    *(reorder_buffer->older ? &reorder_buffer->older->newer : &in_order->oldest) = reorder_buffer;
    in_order->newest = reorder_buffer;
}

void reorder_buffer_touch(struct reorder_buffer *reorder_buffer)
{
    unlink_repair(reorder_buffer);
    link_newest(reorder_buffer);
}

struct reorder_buffer *reorder_buffer_of(struct in_order *in_order, struct connection *connection)
{
    struct reorder_buffer *reorder_buffer = connection->reorder_buffer;

    if (reorder_buffer != NULL)
        return reorder_buffer;
    reorder_buffer = calloc(1, sizeof *reorder_buffer);
    if (reorder_buffer == NULL)
        return NULL;
    reorder_buffer->in_order = in_order;
    reorder_buffer->connection = connection;
    reorder_buffer->held_end = &reorder_buffer->held;
    link_newest(reorder_buffer);
    connection->reorder_buffer = reorder_buffer;
    return reorder_buffer;
}

void reorder_buffer_account(struct reorder_buffer *reorder_buffer, size_t more, size_t less)
{
    reorder_buffer->waiting = reorder_buffer->waiting + more - less;
    reorder_buffer->in_order->waiting = reorder_buffer->in_order->waiting + more - less;
}

static void wipe(struct queued *queued)
{
    if (queued->octets != NULL)
        explicit_bzero(queued->octets, queued->length);
    free(queued->octets);
}

void reorder_buffer_forget(struct connection *connection)
{
    struct reorder_buffer *reorder_buffer = connection->reorder_buffer;

    if (reorder_buffer == NULL)
        return;
    if (reorder_buffer->pair != NULL)
        reassembly_close(reorder_buffer->pair);
    reorder_buffer_account(reorder_buffer, 0, reorder_buffer->waiting);
    while (reorder_buffer->held != NULL) {
        struct held *next = reorder_buffer->held->next;

        explicit_bzero(reorder_buffer->held->octets, reorder_buffer->held->captured);
        free(reorder_buffer->held);
        reorder_buffer->held = next;
    }
    for (int side = 0; side < 2; side++) {
        for (unsigned i = 0; i < reorder_buffer->queued[side]; i++)
            wipe(&reorder_buffer->queue[side][i]);
        free(reorder_buffer->queue[side]);
    }
    unlink_repair(reorder_buffer);
    free(reorder_buffer);
    connection->reorder_buffer = NULL;
}

bool reorder_buffer_queue(struct reorder_buffer *reorder_buffer, enum stream_side from, uint32_t sequence,
                          const uint8_t *octets, uint32_t length)
{
    uint8_t *copy;
    unsigned at;

    if (reorder_buffer->queued[from] == reorder_buffer->room[from]) {
        unsigned room = reorder_buffer->room[from] ? reorder_buffer->room[from] * 2 : 8;
        struct queued *larger = realloc(reorder_buffer->queue[from], room * sizeof *larger);

        if (larger == NULL)
            return false;
        reorder_buffer->queue[from] = larger;
        reorder_buffer->room[from] = room;
    }
    for (at = reorder_buffer->queued[from]; at > 0; at--) {
        if (sequence_distance(reorder_buffer->queue[from][at - 1].sequence, sequence) >= 0)
            break;
        reorder_buffer->queue[from][at] = reorder_buffer->queue[from][at - 1];
    }
    copy = malloc(length);
    if (copy != NULL)
        memcpy(copy, octets, length);
    reorder_buffer->queue[from][at] = (struct queued){sequence, length, copy, reorder_buffer->mark};
    reorder_buffer->queued[from]++;
    reorder_buffer_account(reorder_buffer, length, 0);
    return true;
}

void reorder_buffer_trim(struct reorder_buffer *reorder_buffer, enum stream_side from)
{
    uint32_t expected = reorder_buffer->connection->directions[from].expected;
    unsigned gone = 0;

    while (gone < reorder_buffer->queued[from] &&
           sequence_distance(expected, reorder_buffer->queue[from][gone].sequence) <= 0) {
        reorder_buffer_account(reorder_buffer, 0, reorder_buffer->queue[from][gone].length);
        wipe(&reorder_buffer->queue[from][gone]);
        gone++;
    }
    reorder_buffer->queued[from] -= gone;
    if (gone > 0)
        memmove(reorder_buffer->queue[from], reorder_buffer->queue[from] + gone,
                reorder_buffer->queued[from] * sizeof(struct queued));
}

const struct imap_mark *reorder_buffer_next_mark(const struct reorder_buffer *reorder_buffer,
                                                 enum stream_side from)
{
    uint32_t expected = reorder_buffer->connection->directions[from].expected;

    for (unsigned i = 0; i < reorder_buffer->queued[from]; i++) {
        const struct queued *queued = &reorder_buffer->queue[from][i];

        if (sequence_distance(queued->sequence, expected) < 0)
            break;
        if (sequence_distance(expected, queued->sequence + queued->length) > 0)
            return &queued->mark;
    }
    return &reorder_buffer->mark;
}

bool reorder_buffer_hold(struct in_order *in_order, struct connection *connection, enum stream_side from,
                         uint32_t sequence, const struct segment *segment, const struct imap_mark *mark)
{
    struct reorder_buffer *reorder_buffer = reorder_buffer_of(in_order, connection);
    struct held *held;

    if (reorder_buffer == NULL || reorder_buffer->held_count >= MAX_HELD ||
        in_order->waiting + segment->captured > in_order->max_waiting)
        return false;
    held = malloc(sizeof *held + segment->captured);
    if (held == NULL)
        return false;
    held->next = NULL;
    held->from = from;
    held->sequence = sequence;
    held->captured = segment->captured;
    held->length = segment->length;
    held->acknowledgment = segment->acknowledgment;
    held->mark = *mark;
    memcpy(held->octets, segment->payload, segment->captured);
    *reorder_buffer->held_end = held;
    reorder_buffer->held_end = &held->next;
    reorder_buffer->held_count++;
    reorder_buffer_account(reorder_buffer, segment->captured, 0);
    return true;
}
