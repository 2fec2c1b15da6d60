/*
 * Compressed captures: known by content, unpacked in passing, kept as far as they can be unpacked.
 */
#include "analyzer/capture/fingerprint.h"
#include "tests/unit/analyzer/capture_maker.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

/* Enough for what is packed here, and then some. */
#define PACKED_ROOM (4U << 20)

static size_t pack_gzip(const struct maker *m, uint8_t *to)
{
    z_stream stream = {0};

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = m->octets;
    stream.avail_in = (unsigned)m->length;
    stream.next_out = to;
    stream.avail_out = PACKED_ROOM;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&stream);
    return PACKED_ROOM - stream.avail_out;
}

static size_t pack_bzip2(const struct maker *m, uint8_t *to)
{
    unsigned length = PACKED_ROOM;

    assert_int_equal(
        BZ2_bzBuffToBuffCompress((char *)to, &length, (char *)m->octets, (unsigned)m->length, 1, 0, 0),
        BZ_OK);
    return length;
}

static size_t pack_xz(const struct maker *m, uint8_t *to)
{
    size_t length = 0;

    assert_int_equal(
        lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, m->octets, m->length, to, &length, PACKED_ROOM),
        LZMA_OK);
    return length;
}

static size_t pack_zstd(const struct maker *m, uint8_t *to)
{
    size_t length = ZSTD_compress(to, PACKED_ROOM, m->octets, m->length, 1);

    assert_false(ZSTD_isError(length));
    return length;
}

static size_t pack_lz4(const struct maker *m, uint8_t *to)
{
    size_t length = LZ4F_compressFrame(to, PACKED_ROOM, m->octets, m->length, NULL);

    assert_false(LZ4F_isError(length));
    return length;
}

static const struct {
    const char *name;
    size_t (*pack)(const struct maker *, uint8_t *);
} methods[] = {
    {"gzip", pack_gzip}, {"bzip2", pack_bzip2}, {"xz", pack_xz}, {"zstd", pack_zstd}, {"lz4", pack_lz4},
};

#define METHODS (sizeof methods / sizeof methods[0])

static struct maker capture_of(unsigned frames, uint32_t length, bool pcapng)
{
    struct maker maker = {0};

    if (pcapng) {
        maker_section(&maker);
        maker_interface(&maker, 1, 0, NULL, 0);
    } else {
        maker_pcap(&maker, 0xa1b2c3d4, 1);
    }
    for (unsigned i = 0; i < frames; i++)
        if (pcapng)
            maker_packet(&maker, 0, i, length, (uint8_t)(i * 37));
        else
            maker_record(&maker, i, 0, length, (uint8_t)(i * 37));
    return maker;
}

/* Packs octets [begin, end) and adds them to `packed`. */
static void pack(size_t method, const struct maker *plain, size_t begin, size_t end, struct maker *packed)
{
    struct maker part = {.octets = plain->octets + begin, .length = end - begin};
    uint8_t *room = malloc(PACKED_ROOM);

    maker_octets(packed, room, methods[method].pack(&part, room));
    free(room);
}

/* Reads the first `length` octets of what was packed; *status and *error (of 200 octets) say how it ended.
 */
static unsigned read_packed(const struct maker *packed, size_t length, bool piped,
                            enum capture_status *status, char *error)
{
    int fd = piped ? maker_pipe(packed, 0, length) : maker_file(packed, 0, length);
    struct capture_file *file = capture_file_new(fd, 0);
    unsigned frames = read_all(file, status);

    snprintf(error, 200, "%s", capture_file_error(file));
    capture_file_free(file);
    close(fd);
    return frames;
}

static void every_method_is_known_by_content(void **state)
{
    char error[200];
    enum capture_status status;

    (void)state;
    for (size_t i = 0; i < METHODS; i++)
        for (int pcapng = 0; pcapng < 2; pcapng++)
            for (int piped = 0; piped < 2; piped++) {
                struct maker plain = capture_of(40, 1000, pcapng), packed = {0};

                pack(i, &plain, 0, plain.length, &packed);
                assert_int_equal(read_packed(&packed, packed.length, piped, &status, error), 40);
                assert_int_equal(status, CAPTURE_END);
                assert_string_equal(error, "");
                maker_free(&plain);
                maker_free(&packed);
            }
}

