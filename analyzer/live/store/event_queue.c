/*
 * Records that wait, one behind the other in one piece of memory, which grows as needed.
 */
#include "analyzer/live/store/event_queue.h"

#include <stdlib.h>
#include <string.h>

/* Memory that is kept while nothing waits. */
#define KEPT ((size_t)1 << 20)

struct header {
    uint32_t kind, worker, length;
};

struct event_queue {
    uint8_t *octets;
    size_t start, end, room; /* the records are from start to end */
    size_t count;
};

struct event_queue *event_queue_new(void)
{
    return calloc(1, sizeof(struct event_queue));
}

/* Makes room for `more` octets after the last. */
static bool make_room(struct event_queue *queue, size_t more)
{
    size_t waiting = queue->end - queue->start, room = queue->room;
    uint8_t *larger;

    if (queue->room - queue->end >= more)
        return true;
    if (queue->start >= waiting && queue->room - waiting >= more) {
        memcpy(queue->octets, queue->octets + queue->start, waiting);
        queue->start = 0;
        queue->end = waiting;
        return true;
    }
    while (room - queue->end < more)
        room = room ? room * 2 : KEPT;
    larger = realloc(queue->octets, room);
    if (larger == NULL)
        return false;
    queue->octets = larger;
    queue->room = room;
    return true;
}

bool event_queue_put(struct event_queue *queue, const struct event_queue_record *record, bool needed)
{
    struct header header = {record->kind, record->worker, (uint32_t)record->length};
    size_t limit = EVENT_QUEUE_OCTETS + (needed ? EVENT_QUEUE_RESERVE : 0),
           more = sizeof header + record->length;

    if (queue->end - queue->start + more > limit || !make_room(queue, more))
        return false;
    memcpy(queue->octets + queue->end, &header, sizeof header);
    if (record->length > 0)
        memcpy(queue->octets + queue->end + sizeof header, record->octets, record->length);
    queue->end += more;
    queue->count++;
    return true;
}

bool event_queue_at(const struct event_queue *queue, size_t *place, struct event_queue_record *record)
{
    struct header header;

    if (queue->start + *place >= queue->end)
        return false;
    memcpy(&header, queue->octets + queue->start + *place, sizeof header);
    record->kind = header.kind;
    record->worker = header.worker;
    record->octets = queue->octets + queue->start + *place + sizeof header;
    record->length = header.length;
    *place += sizeof header + header.length;
    return true;
}

void event_queue_remove(struct event_queue *queue, size_t place)
{
    struct event_queue_record record;

    for (size_t at = 0; at < place && event_queue_at(queue, &at, &record);)
        queue->count--;
    queue->start += place;
    if (queue->start < queue->end)
        return;
    queue->start = queue->end = 0;
    if (queue->room > KEPT) {
        free(queue->octets);
        queue->octets = NULL;
        queue->room = 0;
    }
}

size_t event_queue_count(const struct event_queue *queue)
{
    return queue->count;
}

void event_queue_free(struct event_queue *queue)
{
    if (queue == NULL)
        return;
    free(queue->octets);
    free(queue);
}
