/*
 * GRE (RFC 2784, with key and sequence number of RFC 2890), and the three kinds of ERSPAN in it: the frames
 * of a mirrored port. Access points of Aruba send 802.11 frames in it.
 */
#include "analyzer/decap/layers/layers.h"

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000, /* of RFC 1701, given up since */
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_VERSION = 0x0007,
};

enum {
    GRE_ERSPAN = 0x88be, /* I without a header of its own, II with one */
    GRE_ERSPAN3 = 0x22eb,
    GRE_ARUBA = 0x8200, /* and every sixteenth up to the last one; one more apart */
    GRE_ARUBA_LAST = 0x8370,
    GRE_ARUBA_OTHER = 0x9000,
};

#define ERSPAN_SESSION 0x03ff

static int erspan(struct decapsulation *decapsulation, bool sequenced)
{
    if (!sequenced) {
        tunnel_enter(decapsulation, "erspan", TUNNEL_ANY);
        return LAYER_ETHERNET;
    }
    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    tunnel_enter(decapsulation, "erspan", be16(decapsulation->at + 2) & ERSPAN_SESSION);
    decapsulation_strip(decapsulation, 8);
    return LAYER_ETHERNET;
}

static int erspan3(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length = 12, frame_type;

    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    frame_type = header[10] >> 2 & 0x1f;
    if (header[11] & 0x01) /* a subheader of the platform */
        length += 8;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    tunnel_enter(decapsulation, "erspan", be16(header + 2) & ERSPAN_SESSION);
    decapsulation_strip(decapsulation, length);
    switch (frame_type) {
    case 0:
        return LAYER_ETHERNET;
    case 2:
        return LAYER_IP;
    default:
        return DECAP_OTHER;
    }
}

static bool is_wireless(uint32_t type)
{
    return (type >= GRE_ARUBA && type <= GRE_ARUBA_LAST && (type & 0x0f) == 0) || type == GRE_ARUBA_OTHER;
}

int layer_gre(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t flags, length = 4;
    int64_t key = TUNNEL_ANY;

    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    flags = be16(header);
    if (flags & (GRE_ROUTING | GRE_VERSION))
        return DECAP_OTHER;
    length += flags & GRE_CHECKSUM ? 4 : 0;
    length += flags & GRE_KEY ? 4 : 0;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    if (flags & GRE_KEY)
        key = be32(header + length - 4);
    length += flags & GRE_SEQUENCE ? 4 : 0;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    decapsulation->type = be16(header + 2);
    decapsulation_strip(decapsulation, length);
    if (decapsulation->type == GRE_ERSPAN)
        return erspan(decapsulation, flags & GRE_SEQUENCE);
    if (decapsulation->type == GRE_ERSPAN3)
        return erspan3(decapsulation);
    tunnel_enter(decapsulation, "gre", key);
    return is_wireless(decapsulation->type) ? LAYER_WIRELESS : LAYER_ETHERTYPE;
}
