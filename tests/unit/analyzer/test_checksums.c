/*
 * The verification of checksums: off unless asked for; then what is wrong is refused, and what cannot be
 * verified is taken.
 */
#include "analyzer/decap/decap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#define FRAME 128

/* "a LOGIN u p", an odd number of octets; the checksums are those of a program that is not ours */
static const uint8_t over_ipv4[] = {
    0x45, 0x00, 0x00, 0x35, 0x00, 0x07, 0x00, 0x00, 0x40, 0x06, 0x66, 0xa8, 0x0a, 0x09,
    0x00, 0x01, 0x0a, 0x09, 0x00, 0x02, 0x9c, 0x40, 0x00, 0x8f, 0x00, 0x00, 0x03, 0xe8,
    0x00, 0x00, 0x13, 0x88, 0x50, 0x18, 0xff, 0xff, 0xb5, 0x64, 0x00, 0x00, 0x61, 0x20,
    0x4c, 0x4f, 0x47, 0x49, 0x4e, 0x20, 0x75, 0x20, 0x70, 0x0d, 0x0a,
};

static const uint8_t over_ipv6[] = {
    0x60, 0x00, 0x00, 0x00, 0x00, 0x21, 0x06, 0x40, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x9c, 0x40, 0x00, 0x8f, 0x00,
    0x00, 0x03, 0xe8, 0x00, 0x00, 0x13, 0x88, 0x50, 0x18, 0xff, 0xff, 0x6e, 0x04, 0x00, 0x00,
    0x61, 0x20, 0x4c, 0x4f, 0x47, 0x49, 0x4e, 0x20, 0x75, 0x20, 0x70, 0x0d, 0x0a,
};

/* the destination is a stop; the checksum is that of the last one */
static const uint8_t on_a_route[] = {
    0x60, 0x00, 0x00, 0x00, 0x00, 0x39, 0x2b, 0x40, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x06, 0x02, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x20, 0x01, 0x0d,
    0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x9c, 0x40, 0x00, 0x8f,
    0x00, 0x00, 0x03, 0xe8, 0x00, 0x00, 0x13, 0x88, 0x50, 0x18, 0xff, 0xff, 0x6e, 0x03, 0x00, 0x00, 0x61,
    0x20, 0x4c, 0x4f, 0x47, 0x49, 0x4e, 0x20, 0x75, 0x20, 0x70, 0x0d, 0x0a,
};

/* What becomes of the octets when the one at `changed` is another one (-1: none) and `captured` are there. */
static enum decap_result decapsulated(const uint8_t *octets, size_t length, size_t captured, int changed,
                                      bool verify)
{
    struct decap *decap = decap_new();
    uint8_t copy[FRAME];
    struct frame frame = {copy, (uint32_t)captured, (uint32_t)length, 0, DLT_RAW, 1, 0};
    struct segment segment;
    enum decap_result result;

    assert_non_null(decap);
    assert_true(length <= sizeof copy);
    memcpy(copy, octets, length);
    if (changed >= 0)
        copy[changed] ^= 0x10;
    if (verify)
        decap_verify_checksums(decap);
    result = decap_frame(decap, &frame, &segment);
    decap_free(decap);
    return result;
}

static void right_ones_are_taken(void **state)
{
    (void)state;
    assert_int_equal(decapsulated(over_ipv4, sizeof over_ipv4, sizeof over_ipv4, -1, true), DECAP_SEGMENT);
    assert_int_equal(decapsulated(over_ipv6, sizeof over_ipv6, sizeof over_ipv6, -1, true), DECAP_SEGMENT);
}

static void any_changed_octet_of_a_segment_is_noticed(void **state)
{
    (void)state;
    /* but the header's length: that contradicts the octets before any checksum does */
    for (int i = 20; i < (int)sizeof over_ipv4; i++)
        if (i != 32)
            assert_int_equal(decapsulated(over_ipv4, sizeof over_ipv4, sizeof over_ipv4, i, true),
                             DECAP_BAD_CHECKSUM);
    for (int i = 40; i < (int)sizeof over_ipv6; i++)
        if (i != 52)
            assert_int_equal(decapsulated(over_ipv6, sizeof over_ipv6, sizeof over_ipv6, i, true),
                             DECAP_BAD_CHECKSUM);
}

static void addresses_are_part_of_it(void **state)
{
    (void)state;
    for (int i = 8; i < 40; i++)
        assert_int_equal(decapsulated(over_ipv6, sizeof over_ipv6, sizeof over_ipv6, i, true),
                         DECAP_BAD_CHECKSUM);
}

static void a_wrong_ipv4_header_is_noticed_though_its_segment_is_cut(void **state)
{
    (void)state;
    for (int i = 8; i < 20; i++)
        if (i != 9)
            assert_int_equal(decapsulated(over_ipv4, sizeof over_ipv4, sizeof over_ipv4 - 1, i, true),
                             DECAP_BAD_CHECKSUM);
}

static void they_are_not_verified_unless_asked_for(void **state)
{
    (void)state;
    assert_int_equal(decapsulated(over_ipv4, sizeof over_ipv4, sizeof over_ipv4, 10, false), DECAP_SEGMENT);
    assert_int_equal(decapsulated(over_ipv4, sizeof over_ipv4, sizeof over_ipv4, 36, false), DECAP_SEGMENT);
    assert_int_equal(decapsulated(over_ipv6, sizeof over_ipv6, sizeof over_ipv6, 56, false), DECAP_SEGMENT);
}

static void a_cut_segment_is_taken(void **state)
{
    (void)state;
    for (size_t captured = 40; captured < sizeof over_ipv4; captured++)
        assert_int_equal(decapsulated(over_ipv4, sizeof over_ipv4, captured, 36, true), DECAP_SEGMENT);
}

static void a_segment_on_a_route_is_taken(void **state)
{
    (void)state;
    assert_int_equal(decapsulated(on_a_route, sizeof on_a_route, sizeof on_a_route, -1, true), DECAP_SEGMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones_are_taken),
        cmocka_unit_test(any_changed_octet_of_a_segment_is_noticed),
        cmocka_unit_test(addresses_are_part_of_it),
        cmocka_unit_test(a_wrong_ipv4_header_is_noticed_though_its_segment_is_cut),
        cmocka_unit_test(they_are_not_verified_unless_asked_for),
        cmocka_unit_test(a_cut_segment_is_taken),
        cmocka_unit_test(a_segment_on_a_route_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
