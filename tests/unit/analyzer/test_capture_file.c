/*
 * Classic captures: every byte order and precision, and whatever a file may be instead.
 */
#include "analyzer/capture/fingerprint.h"
#include "tests/unit/analyzer/capture_maker.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#define MICROSECONDS 0xa1b2c3d4U
#define NANOSECONDS  0xa1b23c4dU
#define PATCHED      0xa1b2cd34U

#define SECOND INT64_C(1000000000)

static struct maker three_frames(void)
{
    struct maker maker = {0};

    maker_pcap(&maker, MICROSECONDS, 1);
    maker_record(&maker, 1, 0, 60, 1);
    maker_record(&maker, 2, 0, 0, 0);
    maker_record(&maker, 3, 0, 100, 3);
    return maker;
}

/* Where three_frames' frame ends. */
static const size_t frame_ends[] = {24, 24 + 76, 24 + 76 + 16, 24 + 76 + 16 + 116};

static void every_byte_order_and_precision_is_read(void **state)
{
    static const struct {
        uint32_t magic, fraction;
        int64_t ns;
    } rows[] = {
        {MICROSECONDS, 123456, 123456000}, {NANOSECONDS, 123456789, 123456789}, {PATCHED, 123456, 123456000},
        {MICROSECONDS, 999999, 999999000}, {MICROSECONDS, 1000000, 0}, /* no part of a second */
        {NANOSECONDS, 0xffffffff, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int swapped = 0; swapped < 2; swapped++) {
            struct maker maker = {.swapped = swapped};
            struct capture_file *file;
            struct frame frame;
            int fd;

            maker_pcap(&maker, rows[i].magic, 1);
            maker_u32(&maker, 4000000000U); /* in 2096 */
            maker_u32(&maker, rows[i].fraction);
            maker_u32(&maker, 4);
            maker_u32(&maker, 1500);
            if (rows[i].magic == PATCHED)
                maker_u64(&maker, 0);
            maker_octets(&maker, "abcd", 4);
            fd = maker_file(&maker, 0, maker.length);
            file = capture_file_new(fd, 7);
            assert_int_equal(capture_file_next(file, &frame), CAPTURE_FRAME);
            assert_int_equal(frame.time_ns, 4000000000 * SECOND + rows[i].ns);
            assert_int_equal(frame.captured, 4);
            assert_int_equal(frame.length, 1500);
            assert_memory_equal(frame.octets, "abcd", 4);
            assert_int_equal(frame.link_type, DLT_EN10MB);
            assert_int_equal(frame.number, 1);
            assert_int_equal(frame.capture, 7);
            assert_int_equal(capture_file_next(file, &frame), CAPTURE_END);
            assert_string_equal(capture_file_link_types(file), "EN10MB");
            capture_file_free(file);
            close(fd);
            maker_free(&maker);
        }
}

static void frames_are_numbered_from_one(void **state)
{
    struct maker maker = three_frames();
    int fd = maker_file(&maker, 0, maker.length);
    struct capture_file *file = capture_file_new(fd, 0);
    struct frame frame;

    (void)state;
    assert_string_equal(capture_file_link_types(file), "");
    for (uint64_t number = 1; number <= 3; number++) {
        assert_int_equal(capture_file_next(file, &frame), CAPTURE_FRAME);
        assert_int_equal(frame.number, number);
        assert_int_equal(frame.time_ns, (int64_t)number * SECOND);
    }
    assert_int_equal(capture_file_next(file, &frame), CAPTURE_END);
    assert_int_equal(capture_file_next(file, &frame), CAPTURE_END);
    assert_int_equal(capture_file_position(file), maker.length);
    assert_string_equal(capture_file_error(file), "");
    capture_file_free(file);
    close(fd);
    maker_free(&maker);
}

static void a_length_less_than_what_is_there_is_corrected(void **state)
{
    struct maker maker = {0};
    struct capture_file *file;
    struct frame frame;
    int fd;

    (void)state;
    maker_pcap(&maker, MICROSECONDS, 1);
    maker_u64(&maker, 0);
    maker_u32(&maker, 4);
    maker_u32(&maker, 3);
    maker_octets(&maker, "abcd", 4);
    fd = maker_file(&maker, 0, maker.length);
    file = capture_file_new(fd, 0);
    assert_int_equal(capture_file_next(file, &frame), CAPTURE_FRAME);
    assert_int_equal(frame.captured, 4);
    assert_int_equal(frame.length, 4);
    capture_file_free(file);
    close(fd);
    maker_free(&maker);
}

/* The sentence that is due for the first `cut` octets of three_frames; "" when they are a whole capture. */
static void expected_error(size_t cut, char *text, size_t size)
{
    text[0] = '\0';
    if (cut == 0)
        snprintf(text, size, "is empty");
    else if (cut < 4)
        snprintf(text, size, "is no capture file: it has %zu octet%s", cut, cut == 1 ? "" : "s");
    else if (cut < 24)
        snprintf(text, size, "cut short in the file's header, at octet %zu", cut);
    for (unsigned i = 0; i < 3; i++)
        if (cut > frame_ends[i] && cut < frame_ends[i + 1])
            snprintf(text, size, "cut short in frame %u, at octet %zu", i + 1, cut);
}

static void a_capture_cut_anywhere_keeps_what_came_before(void **state)
{
    struct maker maker = three_frames();

    (void)state;
    assert_int_equal(maker.length, frame_ends[3]);
    for (size_t cut = 0; cut <= maker.length; cut++)
        for (int piped = 0; piped < 2; piped++) {
            int fd = piped ? maker_pipe(&maker, 0, cut) : maker_file(&maker, 0, cut);
            struct capture_file *file = capture_file_new(fd, 0);
            char text[100], print[CAPTURE_FINGERPRINT_SIZE], whole[CAPTURE_FINGERPRINT_SIZE];
            enum capture_status status;
            unsigned frames = 0;

            while (frames < 3 && cut >= frame_ends[frames + 1])
                frames++;
            assert_int_equal(read_all(file, &status), frames);
            expected_error(cut, text, sizeof text);
            assert_int_equal(status, text[0] ? CAPTURE_BROKEN : CAPTURE_END);
            assert_string_equal(capture_file_error(file), text);
            capture_file_fingerprint(file, print);
            assert_int_equal(capture_file_position(file), cut);
            capture_file_free(file);
            close(fd);
            fd = maker_file(&maker, 0, cut);
            assert_int_equal(fingerprint_of_file(fd, whole), 0);
            assert_string_equal(print, whole);
            close(fd);
        }
    maker_free(&maker);
}

/* The fingerprint is of the whole file, also after the place where reading had to stop. */
static void a_corrupt_record_is_reported_with_its_frame(void **state)
{
    struct maker maker = three_frames();

    (void)state;
    memset(maker.octets + frame_ends[2] + 8, 0xff, 4);
    for (int piped = 0; piped < 2; piped++) {
        int fd = piped ? maker_pipe(&maker, 0, maker.length) : maker_file(&maker, 0, maker.length);
        struct capture_file *file = capture_file_new(fd, 0);
        char print[CAPTURE_FINGERPRINT_SIZE], whole[CAPTURE_FINGERPRINT_SIZE];
        struct frame frame;
        enum capture_status status;

        assert_int_equal(read_all(file, &status), 2);
        assert_int_equal(status, CAPTURE_BROKEN);
        assert_memory_equal(capture_file_error(file), "corrupt in frame 3, at octet 116: ", 34);
        assert_int_equal(capture_file_next(file, &frame), CAPTURE_BROKEN);
        capture_file_fingerprint(file, print);
        assert_int_equal(capture_file_position(file), maker.length);
        capture_file_free(file);
        close(fd);
        fd = maker_file(&maker, 0, maker.length);
        assert_int_equal(fingerprint_of_file(fd, whole), 0);
        assert_string_equal(print, whole);
        close(fd);
    }
    maker_free(&maker);
}

static void what_is_no_capture_is_reported(void **state)
{
    static const struct {
        const char *octets, *error;
    } rows[] = {
        {"GET / HTTP/1.1\r\n", "is no capture file but text: starts with 47 45 54 20"},
        {"PK\3\4................................", "is no capture file but a ZIP archive: unpack it first"},
        {"\n\r\r\n................................", "has a file header that is not understood"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct maker maker = {0};
        struct capture_file *file;
        enum capture_status status;
        int fd;

        maker_octets(&maker, rows[i].octets, strlen(rows[i].octets));
        fd = maker_file(&maker, 0, maker.length);
        file = capture_file_new(fd, 0);
        assert_int_equal(read_all(file, &status), 0);
        assert_int_equal(status, CAPTURE_BROKEN);
        assert_string_equal(capture_file_error(file), rows[i].error);
        assert_string_equal(capture_file_link_types(file), "");
        capture_file_free(file);
        close(fd);
        maker_free(&maker);
    }
}

static void a_link_type_that_is_not_understood_is_named(void **state)
{
    static const struct {
        uint32_t link_type;
        const char *error;
    } rows[] = {
        {220, "has link type USB_LINUX_MMAPPED, which is not understood"},
        {2999, "has link type DLT 2999, which is not understood"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct maker maker = {0};
        struct capture_file *file;
        enum capture_status status;
        int fd;

        maker_pcap(&maker, MICROSECONDS, rows[i].link_type);
        maker_record(&maker, 1, 0, 60, 1);
        fd = maker_file(&maker, 0, maker.length);
        file = capture_file_new(fd, 0);
        assert_int_equal(read_all(file, &status), 0);
        assert_int_equal(status, CAPTURE_BROKEN);
        assert_string_equal(capture_file_error(file), rows[i].error);
        capture_file_free(file);
        close(fd);
        maker_free(&maker);
    }
}

static void a_version_that_is_not_understood_is_reported(void **state)
{
    struct maker maker = three_frames();
    struct capture_file *file;
    enum capture_status status;
    int fd;

    (void)state;
    maker.octets[4] = maker.octets[5] = 9;
    fd = maker_file(&maker, 0, maker.length);
    file = capture_file_new(fd, 0);
    assert_int_equal(read_all(file, &status), 0);
    assert_int_equal(status, CAPTURE_BROKEN);
    assert_memory_equal(capture_file_error(file), "has a file header that is not understood: ", 42);
    capture_file_free(file);
    close(fd);
    maker_free(&maker);
}

static void a_descriptor_that_cannot_be_read_is_reported(void **state)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct capture_file *file = capture_file_new(fd, 0);
    enum capture_status status;

    (void)state;
    assert_int_equal(read_all(file, &status), 0);
    assert_int_equal(status, CAPTURE_BROKEN);
    assert_string_equal(capture_file_error(file), "cannot be read: Is a directory");
    capture_file_free(file);
    close(fd);
}

/* The position belongs to whoever opened the file: it may be read again, or from somewhere after its start.
 */
static void a_regular_files_position_is_where_reading_starts_and_stays(void **state)
{
    struct maker maker = {0}, capture = three_frames();
    enum capture_status status;
    int fd;

    (void)state;
    maker_octets(&maker, "something else", 14);
    maker_octets(&maker, capture.octets, capture.length);
    fd = maker_file(&maker, 0, maker.length);
    lseek(fd, 14, SEEK_SET);
    for (int again = 0; again < 2; again++) {
        struct capture_file *file = capture_file_new(fd, 0);
        char print[CAPTURE_FINGERPRINT_SIZE], whole[CAPTURE_FINGERPRINT_SIZE];

        assert_int_equal(read_all(file, &status), 3);
        assert_int_equal(status, CAPTURE_END);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), 14);
        capture_file_fingerprint(file, print);
        assert_int_equal(fingerprint_of_file(fd, whole), 0);
        assert_string_equal(print, whole);
        capture_file_free(file);
    }
    close(fd);
    maker_free(&maker);
    maker_free(&capture);
}

