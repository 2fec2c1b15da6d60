/*
 * PPP (RFC 1661, framed as in RFC 1662 or bare), what Cisco's routers speak on the same lines, and PPPoE
 * sessions (RFC 2516).
 */
#include "analyzer/decap/layers/layers.h"

enum {
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPP_MPLS = 0x0281,
};

int layer_ppp(struct decapsulation *decapsulation)
{
    uint32_t protocol, length;

    if (decapsulation->captured < 2)
        return decapsulation_ends_before(decapsulation, 2);
    if (decapsulation->at[0] == 0xff &&
        decapsulation->at[1] == 0x03) /* address and control, which may be left out */
        decapsulation_strip(decapsulation, 2);
    if (decapsulation->captured < 2)
        return decapsulation_ends_before(decapsulation, 2);
    /* a protocol's last octet is odd: an odd first one stands alone */
    length = decapsulation->at[0] & 1 ? 1 : 2;
    protocol = length == 1 ? decapsulation->at[0] : be16(decapsulation->at);
    decapsulation_strip(decapsulation, length);
    switch (protocol) {
    case PPP_IPV4:
        return LAYER_IPV4;
    case PPP_IPV6:
        return LAYER_IPV6;
    case PPP_MPLS:
        return LAYER_MPLS;
    default:
        return DECAP_OTHER;
    }
}

/* Cisco's HDLC: an address, a control octet of 0 and an EtherType. */
int layer_hdlc(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 4)
        return decapsulation_ends_before(decapsulation, 4);
    decapsulation->type = be16(decapsulation->at + 2);
    decapsulation_strip(decapsulation, 4);
    return LAYER_ETHERTYPE;
}

/* Of a serial line, PPP or Cisco's HDLC, as the address says (one station, or all of them). */
int layer_ppp_serial(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 1)
        return decapsulation_ends_before(decapsulation, 1);
    return decapsulation->at[0] == 0x0f || decapsulation->at[0] == 0x8f ? LAYER_HDLC : LAYER_PPP;
}

static int behind_direction(struct decapsulation *decapsulation, int layer)
{
    if (decapsulation->captured < 1)
        return decapsulation_ends_before(decapsulation, 1);
    decapsulation_strip(decapsulation, 1);
    return layer;
}

int layer_ppp_direction(struct decapsulation *decapsulation)
{
    return behind_direction(decapsulation, LAYER_PPP);
}

int layer_hdlc_direction(struct decapsulation *decapsulation)
{
    return behind_direction(decapsulation, LAYER_HDLC);
}

/* As pppd writes it: the direction stands in the place of the address, before control and protocol. */
int layer_ppp_daemon(struct decapsulation *decapsulation)
{
    if (decapsulation->captured < 2)
        return decapsulation_ends_before(decapsulation, 2);
    decapsulation_strip(decapsulation, decapsulation->at[1] == 0x03 ? 2 : 1);
    return LAYER_PPP;
}

int layer_pppoe(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;

    if (decapsulation->captured < 6)
        return decapsulation_ends_before(decapsulation, 6);
    if (header[0] != 0x11 || header[1] != 0) /* version and type 1; code 0 is a session's data */
        return DECAP_OTHER;
    tunnel_enter(decapsulation, "pppoe", be16(header + 2));
    decapsulation_strip(decapsulation, 6);
    decapsulation_set_length(decapsulation, be16(header + 4));
    return LAYER_PPP;
}
