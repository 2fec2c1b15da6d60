/*
 * SHA-256, by nettle, which takes the processor's own instructions for it where there are any.
 */
#include "analyzer/capture/digest.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE 65536

struct digest {
    struct sha256_ctx state;
};

struct digest *digest_new(void)
{
    struct digest *digest = malloc(sizeof *digest);

    if (digest != NULL)
        sha256_init(&digest->state);
    return digest;
}

void digest_feed(struct digest *digest, const void *octets, size_t length)
{
    sha256_update(&digest->state, length, octets);
}

void digest_finish(struct digest *digest, char text[DIGEST_TEXT])
{
    uint8_t octets[SHA256_DIGEST_SIZE];

    sha256_digest(&digest->state, sizeof octets, octets);
    for (size_t i = 0; i < sizeof octets; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", octets[i]);
}

void digest_restart(struct digest *digest)
{
    sha256_init(&digest->state);
}

void digest_free(struct digest *digest)
{
    free(digest);
}

int digest_of_file(int fd, uint64_t *octets, char text[DIGEST_TEXT])
{
    struct digest digest;
    uint8_t piece[PIECE];
    ssize_t n;

    sha256_init(&digest.state);
    *octets = 0;
    while ((n = pread(fd, piece, sizeof piece, (off_t)*octets)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        digest_feed(&digest, piece, (size_t)n);
        *octets += (uint64_t)n;
    }
    digest_finish(&digest, text);
    return 0;
}

bool digest_is_text(const char *text)
{
    return strlen(text) == DIGEST_TEXT - 1 && text[strspn(text, "0123456789abcdef")] == '\0';
}
