/*
 * The fingerprint of a capture's content: SHA-256 over its size, its first and its last 64 KiB.
 */
#include "analyzer/capture/fingerprint.h"

#include <assert.h>
#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EDGE       ((size_t)64 * 1024)
#define PREFIX     "ht64k:"
#define HEX_DIGITS 40

static_assert(sizeof PREFIX + HEX_DIGITS <= CAPTURE_FINGERPRINT_SIZE, "the text form fits");

struct fingerprint {
    uint64_t size;
    size_t next; /* where in `last` the next octet goes */
    uint8_t first[EDGE];
    uint8_t last[EDGE]; /* a ring */
};

static void begin(struct sha256_ctx *digest, uint64_t size)
{
    uint8_t octets[8];

    for (int i = 0; i < 8; i++)
        octets[i] = (uint8_t)(size >> (56 - 8 * i));
    sha256_init(digest);
    sha256_update(digest, sizeof octets, octets);
}

static void finish(struct sha256_ctx *digest, char text[CAPTURE_FINGERPRINT_SIZE])
{
    uint8_t octets[HEX_DIGITS / 2];
    char *at = text + sizeof PREFIX - 1;

    sha256_digest(digest, sizeof octets, octets);
    memcpy(text, PREFIX, sizeof PREFIX);
    for (size_t i = 0; i < sizeof octets; i++, at += 2)
        snprintf(at, 3, "%02x", octets[i]);
}

struct fingerprint *fingerprint_new(void)
{
    struct fingerprint *print = malloc(sizeof *print);

    if (print != NULL)
        print->size = print->next = 0;
    return print;
}

void fingerprint_feed(struct fingerprint *print, const void *octets, size_t length)
{
    const uint8_t *from = octets;

    if (print->size < EDGE) {
        size_t room = EDGE - (size_t)print->size;

        memcpy(print->first + print->size, from, length < room ? length : room);
    }
    print->size += length;
    if (length > EDGE) {
        from += length - EDGE;
        length = EDGE;
    }
    while (length > 0) {
        size_t part = EDGE - print->next < length ? EDGE - print->next : length;

        memcpy(print->last + print->next, from, part);
        print->next = (print->next + part) % EDGE;
        from += part;
        length -= part;
    }
}

void fingerprint_text(struct fingerprint *print, char text[CAPTURE_FINGERPRINT_SIZE])
{
    struct sha256_ctx digest;

    begin(&digest, print->size);
    if (print->size < EDGE) {
        sha256_update(&digest, (size_t)print->size, print->first);
        sha256_update(&digest, (size_t)print->size, print->last);
    } else {
        sha256_update(&digest, EDGE, print->first);
        sha256_update(&digest, EDGE - print->next, print->last + print->next);
        sha256_update(&digest, print->next, print->last);
    }
    finish(&digest, text);
}

void fingerprint_free(struct fingerprint *print)
{
    free(print);
}

/* Adds `length` octets of the file from `offset` on. */
static int add_range(struct sha256_ctx *digest, int fd, uint64_t offset, size_t length)
{
    uint8_t octets[4096];

    while (length > 0) {
        ssize_t n = pread(fd, octets, length < sizeof octets ? length : sizeof octets, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (n == 0)
                errno = ENODATA; /* it shrank meanwhile */
            return -1;
        }
        sha256_update(digest, (size_t)n, octets);
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}

int fingerprint_of_range(int fd, uint64_t size, char text[CAPTURE_FINGERPRINT_SIZE])
{
    struct sha256_ctx digest;
    size_t edge = size < EDGE ? (size_t)size : EDGE;

    begin(&digest, size);
    if (add_range(&digest, fd, 0, edge) != 0 || add_range(&digest, fd, size - edge, edge) != 0)
        return -1;
    finish(&digest, text);
    return 0;
}

int fingerprint_of_file(int fd, char text[CAPTURE_FINGERPRINT_SIZE])
{
    struct stat about;

    if (fstat(fd, &about) != 0)
        return -1;
    return fingerprint_of_range(fd, (uint64_t)about.st_size, text);
}
