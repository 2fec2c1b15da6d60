/*
 * What the layers of decapsulation share: where in the frame the decapsulation is, and which layer comes
 * next.
 *
 * Each layer is a function that strips its header and says what is below: an enum layer, or an enum
 * decap_result when the decapsulation is over. decap_frame() calls one after the other, so that nesting costs
 * no stack and is counted in one place.
 */
#ifndef IMAPTAP_ANALYZER_DECAP_LAYERS_LAYERS_H
#define IMAPTAP_ANALYZER_DECAP_LAYERS_LAYERS_H

#include "analyzer/decap/decap.h"
#include "analyzer/decap/fragments.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

enum layer {
    LAYER_ETHERNET = DECAP_RESULTS, /* the results of decapsulation come before */
    LAYER_NULL,
    LAYER_LOOP,
    LAYER_SLL,
    LAYER_SLL2,
    LAYER_NFLOG,
    LAYER_RADIOTAP,
    LAYER_WIRELESS,
    LAYER_PPP,
    LAYER_PPPOE,
    LAYER_PPP_SERIAL,
    LAYER_PPP_DIRECTION,
    LAYER_PPP_DAEMON,
    LAYER_HDLC,
    LAYER_HDLC_DIRECTION,
    LAYER_FDDI,
    LAYER_PKTAP,
    LAYER_PPI,
    LAYER_JUNIPER,
    LAYER_LLC,
    LAYER_ETHERTYPE, /* whatever `type` says, an EtherType */
    LAYER_MPLS,
    LAYER_IP, /* version 4 or 6, as the first octet says */
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_PROTOCOL, /* whatever `type` says, an IP protocol number */
    LAYER_GRE,
    LAYER_UDP,
    LAYERS
};

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_BRIDGED = 0x6558, /* Ethernet inside of a tunnel */
    ETHERTYPE_VLAN = 0x8100,    /* 802.1Q */
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_UPSTREAM = 0x8848,
    ETHERTYPE_PPPOE = 0x8864,    /* its session stage */
    ETHERTYPE_BACKBONE = 0x88e7, /* 802.1ah */
    ETHERTYPE_PROVIDER = 0x88a8, /* 802.1ad, and what vendors used before: */
    ETHERTYPE_QINQ1 = 0x9100,
    ETHERTYPE_QINQ2 = 0x9200,
};

struct decapsulation {
    const uint8_t *at;     /* where the layer begins */
    uint32_t captured;     /* octets there are from there on */
    uint32_t length;       /* octets there were on the wire from there on; at least `captured` */
    uint32_t type;         /* EtherType or IP protocol of the layer, for LAYER_ETHERTYPE and LAYER_PROTOCOL */
    const uint8_t *source; /* addresses of the innermost IP header so far: 4 or 16 octets */
    const uint8_t *destination;  /* NULL before the first */
    bool ipv6;                   /* their family */
    bool partial;                /* the first fragment of a segment whose rest may follow */
    bool verify;                 /* checksums */
    bool routed;                 /* the destination is a stop on the way: no checksum holds for it */
    int64_t time_ns;             /* of the frame */
    struct segment *segment;     /* its `vlan`, `tunnel` and `tunnel_text` are kept on the way */
    struct fragments *fragments; /* those seen before */
};

/* The layer that frames of this link type begin with, or DECAP_UNKNOWN_LINK. */
int layer_of_link(int link_type);

