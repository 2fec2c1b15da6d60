/*
 * PPP (RFC 1661, framed as in RFC 1662 or bare) and PPPoE sessions (RFC 2516).
 */
#include "analyzer/packet/layers/layers.h"

enum {
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPP_MPLS = 0x0281,
};

int layer_ppp(struct peeling *peeling)
{
    uint32_t protocol, length;

    if (peeling->captured < 2)
        return peeling_ends_before(peeling, 2);
    if (peeling->at[0] == 0xff && peeling->at[1] == 0x03) /* address and control, which may be left out */
        peeling_strip(peeling, 2);
    if (peeling->captured < 2)
        return peeling_ends_before(peeling, 2);
    /* a protocol's last octet is odd: an odd first one stands alone */
    length = peeling->at[0] & 1 ? 1 : 2;
    protocol = length == 1 ? peeling->at[0] : be16(peeling->at);
    peeling_strip(peeling, length);
    switch (protocol) {
    case PPP_IPV4:
        return LAYER_IPV4;
    case PPP_IPV6:
        return LAYER_IPV6;
    case PPP_MPLS:
        return LAYER_MPLS;
    default:
        return PEEL_OTHER;
    }
}

int layer_pppoe(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;

    if (peeling->captured < 6)
        return peeling_ends_before(peeling, 6);
    if (header[0] != 0x11 || header[1] != 0) /* version and type 1; code 0 is a session's data */
        return PEEL_OTHER;
    tunnel_enter(peeling, "pppoe", be16(header + 2));
    peeling_strip(peeling, 6);
    peeling_set_length(peeling, be16(header + 4));
    return LAYER_PPP;
}
