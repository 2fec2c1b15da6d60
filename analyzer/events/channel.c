/*
 * The way from the analyzer process to the recorder process. On the pipe and in the shared memory alike, an
 * event is a header (octets, sequence number) and its encoding.
 */
#include "analyzer/events/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct header {
    uint32_t length;
    uint32_t reserved;
    uint64_t sequence;
};

#define LUMP   (64 * 1024)
#define BUFFER (LUMP + (int)sizeof(struct header) + EVENT_MAX_OCTETS)

struct shared {
    struct channel_figures figures;
    _Atomic uint32_t used; /* octets of whole events in `octets` */
    uint8_t octets[BUFFER];
};

struct channel {
    struct shared *shared;
    int memory;           /* its descriptor; -1: closed */
    int receiver, sender; /* the pipe's ends; -1: closed */
    uint64_t sequence;    /* of the last event sent or received */
    /* the recorder's side */
    uint32_t captures, slots;
    uint8_t *buffer; /* BUFFER octets */
    size_t start, end;
    size_t last;   /* octets of the last event taken, which end at `start` */
    bool salvaged; /* the shared memory's remainder is in the buffer */
};

/* Memory of a fixed size: the other side cannot cut it off below us. */
static int make_memory(void)
{
    int fd = memfd_create("imaptap", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -1;
    if (ftruncate(fd, sizeof(struct shared)) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool map_memory(struct channel *channel)
{
    void *at = mmap(NULL, sizeof *channel->shared, PROT_READ | PROT_WRITE, MAP_SHARED, channel->memory, 0);

    channel->shared = at == MAP_FAILED ? NULL : at;
    return at != MAP_FAILED;
}

struct channel *channel_new(void)
{
    struct channel *channel = calloc(1, sizeof *channel);
    int ends[2];

    if (channel == NULL)
        return NULL;
    channel->receiver = channel->sender = -1;
    channel->memory = make_memory();
    if (channel->memory < 0 || !map_memory(channel))
        goto failed;
    channel->buffer = malloc(BUFFER);
    if (channel->buffer == NULL || pipe2(ends, O_CLOEXEC) != 0)
        goto failed;
    channel->receiver = ends[0];
    channel->sender = ends[1];
    /* a larger pipe lets both processes run on; not having it is no harm */
    (void)fcntl(channel->sender, F_SETPIPE_SZ, 1 << 20);
    return channel;
failed:
    channel_free(channel);
    return NULL;
}

int channel_memory_fd(const struct channel *channel)
{
    return channel->memory;
}

struct channel *channel_new_sender(int memory, int sender)
{
    struct channel *channel = calloc(1, sizeof *channel);

    if (channel == NULL)
        return NULL;
    channel->receiver = -1;
    channel->memory = memory;
    channel->sender = sender;
    if (!map_memory(channel)) {
        channel_free(channel);
        return NULL;
    }
    return channel;
}

struct channel_figures *channel_figures(struct channel *channel)
{
    return &channel->shared->figures;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void channel_become_sender(struct channel *channel)
{
    close_end(&channel->receiver);
    close_end(&channel->memory);
}

int channel_sender_fd(const struct channel *channel)
{
    return channel->sender;
}

bool channel_flush(struct channel *channel)
{
    uint32_t used = atomic_load_explicit(&channel->shared->used, memory_order_relaxed);
    uint32_t written = 0;

    while (written < used) {
        ssize_t n = write(channel->sender, channel->shared->octets + written, used - written);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        written += (uint32_t)n;
    }
    atomic_store_explicit(&channel->shared->used, 0, memory_order_release);
    return true;
}

bool channel_send(struct channel *channel, const struct event *event)
{
    uint32_t used = atomic_load_explicit(&channel->shared->used, memory_order_relaxed);
    uint8_t *at = channel->shared->octets + used;
    struct header header = {0};

    header.length = (uint32_t)event_encode(event, at + sizeof header);
    if (header.length == 0)
        return true; /* cannot be: all texts are bounded far below the limit */
    header.sequence = ++channel->sequence;
    memcpy(at, &header, sizeof header);
    used += (uint32_t)sizeof header + header.length;
    atomic_store_explicit(&channel->shared->used, used, memory_order_release);
    return used < LUMP || channel_flush(channel);
}

void channel_become_receiver(struct channel *channel, uint32_t captures, uint32_t slots)
{
    close_end(&channel->sender);
    close_end(&channel->memory);
    channel->captures = captures;
    channel->slots = slots;
}

int channel_receiver_fd(const struct channel *channel)
{
    return channel->receiver;
}

void channel_expect(struct channel *channel, uint32_t captures)
{
    channel->captures = captures;
}

/* Takes one event out of the buffer. CHANNEL_QUIET: there is no whole one. */
static enum channel_status take(struct channel *channel, struct event *event)
{
    struct header header;

    while (channel->end - channel->start >= sizeof header) {
        const uint8_t *octets = channel->buffer + channel->start + sizeof header;

        memcpy(&header, channel->buffer + channel->start, sizeof header);
        if (header.length == 0 || header.length > EVENT_MAX_OCTETS)
            return CHANNEL_BROKEN;
        if (channel->end - channel->start - sizeof header < header.length)
            break;
        channel->start += sizeof header + header.length;
        channel->last = header.length;
        if (header.sequence <= channel->sequence)
            continue; /* salvaged, but it had come through the pipe */
        if (header.sequence != channel->sequence + 1)
            return CHANNEL_BROKEN;
        channel->sequence = header.sequence;
        return event_decode(event, octets, header.length, channel->captures, channel->slots) ? CHANNEL_EVENT
                                                                                             : CHANNEL_BROKEN;
    }
    return CHANNEL_QUIET;
}

/* The analyzer is gone: what it had not written any more stands in the shared memory. */
static void salvage(struct channel *channel)
{
    uint32_t used = atomic_load_explicit(&channel->shared->used, memory_order_acquire);

    channel->salvaged = true;
    channel->start = 0;
    channel->end = used <= BUFFER ? used : 0;
    memcpy(channel->buffer, channel->shared->octets, channel->end);
}

enum channel_status channel_receive(struct channel *channel, struct event *event, int timeout_ms)
{
    for (;;) {
        enum channel_status status = take(channel, event);
        struct pollfd ready = {channel->receiver, POLLIN, 0};
        ssize_t n;

        if (status != CHANNEL_QUIET)
            return status;
        if (channel->salvaged)
            return CHANNEL_END;
        memmove(channel->buffer, channel->buffer + channel->start, channel->end - channel->start);
        channel->end -= channel->start;
        channel->start = 0;
        if (poll(&ready, 1, timeout_ms) <= 0)
            return CHANNEL_QUIET; /* a signal counts as quiet: the caller looks around */
        n = read(channel->receiver, channel->buffer + channel->end, (size_t)BUFFER - channel->end);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            salvage(channel);
        else
            channel->end += (size_t)n;
    }
}

const uint8_t *channel_encoding(const struct channel *channel, size_t *length)
{
    *length = channel->last;
    return channel->buffer + channel->start - channel->last;
}

void channel_free(struct channel *channel)
{
    if (channel == NULL)
        return;
    close_end(&channel->memory);
    close_end(&channel->receiver);
    close_end(&channel->sender);
    if (channel->shared != NULL)
        munmap(channel->shared, sizeof *channel->shared);
    free(channel->buffer);
    free(channel);
}
