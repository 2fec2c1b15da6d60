/*
 * UDP, and the tunnels that are known by its ports: VXLAN (RFC 7348) with its generic extension, GENEVE (RFC
 * 8926), GTP-U (3GPP TS 29.281), Teredo (RFC 4380) and MPLS (RFC 7510).
 */
#include "analyzer/packet/layers/layers.h"

enum {
    PORT_GTP_U = 2152,
    PORT_TEREDO = 3544,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_GENEVE = 6081,
    PORT_MPLS = 6635,
    PORT_VXLAN_LINUX = 8472, /* from before the port was assigned */
};

static int vxlan(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t protocol = 3; /* Ethernet, unless the generic extension says otherwise */

    if (peeling->captured < 8)
        return peeling_ends_before(peeling, 8);
    if (!(header[0] & 0x08))
        return PEEL_OTHER;
    if (header[0] & 0x04)
        protocol = header[3];
    tunnel_enter(peeling, "vxlan", be24(header + 4));
    peeling_strip(peeling, 8);
    switch (protocol) {
    case 1:
        return LAYER_IPV4;
    case 2:
        return LAYER_IPV6;
    case 3:
        return LAYER_ETHERNET;
    default:
        return PEEL_OTHER;
    }
}

static int geneve(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t length;

    if (peeling->captured < 8)
        return peeling_ends_before(peeling, 8);
    if (header[0] >> 6 != 0) /* the version */
        return PEEL_OTHER;
    length = 8 + (header[0] & 0x3fU) * 4;
    if (peeling->captured < length)
        return peeling_ends_before(peeling, length);
    tunnel_enter(peeling, "geneve", be24(header + 4));
    peeling->type = be16(header + 2);
    peeling_strip(peeling, length);
    return LAYER_ETHERTYPE;
}

/* Each direction has an endpoint identifier of its own: it tells nothing apart. */
static int gtp_u(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t length = 8, extended;

    if (peeling->captured < length)
        return peeling_ends_before(peeling, length);
    if (header[0] >> 4 != 3 || header[1] != 0xff) /* version 1 of GTP; a user's packet */
        return PEEL_OTHER;
    extended = header[0] & 0x04;
    if (header[0] & 0x07) /* sequence number, N-PDU number and next extension header come together */
        length += 4;
    while (extended && peeling->captured >= length && header[length - 1] != 0) {
        if (peeling->captured == length)
            return peeling_ends_before(peeling, length + 1);
        if (header[length] == 0)
            return PEEL_MALFORMED;
        length += header[length] * 4U;
    }
    if (peeling->captured < length)
        return peeling_ends_before(peeling, length);
    tunnel_enter(peeling, "gtp-u", TUNNEL_ANY);
    peeling_strip(peeling, length);
    return LAYER_IP;
}

static int teredo(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t length = 0;

    if (peeling->captured < 4)
        return peeling_ends_before(peeling, 4);
    if (be16(header) == 0x0001) /* authentication: 13 octets, identifier and value */
        length = 13U + header[2] + header[3];
    if (peeling->captured < length + 2)
        return peeling_ends_before(peeling, length + 2);
    if (be16(header + length) == 0x0000) /* where it came from */
        length += 8;
    if (peeling->captured < length + 1)
        return peeling_ends_before(peeling, length + 1);
    if (header[length] >> 4 != 6)
        return PEEL_OTHER;
    tunnel_enter(peeling, "teredo", TUNNEL_ANY);
    peeling_strip(peeling, length);
    return LAYER_IPV6;
}

int layer_udp(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    uint32_t source, destination, length;

    if (peeling->captured < 8)
        return peeling_ends_before(peeling, 8);
    source = be16(header);
    destination = be16(header + 2);
    length = be16(header + 4);
    if (length >= 8 && length < peeling->length)
        peeling_set_length(peeling, length);
    peeling_strip(peeling, 8);
    if (peeling->length < 8) /* too short for any of the tunnels */
        return PEEL_OTHER;
    switch (destination) {
    case PORT_VXLAN:
    case PORT_VXLAN_GPE:
    case PORT_VXLAN_LINUX:
        return vxlan(peeling);
    case PORT_GENEVE:
        return geneve(peeling);
    case PORT_MPLS:
        return LAYER_MPLS;
    default:
        break;
    }
    if (source == PORT_GTP_U || destination == PORT_GTP_U)
        return gtp_u(peeling);
    if (source == PORT_TEREDO || destination == PORT_TEREDO)
        return teredo(peeling);
    return PEEL_OTHER;
}
