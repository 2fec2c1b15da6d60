/*
 * pcapng captures: sections, interfaces with link types and clocks of their own, every kind of packet block,
 * and damage.
 */
#include "tests/unit/analyzer/capture_maker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#define SECOND INT64_C(1000000000)

static void frames_of_both_byte_orders_are_read(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct reading f = {.maker.swapped = swapped};

        maker_section(&f.maker);
        maker_interface(&f.maker, 1, 0, NULL, 0);
        maker_packet(&f.maker, 0, 1700000000123456, 61, 1);
        maker_packet(&f.maker, 0, 1700000000123457, 0, 2);
        reading_begin(&f);
        reading_frame(&f, 1, 1700000000123456000, DLT_EN10MB, 61, 1);
        assert_int_equal(f.frame.length, 61);
        reading_frame(&f, 2, 1700000000123457000, DLT_EN10MB, 0, 2);
        assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
        assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
        assert_string_equal(capture_file_link_types(f.file), "EN10MB");
        assert_int_equal(capture_file_position(f.file), f.maker.length);
        reading_end(&f);
    }
}

static void interfaces_of_different_link_types_are_read(void **state)
{
    struct reading f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_interface(&f.maker, 101, 0, NULL, 0);
    maker_interface(&f.maker, 113, 0, NULL, 0); /* never used: not reported */
    maker_packet(&f.maker, 1, 1000000, 40, 1);
    maker_packet(&f.maker, 0, 2000000, 60, 2);
    maker_packet(&f.maker, 1, 3000000, 40, 3);
    maker_interface(&f.maker, 276, 0, NULL, 0); /* even after packets */
    maker_packet(&f.maker, 3, 4000000, 60, 4);
    reading_begin(&f);
    reading_frame(&f, 1, 1 * SECOND, DLT_RAW, 40, 1);
    assert_string_equal(capture_file_link_types(f.file), "RAW");
    reading_frame(&f, 2, 2 * SECOND, DLT_EN10MB, 60, 2);
    reading_frame(&f, 3, 3 * SECOND, DLT_RAW, 40, 3);
    reading_frame(&f, 4, 4 * SECOND, DLT_LINUX_SLL2, 60, 4);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    assert_string_equal(capture_file_link_types(f.file), "RAW,EN10MB,LINUX_SLL2");
    reading_end(&f);
}

/* Each section has its own byte order and its own interfaces. */
static void sections_begin_again(void **state)
{
    struct reading f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_packet(&f.maker, 0, 1000000, 60, 1);
    f.maker.swapped = true;
    maker_section(&f.maker);
    maker_interface(&f.maker, 101, 0, NULL, 0);
    maker_packet(&f.maker, 0, 2000000, 40, 2);
    reading_begin(&f);
    reading_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 60, 1);
    reading_frame(&f, 2, 2 * SECOND, DLT_RAW, 40, 2);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    reading_end(&f);
}

/* A resolution as the option's octet, and an offset in seconds; 0: no option. */
static int64_t time_of(int resolution, int64_t offset, uint64_t stamp, bool swapped)
{
    struct reading f = {.maker.swapped = swapped};
    struct maker options = {.swapped = swapped};
    int64_t time_ns;

    maker_u16(&options, 2); /* a name */
    maker_u16(&options, 3);
    maker_octets(&options, "eth\0", 4);
    maker_u16(&options, 3);
    maker_u16(&options, 4);
    maker_octets(&options, "what", 4);
    if (resolution != 0) {
        maker_u16(&options, 9);
        maker_u16(&options, 1);
        maker_octets(&options, (const uint8_t[]){(uint8_t)resolution, 0, 0, 0}, 4);
    }
    if (offset != 0) {
        maker_u16(&options, 14);
        maker_u16(&options, 8);
        maker_u64(&options, (uint64_t)offset);
    }
    maker_u32(&options, 0);
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, options.octets, options.length);
    maker_packet(&f.maker, 0, stamp, 60, 1);
    reading_begin(&f);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_FRAME);
    time_ns = f.frame.time_ns;
    reading_end(&f);
    maker_free(&options);
    return time_ns;
}

