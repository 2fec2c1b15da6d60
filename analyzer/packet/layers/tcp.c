/*
 * TCP (RFC 9293), where peeling ends.
 */
#include "analyzer/packet/layers/layers.h"

static void put_address(uint8_t to[16], const uint8_t *from, bool ipv6)
{
    if (ipv6)
        memcpy(to, from, 16);
    else
        segment_put_ipv4(to, from);
}

int layer_tcp(struct peeling *peeling)
{
    const uint8_t *header = peeling->at;
    struct segment *segment = peeling->segment;
    uint32_t header_length;

    if (peeling->captured < 20)
        return peeling->partial ? PEEL_FRAGMENT : peeling_ends_before(peeling, 20);
    header_length = (header[12] >> 4) * 4U;
    if (header_length > peeling->length && peeling->partial)
        return PEEL_FRAGMENT;
    if (header_length < 20 || header_length > peeling->length)
        return PEEL_MALFORMED;
    if (peeling->verify && !peeling->partial && !peeling->routed && peeling->captured == peeling->length &&
        !checksum_of_tcp_holds(peeling))
        return PEEL_BAD_CHECKSUM;
    put_address(segment->source, peeling->source, peeling->ipv6);
    put_address(segment->destination, peeling->destination, peeling->ipv6);
    segment_take_header(segment, header);
    if (peeling->partial) /* these belong to the last octet */
        segment->flags &= (uint8_t) ~(SEGMENT_FIN | SEGMENT_PSH);
    /* when the snapshot length cut the options, nothing of the payload is there, but its length is known */
    segment->captured = peeling->captured > header_length ? peeling->captured - header_length : 0;
    segment->payload = header + (peeling->captured - segment->captured);
    segment->length = peeling->length - header_length;
    return PEEL_SEGMENT;
}
