/*
 * IP fragments: whatever order they come in, the segment comes out; what is kept is bounded in size and age.
 */
#include "analyzer/decap/fragments.h"
#include "tests/unit/analyzer/decap_frames.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#define SECOND  INT64_C(1000000000)
#define CONTENT 1003 /* octets of the datagram's content: a TCP header and the payload */
#define PAYLOAD (CONTENT - 20)

struct fixture {
    struct decap *decap;
    bool ipv6;
    uint8_t content[CONTENT];
    uint32_t identification;
    int64_t time_ns;
    struct segment segment;
    uint8_t *copy; /* the frame of the last fragment */
};

static void begin(struct fixture *f, bool ipv6)
{
    memset(f, 0, sizeof *f);
    f->decap = decap_new();
    f->ipv6 = ipv6;
    f->identification = 7;
    f->content[1] = 143;
    f->content[12] = 0x50;
    f->content[13] = SEGMENT_ACK | SEGMENT_PSH | SEGMENT_FIN;
    for (int i = 20; i < CONTENT; i++)
        f->content[i] = (uint8_t)(i * 7);
}

static void end(struct fixture *f)
{
    free(f->copy);
    decap_free(f->decap);
}

static uint32_t write_header(const struct fixture *f, uint8_t *to, uint32_t offset, uint32_t length,
                             bool more)
{
    if (f->ipv6) {
        memset(to, 0, 48);
        to[0] = 0x60;
        to[4] = (uint8_t)((length + 8) >> 8);
        to[5] = (uint8_t)(length + 8);
        to[6] = 44;
        to[23] = 1;
        to[39] = 2;
        to[40] = 6;
        to[42] = (uint8_t)(offset >> 8);
        to[43] = (uint8_t)((offset & 0xf8) | more);
        to[47] = (uint8_t)f->identification;
        return 48;
    }
    memset(to, 0, 20);
    to[0] = 0x45;
    to[2] = (uint8_t)((length + 20) >> 8);
    to[3] = (uint8_t)(length + 20);
    to[4] = (uint8_t)(f->identification >> 8);
    to[5] = (uint8_t)f->identification;
    to[6] = (uint8_t)(offset >> 11 | (more ? 0x20 : 0));
    to[7] = (uint8_t)(offset >> 3);
    to[8] = 64;
    to[9] = 6;
    to[15] = 1;
    to[19] = 2;
    return 20;
}

/* Decapsulates the fragment with the octets [offset, offset + length) of `content`, of which `captured` are
 * captured. */
static enum decap_result decap_cut(struct fixture *f, const uint8_t *content, uint32_t offset,
                                   uint32_t length, bool more, uint32_t captured)
{
    uint8_t octets[48 + CONTENT];
    uint32_t header = write_header(f, octets, offset, length, more);
    struct frame frame = {.captured = header + captured, .length = header + length, .link_type = DLT_RAW};

    memcpy(octets + header, content + offset, captured);
    free(f->copy);
    f->copy = malloc(frame.captured);
    memcpy(f->copy, octets, frame.captured);
    frame.octets = f->copy;
    frame.time_ns = f->time_ns;
    return decap_frame(f->decap, &frame, &f->segment);
}

static enum decap_result decap_part(struct fixture *f, uint32_t offset, uint32_t length)
{
    return decap_cut(f, f->content, offset, length, offset + length < CONTENT, length);
}

static void check_whole(const struct fixture *f)
{
    assert_int_equal(f->segment.length, PAYLOAD);
    assert_int_equal(f->segment.captured, PAYLOAD);
    assert_memory_equal(f->segment.payload, f->content + 20, PAYLOAD);
    assert_int_equal(f->segment.flags, SEGMENT_ACK | SEGMENT_PSH | SEGMENT_FIN);
    assert_int_equal(f->segment.source_port, 143);
    assert_int_equal(f->segment.source[15], 1);
    assert_int_equal(f->segment.destination[15], 2);
}

