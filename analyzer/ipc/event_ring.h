/*
 * The way from the analyzer process to the recorder process: events, and figures that say how far the
 * analyzer is, in memory that both share; and a pipe that wakes the recorder.
 *
 * An event is in that memory once it is sent. So when the analyzer dies in the middle of a packet, the
 * recorder still takes what was found before. It trusts nothing there: what it looks at it has copied.
 */
#ifndef IMAPTAP_ANALYZER_IPC_EVENT_RING_H
#define IMAPTAP_ANALYZER_IPC_EVENT_RING_H

#include "analyzer/ipc/event.h"

#include <stdatomic.h>

/* Interfaces that a live capture can have. */
#define EVENT_RING_INTERFACES 16

/* What came from one interface so far. */
struct event_ring_interface {
    _Atomic uint64_t packets, octets;
    _Atomic uint64_t kernel_drops, evicted;
    _Atomic int64_t first_ns, last_ns; /* -1: no packet */
    _Atomic int32_t link_type;         /* DLT_... */
};

/* The two ends of a connection, as a segment has them. */
struct event_ring_ends {
    uint8_t address[2][16];
    uint16_t port[2];
};

/* Written by the analyzer, read by the recorder; any value must be expected in them. */
struct event_ring_figures {
    _Atomic uint32_t capture;                             /* that the analyzer is in */
    _Atomic uint64_t frame;                               /* of that capture */
    _Atomic uint64_t octets, frames, connections, logins; /* in all */
    _Atomic bool stop;                                    /* written by the recorder: end early */
    /* of a live capture only */
    struct event_ring_interface interfaces[EVENT_RING_INTERFACES];
    _Atomic uint64_t two_sided; /* of the connections: captured in both directions */
    _Atomic uint64_t lost_octets, evicted, open;
    _Atomic bool inside;      /* a frame is being taken apart: should the analyzer die, that is why */
    _Atomic int64_t frame_ns; /* its time */
    _Atomic bool ends_known;
    struct event_ring_ends ends; /* of its connection, when known */
};

enum event_ring_status {
    EVENT_RING_EVENT,
    EVENT_RING_QUIET, /* nothing came within the time given */
    EVENT_RING_END,   /* the analyzer closed its end and nothing is left */
    EVENT_RING_BROKEN /* what came is no sound event: the analyzer is not to be trusted any more */
};

struct event_ring;

/* Makes the event ring, before the fork. NULL: see errno. */
struct event_ring *event_ring_new(void);

/* For an analyzer that is not forked from this process: the shared memory's descriptor. It and
 * event_ring_sender_fd are to be sent there. */
int event_ring_memory_fd(const struct event_ring *ring);
/* The analyzer's side, from these two descriptors, which it owns from then on. NULL: see errno. */
struct event_ring *event_ring_new_sender(int memory, int sender);

struct event_ring_figures *event_ring_figures(struct event_ring *ring);

/* --- the analyzer's side --- */

/* Call once in the child: closes the recorder's end. */
void event_ring_become_sender(struct event_ring *ring);
/* The descriptor that must stay open in the child. */
int event_ring_sender_fd(const struct event_ring *ring);
/* Adds an event; wakes the recorder when enough has come together, and waits for it when there is no room.
 * False: the recorder is gone. */
bool event_ring_send(struct event_ring *ring, const struct event *event);
/* Wakes the recorder for what has come together. False: the recorder is gone. */
bool event_ring_flush(struct event_ring *ring);

/* --- the recorder's side --- */

/* Call once in the parent: closes the analyzer's end. `captures` and `slots`: see event_decode. */
void event_ring_become_receiver(struct event_ring *ring, uint32_t captures, uint32_t slots);
/* To poll for reading, when event_ring_receive has nothing more. */
int event_ring_receiver_fd(const struct event_ring *ring);
/* There are more captures now. */
void event_ring_expect(struct event_ring *ring, uint32_t captures);
/* The next event, waiting up to `timeout_ms` for it; its texts are valid until the next call. */
enum event_ring_status event_ring_receive(struct event_ring *ring, struct event *event, int timeout_ms);
/* The encoding of the event that event_ring_receive brought last: valid as its texts are. */
const uint8_t *event_ring_encoding(const struct event_ring *ring, size_t *length);

void event_ring_free(struct event_ring *ring);

#endif
