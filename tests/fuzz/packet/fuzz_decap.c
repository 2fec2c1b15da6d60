/*
 * Decapsulates hostile frames, several in a row, so that fragments of one meet those of another.
 *
 * The input is frames one behind the other: an octet for the link type, one for how much time has passed, two
 * for the octets captured and two for those that the frame had more on the wire, then the octets.
 */
#include "analyzer/decap/decap.h"
#include "analyzer/decap/fragments.h"

#include <pcap/dlt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_segment(const struct segment *segment, uint32_t *sum)
{
    check(segment->captured <= segment->length);
    check(memchr(segment->tunnel_text, '\0', sizeof segment->tunnel_text) != NULL);
    check(segment->vlan <= 4096);
    for (uint32_t i = 0; i < segment->captured; i++)
        *sum += segment->payload[i];
}

/* Decapsulates a copy of exactly the frame's size. Returns the octets of the input that were used. */
static size_t decap_one(struct decap *decap, const uint8_t *data, size_t size, int64_t *time_ns,
                        uint32_t *sum)
{
    static const int link_types[] = {
        DLT_EN10MB,       DLT_NULL,     DLT_LOOP,         DLT_LINUX_SLL,        DLT_LINUX_SLL2,
        DLT_NFLOG,        DLT_RAW,      DLT_IEEE802_11,   DLT_IEEE802_11_RADIO, DLT_PPP,
        DLT_PPP_SERIAL,   DLT_IPV4,     DLT_IPV6,         DLT_PPP_ETHER,        DLT_IEEE802,
        DLT_PKTAP,        DLT_PPI,      DLT_FDDI,         DLT_C_HDLC,           DLT_C_HDLC_WITH_DIR,
        DLT_PPP_WITH_DIR, DLT_PPP_PPPD, DLT_JUNIPER_ETHER};
    uint32_t captured = (uint32_t)(data[2] << 8 | data[3]);
    struct frame frame = {.link_type = link_types[data[0] % (sizeof link_types / sizeof link_types[0])]};
    struct segment segment;
    uint8_t *copy;

    if (captured > size - HEADER)
        captured = (uint32_t)(size - HEADER);
    *time_ns += (int64_t)(int8_t)data[1] * 100000000;
    frame.time_ns = *time_ns;
    frame.captured = captured;
    frame.length = captured + (uint32_t)(data[4] << 8 | data[5]);
    copy = malloc(captured);
    memcpy(copy, data + HEADER, captured);
    frame.octets = copy;
    if (decap_frame(decap, &frame, &segment) == DECAP_SEGMENT)
        check_segment(&segment, sum);
    free(copy);
    return HEADER + captured;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decap *decap = decap_new();
    int64_t time_ns = 0;
    uint32_t sum = 0;

    while (size > HEADER) {
        size_t used = decap_one(decap, data, size, &time_ns, &sum);

        data += used;
        size -= used;
    }
    decap_free(decap);
    return sum == UINT32_MAX ? -1 : 0; /* so that every octet is read */
}
