/*
 * The octets of one descriptor, in order. A regular file is read by pread, so that it can be read again from
 * the start, and fingerprinted at the end; anything else is fingerprinted in passing.
 */
#include "analyzer/capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
    source_reader *reader; /* NULL: `fd` it is */
    void *user;
    int fd;
    bool regular;
    uint64_t start;            /* a regular file's position in the beginning */
    uint64_t fetched;          /* octets got from the descriptor */
    uint64_t taken;            /* of these, given to the reader */
    struct fingerprint *print; /* NULL: a regular file */
    struct digest *digest;     /* NULL: it is not hashed */
    const struct mark *marks;  /* those still ahead begin at `next_mark` */
    size_t mark_count, next_mark;
    uint64_t marks_met;
    bool ended; /* its end was met */
    size_t head_length;
    uint8_t head[SOURCE_HEAD];
};

struct source *source_new(int fd)
{
    struct source *source = calloc(1, sizeof *source);
    struct stat about;
    off_t start;
    int flags;

    if (source == NULL)
        return NULL;
    source->fd = fd;
    source->regular = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    if (source->regular) {
        start = lseek(fd, 0, SEEK_CUR);
        source->start = start < 0 ? 0 : (uint64_t)start;
        return source;
    }
    /* who writes into a pipe may have asked not to be blocked; we want to wait */
    flags = fcntl(fd, F_GETFL);
    if (flags != -1 && flags & O_NONBLOCK)
        (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    source->print = fingerprint_new();
    if (source->print == NULL) {
        free(source);
        return NULL;
    }
    return source;
}

struct source *source_new_fed(source_reader *reader, void *user)
{
    struct source *source = calloc(1, sizeof *source);

    if (source == NULL)
        return NULL;
    source->reader = reader;
    source->user = user;
    source->fd = -1;
    source->print = fingerprint_new();
    if (source->print == NULL) {
        free(source);
        return NULL;
    }
    return source;
}

void source_hash(struct source *source)
{
    if (!source->regular && source->reader == NULL)
        source->digest = digest_new();
}

void source_mark(struct source *source, const struct mark *marks, size_t count)
{
    if (source->print == NULL || source->reader != NULL)
        return;
    source->marks = marks;
    source->mark_count = count < MARKS_MAX ? count : MARKS_MAX;
}

uint64_t source_marks_met(const struct source *source)
{
    return source->marks_met;
}

/* Takes the fingerprint in passing; `before`: octets that were taken before these. */
static void take_print(struct source *source, uint64_t before, const uint8_t *octets, size_t length)
{
    for (; source->next_mark < source->mark_count; source->next_mark++) {
        const struct mark *mark = &source->marks[source->next_mark];
        char text[CAPTURE_FINGERPRINT_SIZE];
        size_t part;

        if (mark->octets > before + length)
            break;
        part = mark->octets > before ? (size_t)(mark->octets - before) : 0;
        fingerprint_feed(source->print, octets, part);
        before += part;
        octets += part;
        length -= part;
        fingerprint_text(source->print, text);
        if (before == mark->octets && strcmp(text, mark->fingerprint) == 0)
            source->marks_met |= UINT64_C(1) << source->next_mark;
    }
    fingerprint_feed(source->print, octets, length);
}

static ssize_t fetch(struct source *source, void *octets, size_t room)
{
    ssize_t n;

    do {
        if (source->reader != NULL)
            n = source->reader(source->user, octets, room);
        else if (source->regular)
            n = pread(source->fd, octets, room, (off_t)(source->start + source->fetched));
        else
            n = read(source->fd, octets, room);
    } while (n < 0 && errno == EINTR);
    source->ended = n == 0;
    if (n <= 0)
        return n;
    if (source->print != NULL)
        take_print(source, source->fetched, octets, (size_t)n);
    source->fetched += (uint64_t)n;
    if (source->digest != NULL)
        digest_feed(source->digest, octets, (size_t)n);
    return n;
}

ssize_t source_head(struct source *source, size_t wanted, const uint8_t **octets)
{
    while (source->head_length < wanted) {
        ssize_t n =
            fetch(source, source->head + source->head_length, sizeof source->head - source->head_length);

        if (n < 0)
            return -1;
        if (n == 0)
            break;
        source->head_length += (size_t)n;
    }
    *octets = source->head;
    return (ssize_t)source->head_length;
}

ssize_t source_read(struct source *source, void *octets, size_t room)
{
    ssize_t n;

    if (source->taken < source->head_length) {
        size_t left = source->head_length - (size_t)source->taken;

        n = (ssize_t)(left < room ? left : room);
        memcpy(octets, source->head + source->taken, (size_t)n);
    } else {
        n = fetch(source, octets, room);
    }
    if (n > 0)
        source->taken += (uint64_t)n;
    return n;
}

uint64_t source_position(const struct source *source)
{
    return source->taken;
}

void source_fingerprint(struct source *source, bool ended, char text[CAPTURE_FINGERPRINT_SIZE])
{
    uint8_t passed[SOURCE_HEAD];
    struct stat about;

    if (source->print != NULL) {
        while (source_read(source, passed, sizeof passed) > 0)
            continue;
        fingerprint_text(source->print, text);
        return;
    }
    text[0] = '\0';
    if (!ended && fstat(source->fd, &about) == 0 && (uint64_t)about.st_size > source->start)
        source->taken = (uint64_t)about.st_size - source->start;
    if (fingerprint_of_range(source->fd, source->start + source->taken, text) != 0)
        text[0] = '\0';
}

void source_sha256(struct source *source, char text[DIGEST_TEXT])
{
    text[0] = '\0';
    if (source->digest != NULL && source->ended)
        digest_finish(source->digest, text);
}

void source_free(struct source *source)
{
    if (source == NULL)
        return;
    fingerprint_free(source->print);
    digest_free(source->digest);
    free(source);
}
