/*
 * The way from the analyzer process to the recorder process: events, and figures that say how far the
 * analyzer is, in memory that both share; and a pipe that wakes the recorder.
 *
 * An event is in that memory once it is sent. So when the analyzer dies in the middle of a packet, the
 * recorder still takes what was found before. It trusts nothing there: what it looks at it has copied.
 */
#ifndef IMAPTAP_ANALYZER_EVENTS_CHANNEL_H
#define IMAPTAP_ANALYZER_EVENTS_CHANNEL_H

#include "analyzer/events/event.h"

#include <stdatomic.h>

/* Interfaces that a live capture can have. */
#define CHANNEL_INTERFACES 16

/* What came from one interface so far. */
struct channel_interface {
    _Atomic uint64_t packets, octets;
    _Atomic uint64_t kernel_drops, evicted;
    _Atomic int64_t first_ns, last_ns; /* -1: no packet */
    _Atomic int32_t link_type;         /* DLT_... */
};

/* The two ends of a connection, as a segment has them. */
struct channel_ends {
    uint8_t address[2][16];
    uint16_t port[2];
};

/* Written by the analyzer, read by the recorder; any value must be expected in them. */
struct channel_figures {
    _Atomic uint32_t capture;                             /* that the analyzer is in */
    _Atomic uint64_t frame;                               /* of that capture */
    _Atomic uint64_t octets, frames, connections, logins; /* in all */
    _Atomic bool stop;                                    /* written by the recorder: end early */
    /* of a live capture only */
    struct channel_interface interfaces[CHANNEL_INTERFACES];
    _Atomic uint64_t two_sided; /* of the connections: captured in both directions */
    _Atomic uint64_t lost_octets, evicted, open;
    _Atomic bool inside;      /* a frame is being taken apart: should the analyzer die, that is why */
    _Atomic int64_t frame_ns; /* its time */
    _Atomic bool ends_known;
    struct channel_ends ends; /* of its connection, when known */
};

enum channel_status {
    CHANNEL_EVENT,
    CHANNEL_QUIET, /* nothing came within the time given */
    CHANNEL_END,   /* the analyzer closed its end and nothing is left */
    CHANNEL_BROKEN /* what came is no sound event: the analyzer is not to be trusted any more */
};

struct channel;

/* Makes the channel, before the fork. NULL: see errno. */
struct channel *channel_new(void);

/* For an analyzer that is not forked from this process: the shared memory's descriptor. It and
 * channel_sender_fd are to be sent there. */
int channel_memory_fd(const struct channel *channel);
/* The analyzer's side, from these two descriptors, which it owns from then on. NULL: see errno. */
struct channel *channel_new_sender(int memory, int sender);

struct channel_figures *channel_figures(struct channel *channel);

/* --- the analyzer's side --- */

/* Call once in the child: closes the recorder's end. */
void channel_become_sender(struct channel *channel);
/* The descriptor that must stay open in the child. */
int channel_sender_fd(const struct channel *channel);
/* Adds an event; wakes the recorder when enough has come together, and waits for it when there is no room.
 * False: the recorder is gone. */
bool channel_send(struct channel *channel, const struct event *event);
/* Wakes the recorder for what has come together. False: the recorder is gone. */
bool channel_flush(struct channel *channel);

/* --- the recorder's side --- */

/* Call once in the parent: closes the analyzer's end. `captures` and `slots`: see event_decode. */
void channel_become_receiver(struct channel *channel, uint32_t captures, uint32_t slots);
/* To poll for reading, when channel_receive has nothing more. */
int channel_receiver_fd(const struct channel *channel);
/* There are more captures now. */
void channel_expect(struct channel *channel, uint32_t captures);
/* The next event, waiting up to `timeout_ms` for it; its texts are valid until the next call. */
enum channel_status channel_receive(struct channel *channel, struct event *event, int timeout_ms);
/* The encoding of the event that channel_receive brought last: valid as its texts are. */
const uint8_t *channel_encoding(const struct channel *channel, size_t *length);

void channel_free(struct channel *channel);

#endif
