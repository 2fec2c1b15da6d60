/*
 * Ethernet II and 802.3, 802.1Q and 802.1ad tags, LLC and SNAP.
 */
#include "analyzer/packet/layers/layers.h"

/* Up to here the type field is a length (IEEE 802.3, 3.2.6). */
#define MAX_LENGTH 1500

int layer_ethernet(struct peeling *peeling)
{
    if (peeling->captured < 14)
        return peeling_ends_before(peeling, 14);
    peeling->type = be16(peeling->at + 12);
    peeling_strip(peeling, 14);
    if (peeling->type == ETHERTYPE_IPV4)
        return LAYER_IPV4;
    if (peeling->type > MAX_LENGTH)
        return LAYER_ETHERTYPE;
    if (peeling->type < peeling->length)
        peeling_set_length(peeling, peeling->type);
    return LAYER_LLC;
}

int layer_vlan(struct peeling *peeling)
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
    return peeling->type > MAX_LENGTH ? LAYER_ETHERTYPE : LAYER_LLC;
}

int layer_llc(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t organization;

    if (peeling->captured < 3)
        return peeling_ends_before(peeling, 3);
    if (header[0] == 0x06 && header[1] == 0x06 && header[2] == 0x03) { /* IP's own access point */
        peeling_strip(peeling, 3);
        return LAYER_IPV4;
    }
    if (header[0] != 0xaa || header[1] != 0xaa || header[2] != 0x03)
        return PEEL_OTHER;
    if (peeling->captured < 8)
        return peeling_ends_before(peeling, 8);
    organization = be24(header + 3);
    peeling->type = be16(header + 6);
    peeling_strip(peeling, 8);
    /* an EtherType behind it: RFC 1042, and 802.1H for bridges */
    return organization == 0x000000 || organization == 0x0000f8 ? LAYER_ETHERTYPE : PEEL_OTHER;
}
