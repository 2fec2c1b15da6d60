/*
 * What a connection needs only while something in it is out of order: its stream in libnids, a mirror of what
 * waits there, and the segments that are held until what they answer has been delivered. Used by in_order.c
 * and gaps.c only.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_REORDER_BUFFER_H
#define IMAPTAP_ANALYZER_STREAM_REORDER_BUFFER_H

#include "analyzer/stream/in_order.h"

/* A segment that waits in libnids's queue: where and when it was captured. */
struct queued {
    uint32_t sequence, length;
    uint8_t *octets; /* to compare with what comes again; NULL: out of memory */
    struct imap_mark mark;
};

/* A segment that waits at the causality gate. */
struct held {
    struct held *next;
    enum stream_side from;
    uint32_t sequence, captured, length, acknowledgment;
    struct imap_mark mark;
    uint8_t octets[];
};

struct gap {
    bool open;
    uint32_t at;       /* the direction's expected number when it was noticed */
    unsigned segments; /* of the connection, since then */
    int64_t since_ns;
};

struct reorder_buffer {
    struct in_order *in_order;
    struct connection *connection;
    struct reassembly_pair *pair; /* NULL: nothing is out of order within its direction */
    struct imap_mark mark;        /* of the segment being taken */
    struct queued *queue[2];      /* by sequence number */
    unsigned queued[2], room[2];
    struct held *held, **held_end;
    unsigned held_count;
    struct gap gaps[2];
    size_t waiting;
    struct reorder_buffer *older, *newer;
};

/* How far `to` is ahead of `from`, in the arithmetic of sequence numbers; negative: behind. */
static inline int32_t sequence_distance(uint32_t from, uint32_t to)
{
    return (int32_t)(to - from);
}

/* The connection's repair, made when there is none. NULL: out of memory. */
struct reorder_buffer *reorder_buffer_of(struct in_order *in_order, struct connection *connection);

/* Makes it the newest of all. */
void reorder_buffer_touch(struct reorder_buffer *reorder_buffer);

/* Counts octets that wait, here and in all. */
void reorder_buffer_account(struct reorder_buffer *reorder_buffer, size_t more, size_t less);

/* Notes that a segment waits in libnids's queue, captured at repair->mark. False: out of memory. */
bool reorder_buffer_queue(struct reorder_buffer *reorder_buffer, enum stream_side from, uint32_t sequence,
                          const uint8_t *octets, uint32_t length);

/* Drops from the mirror what libnids has delivered or dropped as old. */
void reorder_buffer_trim(struct reorder_buffer *reorder_buffer, enum stream_side from);

/* The mark of the segment that libnids is delivering from: what covers the next octet in its queue, else the
 * one fed. */
const struct imap_mark *reorder_buffer_next_mark(const struct reorder_buffer *reorder_buffer,
                                                 enum stream_side from);

/* Copies a segment that has to wait until what it answers has been delivered. False: there is no room. */
bool reorder_buffer_hold(struct in_order *in_order, struct connection *connection, enum stream_side from,
                         uint32_t sequence, const struct segment *segment, const struct imap_mark *mark);

/* Frees the connection's repair, if there is one, with all that waits in it. */
void reorder_buffer_forget(struct connection *connection);

#endif
