/*
 * Peeling: takes a frame apart, layer by layer, down to one TCP segment.
 *
 * Every length and offset is checked against the octets captured; nesting is bounded. Checksums are not
 * verified unless asked for: with offload they are often not yet filled in where the capture was made. A
 * header's length counts, not the frame's: padding is no payload, and what the frame lacks is told as not
 * captured.
 *
 * IP fragments are put together in any order. Of overlapping ones the octet that was seen first stands; what
 * is kept, and for how long, is bounded (fragments.h). The first fragment of a TCP segment is handed out at
 * once, as a shorter segment without FIN and PSH, since many captures lack the others; when they do come, the
 * whole segment follows.
 *
 * Understood: Ethernet II, 802.3 with LLC and SNAP, 802.1Q and 802.1ad stacked, MPLS with IP or a pseudowire
 * below, PPPoE, PPP, Linux cooked v1 and v2, NULL and LOOP, raw IP, 802.11 data frames with and without
 * radiotap, NFLOG; IPv4 and IPv6 with options and extension headers, jumbograms; IP in IP, GRE, ERSPAN I, II
 * and III, VXLAN, GENEVE, GTP-U, Teredo, MPLS in GRE, IP and UDP.
 */
#ifndef IMAPTAP_ANALYZER_PACKET_PEEL_H
#define IMAPTAP_ANALYZER_PACKET_PEEL_H

#include "analyzer/capture/frame.h"
#include "analyzer/packet/fragments.h"
#include "analyzer/packet/segment.h"

/* Layers that one frame may have; real ones, tunnels in tunnels included, have fewer than twenty. */
#define PEEL_MAX_LAYERS 64

enum peel_result {
    PEEL_SEGMENT,      /* *segment is filled */
    PEEL_OTHER,        /* sound, but no TCP (ARP, UDP ...) */
    PEEL_FRAGMENT,     /* a fragment was taken in; its datagram is not complete yet */
    PEEL_CUT,          /* the snapshot length cut off a header */
    PEEL_MALFORMED,    /* a header contradicts itself, or there are too many */
    PEEL_UNKNOWN_LINK, /* the link type is not understood */
    PEEL_BAD_CHECKSUM, /* of an IPv4 header or a TCP segment; only when they are verified */
    PEEL_RESULTS
};

struct peeler;

/* Keeps fragments between frames, in bounded memory. NULL: out of memory. */
struct peeler *peeler_new(void);

/* From now on, IPv4 headers and TCP segments with a wrong checksum (RFC 791, 3.1; RFC 9293, 3.1; RFC
 * 8200, 8.1) are refused. What cannot be verified is taken: a segment that the snapshot length cut, one of
 * which only the first fragment has come, one on an IPv6 route that leads on. */
void peeler_verify_checksums(struct peeler *peeler);

/* Takes `frame` apart. The segment points into the frame or into the peeler: valid until the next call. */
enum peel_result peel(struct peeler *peeler, const struct frame *frame, struct segment *segment);

/* What became of fragments so far. */
struct fragments_counts peeler_fragments(const struct peeler *peeler);

/* True when frames of this link type can be taken apart. */
int peel_knows_link(int link_type);

void peeler_free(struct peeler *peeler);

#endif
