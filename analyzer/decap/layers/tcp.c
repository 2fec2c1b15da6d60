/*
 * TCP (RFC 9293), where decapsulation ends.
 */
#include "analyzer/decap/layers/layers.h"

static void put_address(uint8_t to[16], const uint8_t *from, bool ipv6)
{
    if (ipv6)
        memcpy(to, from, 16);
    else
        segment_put_ipv4(to, from);
}

int layer_tcp(struct decapsulation *decapsulation)
{
    const uint8_t *header = decapsulation->at;
    struct segment *segment = decapsulation->segment;
    uint32_t header_length;

    if (decapsulation->captured < 20)
        return decapsulation->partial ? DECAP_FRAGMENT : decapsulation_ends_before(decapsulation, 20);
    header_length = (header[12] >> 4) * 4U;
    if (header_length > decapsulation->length && decapsulation->partial)
        return DECAP_FRAGMENT;
    if (header_length < 20 || header_length > decapsulation->length)
        return DECAP_MALFORMED;
    if (decapsulation->verify && !decapsulation->partial && !decapsulation->routed &&
        decapsulation->captured == decapsulation->length && !checksum_of_tcp_holds(decapsulation))
        return DECAP_BAD_CHECKSUM;
    put_address(segment->source, decapsulation->source, decapsulation->ipv6);
    put_address(segment->destination, decapsulation->destination, decapsulation->ipv6);
    segment_take_header(segment, header);
    if (decapsulation->partial) /* these belong to the last octet */
        segment->flags &= (uint8_t) ~(SEGMENT_FIN | SEGMENT_PSH);
    /* when the snapshot length cut the options, nothing of the payload is there, but its length is known */
    segment->captured = decapsulation->captured > header_length ? decapsulation->captured - header_length : 0;
    segment->payload = header + (decapsulation->captured - segment->captured);
    segment->length = decapsulation->length - header_length;
    return DECAP_SEGMENT;
}
