/*
 * MPLS label stacks (RFC 3032), and what is below: nothing says so, the first octets must tell (RFC 4928).
 * IP, or Ethernet as a pseudowire carries it (RFC 4448), with its control word or without.
 *
 * Labels differ by direction, and the last hop often bears none: they tell no tunnels apart.
 */
#include "analyzer/packet/layers/layers.h"

#define BOTTOM_OF_STACK 0x100

/* True when an Ethernet header seems to begin `at` octets from here. */
static bool looks_like_ethernet(const struct peeling *peeling, uint32_t at)
{
    if (peeling->captured < at + 14)
        return false;
    switch (be16(peeling->at + at + 12)) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
    case ETHERTYPE_VLAN:
    case ETHERTYPE_PROVIDER:
    case ETHERTYPE_MPLS:
    case ETHERTYPE_PPPOE:
        return true;
    default:
        return false;
    }
}

/* True when the header's length is what there is: that an Ethernet address looks so is unlikely. */
static bool looks_like_ip(const struct peeling *peeling)
{
    const uint8_t *header = peeling->at;

    if (header[0] >> 4 == 4)
        return be16(header + 2) == peeling->length;
    return be16(header + 4) + 40U == peeling->length;
}

static int pseudowire(struct peeling *peeling, uint32_t control_word)
{
    peeling_strip(peeling, control_word);
    tunnel_enter(peeling, "pseudowire", TUNNEL_ANY);
    return LAYER_ETHERNET;
}

int layer_mpls(struct peeling *peeling)
{
    uint32_t entry, nibble;

    do {
        if (peeling->captured < 4)
            return peeling_ends_before(peeling, 4);
        entry = be32(peeling->at);
        peeling_strip(peeling, 4);
    } while (!(entry & BOTTOM_OF_STACK));
    if (peeling->captured < 4)
        return peeling_ends_before(peeling, 4);
    tunnel_name(peeling, "mpls");
    nibble = peeling->at[0] >> 4;
    if ((nibble == 4 || nibble == 6) && (!looks_like_ethernet(peeling, 0) || looks_like_ip(peeling)))
        return LAYER_IP;
    if (nibble == 0 && looks_like_ethernet(peeling, 4))
        return pseudowire(peeling, 4);
    return looks_like_ethernet(peeling, 0) ? pseudowire(peeling, 0) : PEEL_OTHER;
}
