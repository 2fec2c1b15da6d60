/*
 * Frames that the capturing system made up: Linux cooked captures, loopback, NFLOG.
 */
#include "analyzer/packet/layers/layers.h"

#define NFLOG_PAYLOAD 9

/* In place of an EtherType: a frame that begins with LLC. */
#define SLL_LLC 0x0004

static int cooked(struct peeling *peeling, uint32_t protocol, uint32_t header_length)
{
    peeling->type = protocol;
    peeling_strip(peeling, header_length);
    return protocol == SLL_LLC ? LAYER_LLC : LAYER_ETHERTYPE;
}

int layer_sll(struct peeling *peeling)
{
    if (peeling->captured < 16)
        return peeling_ends_before(peeling, 16);
    return cooked(peeling, be16(peeling->at + 14), 16);
}

int layer_sll2(struct peeling *peeling)
{
    if (peeling->captured < 20)
        return peeling_ends_before(peeling, 20);
    return cooked(peeling, be16(peeling->at), 20);
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
        family = le32(peeling->at);
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

/* The offset of the attribute that holds the packet, when lengths and types are read by `get16`; 0: there is
 * none. *length is its length. */
static uint32_t find_packet(const struct peeling *peeling, uint16_t (*get16)(const uint8_t *),
                            uint32_t *length)
{
    uint32_t at = 4;

    while (peeling->captured - at >= 4) {
        uint32_t whole = get16(peeling->at + at), padded = (whole + 3) & ~3U;

        if (whole < 4)
            return 0;
        if (get16(peeling->at + at + 2) == NFLOG_PAYLOAD) {
            *length = whole - 4;
            return at + 4;
        }
        if (padded > peeling->captured - at)
            return 0;
        at += padded;
    }
    return 0;
}

/* Attributes with lengths and types in the byte order of the machine that captured, which is not told. */
int layer_nflog(struct peeling *peeling)
{
    uint32_t at, length, family;

    if (peeling->captured < 4)
        return peeling_ends_before(peeling, 4);
    family = peeling->at[0];
    at = find_packet(peeling, le16, &length);
    if (at == 0)
        at = find_packet(peeling, be16, &length);
    if (at == 0)
        return peeling->captured < peeling->length ? PEEL_CUT : PEEL_OTHER;
    peeling_strip(peeling, at);
    if (length < peeling->length)
        peeling_set_length(peeling, length);
    return layer_of_family(family);
}