static void every_clock_is_understood(void **state)
{
    static const struct {
        int resolution;
        int64_t offset;
        uint64_t stamp;
        int64_t ns;
    } rows[] = {
        {0, 0, 1700000000123456, 1700000000123456000},
        {6, 0, 1700000000123456, 1700000000123456000},
        {9, 0, 1700000000123456789, 1700000000123456789},
        {3, 0, 1700000000123, 1700000000123000000},
        {10, 0, 17000000001234567891U, 1700000000123456789},
        {12, 0, 1700000123456789012, 1700000123456789},
        {19, 0, 12345678901234567890U, 1234567890},
        {25, 7, 12345678901234567890U, 7 * SECOND},
        {0x80, 0, 1700000000, 1700000000 * SECOND},
        {0x81, 0, 3, 1500000000},
        {0x8a, 0, 1700000000 * UINT64_C(1024) + 512, 1700000000500000000},
        {0xa0, 0, UINT64_C(1700000000) << 32 | 0x40000000, 1700000000250000000},
        {0xbf, 0, UINT64_C(1) << 63, SECOND},
        {0xff, 1, UINT64_MAX, SECOND},
        {6, 1000, 5000000, 1005 * SECOND},
        {6, -4, 5000000, SECOND},
        {6, -6, 5000000, 0},          /* before 1970 */
        {6, INT64_MIN, 5000000, 0},   /* */
        {6, INT64_MAX, 1, INT64_MAX}, /* beyond what 64 bits hold */
        {0x80, 0, UINT64_MAX, INT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int swapped = 0; swapped < 2; swapped++)
            assert_int_equal(time_of(rows[i].resolution, rows[i].offset, rows[i].stamp, swapped), rows[i].ns);
}

static void simple_packets_have_the_time_of_the_frame_before(void **state)
{
    struct reading f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 64, NULL, 0);
    maker_packet(&f.maker, 0, 5000000, 60, 1);
    maker_block(&f.maker, 3);
    maker_u32(&f.maker, 3);
    maker_octets(&f.maker, "\7\7\7", 3);
    maker_end(&f.maker);
    maker_block(&f.maker, 3); /* cut by the snapshot length */
    maker_u32(&f.maker, 1500);
    for (int i = 0; i < 64; i++)
        maker_octets(&f.maker, "\7", 1);
    maker_end(&f.maker);
    reading_begin(&f);
    reading_frame(&f, 1, 5 * SECOND, DLT_EN10MB, 60, 1);
    reading_frame(&f, 2, 5 * SECOND, DLT_EN10MB, 3, 7);
    reading_frame(&f, 3, 5 * SECOND, DLT_EN10MB, 64, 7);
    assert_int_equal(f.frame.length, 1500);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    reading_end(&f);
}

/* As old writers did: both lengths of a block are that of its content. */
static void blocks_whose_lengths_lack_the_padding_are_read(void **state)
{
    static const uint32_t lengths[] = {60, 61, 62, 63, 0, 1};

    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct reading f = {.maker = {.swapped = swapped, .unpadded = true}};

        maker_section(&f.maker);
        maker_interface(&f.maker, 1, 5, swapped ? "\0\2\0\3eth" : "\2\0\3\0eth", 7);
        for (uint8_t i = 0; i < 6; i++)
            maker_packet(&f.maker, 0, 1000000, lengths[i], i);
        maker_block(&f.maker, 3);
        maker_u32(&f.maker, 1500);
        maker_octets(&f.maker, "\7\7\7\7\7", 5);
        maker_end(&f.maker);
        maker_packet(&f.maker, 0, 1000000, 60, 9);
        reading_begin(&f);
        for (uint8_t i = 0; i < 6; i++)
            reading_frame(&f, i + 1U, SECOND, DLT_EN10MB, lengths[i], i);
        reading_frame(&f, 7, SECOND, DLT_EN10MB, 5, 7);
        reading_frame(&f, 8, SECOND, DLT_EN10MB, 60, 9);
        assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
        reading_end(&f);
    }
}

static void reading_goes_on_behind_damage_without_padding_too(void **state)
{
    struct reading f = {.maker.unpadded = true};
    size_t second;

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_packet(&f.maker, 0, 1000000, 61, 1);
    second = f.maker.length;
    maker_packet(&f.maker, 0, 1000000, 61, 2);
    maker_packet(&f.maker, 0, 1000000, 62, 3);
    f.maker.octets[second + 4] ^= 0xff;
    reading_begin(&f);
    reading_frame(&f, 1, SECOND, DLT_EN10MB, 61, 1);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_FRAME);
    assert_int_equal(f.frame.captured, 62);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_BROKEN);
    reading_end(&f);
}

static void obsolete_packets_are_read(void **state)
{
    struct reading f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 113, 0, NULL, 0);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_block(&f.maker, 2);
    maker_u16(&f.maker, 1);
    maker_u16(&f.maker, 0xffff);
    maker_u32(&f.maker, 0);
    maker_u32(&f.maker, 5000000);
    maker_u32(&f.maker, 2);
    maker_u32(&f.maker, 900);
    maker_octets(&f.maker, "\7\7", 2);
    maker_end(&f.maker);
    reading_begin(&f);
    reading_frame(&f, 1, 5 * SECOND, DLT_EN10MB, 2, 7);
    assert_int_equal(f.frame.length, 900);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    reading_end(&f);
}

