/*
 * bzip2, by libbz2.
 */
#include "analyzer/capture/unpack/method.h"

#include <bzlib.h>
#include <limits.h>
#include <stdlib.h>

static unsigned limited(size_t length)
{
    return length > UINT_MAX ? UINT_MAX : (unsigned)length;
}

static void *start(void)
{
    bz_stream *stream = calloc(1, sizeof *stream);

    if (stream != NULL && BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static enum unpack_step step(void *state, struct unpack_io *io)
{
    bz_stream *stream = state;
    unsigned in_length = limited(io->in_length), out_room = limited(io->out_room);
    int result;

    stream->next_in = (char *)io->in; /* libbz2 only reads it */
    stream->avail_in = in_length;
    stream->next_out = (char *)io->out;
    stream->avail_out = out_room;
    result = BZ2_bzDecompress(stream);
    io->in += in_length - stream->avail_in;
    io->in_length -= in_length - stream->avail_in;
    io->out += out_room - stream->avail_out;
    io->out_room -= out_room - stream->avail_out;
    switch (result) {
    case BZ_OK:
        return UNPACK_ON;
    case BZ_STREAM_END:
        return UNPACK_DONE;
    case BZ_MEM_ERROR:
        return UNPACK_TOO_LARGE;
    default:
        return UNPACK_CORRUPT;
    }
}

static int again(void *state)
{
    bz_stream *stream = state;

    (void)BZ2_bzDecompressEnd(stream);
    *stream = (bz_stream){0};
    return BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK;
}

static void stop(void *state)
{
    (void)BZ2_bzDecompressEnd(state);
    free(state);
}

const struct unpack_method unpack_bzip2 = {"bzip2", {'B', 'Z', 'h'}, 3, start, step, again, stop};
