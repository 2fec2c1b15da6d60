/*
 * pcapng captures: sections, interfaces with link types and clocks of their own, every kind of packet block,
 * and damage.
 */
#include "tests/unit/analyzer/capture_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#define SECOND INT64_C(1000000000)

/* An opened capture of what was made. */
struct fixture {
    struct maker maker;
    int fd;
    struct capture_file *file;
    struct frame frame;
};

static void begin(struct fixture *f)
{
    f->fd = maker_file(&f->maker, 0, f->maker.length);
    f->file = capture_file_new(f->fd, 3);
}

static void end(struct fixture *f)
{
    capture_file_free(f->file);
    close(f->fd);
    maker_free(&f->maker);
}

static void check_frame(struct fixture *f, uint64_t number, int64_t time_ns, int link_type, uint32_t captured,
                        uint8_t fill)
{
    assert_int_equal(capture_file_next(f->file, &f->frame), CAPTURE_FRAME);
    assert_int_equal(f->frame.number, number);
    assert_int_equal(f->frame.time_ns, time_ns);
    assert_int_equal(f->frame.link_type, link_type);
    assert_int_equal(f->frame.captured, captured);
    assert_int_equal(f->frame.capture, 3);
    for (uint32_t i = 0; i < captured; i++)
        assert_int_equal(f->frame.octets[i], fill);
}

static void check_broken(struct fixture *f, const char *error)
{
    assert_int_equal(capture_file_next(f->file, &f->frame), CAPTURE_BROKEN);
    assert_string_equal(capture_file_error(f->file), error);
}

static void frames_of_both_byte_orders_are_read(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct fixture f = {.maker.swapped = swapped};

        maker_section(&f.maker);
        maker_interface(&f.maker, 1, 0, NULL, 0);
        maker_packet(&f.maker, 0, 1700000000123456, 61, 1);
        maker_packet(&f.maker, 0, 1700000000123457, 0, 2);
        begin(&f);
        check_frame(&f, 1, 1700000000123456000, DLT_EN10MB, 61, 1);
        assert_int_equal(f.frame.length, 61);
        check_frame(&f, 2, 1700000000123457000, DLT_EN10MB, 0, 2);
        assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
        assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
        assert_string_equal(capture_file_link_types(f.file), "EN10MB");
        assert_int_equal(capture_file_position(f.file), f.maker.length);
        end(&f);
    }
}

static void interfaces_of_different_link_types_are_read(void **state)
{
    struct fixture f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_interface(&f.maker, 101, 0, NULL, 0);
    maker_interface(&f.maker, 113, 0, NULL, 0); /* never used: not told */
    maker_packet(&f.maker, 1, 1000000, 40, 1);
    maker_packet(&f.maker, 0, 2000000, 60, 2);
    maker_packet(&f.maker, 1, 3000000, 40, 3);
    maker_interface(&f.maker, 276, 0, NULL, 0); /* even behind packets */
    maker_packet(&f.maker, 3, 4000000, 60, 4);
    begin(&f);
    check_frame(&f, 1, 1 * SECOND, DLT_RAW, 40, 1);
    assert_string_equal(capture_file_link_types(f.file), "RAW");
    check_frame(&f, 2, 2 * SECOND, DLT_EN10MB, 60, 2);
    check_frame(&f, 3, 3 * SECOND, DLT_RAW, 40, 3);
    check_frame(&f, 4, 4 * SECOND, DLT_LINUX_SLL2, 60, 4);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    assert_string_equal(capture_file_link_types(f.file), "RAW,EN10MB,LINUX_SLL2");
    end(&f);
}

/* Each section has its own byte order and its own interfaces. */
static void sections_begin_anew(void **state)
{
    struct fixture f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_packet(&f.maker, 0, 1000000, 60, 1);
    f.maker.swapped = true;
    maker_section(&f.maker);
    maker_interface(&f.maker, 101, 0, NULL, 0);
    maker_packet(&f.maker, 0, 2000000, 40, 2);
    begin(&f);
    check_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 60, 1);
    check_frame(&f, 2, 2 * SECOND, DLT_RAW, 40, 2);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    end(&f);
}

/* A resolution as the option's octet, and an offset in seconds; 0: no option. */
static int64_t time_of(int resolution, int64_t offset, uint64_t stamp, bool swapped)
{
    struct fixture f = {.maker.swapped = swapped};
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
    begin(&f);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_FRAME);
    time_ns = f.frame.time_ns;
    end(&f);
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
        {6, INT64_MAX, 1, INT64_MAX}, /* beyond what can be told */
        {0x80, 0, UINT64_MAX, INT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int swapped = 0; swapped < 2; swapped++)
            assert_int_equal(time_of(rows[i].resolution, rows[i].offset, rows[i].stamp, swapped), rows[i].ns);
}

