/*
 * lz4 frames, by liblz4, which goes on with the next frame by itself.
 */
#include "analyzer/capture/unpack/method.h"

#include <lz4frame.h>

static void *start(void)
{
    LZ4F_dctx *context;

    return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) ? NULL : context;
}

static enum unpack_step step(void *state, struct unpack_io *io)
{
    size_t in_used = io->in_length, out_used = io->out_room;
    size_t result = LZ4F_decompress(state, io->out, &out_used, io->in, &in_used, NULL);

    if (LZ4F_isError(result))
        return UNPACK_CORRUPT;
    io->in += in_used;
    io->in_length -= in_used;
    io->out += out_used;
    io->out_room -= out_used;
    return result == 0 ? UNPACK_DONE : UNPACK_ON;
}

static void stop(void *state)
{
    (void)LZ4F_freeDecompressionContext(state);
}

const struct unpack_method unpack_lz4 = {"lz4", {0x04, 0x22, 0x4d, 0x18}, 4, start, step, NULL, stop};
