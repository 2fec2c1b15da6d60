/*
 * What a connection needs only while something in it is out of order.
 */
#include "analyzer/stream/repair.h"

#include <stdlib.h>
#include <string.h>

/* Segments that one connection may have held at the causality gate. */
#define MAX_HELD 256

static void unlink_repair(struct repair *repair)
{
    struct ordering *ordering = repair->ordering;

    *(repair->older ? &repair->older->newer : &ordering->oldest) = repair->newer;
    *(repair->newer ? &repair->newer->older : &ordering->newest) = repair->older;
}

static void link_newest(struct repair *repair)
{
    struct ordering *ordering = repair->ordering;

    repair->older = ordering->newest;
    repair->newer = NULL;
    *(repair->older ? &repair->older->newer : &ordering->oldest) = repair;
    ordering->newest = repair;
}

void repair_touch(struct repair *repair)
{
    unlink_repair(repair);
    link_newest(repair);
}

struct repair *repair_of(struct ordering *ordering, struct connection *connection)
{
    struct repair *repair = connection->repair;

    if (repair != NULL)
        return repair;
    repair = calloc(1, sizeof *repair);
    if (repair == NULL)
        return NULL;
    repair->ordering = ordering;
    repair->connection = connection;
    repair->held_end = &repair->held;
    link_newest(repair);
    connection->repair = repair;
    return repair;
}

void repair_account(struct repair *repair, size_t more, size_t less)
{
    repair->waiting = repair->waiting + more - less;
    repair->ordering->waiting = repair->ordering->waiting + more - less;
}

static void wipe(struct queued *queued)
{
    if (queued->octets != NULL)
        explicit_bzero(queued->octets, queued->length);
    free(queued->octets);
}

void repair_forget(struct connection *connection)
{
    struct repair *repair = connection->repair;

    if (repair == NULL)
        return;
    if (repair->pair != NULL)
        reassembly_close(repair->pair);
    repair_account(repair, 0, repair->waiting);
    while (repair->held != NULL) {
        struct held *next = repair->held->next;

        explicit_bzero(repair->held->octets, repair->held->captured);
        free(repair->held);
        repair->held = next;
    }
    for (int side = 0; side < 2; side++) {
        for (unsigned i = 0; i < repair->queued[side]; i++)
            wipe(&repair->queue[side][i]);
        free(repair->queue[side]);
    }
    unlink_repair(repair);
    free(repair);
    connection->repair = NULL;
}

bool repair_queue(struct repair *repair, enum stream_side from, uint32_t sequence, const uint8_t *octets,
                  uint32_t length)
{
    uint8_t *copy;
    unsigned at;

    if (repair->queued[from] == repair->room[from]) {
        unsigned room = repair->room[from] ? repair->room[from] * 2 : 8;
        struct queued *larger = realloc(repair->queue[from], room * sizeof *larger);

        if (larger == NULL)
            return false;
        repair->queue[from] = larger;
        repair->room[from] = room;
    }
    for (at = repair->queued[from]; at > 0; at--) {
        if (sequence_distance(repair->queue[from][at - 1].sequence, sequence) >= 0)
            break;
        repair->queue[from][at] = repair->queue[from][at - 1];
    }
    copy = malloc(length);
    if (copy != NULL)
        memcpy(copy, octets, length);
    repair->queue[from][at] = (struct queued){sequence, length, copy, repair->mark};
    repair->queued[from]++;
    repair_account(repair, length, 0);
    return true;
}

void repair_trim(struct repair *repair, enum stream_side from)
{
    uint32_t expected = repair->connection->directions[from].expected;
    unsigned gone = 0;

    while (gone < repair->queued[from] &&
           sequence_distance(expected, repair->queue[from][gone].sequence) <= 0) {
        repair_account(repair, 0, repair->queue[from][gone].length);
        wipe(&repair->queue[from][gone]);
        gone++;
    }
    repair->queued[from] -= gone;
    if (gone > 0)
        memmove(repair->queue[from], repair->queue[from] + gone,
                repair->queued[from] * sizeof(struct queued));
}

const struct imap_mark *repair_next_mark(const struct repair *repair, enum stream_side from)
{
    uint32_t expected = repair->connection->directions[from].expected;

    for (unsigned i = 0; i < repair->queued[from]; i++) {
        const struct queued *queued = &repair->queue[from][i];

        if (sequence_distance(queued->sequence, expected) < 0)
            break;
        if (sequence_distance(expected, queued->sequence + queued->length) > 0)
            return &queued->mark;
    }
    return &repair->mark;
}

bool repair_hold(struct ordering *ordering, struct connection *connection, enum stream_side from,
                 uint32_t sequence, const struct segment *segment, const struct imap_mark *mark)
{
    struct repair *repair = repair_of(ordering, connection);
    struct held *held;

    if (repair == NULL || repair->held_count >= MAX_HELD ||
        ordering->waiting + segment->captured > ordering->max_waiting)
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
    *repair->held_end = held;
    repair->held_end = &held->next;
    repair->held_count++;
    repair_account(repair, segment->captured, 0);
    return true;
}
