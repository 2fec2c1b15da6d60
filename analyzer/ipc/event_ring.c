/*
 * The way from the analyzer process to the recorder process: a ring of chunks in the memory that both share,
 * and a pipe on which an octet says that there is more. An event is its length and its encoding.
 *
 * A chunk is the sender's until CHUNK octets of it are used, and then the receiver's until that empties it.
 */
#include "analyzer/ipc/event_ring.h"

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
#define CHUNK  ((uint32_t)128 * 1024)
#define BUFFER (CHUNK + HEADER + EVENT_MAX_OCTETS)
#define CHUNKS 8

/* Octets on the pipe that may say that there is more when there is not, before the receiver returns. */
#define MAX_VAIN 1000

struct chunk {
    _Atomic uint32_t used; /* octets of whole events; grows, until the receiver empties it */
    uint8_t octets[BUFFER];
};

struct shared {
    struct event_ring_figures figures;
    _Atomic uint32_t emptied; /* chunks; the sender waits for it to change */
    struct chunk chunks[CHUNKS];
};

struct event_ring {
    struct shared *shared;
    int memory;           /* its descriptor; -1: closed */
    int receiver, sender; /* the pipe's ends; -1: closed */
    uint32_t chunk;       /* the number of the present one, counted from the beginning */
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

static bool map_memory(struct event_ring *ring)
{
    void *at = mmap(NULL, sizeof *ring->shared, PROT_READ | PROT_WRITE, MAP_SHARED, ring->memory, 0);

    ring->shared = at == MAP_FAILED ? NULL : at;
    return at != MAP_FAILED;
}

struct event_ring *event_ring_new(void)
{
    struct event_ring *ring = calloc(1, sizeof *ring);
    int ends[2];

    if (ring == NULL)
        return NULL;
    ring->receiver = ring->sender = -1;
    ring->memory = make_memory();
    if (ring->memory < 0 || !map_memory(ring))
        goto failed;
    ring->buffer = malloc(BUFFER);
    if (ring->buffer == NULL || pipe2(ends, O_CLOEXEC) != 0)
        goto failed;
    ring->receiver = ends[0];
    ring->sender = ends[1];
    return ring;
failed:
    event_ring_free(ring);
    return NULL;
}

int event_ring_memory_fd(const struct event_ring *ring)
{
    return ring->memory;
}

struct event_ring *event_ring_new_sender(int memory, int sender)
{
    struct event_ring *ring = calloc(1, sizeof *ring);

