/*
 * One way to unpack: what unpack.c wants of each compression library.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_UNPACK_METHOD_H
#define IMAPTAP_ANALYZER_CAPTURE_UNPACK_METHOD_H

#include <stddef.h>
#include <stdint.h>

enum unpack_step {
    UNPACK_ON,       /* more input is wanted, or more room */
    UNPACK_DONE,     /* one compressed part has ended; the next may follow */
    UNPACK_CORRUPT,  /* the input is not what it claims to be */
    UNPACK_TOO_LARGE /* there is not enough memory for it */
};

/* Both buffers are moved on by what was used of them. */
struct unpack_io {
    const uint8_t *in;
    size_t in_length;
    uint8_t *out;
    size_t out_room;
};

struct unpack_method {
    const char *name;
    uint8_t magic[6];
    size_t magic_length;
    /* NULL: out of memory. */
    void *(*start)(void);
    enum unpack_step (*step)(void *state, struct unpack_io *io);
    /* Makes ready for the next part; false: out of memory. NULL: the library does so by itself. */
    int (*again)(void *state);
    void (*stop)(void *state);
};

extern const struct unpack_method unpack_gzip, unpack_bzip2, unpack_xz, unpack_zstd, unpack_lz4;

#endif
