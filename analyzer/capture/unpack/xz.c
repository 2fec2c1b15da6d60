/*
 * xz, by liblzma.
 */
#include "analyzer/capture/unpack/method.h"
#include "analyzer/capture/unpack/unpack.h"

#include <lzma.h>
#include <stdlib.h>

static void *start(void)
{
    lzma_stream *stream = calloc(1, sizeof *stream);

    if (stream != NULL && lzma_stream_decoder(stream, UNPACK_MAX_OCTETS, 0) != LZMA_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static enum unpack_step step(void *state, struct unpack_io *io)
{
    lzma_stream *stream = state;
    lzma_ret result;

    stream->next_in = io->in;
    stream->avail_in = io->in_length;
    stream->next_out = io->out;
    stream->avail_out = io->out_room;
    result = lzma_code(stream, LZMA_RUN);
    io->in = stream->next_in;
    io->in_length = stream->avail_in;
    io->out = stream->next_out;
    io->out_room = stream->avail_out;
    switch (result) {
    case LZMA_OK:
    case LZMA_BUF_ERROR: /* nothing could be done now */
        return UNPACK_ON;
    case LZMA_STREAM_END:
        return UNPACK_DONE;
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
        return UNPACK_TOO_LARGE;
    default:
        return UNPACK_CORRUPT;
    }
}

static int again(void *state)
{
    return lzma_stream_decoder(state, UNPACK_MAX_OCTETS, 0) == LZMA_OK;
}

static void stop(void *state)
{
    lzma_end(state);
    free(state);
}

const struct unpack_method unpack_xz = {"xz", {0xfd, '7', 'z', 'X', 'Z', 0x00}, 6, start, step, again, stop};
