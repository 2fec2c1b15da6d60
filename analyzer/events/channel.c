/*
 * The way from the analyzer process to the recorder process: a ring of lumps in the memory that both share,
 * and a pipe on which an octet says that there is more. An event is its length and its encoding.
 *
 * A lump is the sender's until LUMP octets of it are used, and then the receiver's until that empties it.
 */
#include "analyzer/events/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HEADER sizeof(uint32_t)
#define LUMP   ((uint32_t)128 * 1024)
#define BUFFER (LUMP + HEADER + EVENT_MAX_OCTETS)
#define LUMPS  8

/* Octets on the pipe that may say in vain that there is more, before the receiver's caller looks around. */
#define MAX_VAIN 1000

struct lump {
    _Atomic uint32_t used; /* octets of whole events; grows, until the receiver empties it */
    uint8_t octets[BUFFER];
};

struct shared {
    struct channel_figures figures;
    _Atomic uint32_t emptied; /* lumps; the sender waits for it to change */
    struct lump lumps[LUMPS];
};

struct channel {
    struct shared *shared;
    int memory;           /* its descriptor; -1: closed */
    int receiver, sender; /* the pipe's ends; -1: closed */
    uint32_t lump;        /* the number of the present one, counted from the beginning */
    uint32_t used;        /* of it: sent or received */
    /* the analyzer's side */
    uint32_t announced; /* of `used` */
    /* the recorder's side */
    uint32_t captures, slots;
    uint8_t *buffer; /* BUFFER octets: what was received, where the sender cannot change it any more */
    size_t start, end;
    size_t last; /* octets of the last event taken, which end at `start` */
    bool over;   /* the sender is gone */
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

static struct lump *present(struct channel *channel)
{
    return &channel->shared->lumps[channel->lump % LUMPS];
}

/* False: the recorder is gone. */
static bool announce(struct channel *channel)
{
    static const uint8_t more[1] = {0};
    ssize_t n;

    do
        n = write(channel->sender, more, sizeof more);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

bool channel_flush(struct channel *channel)
{
    if (channel->announced == channel->used)
        return true;
    channel->announced = channel->used;
    return announce(channel);
}

/* Goes on to the next lump, when that is empty. False: the recorder is gone. */
static bool begin_lump(struct channel *channel)
{
    _Atomic uint32_t *emptied = &channel->shared->emptied;
    const struct timespec second = {1, 0};
    uint32_t now;

    channel->lump++;
    channel->used = channel->announced = 0;
    while (now = atomic_load_explicit(emptied, memory_order_acquire), channel->lump - now >= LUMPS)
        if (syscall(SYS_futex, emptied, FUTEX_WAIT, now, &second, NULL, 0) != 0 && errno == ETIMEDOUT &&
            !announce(channel))
            return false;
    return true;
}

bool channel_send(struct channel *channel, const struct event *event)
{
    struct lump *lump = present(channel);
    uint8_t *at = lump->octets + channel->used;
    uint32_t length = (uint32_t)event_encode(event, at + HEADER);

    if (length == 0)
        return true; /* there is no such event */
    memcpy(at, &length, HEADER);
    channel->used += (uint32_t)HEADER + length;
    atomic_store_explicit(&lump->used, channel->used, memory_order_release);
    return channel->used < LUMP || (channel_flush(channel) && begin_lump(channel));
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

/* Takes one event out of the buffer, which holds whole ones. */
static enum channel_status take(struct channel *channel, struct event *event)
{
    size_t have = channel->end - channel->start;
    uint32_t length;

    if (have < HEADER)
        return CHANNEL_BROKEN;
    memcpy(&length, channel->buffer + channel->start, HEADER);
    if (length == 0 || length > EVENT_MAX_OCTETS || length > have - HEADER)
        return CHANNEL_BROKEN;
    channel->start += HEADER + length;
    channel->last = length;
    return event_decode(event, channel->buffer + channel->start - length, length, channel->captures,
                        channel->slots)
               ? CHANNEL_EVENT
               : CHANNEL_BROKEN;
}

/* Copies what is new in the present lump, and gives it back when it is full. False: what the sender says of
 * it cannot be. */
static bool fetch(struct channel *channel)
{
    struct lump *lump = present(channel);
    uint32_t used = atomic_load_explicit(&lump->used, memory_order_acquire);

    channel->start = channel->end = 0;
    if (used < channel->used || used > BUFFER)
        return false;
    channel->end = used - channel->used;
    memcpy(channel->buffer, lump->octets + channel->used, channel->end);
    channel->used = used;
    if (used < LUMP)
        return true;
    channel->lump++;
    channel->used = 0;
    atomic_store_explicit(&lump->used, 0, memory_order_relaxed);
    atomic_store_explicit(&channel->shared->emptied, channel->lump, memory_order_release);
    (void)syscall(SYS_futex, &channel->shared->emptied, FUTEX_WAKE, 1, NULL, NULL, 0);
    return true;
}

/* Waits for an octet on the pipe, and takes all that are there. False: none came. */
static bool hear(struct channel *channel, int timeout_ms)
{
    struct pollfd ready = {channel->receiver, POLLIN, 0};
    uint8_t octets[4096];
    ssize_t n;

    if (poll(&ready, 1, timeout_ms) <= 0)
        return false; /* a signal counts as quiet: the caller looks around */
    n = read(channel->receiver, octets, sizeof octets);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        channel->over = true;
    return true;
}

enum channel_status channel_receive(struct channel *channel, struct event *event, int timeout_ms)
{
    for (unsigned vain = 0;; vain++) {
        bool over = channel->over; /* before it is looked for the last time */

        if (channel->start == channel->end && !fetch(channel))
            return CHANNEL_BROKEN;
        if (channel->start < channel->end)
            return take(channel, event);
        if (over)
            return CHANNEL_END;
        if (vain == MAX_VAIN || !hear(channel, timeout_ms))
            return CHANNEL_QUIET;
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
