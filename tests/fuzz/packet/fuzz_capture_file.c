/*
 * Reads hostile captures of every format, compressed or not, in one piece and in small ones: what comes out
 * must be the same.
 */
#include "analyzer/capture/capture_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

struct pieces {
    const uint8_t *octets;
    size_t left, most;
};

/* What came out of a capture. */
struct outcome {
    uint64_t frames, octets, sum;
    enum capture_status status;
    char error[512], links[512], print[CAPTURE_FINGERPRINT_SIZE];
};

static ssize_t read_piece(void *user, void *octets, size_t room)
{
    struct pieces *pieces = user;
    size_t n = pieces->left < room ? pieces->left : room;

    if (n > pieces->most)
        n = pieces->most;
    memcpy(octets, pieces->octets, n);
    pieces->octets += n;
    pieces->left -= n;
    return (ssize_t)n;
}

static void read_capture(const uint8_t *data, size_t size, size_t most, struct outcome *outcome)
{
    struct pieces pieces = {data, size, most};
    struct capture_file *file = capture_file_new_fed(read_piece, &pieces, 5);
    struct frame frame;

    memset(outcome, 0, sizeof *outcome);
    while ((outcome->status = capture_file_next(file, &frame)) == CAPTURE_FRAME) {
        check(frame.number > outcome->frames && frame.capture == 5);
        check(frame.captured <= frame.length && frame.time_ns >= 0);
        outcome->frames = frame.number;
        outcome->octets += frame.length;
        outcome->sum = outcome->sum * 31 + (uint64_t)frame.time_ns;
        for (uint32_t i = 0; i < frame.captured; i++)
            outcome->sum = outcome->sum * 31 + frame.octets[i];
    }
    check(capture_file_next(file, &frame) == outcome->status);
    check((outcome->status == CAPTURE_BROKEN) == (capture_file_error(file)[0] != '\0'));
    strncpy(outcome->error, capture_file_error(file), sizeof outcome->error - 1);
    strncpy(outcome->links, capture_file_link_types(file), sizeof outcome->links - 1);
    capture_file_fingerprint(file, outcome->print);
    check(capture_file_position(file) == size);
    capture_file_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, pieces;

    read_capture(data, size, SIZE_MAX, &whole);
    read_capture(data, size, 1 + size % 97, &pieces);
    check(whole.status == pieces.status);
    /* of corrupt compressed data, some libraries give more when they are fed little by little */
    if (whole.status == CAPTURE_END || strstr(whole.error, " data") == NULL)
        check(memcmp(&whole, &pieces, sizeof whole) == 0);
    return 0;
}
