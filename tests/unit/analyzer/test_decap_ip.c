/*
 * Lengths of IP and TCP: which octets are payload, when the frame, the headers and the capture say different
 * things.
 */
#include "tests/unit/analyzer/decap_frames.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#define V4_HEADER  20
#define V6_HEADER  40
#define TCP_HEADER 20

/* A datagram with a TCP segment in it, as the test wants it. */
struct datagram_of {
    int ipv6;
    uint32_t
        said; /* what the header says of its length: in IPv4 of all, in IPv6 of what follows the header */
    uint32_t payload;  /* octets of payload that are there */
    uint32_t captured; /* octets of all that were captured; 0: all */
    uint32_t length;   /* octets of all on the wire, as the capture says; 0: those that are there */
};

struct outcome {
    enum decap_result result;
    uint32_t captured, length;
};

static struct outcome decap_datagram(const struct datagram_of *of)
{
    uint32_t header = of->ipv6 ? V6_HEADER : V4_HEADER, there = header + TCP_HEADER + of->payload;
    uint32_t captured = of->captured ? of->captured : there;
    struct decap *decap = decap_new();
    struct segment segment = {0};
    struct outcome outcome;
    uint32_t template_length;
    uint8_t *octets = calloc(1, there),
            *template = decap_octets(of->ipv6 ? REPLY6 : REPLY4, &template_length), *copy;

    memcpy(octets, template, header + TCP_HEADER);
    octets[of->ipv6 ? 4 : 2] = (uint8_t)(of->said >> 8);
    octets[of->ipv6 ? 5 : 3] = (uint8_t)of->said;
    outcome.result =
        decap_first(decap, DLT_RAW, octets, captured, of->length ? of->length : there, &segment, &copy);
    outcome.captured = segment.captured;
    outcome.length = segment.length;
    if (outcome.result == DECAP_SEGMENT && segment.captured > 0)
        assert_ptr_equal(segment.payload, copy + header + TCP_HEADER);
    free(copy);
    free(octets);
    free(template);
    decap_free(decap);
    return outcome;
}

static void check(const struct datagram_of *of, enum decap_result result, uint32_t captured, uint32_t length)
{
    struct outcome outcome = decap_datagram(of);

    assert_int_equal(outcome.result, result);
    if (result == DECAP_SEGMENT) {
        assert_int_equal(outcome.captured, captured);
        assert_int_equal(outcome.length, length);
    }
}

static void padding_is_no_payload(void **state)
{
    (void)state;
    check(&(struct datagram_of){.said = 40, .payload = 6}, DECAP_SEGMENT, 0, 0);
    check(&(struct datagram_of){.said = 43, .payload = 6}, DECAP_SEGMENT, 3, 3);
    check(&(struct datagram_of){.ipv6 = 1, .said = 21, .payload = 9}, DECAP_SEGMENT, 1, 1);
}

static void octets_beyond_the_snapshot_length_are_reported_as_missing(void **state)
{
    (void)state;
    check(&(struct datagram_of){.said = 1500, .payload = 1460, .captured = 96}, DECAP_SEGMENT, 56, 1460);
    check(&(struct datagram_of){.said = 1500, .payload = 1460, .captured = 40}, DECAP_SEGMENT, 0, 1460);
    check(&(struct datagram_of){.said = 1500, .payload = 1460, .captured = 39}, DECAP_CUT, 0, 0);
    check(&(struct datagram_of){.said = 1500, .payload = 1460, .captured = 19}, DECAP_CUT, 0, 0);
    check(&(struct datagram_of){.ipv6 = 1, .said = 1460, .payload = 1440, .captured = 100}, DECAP_SEGMENT, 40,
          1440);
}

/* Programs that cut frames without saying so: the header's length is the better witness. */
static void a_datagram_longer_than_its_frame_lacks_the_rest(void **state)
{
    (void)state;
    check(&(struct datagram_of){.said = 1500, .payload = 100}, DECAP_SEGMENT, 100, 1460);
    check(&(struct datagram_of){.ipv6 = 1, .said = 1460, .payload = 100}, DECAP_SEGMENT, 100, 1440);
    check(&(struct datagram_of){.said = 1500, .payload = 0}, DECAP_SEGMENT, 0, 1460);
}