int layer_ethernet(struct decapsulation *decapsulation);
int layer_vlan(struct decapsulation *decapsulation);
int layer_backbone(struct decapsulation *decapsulation);
int layer_fddi(struct decapsulation *decapsulation);
int layer_llc(struct decapsulation *decapsulation);
int layer_null(struct decapsulation *decapsulation);
int layer_loop(struct decapsulation *decapsulation);
int layer_sll(struct decapsulation *decapsulation);
int layer_sll2(struct decapsulation *decapsulation);
int layer_nflog(struct decapsulation *decapsulation);
int layer_radiotap(struct decapsulation *decapsulation);
int layer_wireless(struct decapsulation *decapsulation);
int layer_capwap(struct decapsulation *decapsulation);
int layer_ppp(struct decapsulation *decapsulation);
int layer_ppp_serial(struct decapsulation *decapsulation);
int layer_ppp_direction(struct decapsulation *decapsulation);
int layer_ppp_daemon(struct decapsulation *decapsulation);
int layer_hdlc(struct decapsulation *decapsulation);
int layer_hdlc_direction(struct decapsulation *decapsulation);
int layer_pppoe(struct decapsulation *decapsulation);
int layer_pktap(struct decapsulation *decapsulation);
int layer_ppi(struct decapsulation *decapsulation);
int layer_juniper(struct decapsulation *decapsulation);
int layer_ethertype(struct decapsulation *decapsulation);
int layer_mpls(struct decapsulation *decapsulation);
int layer_ip(struct decapsulation *decapsulation);
int layer_ipv4(struct decapsulation *decapsulation);
int layer_ipv6(struct decapsulation *decapsulation);
int layer_protocol(struct decapsulation *decapsulation);
/* Strips an extension header of IPv6, or the authentication header of either family. */
int layer_extension(struct decapsulation *decapsulation);
int layer_tcp(struct decapsulation *decapsulation);
int layer_udp(struct decapsulation *decapsulation);
int layer_gre(struct decapsulation *decapsulation);

/* The ones' complement sum (RFC 1071) of the octets and `sum`, folded into 16 bits: 0xffff where a checksum
 * among them is right. Only the last of several parts may have an odd number of octets. */
uint32_t checksum_add(uint32_t sum, const uint8_t *octets, uint32_t length);

/* True when the checksum of the TCP segment where the decapsulation is, all of it captured, is right. */
bool checksum_of_tcp_holds(const struct decapsulation *decapsulation);

#define TUNNEL_ANY (-1)

/* What follows is inside of a tunnel of this kind with this identifier (TUNNEL_ANY: it has none, or one for
 * each direction). */
void tunnel_enter(struct decapsulation *decapsulation, const char *kind, int64_t identifier);

/* The same for an encapsulation that only one direction may carry: it is named, but it does not distinguish
 * connections. */
void tunnel_name(struct decapsulation *decapsulation, const char *kind);

static inline uint16_t be16(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static inline uint32_t be24(const uint8_t *octets)
{
    return (uint32_t)be16(octets) << 8 | octets[2];
}

static inline uint32_t be32(const uint8_t *octets)
{
    return (uint32_t)be16(octets) << 16 | be16(octets + 2);
}

static inline uint16_t le16(const uint8_t *octets)
{
    return (uint16_t)(octets[1] << 8 | octets[0]);
}

static inline uint32_t le32(const uint8_t *octets)
{
    return (uint32_t)le16(octets + 2) << 16 | le16(octets);
}

/* Nothing is known of the segment yet. */
static inline void segment_start(struct segment *segment)
{
    segment->rejoined = false;
    segment->vlan = 0;
    segment->tunnel = 0;
    segment->tunnel_text[0] = '\0';
}

/* An IPv4 address as a segment holds it: in ::ffff:0:0/96. */
static inline void segment_put_ipv4(uint8_t to[16], const uint8_t *from)
{
    uint64_t halves[2] = {0, htobe64(UINT64_C(0xffff) << 32 | be32(from))};

    memcpy(to, halves, sizeof halves);
}

/* What the 20 octets of a TCP header say of the segment. */
static inline void segment_take_header(struct segment *segment, const uint8_t *header)
{
    segment->source_port = be16(header);
    segment->destination_port = be16(header + 2);
    segment->sequence = be32(header + 4);
    segment->acknowledgment = be32(header + 8);
    segment->window = be16(header + 14);
    segment->flags = header[13] & 0x3f;
}

/* The result when fewer than `octets` octets are captured: they were cut off, or they never were. */
static inline int decapsulation_ends_before(const struct decapsulation *decapsulation, uint32_t octets)
{
    return decapsulation->length < octets ? DECAP_MALFORMED : DECAP_CUT;
}

/* Skips a header of `octets` octets; they must be captured. */
static inline void decapsulation_strip(struct decapsulation *decapsulation, uint32_t octets)
{
    decapsulation->at += octets;
    decapsulation->captured -= octets;
    decapsulation->length -= octets;
}

/* Takes the header's word for the length on the wire: what follows it is padding, what is missing was cut.
 */
static inline void decapsulation_set_length(struct decapsulation *decapsulation, uint32_t length)
{
    decapsulation->length = length;
    if (decapsulation->captured > length)
        decapsulation->captured = length;
}

#endif
