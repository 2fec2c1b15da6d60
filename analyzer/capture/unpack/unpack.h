/*
 * Compressed captures, unpacked on the way and never to disk: gzip, bzip2, xz, zstd and lz4, known by their
 * content.
 *
 * The compression libraries are used as they are, and not through libarchive, which drops what it has
 * unpacked of the last 64 KiB and more when the input ends early: of a capture that was cut short, all that
 * can be unpacked shall be read.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_UNPACK_UNPACK_H
#define IMAPTAP_ANALYZER_CAPTURE_UNPACK_UNPACK_H

#include "analyzer/capture/capture_error.h"
#include "analyzer/capture/source.h"

/* The most memory that unpacking takes, where the format has a say in it (xz; zstd's window is at most 128
 * MiB). */
#define UNPACK_MAX_OCTETS (128U << 20)

/* Octets at the beginning that say whether something is compressed. */
#define UNPACK_MAGIC 6

struct unpacker;

/* Makes an unpacker when the source is compressed; *unpacker is NULL when it is not. The source stays the
 * caller's. Returns 0, or -1 with errno set. */
int unpack_new(struct source *packed, struct unpacker **unpacker);

/* A source_reader: reads unpacked octets. Returns 0 at the end, and also where the input cannot be unpacked
 * further: then unpack_failed. */
ssize_t unpack_read(void *unpacker, void *octets, size_t room);

/* True when the end was not the compressed data's own. The sentence says what happened, `frame` being the
 * number of the frame that was to come. */
bool unpack_failed(const struct unpacker *unpacker, uint64_t frame, struct capture_error *error);

void unpack_free(struct unpacker *unpacker);

#endif