/* Before an offloading card cuts the segment up, its length may not be filled in, or not fit in. */
static void a_length_of_zero_is_the_frames(void **state)
{
    (void)state;
    check(&(struct datagram_of){.said = 0, .payload = 2000}, DECAP_SEGMENT, 2000, 2000);
    check(&(struct datagram_of){.said = 0, .payload = 150000}, DECAP_SEGMENT, 150000, 150000);
    check(&(struct datagram_of){.said = 0, .payload = 150000, .captured = 300}, DECAP_SEGMENT, 260, 150000);
    check(&(struct datagram_of){.ipv6 = 1, .said = 0, .payload = 200000}, DECAP_SEGMENT, 200000, 200000);
    check(&(struct datagram_of){.ipv6 = 1, .said = 0, .payload = 200000, .captured = 96}, DECAP_SEGMENT, 36,
          200000);
    /* not of a frame that is padded up to its minimum */
    check(&(struct datagram_of){.said = 0, .payload = 6}, DECAP_MALFORMED, 0, 0);
}

static void a_header_longer_than_its_datagram_is_malformed(void **state)
{
    (void)state;
    check(&(struct datagram_of){.said = 19, .payload = 100}, DECAP_MALFORMED, 0, 0);
    check(&(struct datagram_of){.said = 39, .payload = 100}, DECAP_MALFORMED, 0, 0);
    check(&(struct datagram_of){.ipv6 = 1, .said = 19, .payload = 100}, DECAP_MALFORMED, 0, 0);
}

/* A capture that says less than it holds is corrected. */
static void a_frame_longer_than_its_length_is_taken_whole(void **state)
{
    (void)state;
    check(&(struct datagram_of){.said = 1500, .payload = 1460, .length = 60}, DECAP_SEGMENT, 1460, 1460);
}

static enum decap_result decap_hex(const char *hex, uint32_t captured, struct segment *segment)
{
    struct decap *decap = decap_new();
    uint32_t length;
    uint8_t *octets = decap_octets(hex, &length), *copy;
    enum decap_result result =
        decap_first(decap, DLT_RAW, octets, captured ? captured : length, length, segment, &copy);

    free(copy);
    free(octets);
    decap_free(decap);
    return result;
}

static void every_flag_of_tcp_is_reported(void **state)
{
    struct segment segment;

    (void)state;
    assert_int_equal(decap_hex("4500002800000000400600000a0000010a000002"
                               "ffff0001fffffffffffffffe50ffffff0000ffff",
                               0, &segment),
                     DECAP_SEGMENT);
    assert_int_equal(segment.flags,
                     SEGMENT_FIN | SEGMENT_SYN | SEGMENT_RST | SEGMENT_PSH | SEGMENT_ACK | SEGMENT_URG);
    assert_int_equal(segment.source_port, 65535);
    assert_int_equal(segment.destination_port, 1);
    assert_int_equal(segment.sequence, 0xffffffff);
    assert_int_equal(segment.acknowledgment, 0xfffffffe);
    assert_int_equal(segment.window, 65535);
}

/* Options of TCP say nothing that is needed: a cut among them costs the payload only. */
static void a_cut_in_the_options_of_tcp_leaves_a_segment(void **state)
{
    static const char hex[] = "4500004300000000400600000a0000010a000002"
                              "008f9c401122334455667788801812340000000001"
                              "01080a0000000100000002"
                              "616263";
    struct segment segment;

    (void)state;
    assert_int_equal(decap_hex(hex, 45, &segment), DECAP_SEGMENT);
    assert_int_equal(segment.captured, 0);
    assert_int_equal(segment.length, 67 - 52);
    assert_int_equal(decap_hex(hex, 53, &segment), DECAP_SEGMENT);
    assert_int_equal(segment.captured, 1);
}

static void a_data_offset_out_of_bounds_is_malformed(void **state)
{
    struct segment segment;

    (void)state;
    assert_int_equal(decap_hex("4500002800000000400600000a0000010a000002008f9c40112233445566778840180000"
                               "00000000",
                               0, &segment),
                     DECAP_MALFORMED);
    assert_int_equal(decap_hex("4500002800000000400600000a0000010a000002008f9c40112233445566778860180000"
                               "00000000",
                               0, &segment),
                     DECAP_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_is_no_payload),
        cmocka_unit_test(octets_beyond_the_snapshot_length_are_reported_as_missing),
        cmocka_unit_test(a_datagram_longer_than_its_frame_lacks_the_rest),
        cmocka_unit_test(a_length_of_zero_is_the_frames),
        cmocka_unit_test(a_header_longer_than_its_datagram_is_malformed),
        cmocka_unit_test(a_frame_longer_than_its_length_is_taken_whole),
        cmocka_unit_test(every_flag_of_tcp_is_reported),
        cmocka_unit_test(a_cut_in_the_options_of_tcp_leaves_a_segment),
        cmocka_unit_test(a_data_offset_out_of_bounds_is_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
