/*
 * One capture file: finds out what it is, and lets the reader of that format read it.
 */
#include "analyzer/capture/capture_file.h"

#include "analyzer/capture/capture_error.h"
#include "analyzer/capture/classic.h"
#include "analyzer/capture/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct capture_file {
    uint32_t index;
    struct source *source;
    struct classic *classic;
    enum capture_status status; /* CAPTURE_FRAME: there may be more */
    struct capture_error error;
};

/* Takes the source over. */
static struct capture_file *new_file(struct source *source, uint32_t index)
{
    struct capture_file *file = source == NULL ? NULL : calloc(1, sizeof *file);

    if (file == NULL) {
        source_free(source);
        return NULL;
    }
    file->index = index;
    file->status = CAPTURE_FRAME;
    file->source = source;
    return file;
}

struct capture_file *capture_file_new(int fd, uint32_t index)
{
    return new_file(source_new(fd), index);
}

struct capture_file *capture_file_new_fed(source_reader *reader, void *user, uint32_t index)
{
    return new_file(source_new_fed(reader, user), index);
}

static bool is_capture(const uint8_t magic[4])
{
    static const uint8_t magics[][4] = {
        {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, /* microseconds */
        {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, /* nanoseconds */
        {0xa1, 0xb2, 0xcd, 0x34}, {0x34, 0xcd, 0xb2, 0xa1}, /* longer record headers, of old Linux patches */
        {0x0a, 0x0d, 0x0d, 0x0a},                           /* pcapng */
    };

    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (memcmp(magic, magics[i], sizeof magics[i]) == 0)
            return true;
    return false;
}

/* Reads the file's beginning; false: *file says why it cannot be read. */
static bool open_reader(struct capture_file *file)
{
    const uint8_t *head;
    ssize_t length = source_head(file->source, 4, &head);

    if (length < 0)
        capture_error_set(&file->error, "cannot be read: %s", strerror(errno));
    else if (length == 0)
        capture_error_set(&file->error, "is empty");
    else if (length < 4)
        capture_error_set(&file->error, "is no capture file: it has %d octet%s", (int)length,
                          length == 1 ? "" : "s");
    else if (!is_capture(head))
        capture_error_set(&file->error, "is no capture file: starts with %02x %02x %02x %02x", head[0],
                          head[1], head[2], head[3]);
    else
        file->classic = classic_open(file->source, &file->error);
    return file->classic != NULL;
}

enum capture_status capture_file_next(struct capture_file *file, struct frame *frame)
{
    if (file->status != CAPTURE_FRAME)
        return file->status;
    if (file->classic == NULL && !open_reader(file)) {
        file->status = CAPTURE_BROKEN;
        return file->status;
    }
    frame->capture = file->index;
    file->status = classic_next(file->classic, frame);
    return file->status;
}

const char *capture_file_error(const struct capture_file *file)
{
    return file->error.text;
}

uint64_t capture_file_position(const struct capture_file *file)
{
    return source_position(file->source);
}

const char *capture_file_link_types(const struct capture_file *file)
{
    return file->classic == NULL ? "" : classic_link_types(file->classic);
}

void capture_file_fingerprint(struct capture_file *file, char *text)
{
    source_fingerprint(file->source, file->status == CAPTURE_END, text);
}

void capture_file_free(struct capture_file *file)
{
    if (file == NULL)
        return;
    classic_free(file->classic);
    source_free(file->source);
    free(file);
}
