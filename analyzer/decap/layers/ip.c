/*
 * IPv4 (RFC 791) with options and IPv6 (RFC 8200) with its extension headers, and the fragments of both.
 */
#include "analyzer/decap/layers/layers.h"

enum {
    PROTOCOL_ICMP = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_ENCRYPTED = 50,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_AUTHENTICATION = 51,
    PROTOCOL_DESTINATION = 60,
    PROTOCOL_MOBILITY = 135,
    PROTOCOL_HIP = 139,
    PROTOCOL_SHIM6 = 140,
};

#define IPV6_HEADER 40

/* Of the 16 bits that IPv4 and IPv6 have for offset and flags. */
#define IPV4_OFFSET 0x1fff
#define IPV4_MORE   0x2000
#define IPV6_OFFSET 0xfff8
#define IPV6_MORE   0x0001
/* The least that an Ethernet frame carries: of a datagram no longer, padding looks like content. */
#define ETHERNET_MINIMUM 46

/* Takes in the fragment of which the decapsulation has reached the content: `place` holds all that IPv4 and
 * IPv6 say in different ways. When the datagram is whole, the decapsulation goes on in it. */
static int take_fragment(struct decapsulation *decapsulation, struct fragment *place)
{
    struct datagram whole;

    if (place->protocol == PROTOCOL_ICMP || place->protocol == PROTOCOL_ICMPV6 ||
        place->protocol == PROTOCOL_ENCRYPTED)
        return DECAP_OTHER;
    place->source = decapsulation->source;
    place->destination = decapsulation->destination;
    place->ipv6 = decapsulation->ipv6;
    place->vlan = decapsulation->segment->vlan;
    place->tunnel = decapsulation->segment->tunnel;
    place->octets = decapsulation->at;
    place->captured = decapsulation->captured;
    place->length = decapsulation->length;
    place->time_ns = decapsulation->time_ns;
    switch (fragments_take(decapsulation->fragments, place, &whole)) {
    case FRAGMENT_WHOLE:
        decapsulation->segment->rejoined = true;
        decapsulation->at = whole.octets;
        decapsulation->captured = whole.captured;
        decapsulation->length = whole.length;
        decapsulation->type = whole.protocol;
        return LAYER_PROTOCOL;
    case FRAGMENT_FIRST:
        if (place->protocol != PROTOCOL_TCP)
            return DECAP_FRAGMENT;
        /* captures made with a filter on ports lack the other fragments: what is here counts now */
        decapsulation->partial = true;
        decapsulation->type = PROTOCOL_TCP;
        decapsulation_set_length(decapsulation, decapsulation->captured);
        return LAYER_PROTOCOL;
    case FRAGMENT_MALFORMED:
        return DECAP_MALFORMED;
    default:
        return DECAP_FRAGMENT;
    }
}

static int ipv4_fragment(struct decapsulation *decapsulation, const uint8_t *header)
{
    uint32_t place = be16(header + 6);
    struct fragment fragment = {
        .protocol = header[9],
        .identification = be16(header + 4),
        .offset = (place & IPV4_OFFSET) * 8,
        .more = place & IPV4_MORE,
    };

    return take_fragment(decapsulation, &fragment);
}

int layer_ip(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 1)
        return decapsulation_ends_before(decapsulation, 1);
    switch (decapsulation->at[0] >> 4) {
    case 4:
        return LAYER_IPV4;
    case 6:
        return LAYER_IPV6;
    default:
        return DECAP_MALFORMED;
    }
}

/* A length of 0 is an offloading card's: the length is filled in when it cuts the datagram up, and the
 * capture is from before. Then the frame's length counts. */
static uint32_t ipv4_length(const struct decapsulation *decapsulation)
{
    uint32_t length = be16(decapsulation->at + 2);

    if (length == 0 && decapsulation->length > ETHERNET_MINIMUM)
        length = decapsulation->length;
    return length;
}

int layer_ipv4(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t header_length, length;

    if (decapsulation->captured < 20)
        return decapsulation_ends_before(decapsulation, 20);
    header_length = (header[0] & 0x0fU) * 4;
    length = ipv4_length(decapsulation);
    if (header[0] >> 4 != 4 || header_length < 20 || length < header_length)
        return DECAP_MALFORMED;
    decapsulation_set_length(decapsulation, length);
    if (decapsulation->captured < header_length)
        return DECAP_CUT;
    if (decapsulation->verify && checksum_add(0, header, header_length) != 0xffff)
        return DECAP_BAD_CHECKSUM;
    decapsulation->source = header + 12;
    decapsulation->destination = header + 16;
    decapsulation->ipv6 = decapsulation->routed = false;
    decapsulation->type = header[9];
    decapsulation_strip(decapsulation, header_length);
    if (be16(header + 6) & (IPV4_OFFSET | IPV4_MORE))
        return ipv4_fragment(decapsulation, header);
    return LAYER_PROTOCOL;
}

