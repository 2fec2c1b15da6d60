/*
 * MPLS label stacks (RFC 3032), and what is below: nothing names it, so the first octets decide (RFC 4928).
 * IP, or Ethernet as a pseudowire carries it (RFC 4448), with its control word or without.
 *
 * Labels differ by direction, and the last hop often carries none: they do not distinguish tunnels.
 */
#include "analyzer/decap/layers/layers.h"

#define BOTTOM_OF_STACK 0x100

/* True when an Ethernet header seems to begin `at` octets from here. */
static bool looks_like_ethernet(const struct decapsulation *decapsulation, uint32_t at)
{
    if (decapsulation->captured < at + 14)
        return false;
    switch (be16(decapsulation->at + at + 12)) {
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
static bool looks_like_ip(const struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;

    if (header[0] >> 4 == 4)
        return be16(header + 2) == decapsulation->length;
    return be16(header + 4) + 40U == decapsulation->length;
}

static int pseudowire(struct decapsulation *decapsulation, uint32_t control_word)
{
    decapsulation_strip(decapsulation, control_word);
    tunnel_enter(decapsulation, "pseudowire", TUNNEL_ANY);
    return LAYER_ETHERNET;
}

int layer_mpls(struct decapsulation *decapsulation)
{
    uint32_t entry, nibble;

    do {
        if (decapsulation->captured < 4)
            return decapsulation_ends_before(decapsulation, 4);
        entry = be32(decapsulation->at);
        decapsulation_strip(decapsulation, 4);
    } while (!(entry & BOTTOM_OF_STACK));
    if (decapsulation->captured < 4)
        return decapsulation_ends_before(decapsulation, 4);
    tunnel_name(decapsulation, "mpls");
    nibble = decapsulation->at[0] >> 4;
    if ((nibble == 4 || nibble == 6) &&
        (!looks_like_ethernet(decapsulation, 0) || looks_like_ip(decapsulation)))
        return LAYER_IP;
    if (nibble == 0 && looks_like_ethernet(decapsulation, 4))
        return pseudowire(decapsulation, 4);
    return looks_like_ethernet(decapsulation, 0) ? pseudowire(decapsulation, 0) : DECAP_OTHER;
}
