/*
 * What link types stand for, and the frames that say their link type themselves: PKTAP of Apple, PPI
 * (Per-Packet Information), and the header that Juniper's routers put before Ethernet.
 */
#include "analyzer/decap/layers/layers.h"

#include <pcap/dlt.h>

/* Of files that say OpenBSD's number for raw IP, or the one written into files since. */
#define OPENBSD_DLT_RAW 14
#define LINKTYPE_RAW    101

int layer_of_link(int link_type)
{
    switch (link_type) {
    case DLT_EN10MB:
        return LAYER_ETHERNET;
    case DLT_NULL:
        return LAYER_NULL;
    case DLT_LOOP:
        return LAYER_LOOP;
    case DLT_LINUX_SLL:
        return LAYER_SLL;
    case DLT_LINUX_SLL2:
        return LAYER_SLL2;
    case DLT_NFLOG:
        return LAYER_NFLOG;
    case DLT_IEEE802_11:
        return LAYER_WIRELESS;
    case DLT_IEEE802_11_RADIO:
        return LAYER_RADIOTAP;
    case DLT_FDDI:
        return LAYER_FDDI;
    case DLT_PPP:
        return LAYER_PPP;
    case DLT_PPP_SERIAL:
        return LAYER_PPP_SERIAL;
    case DLT_PPP_PPPD:
        return LAYER_PPP_DAEMON;
    case DLT_PPP_WITH_DIR:
        return LAYER_PPP_DIRECTION;
    case DLT_PPP_ETHER:
        return LAYER_PPPOE;
    case DLT_C_HDLC:
        return LAYER_HDLC;
    case DLT_C_HDLC_WITH_DIR:
        return LAYER_HDLC_DIRECTION;
    case DLT_PKTAP:
        return LAYER_PKTAP;
    case DLT_PPI:
        return LAYER_PPI;
    case DLT_JUNIPER_ETHER:
        return LAYER_JUNIPER;
    case DLT_RAW:
    case OPENBSD_DLT_RAW:
    case LINKTYPE_RAW:
        return LAYER_IP;
    case DLT_IPV4:
        return LAYER_IPV4;
    case DLT_IPV6:
        return LAYER_IPV6;
    default:
        return DECAP_UNKNOWN_LINK;
    }
}

/* What is below a header of `length` octets, which says its link type. */
static int below(struct decapsulation *decapsulation, uint32_t length, uint32_t link_type)
{
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    decapsulation_strip(decapsulation, length);
    return link_type > INT32_MAX ? DECAP_UNKNOWN_LINK : layer_of_link((int)link_type);
}

/* Length of the header, kind of record, link type, and more, in the byte order of the machine that captured:
 * a length is a small number. */
int layer_pktap(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length;

    if (decapsulation->captured < 12)
        return decapsulation_ends_before(decapsulation, 12);
    length = le32(header);
    if (length > 0xffff)
        return be32(header) < 12 ? DECAP_MALFORMED : below(decapsulation, be32(header), be32(header + 8));
    return length < 12 ? DECAP_MALFORMED : below(decapsulation, length, le32(header + 8));
}

int layer_ppi(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;

    if (decapsulation->captured < 8)
        return decapsulation_ends_before(decapsulation, 8);
    if (header[0] != 0 || le16(header + 2) < 8)
        return DECAP_MALFORMED;
    return below(decapsulation, le16(header + 2), le32(header + 4));
}

enum { /* of the flags of Juniper's header */
       JUNIPER_NO_LINK = 0x02,
       JUNIPER_EXTENSIONS = 0x80,
};

int layer_juniper(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    uint32_t length = 4, flags;

    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    if (be24(header) != 0x4d4743)
        return DECAP_MALFORMED;
    flags = header[3];
    if (flags & JUNIPER_EXTENSIONS) {
        if (decapsulation->captured < 6)
            return decapsulation_ends_before(decapsulation, 6);
        length += 2U + be16(header + 4);
    }
    if (flags & JUNIPER_NO_LINK)
        length += 4; /* what it is instead, which the first octet of IP says too */
    if (decapsulation->captured < length)
        return decapsulation_ends_before(decapsulation, length);
    decapsulation_strip(decapsulation, length);
    return flags & JUNIPER_NO_LINK ? LAYER_IP : LAYER_ETHERNET;
}
