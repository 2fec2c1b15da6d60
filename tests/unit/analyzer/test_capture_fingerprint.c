/*
 * Fingerprints of captures: the same in passing and of the file, whatever the size and the chunks.
 */
#include "analyzer/capture/fingerprint.h"
#include "tests/unit/analyzer/capture_maker.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define EDGE (64 * 1024)

static const size_t sizes[] = {0,     1,        23,           EDGE - 1,     EDGE,         EDGE + 1,
                               90000, EDGE * 2, EDGE * 2 - 1, EDGE * 2 + 1, EDGE * 3 + 7, 500000};

#define LARGEST 500000

static uint8_t *some_octets(void)
{
    uint8_t *octets = malloc(LARGEST);

    for (size_t i = 0; i < LARGEST; i++)
        octets[i] = (uint8_t)(i * 2654435761U >> 13);
    return octets;
}

static void of_octets(const uint8_t *octets, size_t length, size_t chunk, char *text)
{
    struct fingerprint *print = fingerprint_new();

    for (size_t at = 0; at < length; at += chunk)
        fingerprint_feed(print, octets + at, length - at < chunk ? length - at : chunk);
    fingerprint_text(print, text);
    fingerprint_free(print);
}

static void of_file(const uint8_t *octets, size_t length, char *text)
{
    struct maker maker = {.octets = (uint8_t *)(uintptr_t)octets, .length = length};
    int fd = maker_file(&maker, 0, length);

    assert_int_equal(fingerprint_of_file(fd, text), 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    close(fd);
}

static void file_and_stream_agree_on_every_size_and_chunk(void **state)
{
    static const size_t chunks[] = {1, 999, 4096, EDGE - 1, EDGE, EDGE + 1, 300000, LARGEST};
    uint8_t *octets = some_octets();

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char file[CAPTURE_FINGERPRINT_SIZE], stream[CAPTURE_FINGERPRINT_SIZE];

        of_file(octets, sizes[i], file);
        assert_int_equal(strlen(file), 6 + 40);
        assert_memory_equal(file, "ht64k:", 6);
        for (size_t j = 0; j < sizeof chunks / sizeof chunks[0]; j++) {
            of_octets(octets, sizes[i], chunks[j], stream);
            assert_string_equal(file, stream);
        }
    }
    free(octets);
}

/* The text is kept in databases: it must never come out differently. */
static void the_text_is_what_it_always_was(void **state)
{
    char text[CAPTURE_FINGERPRINT_SIZE];
    uint8_t *octets = some_octets();

    (void)state;
    of_octets((const uint8_t *)"", 0, 1, text);
    assert_string_equal(text, "ht64k:af5570f5a1810b7af78caf4bc70a660f0df51e42");
    memset(octets, 'x', 200000);
    of_octets(octets, 200000, 200000, text);
    assert_string_equal(text, "ht64k:851f3613d6a5b2d6af8d89c5fbd9ffe737cb98aa");
    free(octets);
}

static void size_beginning_and_end_matter(void **state)
{
    char whole[CAPTURE_FINGERPRINT_SIZE], other[CAPTURE_FINGERPRINT_SIZE];
    uint8_t *octets = some_octets();
    static const size_t matter[] = {0, EDGE - 1, 300000 - EDGE, 299999};

    (void)state;
    of_octets(octets, 300000, 4096, whole);
    for (size_t i = 0; i < sizeof matter / sizeof matter[0]; i++) {
        octets[matter[i]] ^= 1;
        of_octets(octets, 300000, 4096, other);
        assert_string_not_equal(whole, other);
        octets[matter[i]] ^= 1;
    }
    octets[150000] ^= 1;
    of_octets(octets, 300000, 4096, other);
    assert_string_equal(whole, other);
    /* equal octets at both ends, one more in between */
    memset(octets, 'x', LARGEST);
    of_octets(octets, 300000, 4096, whole);
    of_octets(octets, 300001, 4096, other);
    assert_string_not_equal(whole, other);
    free(octets);
}

static void a_range_is_the_file_as_if_it_ended_there(void **state)
{
    char range[CAPTURE_FINGERPRINT_SIZE], whole[CAPTURE_FINGERPRINT_SIZE];
    uint8_t *octets = some_octets();
    struct maker maker = {.octets = octets, .length = 300000};
    int fd = maker_file(&maker, 0, 300000);

    (void)state;
    assert_int_equal(fingerprint_of_range(fd, 200000, range), 0);
    of_octets(octets, 200000, 4096, whole);
    assert_string_equal(range, whole);
    errno = 0;
    assert_int_equal(fingerprint_of_range(fd, 300001, range), -1);
    assert_int_not_equal(errno, 0);
    close(fd);
    free(octets);
}

static void what_cannot_be_read_is_reported(void **state)
{
    char text[CAPTURE_FINGERPRINT_SIZE];

    (void)state;
    errno = 0;
    assert_int_equal(fingerprint_of_file(-1, text), -1);
    assert_int_equal(errno, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_and_stream_agree_on_every_size_and_chunk),
        cmocka_unit_test(the_text_is_what_it_always_was),
        cmocka_unit_test(size_beginning_and_end_matter),
        cmocka_unit_test(a_range_is_the_file_as_if_it_ended_there),
        cmocka_unit_test(what_cannot_be_read_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
