/*
 * Frames that need no walk from layer to layer, since all that matters stands at fixed places.
 */
#include "analyzer/decap/fast_path.h"

#include "analyzer/decap/layers/layers.h"

#include <pcap/dlt.h>

enum { ETHERNET_HEADER = 14, IP_HEADER = 20, TCP_HEADER = 20, PROTOCOL_TCP = 6 };

/* Version 4, and a header of five words. */
#define VERSION_AND_LENGTH 0x45
/* Of the flags and the offset: the bits that only a fragment has. */
#define FRAGMENT 0x3fff

bool fast_path_take(const struct frame *frame, struct segment *segment)
{
    const uint8_t *ip = frame->octets + ETHERNET_HEADER, *tcp = ip + IP_HEADER;
    uint32_t captured, length, header_length;

    if (frame->link_type != DLT_EN10MB || frame->captured < ETHERNET_HEADER + IP_HEADER + TCP_HEADER ||
        be16(frame->octets + 12) != ETHERTYPE_IPV4 || ip[0] != VERSION_AND_LENGTH || ip[9] != PROTOCOL_TCP ||
        (be16(ip + 6) & FRAGMENT) != 0)
        return false;
    length = be16(ip + 2);
    header_length = (tcp[12] >> 4) * 4U;
    if (header_length < TCP_HEADER || length < IP_HEADER + header_length)
        return false;
    captured = frame->captured - ETHERNET_HEADER;
    if (captured > length)
        captured = length;
    segment_start(segment);
    segment_take_header(segment, tcp);
    segment_put_ipv4(segment->source, ip + 12);
    segment_put_ipv4(segment->destination, ip + 16);
    /* as in layer_tcp: the snapshot length may have cut the options */
    captured -= IP_HEADER;
    segment->captured = captured > header_length ? captured - header_length : 0;
    segment->payload = tcp + (captured - segment->captured);
    segment->length = length - IP_HEADER - header_length;
    return true;
}
