/*
 * Compressed captures: recognises how they are compressed, and drives the library that unpacks them.
 */
#include "analyzer/capture/unpack/unpack.h"

#include "analyzer/capture/unpack/method.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Not more: where the data is corrupt, some of the libraries keep to themselves all that one step had
 * unpacked. */
#define BUFFER ((size_t)16 * 1024)

enum failure { FAILURE_NONE, FAILURE_CUT, FAILURE_CORRUPT, FAILURE_TOO_LARGE, FAILURE_READ };

struct unpacker {
    const struct unpack_method *method;
    void *state;
    struct source *packed;
    const uint8_t *next; /* input not yet used */
    size_t left;
    bool between; /* one part has ended, and nothing of the next was used */
    bool full;    /* the last step filled its room: the library may have more without input */
    bool stopped;
    enum failure failure;
    int error; /* errno of FAILURE_READ */
    uint8_t buffer[BUFFER];
};

static const struct unpack_method *method_of(const uint8_t *head, size_t length)
{
    static const struct unpack_method *const methods[] = {&unpack_gzip, &unpack_bzip2, &unpack_xz,
                                                          &unpack_zstd, &unpack_lz4};

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (length >= methods[i]->magic_length &&
            memcmp(head, methods[i]->magic, methods[i]->magic_length) == 0)
            return methods[i];
    return NULL;
}

int unpack_new(struct source *packed, struct unpacker **unpacker)
{
    const struct unpack_method *method;
    const uint8_t *head;
    ssize_t length = source_head(packed, UNPACK_MAGIC, &head);

    *unpacker = NULL;
    if (length < 0)
        return -1;
    method = method_of(head, (size_t)length);
    if (method == NULL)
        return 0;
    *unpacker = malloc(sizeof **unpacker);
    if (*unpacker == NULL)
        return -1;
    memset(*unpacker, 0, offsetof(struct unpacker, buffer));
    (*unpacker)->method = method;
    (*unpacker)->packed = packed;
    (*unpacker)->state = method->start();
    if ((*unpacker)->state == NULL) {
        free(*unpacker);
        *unpacker = NULL;
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

static void stop(struct unpacker *unpacker, enum failure failure)
{
    unpacker->stopped = true;
    unpacker->failure = failure;
}

/* Makes sure that there is input; false: it has ended. */
static bool refill(struct unpacker *unpacker)
{
    ssize_t n;

    if (unpacker->left > 0)
        return true;
    n = source_read(unpacker->packed, unpacker->buffer, sizeof unpacker->buffer);
    if (n < 0) {
        unpacker->error = errno;
        stop(unpacker, FAILURE_READ);
    } else if (n == 0) {
        stop(unpacker, unpacker->between ? FAILURE_NONE : FAILURE_CUT);
    } else {
        unpacker->next = unpacker->buffer;
        unpacker->left = (size_t)n;
    }
    return n > 0;
}

/* One step of the library; what it unpacked is in front of `io->out`. */
static void take_step(struct unpacker *unpacker, struct unpack_io *io)
{
    if (unpacker->between && unpacker->method->again != NULL && !unpacker->method->again(unpacker->state)) {
        stop(unpacker, FAILURE_TOO_LARGE);
        return;
    }
    unpacker->between = unpacker->full = false;
    io->in = unpacker->next;
    io->in_length = unpacker->left;
    switch (unpacker->method->step(unpacker->state, io)) {
    case UNPACK_DONE:
        unpacker->between = true;
        break;
    case UNPACK_CORRUPT:
        stop(unpacker, FAILURE_CORRUPT);
        break;
    case UNPACK_TOO_LARGE:
        stop(unpacker, FAILURE_TOO_LARGE);
        break;
    default:
        unpacker->full = io->out_room == 0;
        break;
    }
    unpacker->next = io->in;
    unpacker->left = io->in_length;
}

ssize_t unpack_read(void *user, void *octets, size_t room)
{
    struct unpacker *unpacker = user;
    struct unpack_io io = {.out = octets, .out_room = room};

    while (io.out_room == room && !unpacker->stopped && (unpacker->full || refill(unpacker)))
        take_step(unpacker, &io);
    return (ssize_t)(room - io.out_room);
}

bool unpack_failed(const struct unpacker *unpacker, uint64_t frame, struct capture_error *error)
{
    char frame_text[CAPTURE_NUMBER_SIZE], octet[CAPTURE_NUMBER_SIZE];

    capture_number(frame, frame_text);
    capture_number(source_position(unpacker->packed) - unpacker->left, octet);
    switch (unpacker->failure) {
    case FAILURE_CUT:
        capture_error_set(error, "cut short in frame %s, at octet %s of its %s data", frame_text, octet,
                          unpacker->method->name);
        return true;
    case FAILURE_CORRUPT:
        capture_error_set(error, "corrupt in frame %s, behind octet %s of its %s data", frame_text, octet,
                          unpacker->method->name);
        return true;
    case FAILURE_TOO_LARGE:
        capture_error_set(error,
                          "cannot be unpacked from frame %s on: its %s data takes more than %u MiB of memory",
                          frame_text, unpacker->method->name, UNPACK_MAX_OCTETS >> 20);
        return true;
    case FAILURE_READ:
        capture_error_set(error, "cannot be read on in frame %s, at octet %s: %s", frame_text, octet,
                          strerror(unpacker->error));
        return true;
    default:
        return false;
    }
}

void unpack_free(struct unpacker *unpacker)
{
    if (unpacker == NULL)
        return;
    unpacker->method->stop(unpacker->state);
    free(unpacker);
}
