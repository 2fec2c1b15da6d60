/*
 * Frames that the capturing system made up: Linux cooked captures, loopback, NFLOG.
 */
#include "analyzer/decap/layers/layers.h"

#define NFLOG_PAYLOAD 9

/* In place of an EtherType: a frame that begins with LLC. */
#define SLL_LLC 0x0004

static int cooked(struct decapsulation *decapsulation, uint32_t protocol, uint32_t header_length)
{
    decapsulation->type = protocol;
    decapsulation_strip(decapsulation, header_length);
    return protocol == SLL_LLC ? LAYER_LLC : LAYER_ETHERTYPE;
}

int layer_sll(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 16)
        return decapsulation_ends_before(decapsulation, 16);
    return cooked(decapsulation, be16(decapsulation->at + 14), 16);
}

int layer_sll2(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 20)
        return decapsulation_ends_before(decapsulation, 20);
    return cooked(decapsulation, be16(decapsulation->at), 20);
}

/* IPv4 has one number everywhere, IPv6 one on Linux, Windows and each of the BSDs. */
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
        return DECAP_OTHER;
    }
}

/* The family is in the byte order of the machine that captured: a small number one way, a huge one the other.
 */
int layer_null(struct decapsulation *decapsulation)
{
    uint32_t family;

    if (decapsulation->captured < 4)
        return decapsulation_ends_before(decapsulation, 4);
    family = be32(decapsulation->at);
    if (family > 0xffff)
        family = le32(decapsulation->at);
    decapsulation_strip(decapsulation, 4);
    return layer_of_family(family);
}

int layer_loop(struct decapsulation *decapsulation)
{
    uint32_t family;

    if (decapsulation->captured < 4)
        return decapsulation_ends_before(decapsulation, 4);
    family = be32(decapsulation->at);
    decapsulation_strip(decapsulation, 4);
    return layer_of_family(family);
}

/* The offset of the attribute that holds the packet, when lengths and types are read by `get16`; 0: there is
 * none. *length is its length. */
static uint32_t find_packet(const struct decapsulation *decapsulation, uint16_t (*get16)(const uint8_t *),
                            uint32_t *length)
{
    uint32_t at = 4;

    while (decapsulation->captured - at >= 4) {
        uint32_t whole = get16(decapsulation->at + at), padded = (whole + 3) & ~3U;

        if (whole < 4)
            return 0;
        if (get16(decapsulation->at + at + 2) == NFLOG_PAYLOAD) {
            *length = whole - 4;
            return at + 4;
        }
        if (padded > decapsulation->captured - at)
            return 0;
        at += padded;
    }
    return 0;
}

/* Attributes with lengths and types in the byte order of the machine that captured, which is not recorded. */
int layer_nflog(struct decapsulation *decapsulation)
{
    uint32_t at, length, family;

    if (decapsulation->captured < 4)
        return decapsulation_ends_before(decapsulation, 4);
    family = decapsulation->at[0];
    at = find_packet(decapsulation, le16, &length);
    if (at == 0)
        at = find_packet(decapsulation, be16, &length);
    if (at == 0)
        return decapsulation->captured < decapsulation->length ? DECAP_CUT : DECAP_OTHER;
    decapsulation_strip(decapsulation, at);
    if (length < decapsulation->length)
        decapsulation_set_length(decapsulation, length);
    return layer_of_family(family);
}