static void simple_packets_have_the_time_of_the_frame_before(void **state)
{
    struct fixture f = {0};

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
    begin(&f);
    check_frame(&f, 1, 5 * SECOND, DLT_EN10MB, 60, 1);
    check_frame(&f, 2, 5 * SECOND, DLT_EN10MB, 3, 7);
    check_frame(&f, 3, 5 * SECOND, DLT_EN10MB, 64, 7);
    assert_int_equal(f.frame.length, 1500);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    end(&f);
}

static void obsolete_packets_are_read(void **state)
{
    struct fixture f = {0};

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
    begin(&f);
    check_frame(&f, 1, 5 * SECOND, DLT_EN10MB, 2, 7);
    assert_int_equal(f.frame.length, 900);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    end(&f);
}

/* As Wireshark does: these count, though they hold no packet; names, statistics, secrets and what nobody
 * knows do not. */
static void other_blocks_are_passed_over_and_some_are_numbered(void **state)
{
    static const uint32_t numbered[] = {9, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0xbad, 0x40000bad};
    static const uint32_t not_numbered[] = {4, 5, 7, 8, 10, 0x77, 0x80000001};
    struct fixture f = {0};

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
    begin(&f);
    check_frame(&f, 1 + sizeof numbered / sizeof numbered[0], SECOND, DLT_EN10MB, 60, 1);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    end(&f);
}

static void a_block_of_many_megabytes_is_passed_over(void **state)
{
    struct fixture f = {0};
    uint32_t length = 40U << 20;

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_block(&f.maker, 4);
    for (uint32_t i = 0; i < length / 8; i++)
        maker_u64(&f.maker, 0);
    maker_end(&f.maker);
    maker_packet(&f.maker, 0, 1000000, 60, 1);
    begin(&f);
    check_frame(&f, 1, SECOND, DLT_EN10MB, 60, 1);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    end(&f);
}

static void a_section_may_have_many_interfaces(void **state)
{
    struct fixture f = {0};

    (void)state;
    maker_section(&f.maker);
    for (int i = 0; i < 100; i++)
        maker_interface(&f.maker, i % 2 ? 1 : 101, 0, NULL, 0);
    for (uint8_t i = 0; i < 100; i++)
        maker_packet(&f.maker, i, 0, 40, i);
    begin(&f);
    for (uint8_t i = 0; i < 100; i++)
        check_frame(&f, i + 1U, 0, i % 2 ? DLT_EN10MB : DLT_RAW, 40, i);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_END);
    assert_string_equal(capture_file_link_types(f.file), "RAW,EN10MB");
    end(&f);
}

/* What can be read of it is used, and those behind it are numbered as they should be. */
static void an_interface_that_contradicts_itself_still_counts(void **state)
{
    struct fixture f = {0};
    char error[200];
    size_t at;

    (void)state;
    maker_section(&f.maker);
    at = f.maker.length;
    maker_block(&f.maker, 1);
    maker_u32(&f.maker, 1);
    maker_end(&f.maker);
    maker_interface(&f.maker, 1, 0, "\11\0\377\377", 4); /* an option longer than the block */
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_packet(&f.maker, 0, 0, 40, 1);
    maker_packet(&f.maker, 1, 0, 40, 2);
    maker_packet(&f.maker, 2, 0, 40, 3);
    begin(&f);
    check_frame(&f, 2, 0, DLT_EN10MB, 40, 2);
    check_frame(&f, 3, 0, DLT_EN10MB, 40, 3);
    snprintf(error, sizeof error,
             "corrupt in frame 1, at octet %zu; read on from octet %zu; corrupt in 2 more places", at,
             at + 16);
    check_broken(&f, error);
    end(&f);
}

/* Four packets, the second of an interface whose link type nobody understands. */
static void frames_of_unknown_link_types_are_told_and_do_not_stop_the_others(void **state)
{
    struct fixture f = {0};

    (void)state;
    maker_section(&f.maker);
    maker_interface(&f.maker, 1, 0, NULL, 0);
    maker_interface(&f.maker, 220, 0, NULL, 0);
    maker_packet(&f.maker, 0, 1000000, 60, 1);
    maker_packet(&f.maker, 1, 2000000, 64, 2);
    maker_packet(&f.maker, 0, 3000000, 60, 3);
    begin(&f);
    check_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 60, 1);
    check_frame(&f, 2, 2 * SECOND, 220, 64, 2);
    check_frame(&f, 3, 3 * SECOND, DLT_EN10MB, 60, 3);
    check_broken(&f, "has 1 frame of link type USB_LINUX_MMAPPED, which is not understood");
    end(&f);
}

/* Offsets of the blocks in what make_five makes, the end included. */
static size_t offsets[9];

