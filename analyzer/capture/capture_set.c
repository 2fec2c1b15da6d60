/*
 * Several captures as one stream of traffic: a heap of captures by the time of their next frame. The capture
 * at its root is the one that is read.
 */
#include "analyzer/capture/capture_set.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

struct member {
    int fd;
    uint32_t index;
    bool started;
    bool ready;                /* `frame` is the next one, and was not yet delivered */
    struct capture_file *file; /* NULL: not open */
    uint64_t position;         /* octets consumed of it, as counted last */
    struct frame frame;
    int64_t time_ns; /* of the next frame */
};

struct capture_set {
    struct capture_set_handler handler;
    void *user;
    struct member *members;
    size_t count;
    struct member **heap;
    size_t heap_count;
    bool begun;
    bool hash; /* pipes */
    const struct mark *marks;
    size_t mark_count;
    bool no_memory;
    uint64_t position; /* octets consumed of all, as counted last */
};

struct capture_set *capture_set_new(const int *fds, const uint32_t *indexes, size_t count,
                                    const struct capture_set_handler *handler, void *user)
{
    struct capture_set *set = calloc(1, sizeof *set);

    if (set == NULL)
        return NULL;
    set->handler = *handler;
    set->user = user;
    set->count = count;
    set->members = calloc(count ? count : 1, sizeof *set->members);
    set->heap = calloc(count ? count : 1, sizeof(struct member *));
    if (set->members == NULL || set->heap == NULL) {
        capture_set_free(set);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        set->members[i].fd = fds[i];
        set->members[i].index = indexes[i];
    }
    return set;
}

void capture_set_hash(struct capture_set *set)
{
    set->hash = true;
}

void capture_set_mark(struct capture_set *set, const struct mark *marks, size_t count)
{
    set->marks = marks;
    set->mark_count = count;
}

static bool is_before(const struct member *a, const struct member *b)
{
    return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a < b;
}

/* Lets the member at `at` sink to its place. */
static void sink(struct capture_set *set, size_t at)
{
    struct member *member = set->heap[at];

    for (size_t child = 2 * at + 1; child < set->heap_count; child = 2 * at + 1) {
        if (child + 1 < set->heap_count && is_before(set->heap[child + 1], set->heap[child]))
            child++;
        if (!is_before(set->heap[child], member))
            break;
        set->heap[at] = set->heap[child];
        at = child;
    }
    set->heap[at] = member;
}

static void start(struct capture_set *set, struct member *member)
{
    if (!member->started)
        set->handler.started(set->user, member->index);
    member->started = true;
}

/* Counts what was consumed of the member since the last time. */
static void count_position(struct capture_set *set, struct member *member)
{
    uint64_t position = capture_file_position(member->file);

    set->position += position - member->position;
    member->position = position;
}

static __attribute__((noinline)) void end(struct capture_set *set, struct member *member,
                                          enum capture_status status)
{
    start(set, member);
    set->handler.ended(set->user, member->index, status, member->file);
    count_position(set, member);
    capture_file_free(member->file);
    member->file = NULL;
}

static __attribute__((noinline)) bool open_member(struct capture_set *set, struct member *member)
{
    member->file = capture_file_new(member->fd, member->index);
    member->position = 0;
    if (set->hash && member->file != NULL)
        capture_file_hash(member->file);
    if (member->file != NULL)
        capture_file_mark(member->file, set->marks, set->mark_count);
    set->no_memory = set->no_memory || member->file == NULL;
    return member->file != NULL;
}

/* Reads the member's next frame. Returns false when there is none: the capture is over, and its end was
 * reported. */
static bool read_next(struct capture_set *set, struct member *member, struct frame *frame)
{
    enum capture_status status;

    if (member->file == NULL && !open_member(set, member))
        return false;
    status = capture_file_next(member->file, frame);
    if (status == CAPTURE_FRAME)
        return true;
    end(set, member, status);
    return false;
}

/* The same for one of several captures. */
static bool advance(struct capture_set *set, struct member *member)
{
    member->ready = read_next(set, member, &member->frame);
    member->time_ns = member->frame.time_ns;
    return member->ready;
}

/* Closes a capture of which only the first time was wanted; a pipe cannot be read again and stays open. */
static void set_aside(struct capture_set *set, struct member *member)
{
    struct stat about;

    if (fstat(member->fd, &about) != 0 || !S_ISREG(about.st_mode))
        return;
    capture_file_free(member->file);
    member->file = NULL;
    member->ready = false;
    set->position -= member->position;
}

/* Finds out when each capture begins. */
static void begin(struct capture_set *set)
{
    set->begun = true;
    for (size_t i = 0; i < set->count; i++) {
        struct member *member = &set->members[i];

        if (set->count > 1) {
            if (!advance(set, member))
                continue;
            set_aside(set, member);
        }
        set->heap[set->heap_count++] = member;
    }
    for (size_t i = set->heap_count / 2; i-- > 0;)
        sink(set, i);
}

enum capture_status capture_set_next(struct capture_set *set, struct frame *frame)
{
    if (!set->begun)
        begin(set);
    while (set->heap_count > 0 && !set->no_memory) {
        struct member *member = set->heap[0];

        if (!member->ready && set->heap_count == 1 && read_next(set, member, frame)) {
            start(set, member);
            return CAPTURE_FRAME;
        }
        if (!member->ready) {
            if (set->heap_count == 1 || !advance(set, member))
                set->heap[0] = set->heap[--set->heap_count];
            if (set->heap_count > 0)
                sink(set, 0);
            continue;
        }
        start(set, member);
        *frame = member->frame;
        member->ready = false;
        return CAPTURE_FRAME;
    }
    return set->no_memory ? CAPTURE_BROKEN : CAPTURE_END;
}

bool capture_set_next_near(struct capture_set *set, struct frame *frame)
{
    const struct member *member = set->heap_count == 1 ? set->heap[0] : NULL;

    return member != NULL && !member->ready && member->file != NULL &&
           capture_file_next_near(member->file, frame);
}

uint64_t capture_set_position(struct capture_set *set)
{
    for (size_t i = 0; i < set->heap_count; i++)
        if (set->heap[i]->file != NULL)
            count_position(set, set->heap[i]);
    return set->position;
}

void capture_set_free(struct capture_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; set->members != NULL && i < set->count; i++)
        capture_file_free(set->members[i].file);
    free(set->members);
    free(set->heap);
    free(set);
}
