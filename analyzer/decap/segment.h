/*
 * One TCP segment with all that was around it: the whole contract between decapsulation (decap/) and the
 * connection table (stream/). All numbers are in host byte order; addresses are in network byte order.
 */
#ifndef IMAPTAP_ANALYZER_DECAP_SEGMENT_H
#define IMAPTAP_ANALYZER_DECAP_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

enum segment_flags {
    SEGMENT_FIN = 0x01,
    SEGMENT_SYN = 0x02,
    SEGMENT_RST = 0x04,
    SEGMENT_PSH = 0x08,
    SEGMENT_ACK = 0x10,
    SEGMENT_URG = 0x20
};

struct segment {
    uint8_t source[16]; /* IPv6 address; IPv4 as ::ffff:a.b.c.d */
    uint8_t destination[16];
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t sequence;
    uint32_t acknowledgment; /* meaningful only with SEGMENT_ACK */
    uint16_t window;         /* as in the header, not scaled */
    uint8_t flags;           /* of enum segment_flags */
    const uint8_t
        *payload; /* points into the frame (or a reassembled datagram): valid until the next decapsulation */
    uint32_t captured; /* octets of payload there are; less than `length` when the snapshot length cut it */
    uint32_t length;   /* octets of payload there were on the wire */
    bool rejoined;     /* put together from fragments, of which the first may have been handed out before */
    uint32_t vlan;     /* innermost 802.1Q/802.1ad identifier outside of any tunnel, plus 1; 0: untagged */
    uint64_t tunnel;   /* distinguishes tunnels (kind and identifier, hashed); 0: none, or MPLS only */
    char tunnel_text[48]; /* outermost first, e.g. "gre" or "mpls, vxlan 42"; "": none */
    int64_t time_ns;      /* of the frame that completed the segment */
    uint64_t frame;
    uint32_t capture;
};

#endif