static void make_five(struct maker *maker)
{
    size_t n = 0;

    maker_section(maker);
    offsets[n++] = maker->length;
    maker_interface(maker, 1, 0, NULL, 0);
    for (uint32_t i = 1; i <= 5; i++) {
        offsets[n++] = maker->length;
        maker_packet(maker, 0, i * 1000000, 50 + i, (uint8_t)i);
        if (i == 3) {
            offsets[n++] = maker->length;
            maker_block(maker, 5);
            maker_u64(maker, 0);
            maker_u32(maker, 0);
            maker_end(maker);
        }
    }
    offsets[n++] = maker->length;
}

/* What is to be told when make_five's file is cut here; "" when nothing is. Returns how many frames are left.
 */
static unsigned expect_cut(size_t cut, char *error, size_t size)
{
    static const unsigned frames_before[] = {0, 0, 1, 2, 3, 3, 4, 5};

    error[0] = '\0';
    if (cut < 4) {
        if (cut == 0)
            snprintf(error, size, "is empty");
        else
            snprintf(error, size, "is no capture file: it has %zu octet%s", cut, cut == 1 ? "" : "s");
        return 0;
    }
    for (size_t i = 0; i < 8; i++) {
        size_t from = i == 0 ? 0 : offsets[i - 1];
        bool packet = i >= 2 && i != 5;

        if (cut > from && cut < offsets[i]) {
            /* with less than a type and a length, nobody knows what it was to be */
            snprintf(error, size, "cut short %s frame %u, at octet %zu",
                     packet && cut >= from + 8 ? "in" : "before", frames_before[i > 0 ? i - 1 : 0] + 1, cut);
            return frames_before[i - (i > 0)];
        }
        if (cut == offsets[i])
            return frames_before[i];
    }
    return 5;
}

static void a_capture_cut_anywhere_keeps_what_came_before(void **state)
{
    struct maker maker = {0};

    (void)state;
    make_five(&maker);
    for (size_t cut = 0; cut <= maker.length; cut++)
        for (int piped = 0; piped < 2; piped++) {
            int fd = piped ? maker_pipe(&maker, 0, cut) : maker_file(&maker, 0, cut);
            struct capture_file *file = capture_file_new(fd, 0);
            char error[100];
            unsigned frames = expect_cut(cut, error, sizeof error);
            enum capture_status status;

            assert_int_equal(read_all(file, &status), frames);
            assert_string_equal(capture_file_error(file), error);
            assert_int_equal(status, error[0] ? CAPTURE_BROKEN : CAPTURE_END);
            capture_file_free(file);
            close(fd);
        }
    maker_free(&maker);
}

static void octets_that_cannot_be_read_are_told(void **state)
{
    struct maker maker = {0};
    struct feeder feeder = {&maker, 0, 50, 0};
    struct capture_file *file;
    enum capture_status status;
    char error[200];

    (void)state;
    make_five(&maker);
    feeder.fails_at = offsets[3] + 30;
    file = capture_file_new_fed(maker_feed, &feeder, 0);
    assert_int_equal(read_all(file, &status), 2);
    assert_int_equal(status, CAPTURE_BROKEN);
    snprintf(error, sizeof error, "cannot be read on in frame 3, at octet %zu: Input/output error",
             offsets[3]);
    assert_string_equal(capture_file_error(file), error);
    capture_file_free(file);
    maker_free(&maker);
}

/* The lengths of the second packet's block are spoilt in every way: the frames around it are read. */
static void reading_goes_on_behind_a_damaged_block(void **state)
{
    static const uint32_t lengths[] = {0, 8, 13, 0xffffffff, 0x7ffffffc, 20 << 20, 1000, 88, 80};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (int at_end = 0; at_end < 2; at_end++) {
            struct fixture f = {0};
            char error[200];

            make_five(&f.maker);
            memcpy(f.maker.octets + (at_end ? offsets[3] - 4 : offsets[2] + 4), &lengths[i], 4);
            begin(&f);
            check_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 51, 1);
            check_frame(&f, 2, 3 * SECOND, DLT_EN10MB, 53, 3);
            check_frame(&f, 3, 4 * SECOND, DLT_EN10MB, 54, 4);
            check_frame(&f, 4, 5 * SECOND, DLT_EN10MB, 55, 5);
            snprintf(error, sizeof error, "corrupt in frame 2, at octet %zu; read on from octet %zu",
                     offsets[2], offsets[3]);
            check_broken(&f, error);
            end(&f);
        }
}

