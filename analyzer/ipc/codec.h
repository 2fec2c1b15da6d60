/*
 * Writing and reading the fields of an event. Who writes knows that there is room, since every text has its
 * limit; a reader that ran out of octets stays `failed`: check once, at the end. Both ends are the same
 * program on the same machine, so numbers go in its own byte order.
 */
#ifndef IMAPTAP_ANALYZER_IPC_CODEC_H
#define IMAPTAP_ANALYZER_IPC_CODEC_H

#include "dissector/login.h"
#include "dissector/octets.h"

#include <stdbool.h>
#include <string.h>

struct codec_writer {
    uint8_t *at;
};

struct codec_reader {
    const uint8_t *at, *end;
    bool failed;
};

/* The length that stands for a missing text. */
#define CODEC_MISSING UINT32_MAX

/* Octets of a text that has up to `limit` of its own. */
#define CODEC_TEXT(limit) (sizeof(uint32_t) + (limit))

/* What has one size always. */
static inline void codec_put(struct codec_writer *writer, const void *value, size_t size)
{
    memcpy(writer->at, value, size);
    writer->at += size;
}

static inline void codec_put_octets(struct codec_writer *writer, const void *octets, size_t length)
{
    octets_copy(writer->at, octets, length);
    writer->at += length;
}

static inline void codec_put_u32(struct codec_writer *writer, uint32_t value)
{
    codec_put(writer, &value, sizeof value);
}

static inline void codec_put_i64(struct codec_writer *writer, int64_t value)
{
    codec_put(writer, &value, sizeof value);
}

/* A text, of which no more than `limit` octets go: what the reader would refuse must not be written. */
static inline void codec_put_text(struct codec_writer *writer, struct imap_text text, uint32_t limit)
{
    uint32_t length = text.length < limit ? (uint32_t)text.length : limit;

    codec_put_u32(writer, text.octets == NULL ? CODEC_MISSING : length);
    if (text.octets != NULL)
        codec_put_octets(writer, text.octets, length);
}

/* A string that stands in `size` octets. */
static inline void codec_put_string(struct codec_writer *writer, const char *string, size_t size)
{
    codec_put_text(writer, (struct imap_text){string, strlen(string)}, (uint32_t)size - 1);
}

static inline void codec_get(struct codec_reader *reader, void *octets, size_t length)
{
    if ((size_t)(reader->end - reader->at) < length) {
        reader->failed = true;
        reader->at = reader->end; /* all that follows fails too */
        memset(octets, 0, length);
        return;
    }
    memcpy(octets, reader->at, length);
    reader->at += length;
}

static inline uint32_t codec_get_u32(struct codec_reader *reader)
{
    uint32_t value;

    codec_get(reader, &value, sizeof value);
    return value;
}

static inline int64_t codec_get_i64(struct codec_reader *reader)
{
    int64_t value;

    codec_get(reader, &value, sizeof value);
    return value;
}

/* A number that must not be below `least`. */
static inline int64_t codec_get_from(struct codec_reader *reader, int64_t least)
{
    int64_t value = codec_get_i64(reader);

    if (value < least)
        reader->failed = true;
    return value;
}

/* A number that must be below `limit`, such as an enum. */
static inline uint32_t codec_get_below(struct codec_reader *reader, uint32_t limit)
{
    uint32_t value = codec_get_u32(reader);

    if (value >= limit) {
        reader->failed = true;
        return 0;
    }
    return value;
}

/* A text of at most `limit` octets; it points into the reader's octets. */
static inline struct imap_text codec_get_text(struct codec_reader *reader, uint32_t limit)
{
    uint32_t length = codec_get_u32(reader);
    struct imap_text text = {NULL, 0};

    if (reader->failed || length == CODEC_MISSING)
        return text;
    if (length > limit || length > (size_t)(reader->end - reader->at)) {
        reader->failed = true;
        return text;
    }
    text.octets = (const char *)reader->at;
    text.length = length;
    reader->at += length;
    return text;
}

/* A string copied to `string`, which takes `size` octets, the terminator counted. False: it is missing. */
static inline bool codec_get_string(struct codec_reader *reader, char *string, size_t size)
{
    struct imap_text text = codec_get_text(reader, (uint32_t)size - 1);

    memcpy(string, text.octets == NULL ? "" : text.octets, text.length);
    string[text.length] = '\0';
    if (memchr(string, '\0', text.length) != NULL)
        reader->failed = true;
    return text.octets != NULL;
}

#endif
