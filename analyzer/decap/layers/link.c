/*
 * Ethernet II and 802.3, 802.1Q and 802.1ad tags, 802.1ah, FDDI, LLC and SNAP.
 */
#include "analyzer/decap/layers/layers.h"

/* Up to here the type field is a length (IEEE 802.3, 3.2.6). */
#define MAX_LENGTH 1500

int layer_ethernet(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 14)
        return decapsulation_ends_before(decapsulation, 14);
    decapsulation->type = be16(decapsulation->at + 12);
    decapsulation_strip(decapsulation, 14);
    if (decapsulation->type == ETHERTYPE_IPV4)
        return LAYER_IPV4;
    if (decapsulation->type > MAX_LENGTH)
        return LAYER_ETHERTYPE;
    if (decapsulation->type < decapsulation->length)
        decapsulation_set_length(decapsulation, decapsulation->type);
    return LAYER_LLC;
}

int layer_vlan(struct decapsulation *decapsulation)
{
    uint32_t identifier;

    if (decapsulation->captured < 4)
        return decapsulation_ends_before(decapsulation, 4);
    identifier = be16(decapsulation->at) & 0x0fff;
    /* identifier 0 is a priority without a VLAN */
    if (identifier != 0 && decapsulation->segment->tunnel == 0)
        decapsulation->segment->vlan = identifier + 1;
    decapsulation->type = be16(decapsulation->at + 2);
    decapsulation_strip(decapsulation, 4);
    return decapsulation->type > MAX_LENGTH ? LAYER_ETHERTYPE : LAYER_LLC;
}

/* The tag of a service in a provider's backbone (IEEE 802.1ah): after it is the customer's frame. */
int layer_backbone(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 4)
        return decapsulation_ends_before(decapsulation, 4);
    tunnel_enter(decapsulation, "pbb", be24(decapsulation->at + 1));
    decapsulation_strip(decapsulation, 4);
    return LAYER_ETHERNET;
}

/* Frame control, two addresses, and LLC in frames of data. */
int layer_fddi(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 1)
        return decapsulation_ends_before(decapsulation, 1);
    if ((decapsulation->at[0] & 0x70) != 0x50)
        return DECAP_OTHER;
    if (decapsulation->captured < 13)
        return decapsulation_ends_before(decapsulation, 13);
    decapsulation_strip(decapsulation, 13);
    return LAYER_LLC;
}

int layer_llc(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t organization;

    if (decapsulation->captured < 3)
        return decapsulation_ends_before(decapsulation, 3);
    if (header[0] == 0x06 && header[1] == 0x06 && header[2] == 0x03) { /* IP's own access point */
        decapsulation_strip(decapsulation, 3);
        return LAYER_IPV4;
    }
    if (header[0] != 0xaa || header[1] != 0xaa || header[2] != 0x03)
        return DECAP_OTHER;
    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    organization = be24(header + 3);
    decapsulation->type = be16(header + 6);
    decapsulation_strip(decapsulation, 8);
    /* an EtherType after it: RFC 1042, and 802.1H for bridges */
    return organization == 0x000000 || organization == 0x0000f8 ? LAYER_ETHERTYPE : DECAP_OTHER;
}
