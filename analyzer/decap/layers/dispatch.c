/*
 * What EtherTypes and IP protocol numbers stand for.
 */
#include "analyzer/decap/layers/layers.h"

enum {
    PROTOCOL_IPV4 = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_GRE = 47,
    PROTOCOL_MPLS = 137, /* RFC 4023 */
};

int layer_ethertype(struct decapsulation *decapsulation)
{
    switch (decapsulation->type) {
    case ETHERTYPE_IPV4:
        return LAYER_IPV4;
    case ETHERTYPE_IPV6:
        return LAYER_IPV6;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_PROVIDER:
    case ETHERTYPE_QINQ1:
    case ETHERTYPE_QINQ2:
        return layer_vlan(decapsulation);
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_UPSTREAM:
        return LAYER_MPLS;
    case ETHERTYPE_PPPOE:
        return LAYER_PPPOE;
    case ETHERTYPE_BACKBONE:
        return layer_backbone(decapsulation);
    case ETHERTYPE_BRIDGED:
        return LAYER_ETHERNET;
    default:
        return DECAP_OTHER;
    }
}

int layer_protocol(struct decapsulation *decapsulation)
{
    switch (decapsulation->type) {
    case PROTOCOL_TCP:
        return layer_tcp(decapsulation);
    case PROTOCOL_UDP:
        return LAYER_UDP;
    case PROTOCOL_IPV4:
        tunnel_enter(decapsulation, decapsulation->ipv6 ? "4in6" : "ipip", TUNNEL_ANY);
        return LAYER_IPV4;
    case PROTOCOL_IPV6:
        tunnel_enter(decapsulation, decapsulation->ipv6 ? "6in6" : "6in4", TUNNEL_ANY);
        return LAYER_IPV6;
    case PROTOCOL_GRE:
        return LAYER_GRE;
    case PROTOCOL_MPLS:
        return LAYER_MPLS;
    default:
        return layer_extension(decapsulation);
    }
}
