/*
 * Decapsulation, layer by layer: every kind of frame yields its segment, and no octet past what was
 * captured is ever read, wherever the frame was cut.
 */
#include "tests/unit/analyzer/decap_frames.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char payload[] = "* OK ready\r\n";

#define PAYLOAD (sizeof payload - 1)

static void check_addresses(const struct segment *segment, bool ipv6)
{
    static const uint8_t v4[2][16] = {{[10] = 0xff, 0xff, 192, 0, 2, 143},
                                      {[10] = 0xff, 0xff, 192, 0, 2, 12}};
    static const uint8_t v6[2][16] = {{0x20, 0x01, 0x0d, 0xb8, [14] = 0x01, 0x43},
                                      {0x20, 0x01, 0x0d, 0xb8, [14] = 0x00, 0x12}};

    assert_memory_equal(segment->source, ipv6 ? v6[0] : v4[0], 16);
    assert_memory_equal(segment->destination, ipv6 ? v6[1] : v4[1], 16);
}

static void check_segment(const struct take_segment *row, const struct segment *segment)
{
    check_addresses(segment, row->ipv6);
    assert_int_equal(segment->source_port, 143);
    assert_int_equal(segment->destination_port, 40000);
    assert_int_equal(segment->sequence, 0x11223344);
    assert_int_equal(segment->acknowledgment, 0x55667788);
    assert_int_equal(segment->window, 0x1234);
    assert_int_equal(segment->flags, SEGMENT_PSH | SEGMENT_ACK);
    assert_int_equal(segment->length, PAYLOAD);
    assert_int_equal(segment->captured, PAYLOAD);
    assert_memory_equal(segment->payload, payload, PAYLOAD);
    assert_int_equal(segment->vlan, row->vlan);
    assert_string_equal(segment->tunnel_text, row->tunnel_text);
}

static void every_frame_yields_its_segment(void **state)
{
    struct decap *decap = decap_new();

    (void)state;
    for (size_t i = 0; i < decap_frame_count; i++) {
        const struct take_segment *row = &decap_frames[i];
        struct segment segment;
        uint32_t length;
        uint8_t *octets = decap_octets(row->hex, &length);
        struct frame frame = {octets, length, length, 1234567, row->link_type, 42, 7};

        print_message("%s\n", row->name);
        assert_true(decap_knows_link(row->link_type));
        memset(&segment, 0xa5, sizeof segment);
        assert_int_equal(decap_frame(decap, &frame, &segment), DECAP_SEGMENT);
        check_segment(row, &segment);
        assert_int_equal(segment.time_ns, 1234567);
        assert_int_equal(segment.frame, 42);
        assert_int_equal(segment.capture, 7);
        free(octets);
    }
    decap_free(decap);
}

/* As a snapshot length does: what is missing is reported as missing, and what is there is used. */
static void a_frame_cut_anywhere_is_cut_or_yields_what_is_there(void **state)
{
    struct decap *decap = decap_new();

    (void)state;
    for (size_t i = 0; i < decap_frame_count; i++) {
        uint32_t length;
        uint8_t *octets = decap_octets(decap_frames[i].hex, &length);
        bool reached = false;

        for (uint32_t captured = 0; captured < length; captured++) {
            struct segment segment;
            uint8_t *copy;
            enum decap_result result =
                decap_first(decap, decap_frames[i].link_type, octets, captured, length, &segment, &copy);

            if (result == DECAP_SEGMENT) {
                reached = true;
                assert_true(segment.captured <= PAYLOAD);
                assert_int_equal(segment.length, PAYLOAD);
                assert_memory_equal(segment.payload, payload, segment.captured);
            } else {
                /* a pseudowire that is cut before its EtherType is not recognised */
                assert_true(result == DECAP_CUT || strncmp(decap_frames[i].name, "pseudowire", 10) == 0);
                assert_false(reached);
            }
            free(copy);
        }
        assert_true(reached);
        free(octets);
    }
    decap_free(decap);
}