/* The fragments of `parts` octets each, in the order that the digits of `order` name. */
static void decap_in_order(struct fixture *f, uint32_t part, const char *order)
{
    for (const char *at = order; *at != '\0'; at++) {
        uint32_t offset = (uint32_t)(*at - '0') * part;
        uint32_t length = CONTENT - offset < part ? CONTENT - offset : part;
        enum decap_result result = decap_part(f, offset, length);

        if (at[1] == '\0')
            assert_int_equal(result, DECAP_SEGMENT);
        else
            assert_int_equal(result, offset == 0 ? DECAP_SEGMENT : DECAP_FRAGMENT);
    }
    check_whole(f);
}

static void fragments_in_any_order_make_the_segment(void **state)
{
    static const char *const orders[] = {"012", "021", "102", "120", "201", "210"};
    struct fixture f;

    (void)state;
    for (int ipv6 = 0; ipv6 < 2; ipv6++)
        for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
            begin(&f, ipv6);
            decap_in_order(&f, 400, orders[i]);
            end(&f);
        }
}

static void two_fragments_are_enough(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, false);
    decap_in_order(&f, 1000, "10");
    end(&f);
}

/* Even a TCP header may be in two fragments. */
static void the_smallest_fragments_make_the_segment(void **state)
{
    struct fixture f;

    (void)state;
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        begin(&f, ipv6);
        for (uint32_t offset = 8; offset < CONTENT; offset += 8)
            assert_int_equal(decap_part(&f, offset, CONTENT - offset < 8 ? CONTENT - offset : 8),
                             DECAP_FRAGMENT);
        assert_int_equal(decap_part(&f, 0, 8), DECAP_SEGMENT);
        check_whole(&f);
        end(&f);
    }
}

/* Captures made with a filter on ports hold first fragments only. */
static void the_first_fragment_counts_at_once(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, false);
    assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
    assert_int_equal(f.segment.length, 380);
    assert_int_equal(f.segment.captured, 380);
    assert_memory_equal(f.segment.payload, f.content + 20, 380);
    assert_int_equal(f.segment.flags, SEGMENT_ACK);
    end(&f);
}

static void fragments_seen_twice_do_no_harm(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, false);
    assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
    assert_int_equal(decap_part(&f, 0, 400), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 800, 203), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 800, 203), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 400, 400), DECAP_SEGMENT);
    check_whole(&f);
    f.time_ns = SECOND / 20;
    assert_int_equal(decap_part(&f, 400, 400),
                     DECAP_FRAGMENT); /* and not a datagram that waits for the others */
    f.time_ns = SECOND;
    decap_in_order(&f, 400, "210");
    end(&f);
}

static unsigned differing_from(const uint8_t *content, uint32_t offset, uint32_t length, uint8_t octet)
{
    unsigned differing = 0;

    for (uint32_t i = offset; i < offset + length; i++)
        differing += content[i] != octet;
    return differing;
}

static void of_overlapping_fragments_the_octet_seen_first_stands(void **state)
{
    struct fixture f;
    uint8_t other[CONTENT];

    (void)state;
    begin(&f, false);
    memset(other, 0xee, sizeof other);
    assert_int_equal(decap_part(&f, 400, 200), DECAP_FRAGMENT);
    assert_int_equal(decap_cut(&f, other, 304, 400, true, 400), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 600, 403), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
    /* 96 of the first fragment, 104 of the last and those of the second came as other octets before or after
     */
    assert_int_equal(decap_fragments(f.decap).differing, differing_from(f.content, 304, 400, 0xee));
    memset(f.content + 304, 0xee, 96);
    memset(f.content + 600, 0xee, 104);
    check_whole(&f);
    end(&f);
}

static void an_overlapped_beginning_is_not_handed_out_early(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, false);
    assert_int_equal(decap_part(&f, 8, 400), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 0, 400), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 400, 603), DECAP_SEGMENT);
    check_whole(&f);
    end(&f);
}

