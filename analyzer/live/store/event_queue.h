/*
 * What analyzers have sent and the database has not yet: records in the order they came, in bounded memory.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_STORE_EVENT_QUEUE_H
#define IMAPTAP_ANALYZER_LIVE_STORE_EVENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of records that wait, at most; a little more for those that may not be missing. */
#define EVENT_QUEUE_OCTETS  ((size_t)32 << 20)
#define EVENT_QUEUE_RESERVE ((size_t)1 << 20)

enum event_queue_kind {
    EVENT_QUEUE_EVENT,        /* octets: an event's encoding */
    EVENT_QUEUE_EVENT_FIRST,  /* the same, of a capture that begins: first of a transaction */
    EVENT_QUEUE_EVENT_REUSED, /* the same, of a connection whose number had another one whose end is missing
                               */
    EVENT_QUEUE_RESTART       /* a new analyzer begins as this worker; no octets */
};

struct event_queue_record {
    uint32_t kind; /* of enum event_queue_kind */
    uint32_t worker;
    const uint8_t *octets; /* valid until something is put or removed */
    size_t length;
};

struct event_queue;

/* NULL: out of memory. */
struct event_queue *event_queue_new(void);

/* Adds a record. False: there is no room. `needed`: it may use the reserve. */
bool event_queue_put(struct event_queue *queue, const struct event_queue_record *record, bool needed);

/* Reads the record at *place, from 0 for the oldest, and moves *place past it. False: there is none. */
bool event_queue_at(const struct event_queue *queue, size_t *place, struct event_queue_record *record);

/* Removes all records before `place`. */
void event_queue_remove(struct event_queue *queue, size_t place);

/* Records that wait. */
size_t event_queue_count(const struct event_queue *queue);

void event_queue_free(struct event_queue *queue);

#endif