/* As a broken sender does: the frame ends inside of a header. */
static void a_frame_that_ends_anywhere_is_never_read_beyond(void **state)
{
    struct decap *decap = decap_new();

    (void)state;
    for (size_t i = 0; i < decap_frame_count; i++) {
        uint32_t length;
        uint8_t *octets = decap_octets(decap_frames[i].hex, &length);

        for (uint32_t there = 0; there < length; there++) {
            struct segment segment;
            uint8_t *copy;

            if (decap_first(decap, decap_frames[i].link_type, octets, there, there, &segment, &copy) ==
                DECAP_SEGMENT)
                assert_memory_equal(segment.payload, payload, segment.captured);
            free(copy);
        }
        free(octets);
    }
    decap_free(decap);
}

/* Every octet of every frame is given every value: nothing is believed that leads out of the frame. */
static void a_frame_with_a_wrong_octet_is_never_read_beyond(void **state)
{
    struct decap *decap = decap_new();

    (void)state;
    for (size_t i = 0; i < decap_frame_count; i++) {
        uint32_t length;
        uint8_t *octets = decap_octets(decap_frames[i].hex, &length);

        for (uint32_t at = 0; at < length; at++) {
            uint8_t right = octets[at];

            for (unsigned value = 0; value < 256; value++) {
                struct segment segment;
                struct frame frame = {octets, length, length, 0, decap_frames[i].link_type, 1, 0};
                uint32_t sum = 0;

                octets[at] = (uint8_t)value;
                if (decap_frame(decap, &frame, &segment) == DECAP_SEGMENT)
                    for (uint32_t n = 0; n < segment.captured; n++)
                        sum += segment.payload[n];
                assert_true(sum <= 255 * 256);
            }
            octets[at] = right;
        }
        free(octets);
    }
    decap_free(decap);
}