static void fragments_that_contradict_each_other_are_malformed(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, false);
    assert_int_equal(decap_cut(&f, f.content, 0, 404, true, 404), DECAP_MALFORMED); /* no multiple of 8 */
    assert_int_equal(decap_cut(&f, f.content, 0, 0, true, 0), DECAP_MALFORMED);
    assert_int_equal(decap_part(&f, 800, 203), DECAP_FRAGMENT);
    assert_int_equal(decap_cut(&f, f.content, 992, 16, true, 11), DECAP_MALFORMED); /* beyond the last one */
    assert_int_equal(decap_cut(&f, f.content, 800, 100, false, 100), DECAP_MALFORMED); /* another last one */
    assert_int_equal(decap_part(&f, 400, 400), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
    check_whole(&f);
    f.identification++;
    assert_int_equal(decap_part(&f, 0, 800), DECAP_SEGMENT);
    assert_int_equal(decap_cut(&f, f.content, 400, 100, false, 100),
                     DECAP_MALFORMED); /* the end before what is there */
    end(&f);
}

static void a_fragment_beyond_the_longest_datagram_is_malformed(void **state)
{
    struct fixture f;
    uint8_t header[48 + 8];

    (void)state;
    begin(&f, false);
    write_header(&f, header, 65528, 8, false);
    memset(header + 20, 0, 8);
    {
        struct frame frame = {header, 28, 28, 0, DLT_RAW, 1, 0};

        assert_int_equal(decap_frame(f.decap, &frame, &f.segment), DECAP_MALFORMED);
    }
    end(&f);
}

static void datagrams_are_distinguished(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, false);
    assert_int_equal(decap_part(&f, 400, 400), DECAP_FRAGMENT);
    f.identification++;
    assert_int_equal(decap_part(&f, 800, 203), DECAP_FRAGMENT);
    assert_int_equal(decap_part(&f, 400, 400), DECAP_FRAGMENT);
    f.identification--;
    assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
    assert_int_equal(f.segment.length, 380);
    f.identification++;
    assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
    check_whole(&f);
    end(&f);
}

/* Octets that the snapshot length cut off are missing in the datagram too, and all after them. */
static void a_cut_fragment_leaves_a_cut_segment(void **state)
{
    struct fixture f;

    (void)state;
    for (int last = 0; last < 2; last++) {
        begin(&f, false);
        if (last)
            assert_int_equal(decap_cut(&f, f.content, 400, 603, false, 99), DECAP_FRAGMENT);
        assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
        if (!last)
            assert_int_equal(decap_cut(&f, f.content, 400, 603, false, 99), DECAP_SEGMENT);
        assert_int_equal(f.segment.length, PAYLOAD);
        assert_int_equal(f.segment.captured, 479);
        assert_memory_equal(f.segment.payload, f.content + 20, 479);
        end(&f);
    }
}

static void fragments_too_far_apart_in_time_do_not_meet(void **state)
{
    static const struct {
        int64_t first, second;
        enum decap_result result;
    } rows[] = {
        {0, 30 * SECOND, DECAP_SEGMENT},
        {0, 30 * SECOND + 1, DECAP_FRAGMENT},
        {100 * SECOND, 80 * SECOND, DECAP_SEGMENT}, /* time may jump back */
        {100 * SECOND, 60 * SECOND, DECAP_FRAGMENT},
        {INT64_MAX, INT64_MIN, DECAP_FRAGMENT},
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(&f, false);
        f.time_ns = rows[i].first;
        assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
        f.time_ns = rows[i].second;
        assert_int_equal(decap_part(&f, 400, 603), rows[i].result);
        end(&f);
    }
}

