/*
 * gzip (RFC 1952), by zlib.
 */
#include "analyzer/capture/unpack/method.h"

#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

/* The largest window, in a gzip wrapping. */
#define WINDOW_BITS (15 + 16)

static unsigned limited(size_t length)
{
    return length > UINT_MAX ? UINT_MAX : (unsigned)length;
}

static void *start(void)
{
    z_stream *stream = calloc(1, sizeof *stream);

    if (stream != NULL && inflateInit2(stream, WINDOW_BITS) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static enum unpack_step step(void *state, struct unpack_io *io)
{
    z_stream *stream = state;
    unsigned in_length = limited(io->in_length), out_room = limited(io->out_room);
    int result;

    stream->next_in = io->in;
    stream->avail_in = in_length;
    stream->next_out = io->out;
    stream->avail_out = out_room;
    result = inflate(stream, Z_NO_FLUSH);
    io->in += in_length - stream->avail_in;
    io->in_length -= in_length - stream->avail_in;
    io->out += out_room - stream->avail_out;
    io->out_room -= out_room - stream->avail_out;
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR:
        return UNPACK_ON;
    case Z_STREAM_END:
        return UNPACK_DONE;
    case Z_MEM_ERROR:
        return UNPACK_TOO_LARGE;
    default:
        return UNPACK_CORRUPT;
    }
}

static int again(void *state)
{
    return inflateReset(state) == Z_OK;
}

static void stop(void *state)
{
    (void)inflateEnd(state);
    free(state);
}

const struct unpack_method unpack_gzip = {"gzip", {0x1f, 0x8b, 0x08}, 3, start, step, again, stop};