    if (ring == NULL)
        return NULL;
    ring->receiver = -1;
    ring->memory = memory;
    ring->sender = sender;
    if (!map_memory(ring)) {
        event_ring_free(ring);
        return NULL;
    }
    return ring;
}

struct event_ring_figures *event_ring_figures(struct event_ring *ring)
{
    return &ring->shared->figures;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void event_ring_become_sender(struct event_ring *ring)
{
    close_end(&ring->receiver);
    close_end(&ring->memory);
}

int event_ring_sender_fd(const struct event_ring *ring)
{
    return ring->sender;
}

static struct chunk *present(struct event_ring *ring)
{
    return &ring->shared->chunks[ring->chunk % CHUNKS];
}

/* False: the recorder is gone. */
static bool announce(struct event_ring *ring)
{
    static const uint8_t more[1] = {0};
    ssize_t n;

    do
        n = write(ring->sender, more, sizeof more);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

bool event_ring_flush(struct event_ring *ring)
{
    if (ring->announced == ring->used)
        return true;
    ring->announced = ring->used;
    return announce(ring);
}

/* Goes on to the next chunk, when that is empty. False: the recorder is gone. */
static bool begin_chunk(struct event_ring *ring)
{
    _Atomic uint32_t *emptied = &ring->shared->emptied;
    const struct timespec second = {1, 0};
    uint32_t now;

    ring->chunk++;
    ring->used = ring->announced = 0;
    while (now = atomic_load_explicit(emptied, memory_order_acquire), ring->chunk - now >= CHUNKS)
        if (syscall(SYS_futex, emptied, FUTEX_WAIT, now, &second, NULL, 0) != 0 && errno == ETIMEDOUT &&
            !announce(ring))
            return false;
    return true;
}

bool event_ring_send(struct event_ring *ring, const struct event *event)
{
    struct chunk *chunk = present(ring);
    uint8_t *at = chunk->octets + ring->used;
    uint32_t length = (uint32_t)event_encode(event, at + HEADER);

    if (length == 0)
        return true; /* there is no such event */
    memcpy(at, &length, HEADER);
    ring->used += (uint32_t)HEADER + length;
    atomic_store_explicit(&chunk->used, ring->used, memory_order_release);
    return ring->used < CHUNK || (event_ring_flush(ring) && begin_chunk(ring));
}

void event_ring_become_receiver(struct event_ring *ring, uint32_t captures, uint32_t slots)
{
    close_end(&ring->sender);
    close_end(&ring->memory);
    ring->captures = captures;
    ring->slots = slots;
}

int event_ring_receiver_fd(const struct event_ring *ring)
{
    return ring->receiver;
}

void event_ring_expect(struct event_ring *ring, uint32_t captures)
{
    ring->captures = captures;
}

/* Takes one event out of the buffer, which holds whole ones. */
static enum event_ring_status take(struct event_ring *ring, struct event *event)
{
    size_t have = ring->end - ring->start;
    uint32_t length;

    if (have < HEADER)
        return EVENT_RING_BROKEN;
    memcpy(&length, ring->buffer + ring->start, HEADER);
    if (length == 0 || length > EVENT_MAX_OCTETS || length > have - HEADER)
        return EVENT_RING_BROKEN;
    ring->start += HEADER + length;
    ring->last = length;
    return event_decode(event, ring->buffer + ring->start - length, length, ring->captures, ring->slots)
               ? EVENT_RING_EVENT
               : EVENT_RING_BROKEN;
}

/* Copies what is new in the present chunk, and gives it back when it is full. False: what the sender says of
 * it cannot be. */
static bool fetch(struct event_ring *ring)
{
    struct chunk *chunk = present(ring);
    uint32_t used = atomic_load_explicit(&chunk->used, memory_order_acquire);

    ring->start = ring->end = 0;
    if (used < ring->used || used > BUFFER)
        return false;
    ring->end = used - ring->used;
    memcpy(ring->buffer, chunk->octets + ring->used, ring->end);
    ring->used = used;
    if (used < CHUNK)
        return true;
    ring->chunk++;
    ring->used = 0;
    atomic_store_explicit(&chunk->used, 0, memory_order_relaxed);
    atomic_store_explicit(&ring->shared->emptied, ring->chunk, memory_order_release);
    (void)syscall(SYS_futex, &ring->shared->emptied, FUTEX_WAKE, 1, NULL, NULL, 0);
    return true;
}

/* Waits for an octet on the pipe, and takes all that are there. False: none came. */
static bool hear(struct event_ring *ring, int timeout_ms)
{
    struct pollfd ready = {ring->receiver, POLLIN, 0};
    uint8_t octets[4096];
    ssize_t n;

    if (poll(&ready, 1, timeout_ms) <= 0)
        return false; /* a signal counts as quiet: the caller looks around */
    n = read(ring->receiver, octets, sizeof octets);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        ring->over = true;
    return true;
}

enum event_ring_status event_ring_receive(struct event_ring *ring, struct event *event, int timeout_ms)
{
    for (unsigned vain = 0;; vain++) {
        bool over = ring->over; /* before it is looked for the last time */

        if (ring->start == ring->end && !fetch(ring))
            return EVENT_RING_BROKEN;
        if (ring->start < ring->end)
            return take(ring, event);
        if (over)
            return EVENT_RING_END;
        if (vain == MAX_VAIN || !hear(ring, timeout_ms))
            return EVENT_RING_QUIET;
    }
}

const uint8_t *event_ring_encoding(const struct event_ring *ring, size_t *length)
{
    *length = ring->last;
    return ring->buffer + ring->start - ring->last;
}

void event_ring_free(struct event_ring *ring)
{
    if (ring == NULL)
        return;
    close_end(&ring->memory);
    close_end(&ring->receiver);
    close_end(&ring->sender);
    if (ring->shared != NULL)
        munmap(ring->shared, sizeof *ring->shared);
    free(ring->buffer);
    free(ring);
}
