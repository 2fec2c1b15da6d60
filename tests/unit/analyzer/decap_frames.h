/*
 * Frames of every kind that the decapsulation understands. Each carries the same TCP segment: the server's
 * greeting
 * "* OK ready", from port 143 to 40000, over IPv4 (192.0.2.143 to 192.0.2.12) or IPv6 (2001:db8::143 to
 * 2001:db8::12). tshark 4.0 finds the same in them, where it understands them at all.
 */
#ifndef IMAPTAP_TESTS_UNIT_ANALYZER_DECAP_FRAMES_H
#define IMAPTAP_TESTS_UNIT_ANALYZER_DECAP_FRAMES_H

#include "analyzer/decap/decap.h"

#include <stdbool.h>
#include <stddef.h>

/* The addresses of an Ethernet frame, and the datagrams that carry the segment, as hex. */
#define MACS   "020000000002020000000001"
#define REPLY4 "45000034000100004006f627c000028fc000020c" REPLY4_TCP
#define REPLY4_TCP                                                                                           \
    "008f9c40112233445566778850181234fa090000"                                                               \
    "2a204f4b2072656164790d0a"
#define REPLY6 "600000000020064020010db800000000000000000000014320010db8000000000000000000000012" REPLY6_TCP
#define REPLY6_TCP                                                                                           \
    "008f9c40112233445566778850181234"                                                                       \
    "21df00002a204f4b2072656164790d0a"

struct take_segment {
    const char *name;
    int link_type;
    const char *hex;
    uint32_t vlan; /* as in struct segment */
    const char *tunnel_text;
    bool ipv6;
};

extern const struct take_segment decap_frames[];
extern const size_t decap_frame_count;

/* The octets of `hex` in heap of exactly that size, so that AddressSanitizer sees each octet read past
 * them; free them. */
uint8_t *decap_octets(const char *hex, uint32_t *length);

/* Decapsulates the first `captured` octets of a frame; length: of the frame on the wire. The copy that was
 * used is *copy; free it when the segment is done with. */
enum decap_result decap_first(struct decap *decap, int link_type, const uint8_t *octets, uint32_t captured,
                              uint32_t length, struct segment *segment, uint8_t **copy);

#endif