static void a_fragmented_tunnel_with_fragments_inside_is_decapsulated(void **state)
{
    struct fixture f;
    uint8_t packets[2][20 + CONTENT];
    uint32_t lengths[2] = {420, 623};
    enum decap_result result = DECAP_OTHER;

    (void)state;
    begin(&f, false);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t offset = i * 400, length = i == 0 ? 400 : 603;

        write_header(&f, packets[i], offset, length, i == 0);
        memcpy(packets[i] + 20, f.content + offset, length);
    }
    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t part = 0; part < 2; part++) { /* each in two fragments of IP in IP */
            uint8_t octets[48 + CONTENT];
            uint32_t length = part == 0 ? 200 : lengths[i] - 200;
            struct frame frame = {octets, 20 + length, 20 + length, 0, DLT_RAW, 1, 0};

            f.identification = 50 + i;
            write_header(&f, octets, part * 200, length, part == 0);
            octets[9] = 4;
            memcpy(octets + 20, packets[i] + part * 200, length);
            result = decap_frame(f.decap, &frame, &f.segment);
            if (part == 0)
                assert_int_equal(result, DECAP_FRAGMENT);
        }
    assert_int_equal(result, DECAP_SEGMENT);
    check_whole(&f);
    assert_string_equal(f.segment.tunnel_text, "ipip");
    end(&f);
}

/* Nothing but fragments that never become whole, as far apart as they can be. */
static void memory_is_bounded(void **state)
{
    static const uint8_t addresses[2][16] = {{0}};
    static const uint8_t octets[8] = {0};
    struct fragments *fragments = fragments_new();
    struct datagram whole;

    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        struct fragment fragment = {
            .source = addresses[0],
            .destination = addresses[1],
            .ipv6 = true,
            .protocol = 6,
            .identification = i % 9000,
            .offset = i % 3 == 0 ? 65512 : 8,
            .more = true,
            .octets = octets,
            .captured = 8,
            .length = 8,
        };

        assert_int_equal(fragments_take(fragments, &fragment, &whole), FRAGMENT_KEPT);
        assert_true(fragments_octets(fragments) <= FRAGMENTS_MAX_OCTETS);
    }
    fragments_free(fragments);
}

static void what_came_latest_survives_a_flood(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, false);
    for (uint32_t i = 0; i < 3 * FRAGMENTS_MAX_DATAGRAMS; i++) {
        f.identification = i;
        assert_int_equal(decap_part(&f, 400, 400), DECAP_FRAGMENT);
    }
    decap_part(&f, 800, 203);
    assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
    check_whole(&f);
    f.identification = 1;
    decap_part(&f, 800, 203);
    assert_int_equal(decap_part(&f, 0, 400), DECAP_SEGMENT);
    assert_int_equal(f.segment.length, 380); /* its middle was dropped */
    /* one of the flood came whole; one was begun twice and neither time came whole */
    assert_int_equal(decap_fragments(f.decap).incomplete, 3 * FRAGMENTS_MAX_DATAGRAMS);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_in_any_order_make_the_segment),
        cmocka_unit_test(two_fragments_are_enough),
        cmocka_unit_test(the_smallest_fragments_make_the_segment),
        cmocka_unit_test(the_first_fragment_counts_at_once),
        cmocka_unit_test(fragments_seen_twice_do_no_harm),
        cmocka_unit_test(of_overlapping_fragments_the_octet_seen_first_stands),
        cmocka_unit_test(an_overlapped_beginning_is_not_handed_out_early),
        cmocka_unit_test(fragments_that_contradict_each_other_are_malformed),
        cmocka_unit_test(a_fragment_beyond_the_longest_datagram_is_malformed),
        cmocka_unit_test(datagrams_are_distinguished),
        cmocka_unit_test(a_cut_fragment_leaves_a_cut_segment),
        cmocka_unit_test(fragments_too_far_apart_in_time_do_not_meet),
        cmocka_unit_test(a_fragmented_tunnel_with_fragments_inside_is_decapsulated),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(what_came_latest_survives_a_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