/* What is written past the end once the end was met is none of what was read. */
static void the_fingerprint_is_of_what_was_read(void **state)
{
    struct maker maker = three_frames();
    int fd = maker_file(&maker, 0, frame_ends[2]);
    struct capture_file *file = capture_file_new(fd, 0);
    char print[CAPTURE_FINGERPRINT_SIZE], before[CAPTURE_FINGERPRINT_SIZE];
    enum capture_status status;

    (void)state;
    assert_int_equal(fingerprint_of_file(fd, before), 0);
    assert_int_equal(read_all(file, &status), 2);
    assert_int_equal(pwrite(fd, maker.octets + frame_ends[2], 116, (off_t)frame_ends[2]), 116);
    capture_file_fingerprint(file, print);
    assert_string_equal(print, before);
    capture_file_free(file);
    close(fd);
    maker_free(&maker);
}

static void octets_may_come_in_any_pieces(void **state)
{
    static const size_t pieces[] = {1, 3, 23, 25, 100, 1000};
    struct maker maker = three_frames();
    int fd = maker_file(&maker, 0, maker.length);
    char whole[CAPTURE_FINGERPRINT_SIZE];

    (void)state;
    assert_int_equal(fingerprint_of_file(fd, whole), 0);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct feeder feeder = {&maker, 0, pieces[i], SIZE_MAX};
        struct capture_file *file = capture_file_new_fed(maker_feed, &feeder, 0);
        char print[CAPTURE_FINGERPRINT_SIZE];
        enum capture_status status;

        assert_int_equal(read_all(file, &status), 3);
        assert_int_equal(status, CAPTURE_END);
        capture_file_fingerprint(file, print);
        assert_string_equal(print, whole);
        capture_file_free(file);
    }
    close(fd);
    maker_free(&maker);
}

