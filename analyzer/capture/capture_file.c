/*
 * One capture file: finds out what it is, and lets the reader of that format read it, unpacked if need be.
 */
#include "analyzer/capture/capture_file.h"

#include "analyzer/capture/capture_error.h"
#include "analyzer/capture/classic.h"
#include "analyzer/capture/foreign.h"
#include "analyzer/capture/pcapng/pcapng.h"
#include "analyzer/capture/source.h"
#include "analyzer/capture/unpack/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct capture_file {
    uint32_t index;
    struct source *source;
    struct unpacker *unpacker; /* NULL: the source is not compressed */
    struct source *unpacked;   /* what comes out of it */
    struct classic *classic;   /* the reader: one of these, NULL before the first frame is asked for */
    struct pcapng *pcapng;
    uint64_t frames;
    enum capture_status status;                  /* CAPTURE_FRAME: there may be more */
    char packed_print[CAPTURE_FINGERPRINT_SIZE]; /* "": it is not compressed, or not asked for yet */
    bool foreign;                                /* it is no capture at all */
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

void capture_file_hash(struct capture_file *file)
{
    source_hash(file->source);
}

void capture_file_mark(struct capture_file *file, const struct mark *marks, size_t count)
{
    source_mark(file->source, marks, count);
}

uint64_t capture_file_marks_met(const struct capture_file *file)
{
    return source_marks_met(file->source);
}

static bool is_classic(const uint8_t magic[4])
{
    static const uint8_t magics[][4] = {
        {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, /* microseconds */
        {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, /* nanoseconds */
        {0xa1, 0xb2, 0xcd, 0x34}, {0x34, 0xcd, 0xb2, 0xa1}, /* longer record headers, of old Linux patches */
    };

    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (memcmp(magic, magics[i], sizeof magics[i]) == 0)
            return true;
    return false;
}

static bool is_pcapng(const uint8_t magic[4])
{
    static const uint8_t section[4] = {0x0a, 0x0d, 0x0d, 0x0a};

    return memcmp(magic, section, sizeof section) == 0;
}

/* Says why the first octets are no capture's. */
static void describe_unknown(struct capture_file *file, struct source *content)
{
    const uint8_t *head = NULL;
    ssize_t length = content == NULL ? -1 : source_head(content, FOREIGN_HEAD, &head);
    char text[FOREIGN_TEXT];

    if (length < 0) {
        capture_error_set(&file->error, "cannot be read: %s", strerror(errno));
        return;
    }
    file->foreign = true;
    foreign_describe(head, length < FOREIGN_HEAD ? (size_t)length : FOREIGN_HEAD, text, sizeof text);
    capture_error_set(&file->error, "%s%s", file->unpacker == NULL ? "" : "unpacked, it ", text);
}

/* The octets of the capture itself; NULL: out of memory, or the source cannot be read. */
static struct source *content_of(struct capture_file *file)
{
    if (unpack_new(file->source, &file->unpacker) != 0)
        return NULL;
    if (file->unpacker == NULL)
        return file->source;
    file->unpacked = source_new_fed(unpack_read, file->unpacker);
    return file->unpacked;
}

/* Reads the file's beginning; false: the error says why it cannot be read. */
static bool open_reader(struct capture_file *file)
{
    struct source *content = content_of(file);
    const uint8_t *head = NULL;
    ssize_t length = content == NULL ? -1 : source_head(content, 4, &head);

    if (length >= 4 && is_classic(head))
        file->classic = classic_open(content, &file->error);
    else if (length >= 4 && is_pcapng(head))
        file->pcapng = pcapng_open(content, &file->error);
    else
        describe_unknown(file, content);
    return file->classic != NULL || file->pcapng != NULL;
}

static enum capture_status read_frame(struct capture_file *file, struct frame *frame)
{
    if (file->classic == NULL && file->pcapng == NULL && !open_reader(file))
        return CAPTURE_BROKEN;
    if (file->classic != NULL)
        return classic_next(file->classic, frame);
    return pcapng_next(file->pcapng, frame);
}

enum capture_status capture_file_next(struct capture_file *file, struct frame *frame)
{
    if (file->status != CAPTURE_FRAME)
        return file->status;
    file->status = read_frame(file, frame);
    if (file->status == CAPTURE_FRAME) {
        file->frames = frame->number;
        frame->capture = file->index;
    } else if (file->unpacker != NULL && unpack_failed(file->unpacker, file->frames + 1, &file->error)) {
        file->status = CAPTURE_BROKEN; /* to the reader it may have looked like the end */
        file->foreign = false;
    }
    return file->status;
}

bool capture_file_next_near(struct capture_file *file, struct frame *frame)
{
    if (file->status != CAPTURE_FRAME || file->classic == NULL || !classic_next_near(file->classic, frame))
        return false;
    file->frames = frame->number;
    frame->capture = file->index;
    return true;
}

bool capture_file_is_foreign(const struct capture_file *file)
{
    return file->foreign;
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
    if (file->classic != NULL)
        return classic_link_types(file->classic);
    return file->pcapng != NULL ? pcapng_link_types(file->pcapng) : "";
}

void capture_file_fingerprint(struct capture_file *file, char *text)
{
    char on_disk[CAPTURE_FINGERPRINT_SIZE];

    source_fingerprint(file->source, file->status == CAPTURE_END, on_disk);
    memcpy(text, on_disk, sizeof on_disk);
    if (file->unpacker == NULL)
        return;
    memcpy(file->packed_print, on_disk, sizeof on_disk);
    text[0] = '\0';
    if (file->status == CAPTURE_END)
        source_fingerprint(file->unpacked, true, text);
}

void capture_file_packed_fingerprint(const struct capture_file *file, char *text)
{
    memcpy(text, file->packed_print, sizeof file->packed_print);
}

void capture_file_sha256(struct capture_file *file, char *text)
{
    source_sha256(file->source, text);
}

void capture_file_free(struct capture_file *file)
{
    if (file == NULL)
        return;
    classic_free(file->classic);
    pcapng_free(file->pcapng);
    source_free(file->unpacked);
    unpack_free(file->unpacker);
    source_free(file->source);
    free(file);
}