/* As Wireshark does: these count, though they hold no packet; names, statistics, secrets and what nobody
 * knows do not. */
static void other_blocks_are_passed_over_and_some_are_numbered(void **state)
{
    static const uint32_t numbered[] = {9, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0xbad, 0x40000bad};
    static const uint32_t not_numbered[] = {4, 5, 7, 8, 10, 0x77, 0x80000001};
    struct reading f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    for (size_t i = 0; i < sizeof numbered / sizeof numbered[0]; i++) {
        maker_block(&f.maker, numbered[i]);
        maker_u64(&f.maker, 0);
        maker_end(&f.maker);
    }
    for (size_t i = 0; i < sizeof not_numbered / sizeof not_numbered[0]; i++) {
        maker_block(&f.maker, not_numbered[i]);
        maker_end(&f.maker);
    }
    maker_packet(&f.maker, 0, 1000000, 60, 1);
    reading_begin(&f);
    reading_frame(&f, 1 + sizeof numbered / sizeof numbered[0], SECOND, DLT_EN10MB, 60, 1);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    reading_end(&f);
}

static void a_block_of_many_megabytes_is_passed_over(void **state)
{
    struct reading f = {0};
    uint32_t length = 40U << 20;

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_block(&f.maker, 4);
    for (uint32_t i = 0; i < length / 8; i++)
        maker_u64(&f.maker, 0);
    maker_end(&f.maker);
    maker_packet(&f.maker, 0, 1000000, 60, 1);
    reading_begin(&f);
    reading_frame(&f, 1, SECOND, DLT_EN10MB, 60, 1);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    reading_end(&f);
}

static void a_section_may_have_many_interfaces(void **state)
{
    struct reading f = {0};

    (void)state;
    maker_section(&f.maker);
    for (int i = 0; i < 100; i++)
        maker_interface(&f.maker, i % 2 ? 1 : 101, 0, NULL, 0);
    for (uint8_t i = 0; i < 100; i++)
        maker_packet(&f.maker, i, 0, 40, i);
    reading_begin(&f);
    for (uint8_t i = 0; i < 100; i++)
        reading_frame(&f, i + 1U, 0, i % 2 ? DLT_EN10MB : DLT_RAW, 40, i);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    assert_string_equal(capture_file_link_types(f.file), "RAW,EN10MB");
    reading_end(&f);
}

/* Four packets, the second of an interface whose link type nobody understands. */
static void frames_of_unknown_link_types_are_reported_and_do_not_stop_the_others(void **state)
{
    struct reading f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_interface(&f.maker, 220, 0, NULL, 0);
    maker_packet(&f.maker, 0, 1000000, 60, 1);
    maker_packet(&f.maker, 1, 2000000, 64, 2);
    maker_packet(&f.maker, 0, 3000000, 60, 3);
    reading_begin(&f);
    reading_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 60, 1);
    reading_frame(&f, 2, 2 * SECOND, 220, 64, 2);
    reading_frame(&f, 3, 3 * SECOND, DLT_EN10MB, 60, 3);
    reading_broken(&f, "has 1 frame of link type USB_LINUX_MMAPPED, which is not understood");
    reading_end(&f);
}

static void sections_of_another_version_are_not_understood(void **state)
{
    struct reading f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_packet(&f.maker, 0, 0, 40, 1);
    f.maker.octets[12] = 2;
    reading_begin(&f);
    reading_broken(&f, "has a section of pcapng's version 2, which is not understood");
    assert_string_equal(capture_file_link_types(f.file), "");
    reading_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_both_byte_orders_are_read),
        cmocka_unit_test(interfaces_of_different_link_types_are_read),
        cmocka_unit_test(sections_begin_again),
        cmocka_unit_test(every_clock_is_understood),
        cmocka_unit_test(simple_packets_have_the_time_of_the_frame_before),
        cmocka_unit_test(blocks_whose_lengths_lack_the_padding_are_read),
        cmocka_unit_test(reading_goes_on_behind_damage_without_padding_too),
        cmocka_unit_test(obsolete_packets_are_read),
        cmocka_unit_test(other_blocks_are_passed_over_and_some_are_numbered),
        cmocka_unit_test(a_block_of_many_megabytes_is_passed_over),
        cmocka_unit_test(a_section_may_have_many_interfaces),
        cmocka_unit_test(frames_of_unknown_link_types_are_reported_and_do_not_stop_the_others),
        cmocka_unit_test(sections_of_another_version_are_not_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
