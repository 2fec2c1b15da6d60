/*
 * UDP, and the tunnels that are known by its ports: VXLAN (RFC 7348) with its generic extension, GENEVE (RFC
 * 8926), GTP-U (3GPP TS 29.281), Teredo (RFC 4380), GRE (RFC 8086), MPLS (RFC 7510) and CAPWAP's data (RFC
 * 5415).
 */
#include "analyzer/decap/layers/layers.h"

enum {
    PORT_GTP_U = 2152,
    PORT_TEREDO = 3544,
    PORT_GRE = 4754,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_CAPWAP = 5247,
    PORT_GENEVE = 6081,
    PORT_MPLS = 6635,
    PORT_VXLAN_LINUX = 8472, /* from before the port was assigned */
};

/* Ethernet, unless the generic extension says otherwise. At a port that is not the extension's, its bits are
 * reserved and mean nothing (RFC 7348, 5), unless IP begins there, as a station's address hardly does. */
static uint32_t protocol_in_vxlan(const uint8_t *header, bool generic)
{
    uint32_t said = header[0] & 0x04 ? header[3] : 3;

    if (generic || (said == 1 && header[8] == 0x45) || (said == 2 && header[8] == 0x60))
        return said;
    return 3;
}

static int vxlan(struct decapsulation *decapsulation, bool generic)
{
    const uint8_t *header = decapsulation->at;
    uint32_t protocol;

    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    if (!(header[0] & 0x08))
        return DECAP_OTHER;
    if (decapsulation->captured < 9)
        return decapsulation_ends_before(decapsulation, 9);
    protocol = protocol_in_vxlan(header, generic);
    tunnel_enter(decapsulation, "vxlan", be24(header + 4));
    decapsulation_strip(decapsulation, 8);
    switch (protocol) {
    case 1:
        return LAYER_IPV4;
    case 2:
        return LAYER_IPV6;
    case 3:
        return LAYER_ETHERNET;
    default:
        return DECAP_OTHER;
    }
}

static int geneve(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length;

    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    if (header[0] >> 6 != 0) /* the version */
        return DECAP_OTHER;
    length = 8 + (header[0] & 0x3fU) * 4;
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    tunnel_enter(decapsulation, "geneve", be24(header + 4));
    decapsulation->type = be16(header + 2);
    decapsulation_strip(decapsulation, length);
    return LAYER_ETHERTYPE;
}

/* Each direction has an endpoint identifier of its own: it does not distinguish connections. */
static int gtp_u(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length = 8, extended;

    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    if (header[0] >> 4 != 3 || header[1] != 0xff) /* version 1 of GTP; a user's packet */
        return DECAP_OTHER;
    extended = header[0] & 0x04;
    if (header[0] & 0x07) /* sequence number, N-PDU number and next extension header come together */
        length += 4;
    while (extended && decapsulation->captured >= length && header[length - 1] != 0) {
        if (decapsulation->captured == length)
            return decapsulation_ends_before(decapsulation, length + 1);
        if (header[length] == 0)
            return DECAP_MALFORMED;
        length += header[length] * 4U;
    }
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    tunnel_enter(decapsulation, "gtp-u", TUNNEL_ANY);
    decapsulation_strip(decapsulation, length);
    return LAYER_IP;
}

static int teredo(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length = 0;

    if (decapsulation->captured < 4)
        return decapsulation_ends_before(decapsulation, 4);
    if (be16(header) == 0x0001) /* authentication: 13 octets, identifier and value */
        length = 13U + header[2] + header[3];
    if (decapsulation->captured < length + 2)
        return decapsulation_ends_before(decapsulation, length + 2);
    if (be16(header + length) == 0x0000) /* where it came from */
        length += 8;
    if (decapsulation->captured < length + 1)
        return decapsulation_ends_before(decapsulation, length + 1);
    if (header[length] >> 4 != 6)
        return DECAP_OTHER;
    tunnel_enter(decapsulation, "teredo", TUNNEL_ANY);
    decapsulation_strip(decapsulation, length);
    return LAYER_IPV6;
}

int layer_udp(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t source, destination, length;

    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    source = be16(header);
    destination = be16(header + 2);
    length = be16(header + 4);
    if (length >= 8 && length < decapsulation->length)
        decapsulation_set_length(decapsulation, length);
    decapsulation_strip(decapsulation, 8);
    if (decapsulation->length < 8) /* too short for any of the tunnels */
        return DECAP_OTHER;
    switch (destination) {
    case PORT_VXLAN:
    case PORT_VXLAN_GPE:
    case PORT_VXLAN_LINUX:
        return vxlan(decapsulation, destination == PORT_VXLAN_GPE);
    case PORT_GENEVE:
        return geneve(decapsulation);
    case PORT_MPLS:
        return LAYER_MPLS;
    case PORT_GRE:
        return LAYER_GRE;
    default:
        break;
    }
    if (source == PORT_GTP_U || destination == PORT_GTP_U)
        return gtp_u(decapsulation);
    if (source == PORT_CAPWAP || destination == PORT_CAPWAP)
        return layer_capwap(decapsulation);
    if (source == PORT_TEREDO || destination == PORT_TEREDO)
        return teredo(decapsulation);
    return DECAP_OTHER;
}