/* What unpacks to much more than any buffer, and what hardly was packed. */
static void large_captures_are_unpacked_in_passing(void **state)
{
    char error[200];
    enum capture_status status;

    (void)state;
    for (size_t i = 0; i < METHODS; i++)
        for (int noise = 0; noise < 2; noise++) {
            struct maker plain = capture_of(60, 50000, false), packed = {0};
            uint32_t random = 1;

            for (size_t frame = 0; noise && frame < 60; frame++)
                for (size_t at = 0; at < 50000; at++) {
                    random = random * 1664525 + 1013904223;
                    plain.octets[24 + frame * 50016 + 16 + at] = (uint8_t)(random >> 24);
                }
            pack(i, &plain, 0, plain.length, &packed);
            assert_int_equal(read_packed(&packed, packed.length, false, &status, error), 60);
            assert_int_equal(status, CAPTURE_END);
            maker_free(&plain);
            maker_free(&packed);
        }
}

/* As "cat a.gz b.gz" makes. */
static void parts_packed_one_by_one_are_one_capture(void **state)
{
    char error[200];
    enum capture_status status;

    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct maker plain = capture_of(40, 1000, false), packed = {0};

        pack(i, &plain, 0, 5000, &packed);
        pack(i, &plain, 5000, 5000, &packed);
        pack(i, &plain, 5000, plain.length, &packed);
        assert_int_equal(read_packed(&packed, packed.length, false, &status, error), 40);
        assert_int_equal(status, CAPTURE_END);
        maker_free(&plain);
        maker_free(&packed);
    }
}

static void a_capture_cut_anywhere_is_read_as_far_as_it_unpacks(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct maker plain = capture_of(20, 300, false), packed = {0};
        unsigned before = 0;

        pack(i, &plain, 0, plain.length, &packed);
        for (size_t cut = 1; cut < packed.length; cut++) {
            char error[200], expected[200];
            enum capture_status status;
            unsigned frames = read_packed(&packed, cut, cut % 2, &status, error);

            assert_int_equal(status, CAPTURE_BROKEN);
            assert_true(frames >= before);
            before = frames;
            if (cut < 6)
                continue; /* not yet known for what it is */
            snprintf(expected, sizeof expected, "cut short in frame %u, at octet %zu of its %s data",
                     frames + 1, cut, methods[i].name);
            assert_string_equal(error, expected);
        }
        if (strcmp(methods[i].name, "gzip") == 0)
            assert_true(before >= 19); /* all but what is in the last octets */
        maker_free(&plain);
        maker_free(&packed);
    }
}

static void a_wrong_octet_anywhere_is_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct maker plain = capture_of(20, 300, false), packed = {0};
        unsigned reported = 0;

        pack(i, &plain, 0, plain.length, &packed);
        for (size_t at = 0; at < packed.length; at++) {
            char error[200];
            enum capture_status status;

            packed.octets[at] ^= 0x55;
            (void)read_packed(&packed, packed.length, false, &status, error);
            reported += status == CAPTURE_BROKEN;
            assert_true(status == CAPTURE_END || error[0] != '\0');
            packed.octets[at] ^= 0x55;
        }
        /* zstd and lz4 as packed here carry no checksum; of gzip's header, nothing depends on the time */
        assert_true(reported * 2 > packed.length);
        maker_free(&plain);
        maker_free(&packed);
    }
}

static void octets_behind_the_end_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct maker plain = capture_of(20, 300, false), packed = {0};
        char error[200], expected[100];
        enum capture_status status;

        pack(i, &plain, 0, plain.length, &packed);
        maker_octets(&packed, "what is this doing here?", 24);
        assert_int_equal(read_packed(&packed, packed.length, false, &status, error), 20);
        assert_int_equal(status, CAPTURE_BROKEN);
        assert_memory_equal(error, "corrupt in frame 21, behind octet ", 34);
        snprintf(expected, sizeof expected, " of its %s data", methods[i].name);
        assert_non_null(strstr(error, expected));
        maker_free(&plain);
        maker_free(&packed);
    }
}

static void octets_may_come_in_any_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++)
        for (size_t most = 1; most < 300; most += 37) {
            struct maker plain = capture_of(20, 3000, false), packed = {0};
            struct feeder feeder = {&packed, 0, most, SIZE_MAX};
            struct capture_file *file = capture_file_new_fed(maker_feed, &feeder, 0);
            enum capture_status status;

            pack(i, &plain, 0, plain.length, &packed);
            assert_int_equal(read_all(file, &status), 20);
            assert_int_equal(status, CAPTURE_END);
            capture_file_free(file);
            maker_free(&plain);
            maker_free(&packed);
        }
}

