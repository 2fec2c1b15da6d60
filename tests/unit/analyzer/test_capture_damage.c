/*
 * pcapng captures that are cut short or damaged: what came before is kept, and reading goes on where blocks
 * can be found again.
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

/* What is to be reported when make_five's file is cut here; "" when nothing is. Returns how many frames are
 * left.
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

/* What can be read of it is used, and those after it are numbered as they should be. */
static void an_interface_that_contradicts_itself_still_counts(void **state)
{
    struct reading f = {0};
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
    reading_begin(&f);
    reading_frame(&f, 2, 0, DLT_EN10MB, 40, 2);
    reading_frame(&f, 3, 0, DLT_EN10MB, 40, 3);
    snprintf(error, sizeof error,
             "corrupt in frame 1, at octet %zu; read on from octet %zu; corrupt in 2 more places", at,
             at + 16);
    reading_broken(&f, error);
    reading_end(&f);
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

static void octets_that_cannot_be_read_are_reported(void **state)
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
            struct reading f = {0};
            char error[200];

            make_five(&f.maker);
            memcpy(f.maker.octets + (at_end ? offsets[3] - 4 : offsets[2] + 4), &lengths[i], 4);
            reading_begin(&f);
            reading_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 51, 1);
            reading_frame(&f, 2, 3 * SECOND, DLT_EN10MB, 53, 3);
            reading_frame(&f, 3, 4 * SECOND, DLT_EN10MB, 54, 4);
            reading_frame(&f, 4, 5 * SECOND, DLT_EN10MB, 55, 5);
            snprintf(error, sizeof error, "corrupt in frame 2, at octet %zu; read on from octet %zu",
                     offsets[2], offsets[3]);
            reading_broken(&f, error);
            reading_end(&f);
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
        struct reading f = {0};
        char error[200];

        make_five(&f.maker);
        memcpy(f.maker.octets + offsets[2] + rows[i].at, &rows[i].value, 4);
        reading_begin(&f);
        reading_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 51, 1);
        reading_frame(&f, 3, 3 * SECOND, DLT_EN10MB, 53, 3);
        reading_frame(&f, 4, 4 * SECOND, DLT_EN10MB, 54, 4);
        reading_frame(&f, 5, 5 * SECOND, DLT_EN10MB, 55, 5);
        snprintf(error, sizeof error, "corrupt in frame 2, at octet %zu; read on from octet %zu", offsets[2],
                 offsets[3]);
        reading_broken(&f, error);
        reading_end(&f);
    }
}

static void damage_and_a_cut_are_both_reported(void **state)
{
    struct reading f = {0};
    char error[200];

    (void)state;
    make_five(&f.maker);
    memset(f.maker.octets + offsets[2], 0xff, 8);
    memset(f.maker.octets + offsets[5], 0xff, 8);
    f.maker.length -= 10;
    reading_begin(&f);
    reading_frame(&f, 1, 1 * SECOND, DLT_EN10MB, 51, 1);
    reading_frame(&f, 2, 3 * SECOND, DLT_EN10MB, 53, 3);
    snprintf(error, sizeof error,
             "corrupt in frame 2, at octet %zu; read on from octet %zu; corrupt in 1 more place", offsets[2],
             offsets[3]);
    reading_broken(&f, error);
    reading_end(&f);
}

/* Octets put in, so that no block stands where it could be expected. */
static void octets_that_do_not_belong_there_are_passed_over(void **state)
{
    struct reading f = {0};
    struct maker five = {0};

    (void)state;
    make_five(&five);
    maker_octets(&f.maker, five.octets, offsets[2]);
    for (int i = 0; i < 333; i++)
        maker_octets(&f.maker, "\1\0\0\0\6\0\0", (size_t)i % 7);
    maker_octets(&f.maker, five.octets + offsets[2], five.length - offsets[2]);
    maker_free(&five);
    reading_begin(&f);
    for (uint8_t i = 1; i <= 5; i++)
        reading_frame(&f, i, i * SECOND, DLT_EN10MB, 50 + i, i);
    assert_int_equal(capture_file_next(f.file, &f.frame), CAPTURE_BROKEN);
    reading_end(&f);
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
        cmocka_unit_test(an_interface_that_contradicts_itself_still_counts),
        cmocka_unit_test(a_capture_cut_anywhere_keeps_what_came_before),
        cmocka_unit_test(octets_that_cannot_be_read_are_reported),
        cmocka_unit_test(reading_goes_on_behind_a_damaged_block),
        cmocka_unit_test(a_packet_that_contradicts_itself_is_passed_over),
        cmocka_unit_test(damage_and_a_cut_are_both_reported),
        cmocka_unit_test(octets_that_do_not_belong_there_are_passed_over),
        cmocka_unit_test(a_wrong_octet_anywhere_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