/* What holds no TCP, or hides it. */
static void other_frames_yield_nothing(void **state)
{
    static const struct {
        const char *name;
        int link_type;
        const char *hex;
        enum decap_result result;
    } rows[] = {
        {"ARP", DLT_EN10MB,
         "ffffffffffff0200000000010806000108000604000102000000000"
         "1c0000201000000000000c0000202",
         DECAP_OTHER},
        {"spanning tree", DLT_EN10MB,
         "0180c200000002000000000100264242030000000000000000000000000000000000000000", DECAP_OTHER},
        {"SNAP of a vendor", DLT_EN10MB, MACS "003caaaa0300000c2000" REPLY4, DECAP_OTHER},
        {"PPPoE discovery", DLT_EN10MB, MACS "88641109000000040101000000", DECAP_OTHER},
        {"PPP link control", DLT_PPP, "ff03c021010100040000", DECAP_OTHER},
        {"UDP to no tunnel's port", DLT_RAW,
         "4500002000010000401166c5c0000201c000020200350035000c00000000000000000000", DECAP_OTHER},
        {"UDP too short for a tunnel", DLT_RAW,
         "4500002400010000401166c5c0000201c0000202c35012b5000800000800000000002a00" REPLY4, DECAP_OTHER},
        {"VXLAN's port without its flag", DLT_RAW,
         "4500002400010000401166c5c0000201c0000202003512b5001000000000000000002a00"
         "00000000",
         DECAP_OTHER},
        {"GTP-U echo", DLT_RAW,
         "4500002800010000401166c5c0000201c000020208680868001400003201000400000000000000000000000000",
         DECAP_OTHER},
        {"GRE of PPTP", DLT_RAW,
         "4500002800010000402f66c5c0000201c00002023081880b000400010000000000000000ff030021", DECAP_OTHER},
        {"ESP", DLT_RAW, "4500002800010000403266c5c0000201c0000202000000010000000100000000000000000000000000",
         DECAP_OTHER},
        {"IPv6 without a next header", DLT_RAW,
         "6000000000003b4020010db800000000000000000000000120010db8000000000000000000000002", DECAP_OTHER},
        {"a fragment header in IPv4", DLT_RAW, "4500001c00010000402c66c5c0000201c00002020600000000000001",
         DECAP_OTHER},
        {"802.11 beacon", DLT_IEEE802_11, "8000000002000000000102000000000202000000000310000000",
         DECAP_OTHER},
        {"802.11 acknowledgment", DLT_IEEE802_11, "d4000000020000000001", DECAP_OTHER},
        {"802.11 without data", DLT_IEEE802_11, "480100000200000000010200000000020200000000031000",
         DECAP_OTHER},
        {"802.11 encrypted", DLT_IEEE802_11,
         "084100000200000000010200000000020200000000031000aaaa030000000800" REPLY4, DECAP_OTHER},
        {"802.11 later fragment", DLT_IEEE802_11,
         "080100000200000000010200000000020200000000031100aaaa030000000800" REPLY4, DECAP_OTHER},
        {"NFLOG without a packet", DLT_NFLOG,
         "02000000"
         "0800010008000100",
         DECAP_OTHER},
        {"NULL of another family", DLT_NULL, "07000000" REPLY4, DECAP_OTHER},
        {"MPLS with an associated channel", DLT_EN10MB, MACS "88470001014010000007" REPLY4, DECAP_OTHER},
        {"IP version 5", DLT_RAW, "5500003400010000400000000000000000000000", DECAP_MALFORMED},
        {"radiotap version 1", DLT_IEEE802_11_RADIO, "0100080000000000" REPLY4, DECAP_MALFORMED},
        {"radiotap shorter than itself", DLT_IEEE802_11_RADIO, "0000070000000000" REPLY4, DECAP_MALFORMED},
        {"NFLOG attribute shorter than itself", DLT_NFLOG,
         "02000000"
         "0300090008000100" REPLY4,
         DECAP_OTHER},
        {"GTP-U extension of no length", DLT_RAW,
         "4500003000010000401166c5c0000201c000020208680868001c0000"
         "34ff000c00000001000000850000000000000000",
         DECAP_MALFORMED},
        {"FDDI, station management", DLT_FDDI, "41" MACS "aaaa030000000800" REPLY4, DECAP_OTHER},
        {"PKTAP shorter than itself", DLT_PKTAP, "080000000100000001000000" MACS "0800" REPLY4,
         DECAP_MALFORMED},
        {"PKTAP of an unknown link type", DLT_PKTAP, "0c0000000100000006000000" MACS "0800" REPLY4,
         DECAP_UNKNOWN_LINK},
        {"PKTAP of a link type beyond all", DLT_PKTAP, "0c00000001000000ffffffff" MACS "0800" REPLY4,
         DECAP_UNKNOWN_LINK},
        {"PPI version 1", DLT_PPI, "0100080001000000" MACS "0800" REPLY4, DECAP_MALFORMED},
        {"PPI shorter than itself", DLT_PPI, "0000070001000000" MACS "0800" REPLY4, DECAP_MALFORMED},
        {"Juniper's without its magic", DLT_JUNIPER_ETHER, "4d474401" MACS "0800" REPLY4, DECAP_MALFORMED},
        {"CAPWAP's DTLS", DLT_RAW,
         "4500002c00010000401166c5c0000201c0000202c350147f00180000010000000000000000000000", DECAP_OTHER},
        {"CAPWAP's keep-alive", DLT_RAW,
         "4500002c00010000401166c5c0000201c0000202c350147f00180000001002080000000000000000", DECAP_OTHER},
        {"a fragment of CAPWAP", DLT_RAW,
         "4500002c00010000401166c5c0000201c0000202c350147f00180000001003800000000000000000", DECAP_OTHER},
        {"CAPWAP shorter than itself", DLT_RAW,
         "4500002c00010000401166c5c0000201c0000202c350147f00180000000802000000000000000000", DECAP_MALFORMED},
        {"CAPWAP of another binding", DLT_RAW,
         "4500002c00010000401166c5c0000201c0000202c350147f00180000001007000000000000000000", DECAP_OTHER},
        {"GRE near 802.11's types", DLT_RAW,
         "4500002800010000402f66c5c0000201c00002020000820108010000020000000001", DECAP_OTHER},
        {"unknown link type", DLT_IEEE802, MACS "0800" REPLY4, DECAP_UNKNOWN_LINK},
    };
    struct decap *decap = decap_new();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t length;
        uint8_t *octets = decap_octets(rows[i].hex, &length), *copy;
        struct segment segment;

        print_message("%s\n", rows[i].name);
        assert_int_equal(decap_first(decap, rows[i].link_type, octets, length, length, &segment, &copy),
                         rows[i].result);
        free(copy);
        free(octets);
    }
    assert_false(decap_knows_link(DLT_IEEE802));
    decap_free(decap);
}