/* The length in a jumbo payload option (RFC 2675) of a hop-by-hop header right after the IPv6 header; 0:
 * there is none. */
static uint32_t jumbo_length(const uint8_t *header, uint32_t captured)
{
    uint32_t end, at = 2;

    if (captured < 8)
        return 0;
    end = (header[1] + 1U) * 8;
    if (end > captured)
        end = captured;
    while (at + 2 <= end) {
        if (header[at] == 0) { /* Pad1: the only one without a length */
            at++;
            continue;
        }
        if (header[at] == 0xc2 && header[at + 1] == 4 && at + 6 <= end)
            return be32(header + at + 2);
        at += 2U + header[at + 1];
    }
    return 0;
}

/* Octets after the IPv6 header. A payload length of 0 is a jumbogram's, or that of a segment of 64 KiB and
 * more which an offloading card was about to cut up. */
static uint32_t ipv6_payload_length(const struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length = be16(header + 4), behind = decapsulation->length - IPV6_HEADER;

    if (length != 0)
        return length;
    if (header[6] == PROTOCOL_HOP_BY_HOP)
        length = jumbo_length(header + IPV6_HEADER, decapsulation->captured - IPV6_HEADER);
    /* no longer than the frame: it is a large number, and nothing else vouches for it */
    return length == 0 || length > behind ? behind : length;
}

int layer_ipv6(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;

    if (decapsulation->captured < IPV6_HEADER)
        return decapsulation_ends_before(decapsulation, IPV6_HEADER);
    if (header[0] >> 4 != 6)
        return DECAP_MALFORMED;
    decapsulation_set_length(decapsulation, IPV6_HEADER + ipv6_payload_length(decapsulation));
    decapsulation->source = header + 8;
    decapsulation->destination = header + 24;
    decapsulation->ipv6 = true;
    decapsulation->routed = false;
    decapsulation->type = header[6];
    decapsulation_strip(decapsulation, IPV6_HEADER);
    return LAYER_PROTOCOL;
}

/* An extension header: strips it when it is one; the header after it is next. `unit` and `more`: its length
 * is (second octet + more) * unit. */
static int extension(struct decapsulation *decapsulation, uint32_t unit, uint32_t more)
{
    uint32_t length;

    if (decapsulation->captured < 2)
        return decapsulation_ends_before(decapsulation, 2);
    length = (decapsulation->at[1] + more) * unit;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    if (decapsulation->type == PROTOCOL_ROUTING && decapsulation->at[3] != 0) /* stops left */
        decapsulation->routed = true;
    decapsulation->type = decapsulation->at[0];
    decapsulation_strip(decapsulation, length);
    return LAYER_PROTOCOL;
}

static int ipv6_fragment(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    struct fragment fragment;
    uint32_t place;

    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    place = be16(header + 2);
    decapsulation->type = header[0];
    decapsulation_strip(decapsulation, 8);
    if (!(place & (IPV6_OFFSET | IPV6_MORE))) /* a datagram in one fragment (RFC 6946) */
        return LAYER_PROTOCOL;
    fragment = (struct fragment){
        .protocol = header[0],
        .identification = be32(header + 4),
        .offset = place & IPV6_OFFSET,
        .more = place & IPV6_MORE,
    };
    return take_fragment(decapsulation, &fragment);
}

int layer_extension(struct decapsulation *decapsulation)
{
    switch (decapsulation->type) {
    case PROTOCOL_HOP_BY_HOP:
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION:
    case PROTOCOL_MOBILITY:
    case PROTOCOL_HIP:
    case PROTOCOL_SHIM6:
        return decapsulation->ipv6 ? extension(decapsulation, 8, 1) : DECAP_OTHER;
    case PROTOCOL_AUTHENTICATION: /* RFC 4302; in IPv4 too */
        return extension(decapsulation, 4, 2);
    case PROTOCOL_FRAGMENT:
        return decapsulation->ipv6 ? ipv6_fragment(decapsulation) : DECAP_OTHER;
    default:
        return DECAP_OTHER;
    }
}