static void octets_that_cannot_be_read_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct maker plain = capture_of(20, 3000, false), packed = {0};
        struct feeder feeder = {&packed, 0, 1000, 30};
        struct capture_file *file = capture_file_new_fed(maker_feed, &feeder, 0);
        enum capture_status status;

        pack(i, &plain, 0, plain.length, &packed);
        (void)read_all(file, &status);
        assert_int_equal(status, CAPTURE_BROKEN);
        assert_non_null(strstr(capture_file_error(file), "at octet 30: Input/output error"));
        capture_file_free(file);
        maker_free(&plain);
        maker_free(&packed);
    }
}

static void what_is_packed_must_be_a_capture(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        struct maker plain = {0}, packed = {0};
        char error[200];
        enum capture_status status;

        maker_octets(&plain, "GET / HTTP/1.1", 14);
        pack(i, &plain, 0, plain.length, &packed);
        assert_int_equal(read_packed(&packed, packed.length, false, &status, error), 0);
        assert_int_equal(status, CAPTURE_BROKEN);
        assert_string_equal(error, "unpacked, it is no capture file but text: starts with 47 45 54 20");
        maker_free(&plain);
        maker_free(&packed);
    }
}

/* The dictionary of an xz file is as large as its header says: here it says 3 GiB. */
static void unpacking_takes_no_more_memory_than_it_may(void **state)
{
    struct maker plain = capture_of(20, 300, false), packed = {0};
    uint8_t *header;
    size_t header_length, filter = 2;
    uint32_t check;
    char error[200];
    enum capture_status status;

    (void)state;
    pack(2, &plain, 0, plain.length, &packed);
    header = packed.octets + 12;
    header_length = (header[0] + 1U) * 4;
    while (header[filter] != 0x21 || header[filter + 1] != 1) /* LZMA2, with one octet of properties */
        assert_true(++filter < header_length);
    header[filter + 2] = 39;
    check = lzma_crc32(header, header_length - 4, 0);
    for (int i = 0; i < 4; i++)
        header[header_length - 4 + (size_t)i] = (uint8_t)(check >> (8 * i));
    assert_int_equal(read_packed(&packed, packed.length, false, &status, error), 0);
    assert_int_equal(status, CAPTURE_BROKEN);
    assert_string_equal(error,
                        "cannot be unpacked from frame 1 on: its xz data takes more than 128 MiB of memory");
    maker_free(&plain);
    maker_free(&packed);
}

static void fingerprint_of(const struct maker *maker, char text[CAPTURE_FINGERPRINT_SIZE])
{
    int fd = maker_file(maker, 0, maker->length);

    assert_int_equal(fingerprint_of_file(fd, text), 0);
    close(fd);
}

/* One that breaks has only that of the file. */
static void the_fingerprint_is_of_what_is_unpacked_and_of_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++)
        for (int cut = 0; cut < 2; cut++)
            for (int piped = 0; piped < 2; piped++) {
                struct maker plain = capture_of(20, 300, false), packed = {0};
                char print[CAPTURE_FINGERPRINT_SIZE], expected[CAPTURE_FINGERPRINT_SIZE];
                struct capture_file *file;
                enum capture_status status;
                int fd;

                pack(i, &plain, 0, plain.length, &packed);
                if (cut)
                    packed.length -= 5;
                fd = piped ? maker_pipe(&packed, 0, packed.length) : maker_file(&packed, 0, packed.length);
                file = capture_file_new(fd, 0);
                (void)read_all(file, &status);
                assert_int_equal(status, cut ? CAPTURE_BROKEN : CAPTURE_END);
                capture_file_fingerprint(file, print);
                fingerprint_of(&plain, expected);
                assert_string_equal(print, cut ? "" : expected);
                capture_file_packed_fingerprint(file, print);
                fingerprint_of(&packed, expected);
                assert_string_equal(print, expected);
                assert_int_equal(capture_file_position(file), packed.length);
                capture_file_free(file);
                close(fd);
                maker_free(&plain);
                maker_free(&packed);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_is_known_by_content),
        cmocka_unit_test(large_captures_are_unpacked_in_passing),
        cmocka_unit_test(parts_packed_one_by_one_are_one_capture),
        cmocka_unit_test(a_capture_cut_anywhere_is_read_as_far_as_it_unpacks),
        cmocka_unit_test(a_wrong_octet_anywhere_is_reported),
        cmocka_unit_test(octets_behind_the_end_are_reported),
        cmocka_unit_test(octets_may_come_in_any_pieces),
        cmocka_unit_test(octets_that_cannot_be_read_are_reported),
        cmocka_unit_test(what_is_packed_must_be_a_capture),
        cmocka_unit_test(unpacking_takes_no_more_memory_than_it_may),
        cmocka_unit_test(the_fingerprint_is_of_what_is_unpacked_and_of_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