static uint64_t tunnel_of(struct decap *decap, const char *name)
{
    for (size_t i = 0; i < decap_frame_count; i++) {
        struct segment segment;
        uint32_t length;
        uint8_t *octets, *copy;

        if (strcmp(decap_frames[i].name, name) != 0)
            continue;
        octets = decap_octets(decap_frames[i].hex, &length);
        assert_int_equal(
            decap_first(decap, decap_frames[i].link_type, octets, length, length, &segment, &copy),
            DECAP_SEGMENT);
        free(copy);
        free(octets);
        return segment.tunnel;
    }
    fail_msg("no frame %s", name);
    return 0;
}

static void tunnels_are_distinguished_by_kind_and_identifier(void **state)
{
    static const char *const different[] = {"IP in IP",
                                            "6in4",
                                            "4in6",
                                            "6in6",
                                            "GRE",
                                            "GRE with a key",
                                            "ERSPAN I",
                                            "ERSPAN II",
                                            "ERSPAN III",
                                            "VXLAN",
                                            "VXLAN on Linux's port over IPv6",
                                            "GENEVE",
                                            "802.1ah",
                                            "CAPWAP with 802.11",
                                            "GTP-U",
                                            "Teredo",
                                            "PPPoE",
                                            "PPP_ETHER",
                                            "GRE in VXLAN",
                                            "pseudowire with a control word"};
    struct decap *decap = decap_new();

    (void)state;
    for (size_t i = 0; i < sizeof different / sizeof different[0]; i++) {
        assert_int_not_equal(tunnel_of(decap, different[i]), 0);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(tunnel_of(decap, different[i]), tunnel_of(decap, different[j]));
    }
    assert_int_equal(tunnel_of(decap, "VXLAN"), tunnel_of(decap, "VXLAN-GPE"));
    assert_int_equal(tunnel_of(decap, "GTP-U"), tunnel_of(decap, "GTP-U with a sequence number"));
    assert_int_equal(tunnel_of(decap, "GRE"), tunnel_of(decap, "GRE with a checksum"));
    assert_int_equal(tunnel_of(decap, "MPLS"), 0); /* labels differ by direction */
    assert_int_equal(tunnel_of(decap, "802.1ad"), 0);
    decap_free(decap);
}

/* IP in IP, `depth` times, around the segment. */
static enum decap_result decap_nested(struct decap *decap, unsigned depth, struct segment *segment)
{
    static const uint8_t outer[20] = {0x45, [8] = 0x40, 0x04, [12] = 10, 0, 0, 1, 10, 0, 0, 2};
    uint32_t inner_length, length;
    uint8_t *inner = decap_octets(REPLY4, &inner_length), *octets, *copy;
    enum decap_result result;

    length = inner_length + depth * (uint32_t)sizeof outer;
    octets = malloc(length);
    memcpy(octets + depth * sizeof outer, inner, inner_length);
    for (unsigned i = 0; i < depth; i++) {
        uint8_t *header = octets + i * sizeof outer;
        uint32_t rest = length - i * (uint32_t)sizeof outer;

        memcpy(header, outer, sizeof outer);
        header[2] = (uint8_t)(rest >> 8);
        header[3] = (uint8_t)rest;
    }
    result = decap_first(decap, DLT_RAW, octets, length, length, segment, &copy);
    free(copy);
    free(octets);
    free(inner);
    return result;
}

static void nesting_is_bounded(void **state)
{
    struct decap *decap = decap_new();
    struct segment segment;

    (void)state;
    assert_int_equal(decap_nested(decap, 1, &segment), DECAP_SEGMENT);
    assert_string_equal(segment.tunnel_text, "ipip");
    assert_int_equal(decap_nested(decap, 20, &segment), DECAP_SEGMENT);
    assert_true(strlen(segment.tunnel_text) < sizeof segment.tunnel_text);
    assert_int_equal(decap_nested(decap, DECAP_MAX_LAYERS, &segment), DECAP_MALFORMED);
    assert_int_equal(decap_nested(decap, 3000, &segment), DECAP_MALFORMED);
    decap_free(decap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_yields_its_segment),
        cmocka_unit_test(a_frame_cut_anywhere_is_cut_or_yields_what_is_there),
        cmocka_unit_test(a_frame_that_ends_anywhere_is_never_read_beyond),
        cmocka_unit_test(a_frame_with_a_wrong_octet_is_never_read_beyond),
        cmocka_unit_test(other_frames_yield_nothing),
        cmocka_unit_test(tunnels_are_distinguished_by_kind_and_identifier),
        cmocka_unit_test(nesting_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