/* A block whose lengths agree, but whose content does not: it counts as a frame, and only it is lost. */
static void a_packet_that_contradicts_itself_is_passed_over(void **state)
{
    static const struct {
        uint32_t at, value;
    } rows[] = {{8, 1}, {8, 0xffffffff}, {20, 53}, {20, 0xffffffff}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = {0};
        char error[200];

        make_five(&f.maker);
        memcpy(f.maker.octets + offsets[2] + rows[i].at, &rows[i].value, 4);
        begin(&f);
        check_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 51, 1);
        check_frame(&f, 3, 3 * SECOND, DLT_EN10MB, 53, 3);
        check_frame(&f, 4, 4 * SECOND, DLT_EN10MB, 54, 4);
        check_frame(&f, 5, 5 * SECOND, DLT_EN10MB, 55, 5);
        snprintf(error, sizeof error, "corrupt in frame 2, at octet %zu; read on from octet %zu", offsets[2],
                 offsets[3]);
        check_broken(&f, error);
        end(&f);
    }
}

static void damage_and_a_cut_are_both_told(void **state)
{
    struct fixture f = {0};
    char error[200];

    (void)state;
    make_five(&f.maker);
    memset(f.maker.octets + offsets[2], 0xff, 8);
    memset(f.maker.octets + offsets[5], 0xff, 8);
    f.maker.length -= 10;
    begin(&f);
    check_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 51, 1);
    check_frame(&f, 2, 3 * SECOND, DLT_EN10MB, 53, 3);
    snprintf(error, sizeof error,
             "corrupt in frame 2, at octet %zu; read on from octet %zu; corrupt in 1 more place", offsets[2],
             offsets[3]);
    check_broken(&f, error);
    end(&f);
}

/* Octets put in, so that no block stands where it could be expected. */
static void octets_that_do_not_belong_there_are_passed_over(void **state)
{
    struct fixture f = {0};
    struct maker five = {0};

    (void)state;
    make_five(&five);
    maker_octets(&f.maker, five.octets, offsets[2]);
    for (int i = 0; i < 333; i++)
        maker_octets(&f.maker, "\1\0\0\0\6\0\0", (size_t)i % 7);
    maker_octets(&f.maker, five.octets + offsets[2], five.length - offsets[2]);
    maker_free(&five);
    begin(&f);
    for (uint8_t i = 1; i <= 5; i++)
        check_frame(&f, i, i * SECOND, DLT_EN10MB, 50 + i, i);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_BROKEN);
    end(&f);
}

static void sections_of_another_version_are_not_understood(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_five(&f.maker);
    f.maker.octets[12] = 2;
    begin(&f);
    check_broken(&f, "has a section of pcapng's version 2, which is not understood");
    assert_string_equal(capture_file_link_types(f.file), "");
    end(&f);
}

/* Every octet with every value: nothing worse than damage ever comes of it. */
static void a_wrong_octet_anywhere_is_survived(void **state)
{
    struct maker maker = {0};

    (void)state;
    make_five(&maker);
    for (size_t at = 0; at < maker.length; at++)
        for (unsigned value = 0; value < 256; value += 15) {
            uint8_t right = maker.octets[at];
            struct capture_file *file;
            enum capture_status status;
            int fd;

            maker.octets[at] = (uint8_t)value;
            fd = maker_file(&maker, 0, maker.length);
            file = capture_file_new(fd, 0);
            if (at >= offsets[2] && at < offsets[3])
                assert_true(read_all(file, &status) >= 4);
            else
                (void)read_all(file, &status);
            capture_file_free(file);
            close(fd);
            maker.octets[at] = right;
        }
    maker_free(&maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_both_byte_orders_are_read),
        cmocka_unit_test(interfaces_of_different_link_types_are_read),
        cmocka_unit_test(sections_begin_anew),
        cmocka_unit_test(every_clock_is_understood),
        cmocka_unit_test(simple_packets_have_the_time_of_the_frame_before),
        cmocka_unit_test(obsolete_packets_are_read),
        cmocka_unit_test(other_blocks_are_passed_over_and_some_are_numbered),
        cmocka_unit_test(a_block_of_many_megabytes_is_passed_over),
        cmocka_unit_test(a_section_may_have_many_interfaces),
        cmocka_unit_test(an_interface_that_contradicts_itself_still_counts),
        cmocka_unit_test(octets_that_cannot_be_read_are_told),
        cmocka_unit_test(frames_of_unknown_link_types_are_told_and_do_not_stop_the_others),
        cmocka_unit_test(a_capture_cut_anywhere_keeps_what_came_before),
        cmocka_unit_test(reading_goes_on_behind_a_damaged_block),
        cmocka_unit_test(a_packet_that_contradicts_itself_is_passed_over),
        cmocka_unit_test(damage_and_a_cut_are_both_told),
        cmocka_unit_test(octets_that_do_not_belong_there_are_passed_over),
        cmocka_unit_test(sections_of_another_version_are_not_understood),
        cmocka_unit_test(a_wrong_octet_anywhere_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
