/*
 * Decapsulation: takes a frame apart, layer by layer, down to one TCP segment.
 *
 * Every length and offset is checked against the octets captured; nesting is bounded. Checksums are not
 * verified unless asked for: with offload they are often not yet filled in where the capture was made. A
 * header's length counts, not the frame's: padding is no payload, and what the frame lacks is reported as not
 * captured.
 *
 * IP fragments are put together in any order. Of overlapping ones the octet that was seen first stands; what
 * is kept, and for how long, is bounded (fragments.h). The first fragment of a TCP segment is handed out at
 * once, as a shorter segment without FIN and PSH, since many captures lack the others; when they do come, the
 * whole segment follows.
 *
 * Understood: Ethernet II, 802.3 with LLC and SNAP, 802.1Q and 802.1ad stacked, 802.1ah, FDDI, MPLS with IP
 * or a pseudowire below, PPPoE, PPP and Cisco's HDLC with and without a direction, Linux cooked v1 and v2,
 * NULL and LOOP, raw IP, 802.11 data frames with and without radiotap, NFLOG, PKTAP, PPI, Juniper's Ethernet;
 * IPv4 and IPv6 with options and extension headers, jumbograms; IP in IP, GRE, ERSPAN I, II and III, VXLAN,
 * GENEVE, GTP-U, Teredo, CAPWAP's data, 802.11 in GRE, GRE in UDP, MPLS in GRE, IP and UDP.
 */
#ifndef IMAPTAP_ANALYZER_DECAP_DECAP_H
#define IMAPTAP_ANALYZER_DECAP_DECAP_H

#include "analyzer/decap/fragments.h"
#include "analyzer/decap/frame.h"
#include "analyzer/decap/segment.h"

/* Layers that one frame may have; real ones, tunnels in tunnels included, have fewer than twenty. */
#define DECAP_MAX_LAYERS 64

enum decap_result {
    DECAP_SEGMENT,      /* *segment is filled */
    DECAP_OTHER,        /* sound, but no TCP (ARP, UDP ...) */
    DECAP_FRAGMENT,     /* a fragment was taken in; its datagram is not complete yet */
    DECAP_CUT,          /* the snapshot length cut off a header */
    DECAP_MALFORMED,    /* a header contradicts itself, or there are too many */
    DECAP_UNKNOWN_LINK, /* the link type is not understood */
    DECAP_BAD_CHECKSUM, /* of an IPv4 header or a TCP segment; only when they are verified */
    DECAP_RESULTS
};

struct decap;

/* Keeps fragments between frames, in bounded memory. NULL: out of memory. */
struct decap *decap_new(void);

/* From now on, IPv4 headers and TCP segments with a wrong checksum (RFC 791, 3.1; RFC 9293, 3.1; RFC
 * 8200, 8.1) are refused. What cannot be verified is taken: a segment that the snapshot length cut, one of
 * which only the first fragment has come, one on an IPv6 route that leads on. */
void decap_verify_checksums(struct decap *decap);

/* Takes `frame` apart. The segment points into the frame or into the decap: valid until the next call. */
enum decap_result decap_frame(struct decap *decap, const struct frame *frame, struct segment *segment);

/* What became of fragments so far. */
struct fragments_counts decap_fragments(const struct decap *decap);

/* True when frames of this link type can be taken apart. */
int decap_knows_link(int link_type);

void decap_free(struct decap *decap);

#endif