static void octets_that_cannot_be_read_are_reported(void **state)
{
    static const struct {
        size_t fails_at;
        unsigned frames;
        const char *error;
    } rows[] = {
        {0, 0, "cannot be read: Input/output error"},
        {10, 0, "cannot be read: Input/output error"},
        {24, 0, "cannot be read on in frame 1, at octet 24: Input/output error"},
        {150, 2, "cannot be read on in frame 3, at octet 150: Input/output error"},
    };
    struct maker maker = three_frames();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct feeder feeder = {&maker, 0, 1000, rows[i].fails_at};
        struct capture_file *file = capture_file_new_fed(maker_feed, &feeder, 0);
        enum capture_status status;

        assert_int_equal(read_all(file, &status), rows[i].frames);
        assert_int_equal(status, CAPTURE_BROKEN);
        assert_string_equal(capture_file_error(file), rows[i].error);
        capture_file_free(file);
    }
    maker_free(&maker);
}

static void large_numbers_are_reported_for_people(void **state)
{
    struct maker maker = {0};
    struct capture_file *file;
    enum capture_status status;
    int fd;

    (void)state;
    maker_pcap(&maker, MICROSECONDS, 1);
    for (uint32_t i = 0; i < 1233; i++)
        maker_record(&maker, i, 0, 1000, 0);
    maker_octets(&maker, "1234567", 7);
    fd = maker_file(&maker, 0, maker.length);
    file = capture_file_new(fd, 0);
    assert_int_equal(read_all(file, &status), 1233);
    assert_string_equal(capture_file_error(file), "cut short in frame 1,234, at octet 1,252,759");
    capture_file_free(file);
    close(fd);
    maker_free(&maker);
}

