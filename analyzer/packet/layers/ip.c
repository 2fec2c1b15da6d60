/*
 * IPv4 (RFC 791) with options and IPv6 (RFC 8200) with its extension headers, and the fragments of both.
 */
#include "analyzer/packet/layers/layers.h"

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
/* The least that an Ethernet frame carries: of a datagram no longer, padding cannot be told from content. */
#define ETHERNET_MINIMUM 46

/* Takes in the fragment of which the peeling has reached the content: `place` holds all that IPv4 and IPv6
 * say in different ways. When the datagram is whole, the peeling goes on in it. */
static int take_fragment(struct peeling *peeling, struct fragment *place)
{
    struct datagram whole;

    if (place->protocol == PROTOCOL_ICMP || place->protocol == PROTOCOL_ICMPV6 ||
        place->protocol == PROTOCOL_ENCRYPTED)
        return PEEL_OTHER;
    place->source = peeling->source;
    place->destination = peeling->destination;
    place->ipv6 = peeling->ipv6;
    place->vlan = peeling->segment->vlan;
    place->tunnel = peeling->segment->tunnel;
    place->octets = peeling->at;
    place->captured = peeling->captured;
    place->length = peeling->length;
    place->time_ns = peeling->time_ns;
    switch (fragments_take(peeling->fragments, place, &whole)) {
    case FRAGMENT_WHOLE:
        peeling->segment->rejoined = true;
        peeling->at = whole.octets;
        peeling->captured = whole.captured;
        peeling->length = whole.length;
        peeling->type = whole.protocol;
        return LAYER_PROTOCOL;
    case FRAGMENT_FIRST:
        if (place->protocol != PROTOCOL_TCP)
            return PEEL_FRAGMENT;
        /* captures made with a filter on ports lack the other fragments: what is here counts now */
        peeling->partial = true;
        peeling->type = PROTOCOL_TCP;
        peeling_set_length(peeling, peeling->captured);
        return LAYER_PROTOCOL;
    case FRAGMENT_MALFORMED:
        return PEEL_MALFORMED;
    default:
        return PEEL_FRAGMENT;
    }
}

static int ipv4_fragment(struct peeling *peeling, const uint8_t *header)
{
    uint32_t place = be16(header + 6);
    struct fragment fragment = {
        .protocol = header[9],
        .identification = be16(header + 4),
        .offset = (place & IPV4_OFFSET) * 8,
        .more = place & IPV4_MORE,
    };

    return take_fragment(peeling, &fragment);
}

int layer_ip(struct peeling *peeling)
{
    if (peeling->captured < 1)
        return peeling_ends_before(peeling, 1);
    switch (peeling->at[0] >> 4) {
    case 4:
        return LAYER_IPV4;
    case 6:
        return LAYER_IPV6;
    default:
        return PEEL_MALFORMED;
    }
}

/* A length of 0 is an offloading card's: the length is filled in when it cuts the datagram up, and the
 * capture is from before. Then the frame tells. */
static uint32_t ipv4_length(const struct peeling *peeling)
{
    uint32_t length = be16(peeling->at + 2);

    if (length == 0 && peeling->length > ETHERNET_MINIMUM)
        length = peeling->length;
    return length;
}

int layer_ipv4(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t header_length, length;

    if (peeling->captured < 20)
        return peeling_ends_before(peeling, 20);
    header_length = (header[0] & 0x0fU) * 4;
    length = ipv4_length(peeling);
    if (header[0] >> 4 != 4 || header_length < 20 || length < header_length)
        return PEEL_MALFORMED;
    peeling_set_length(peeling, length);
    if (peeling->captured < header_length)
        return PEEL_CUT;
    if (peeling->verify && checksum_add(0, header, header_length) != 0xffff)
        return PEEL_BAD_CHECKSUM;
    peeling->source = header + 12;
    peeling->destination = header + 16;
    peeling->ipv6 = peeling->routed = false;
    peeling->type = header[9];
    peeling_strip(peeling, header_length);
    if (be16(header + 6) & (IPV4_OFFSET | IPV4_MORE))
        return ipv4_fragment(peeling, header);
    return LAYER_PROTOCOL;
}

/* The length in a jumbo payload option (RFC 2675) of a hop-by-hop header right behind the IPv6 header; 0:
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

/* Octets behind the IPv6 header. A payload length of 0 is a jumbogram's, or that of a segment of 64 KiB and
 * more which an offloading card was about to cut up. */
static uint32_t ipv6_payload_length(const struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t length = be16(header + 4), behind = peeling->length - IPV6_HEADER;

    if (length != 0)
        return length;
    if (header[6] == PROTOCOL_HOP_BY_HOP)
        length = jumbo_length(header + IPV6_HEADER, peeling->captured - IPV6_HEADER);
    /* no longer than the frame: it is a large number, and nothing else vouches for it */
    return length == 0 || length > behind ? behind : length;
}

int layer_ipv6(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;

    if (peeling->captured < IPV6_HEADER)
        return peeling_ends_before(peeling, IPV6_HEADER);
    if (header[0] >> 4 != 6)
        return PEEL_MALFORMED;
    peeling_set_length(peeling, IPV6_HEADER + ipv6_payload_length(peeling));
    peeling->source = header + 8;
    peeling->destination = header + 24;
    peeling->ipv6 = true;
    peeling->routed = false;
    peeling->type = header[6];
    peeling_strip(peeling, IPV6_HEADER);
    return LAYER_PROTOCOL;
}

/* An extension header: strips it when it is one; the header behind it is next. `unit` and `more`: its length
 * is (second octet + more) * unit. */
static int extension(struct peeling *peeling, uint32_t unit, uint32_t more)
{
    uint32_t length;

    if (peeling->captured < 2)
        return peeling_ends_before(peeling, 2);
    length = (peeling->at[1] + more) * unit;
    if (peeling->captured < length)
        return peeling_ends_before(peeling, length);
    if (peeling->type == PROTOCOL_ROUTING && peeling->at[3] != 0) /* stops left */
        peeling->routed = true;
    peeling->type = peeling->at[0];
    peeling_strip(peeling, length);
    return LAYER_PROTOCOL;
}

static int ipv6_fragment(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    struct fragment fragment;
    uint32_t place;

    if (peeling->captured < 8)
        return peeling_ends_before(peeling, 8);
    place = be16(header + 2);
    peeling->type = header[0];
    peeling_strip(peeling, 8);
    if (!(place & (IPV6_OFFSET | IPV6_MORE))) /* a datagram in one fragment (RFC 6946) */
        return LAYER_PROTOCOL;
    fragment = (struct fragment){
        .protocol = header[0],
        .identification = be32(header + 4),
        .offset = place & IPV6_OFFSET,
        .more = place & IPV6_MORE,
    };
    return take_fragment(peeling, &fragment);
}

int layer_extension(struct peeling *peeling)
{
    switch (peeling->type) {
    case PROTOCOL_HOP_BY_HOP:
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION:
    case PROTOCOL_MOBILITY:
    case PROTOCOL_HIP:
    case PROTOCOL_SHIM6:
        return peeling->ipv6 ? extension(peeling, 8, 1) : PEEL_OTHER;
    case PROTOCOL_AUTHENTICATION: /* RFC 4302; in IPv4 too */
        return extension(peeling, 4, 2);
    case PROTOCOL_FRAGMENT:
        return peeling->ipv6 ? ipv6_fragment(peeling) : PEEL_OTHER;
    default:
        return PEEL_OTHER;
    }
}
