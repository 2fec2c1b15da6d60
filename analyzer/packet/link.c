/*
 * Link layers: Ethernet II with VLAN tags, Linux cooked captures, loopback.
 */
#include "analyzer/packet/layers.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,     /* 802.1Q */
    ETHERTYPE_PROVIDER = 0x88a8, /* 802.1ad, and what came before it: */
    ETHERTYPE_QINQ1 = 0x9100,
    ETHERTYPE_QINQ2 = 0x9200,
};

int layer_ethernet(struct peeling *peeling)
{
    if (peeling->captured < 14)
        return peeling_ends_before(peeling, 14);
    peeling->type = be16(peeling->at + 12);
    peeling_strip(peeling, 14);
    return peeling->type == ETHERTYPE_IPV4 ? LAYER_IPV4 : LAYER_ETHERTYPE;
}

static int vlan_tag(struct peeling *peeling)
{
    uint32_t identifier;

    if (peeling->captured < 4)
        return peeling_ends_before(peeling, 4);
    identifier = be16(peeling->at) & 0x0fff;
    /* identifier 0 is a priority without a VLAN */
    if (identifier != 0 && peeling->segment->tunnel == 0)
        peeling->segment->vlan = identifier + 1;
    peeling->type = be16(peeling->at + 2);
    peeling_strip(peeling, 4);
    return LAYER_ETHERTYPE;
}

int layer_ethertype(struct peeling *peeling)
{
    switch (peeling->type) {
    case ETHERTYPE_IPV4:
        return LAYER_IPV4;
    case ETHERTYPE_IPV6:
        return LAYER_IPV6;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_PROVIDER:
    case ETHERTYPE_QINQ1:
    case ETHERTYPE_QINQ2:
        return vlan_tag(peeling);
    default:
        return PEEL_OTHER;
    }
}

int layer_sll(struct peeling *peeling)
{
    if (peeling->captured < 16)
        return peeling_ends_before(peeling, 16);
    peeling->type = be16(peeling->at + 14);
    peeling_strip(peeling, 16);
    return LAYER_ETHERTYPE;
}

int layer_sll2(struct peeling *peeling)
{
    if (peeling->captured < 20)
        return peeling_ends_before(peeling, 20);
    peeling->type = be16(peeling->at);
    peeling_strip(peeling, 20);
    return LAYER_ETHERTYPE;
}

/* IPv6 has one address family here, and three or four elsewhere: the BSDs, macOS, Linux, Windows. */
static int layer_of_family(uint32_t family)
{
    switch (family) {
    case 2:
        return LAYER_IPV4;
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
        return LAYER_IPV6;
    default:
        return PEEL_OTHER;
    }
}

/* The family is in the byte order of the machine that captured: a small number one way, a huge one the other.
 */
int layer_null(struct peeling *peeling)
{
    uint32_t family;

    if (peeling->captured < 4)
        return peeling_ends_before(peeling, 4);
    family = be32(peeling->at);
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    peeling_strip(peeling, 4);
    return layer_of_family(family);
}

int layer_loop(struct peeling *peeling)
{
    uint32_t family;

    if (peeling->captured < 4)
        return peeling_ends_before(peeling, 4);
    family = be32(peeling->at);
    peeling_strip(peeling, 4);
    return layer_of_family(family);
}