/* A writer may have made the pipe one that does not block. */
static void a_pipe_that_does_not_block_is_waited_for(void **state)
{
    struct maker maker = three_frames();
    struct capture_file *file;
    struct frame frame;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    file = capture_file_new(ends[0], 0);
    assert_int_equal(write(ends[1], maker.octets, frame_ends[1]), (ssize_t)frame_ends[1]);
    assert_int_equal(capture_file_next(file, &frame), CAPTURE_FRAME);
    assert_int_equal(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    capture_file_free(file);
    close(ends[0]);
    close(ends[1]);
    maker_free(&maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_order_and_precision_is_read),
        cmocka_unit_test(frames_are_numbered_from_one),
        cmocka_unit_test(a_length_less_than_what_is_there_is_corrected),
        cmocka_unit_test(a_capture_cut_anywhere_keeps_what_came_before),
        cmocka_unit_test(a_corrupt_record_is_reported_with_its_frame),
        cmocka_unit_test(what_is_no_capture_is_reported),
        cmocka_unit_test(a_link_type_that_is_not_understood_is_named),
        cmocka_unit_test(a_version_that_is_not_understood_is_reported),
        cmocka_unit_test(a_descriptor_that_cannot_be_read_is_reported),
        cmocka_unit_test(a_regular_files_position_is_where_reading_starts_and_stays),
        cmocka_unit_test(the_fingerprint_is_of_what_was_read),
        cmocka_unit_test(octets_may_come_in_any_pieces),
        cmocka_unit_test(octets_that_cannot_be_read_are_reported),
        cmocka_unit_test(large_numbers_are_reported_for_people),
        cmocka_unit_test(a_pipe_that_does_not_block_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
