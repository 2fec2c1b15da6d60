/*
 * Zstandard (RFC 8878), by libzstd, which goes on with the next frame by itself.
 */
#include "analyzer/capture/unpack/method.h"

#include <zstd.h>
#include <zstd_errors.h>

static void *start(void)
{
    return ZSTD_createDStream();
}

static enum unpack_step step(void *state, struct unpack_io *io)
{
    ZSTD_inBuffer in = {io->in, io->in_length, 0};
    ZSTD_outBuffer out = {io->out, io->out_room, 0};
    size_t result = ZSTD_decompressStream(state, &out, &in);

    io->in += in.pos;
    io->in_length -= in.pos;
    io->out += out.pos;
    io->out_room -= out.pos;
    if (ZSTD_isError(result)) {
        ZSTD_ErrorCode code = ZSTD_getErrorCode(result);

        return code == ZSTD_error_memory_allocation || code == ZSTD_error_frameParameter_windowTooLarge
                   ? UNPACK_TOO_LARGE
                   : UNPACK_CORRUPT;
    }
    return result == 0 ? UNPACK_DONE : UNPACK_ON;
}

static void stop(void *state)
{
    (void)ZSTD_freeDStream(state);
}

const struct unpack_method unpack_zstd = {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, start, step, NULL, stop};
