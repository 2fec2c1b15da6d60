/*
 * Peeling: takes a frame apart, layer by layer, down to one TCP segment.
 *
 * Every length and offset is checked against the octets captured; nesting is bounded. Checksums are not
 * verified: with offload they are often not yet filled in where the capture was made.
 */
#ifndef IMAPTAP_ANALYZER_PACKET_PEEL_H
#define IMAPTAP_ANALYZER_PACKET_PEEL_H

#include "analyzer/capture/frame.h"
#include "analyzer/packet/segment.h"

enum peel_result {
    PEEL_SEGMENT,      /* *segment is filled */
    PEEL_OTHER,        /* sound, but no TCP (ARP, UDP ...) */
    PEEL_FRAGMENT,     /* a fragment was taken in; its datagram is not complete yet */
    PEEL_CUT,          /* the snapshot length cut off a header */
    PEEL_MALFORMED,    /* a header contradicts itself */
    PEEL_UNKNOWN_LINK, /* the link type is not understood */
    PEEL_RESULTS
};

struct peeler;

/* Keeps fragments between frames, in bounded memory. NULL: out of memory. */
struct peeler *peeler_new(void);

/* Takes `frame` apart. The segment points into the frame or into the peeler: valid until the next call. */
enum peel_result peel(struct peeler *peeler, const struct frame *frame, struct segment *segment);

/* True when frames of this link type can be taken apart. */
int peel_knows_link(int link_type);

void peeler_free(struct peeler *peeler);

#endif
