/*
 * Several interfaces as one stream of traffic: of each that has frames the next one is held, and the earliest
 * of them goes.
 */
#include "analyzer/capture/live/live_set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>

/* How long another interface may take to bring a frame that is earlier: the kernel holds back a block, and
 * then it must be our turn. */
#define PATIENCE_NS ((LIVE_BLOCK_MS + 20) * (int64_t)1000000)

struct member {
    struct live_interface *interface;
    uint32_t index;
    bool readable; /* there may be frames */
    bool held;     /* `frame` is its next one */
    bool gone;
    struct frame frame;
};

struct live_set {
    struct member *members;
    size_t count;
    struct member *delivered; /* its frame is in the caller's hands */
    int64_t due_ns;           /* when the frame that waits may go; 0: none does */
};

struct live_set *live_set_new(void)
{
    return calloc(1, sizeof(struct live_set));
}

int live_set_add(struct live_set *set, struct live_interface *interface, uint32_t index)
{
    struct member *members;

    if (live_interface_fd(interface) >= FD_SETSIZE)
        return -1;
    members = realloc(set->members, (set->count + 1) * sizeof *members);
    if (members == NULL)
        return -1;
    set->members = members;
    memset(&members[set->count], 0, sizeof *members);
    members[set->count].interface = interface;
    members[set->count].index = index;
    members[set->count].readable = true;
    set->count++;
    return 0;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Holds the member's next frame, if there is one. */
static void hold(struct member *member, live_set_gone *gone, void *user)
{
    if (member->held || member->gone || !member->readable)
        return;
    switch (live_interface_next(member->interface, &member->frame)) {
    case LIVE_FRAME:
        member->held = true;
        break;
    case LIVE_QUIET:
        member->readable = false;
        break;
    default:
        member->gone = true;
        gone(user, member->index, member->interface);
    }
}

enum live_status live_set_next(struct live_set *set, struct frame *frame, live_set_gone *gone, void *user)
{
    struct member *earliest = NULL;
    size_t left = 0, held = 0;

    if (set->delivered != NULL)
        set->delivered->held = false;
    set->delivered = NULL;
    set->due_ns = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct member *member = &set->members[i];

        hold(member, gone, user);
        left += !member->gone || member->held;
        held += member->held;
        if (member->held && (earliest == NULL || member->frame.time_ns < earliest->frame.time_ns))
            earliest = member;
    }
    if (earliest == NULL)
        return left == 0 ? LIVE_GONE : LIVE_QUIET;
    if (held < left) {
        int64_t age = now_ns() - earliest->frame.time_ns;

        /* younger than nothing: the clock was set back */
        if (age >= 0 && age < PATIENCE_NS) {
            set->due_ns = earliest->frame.time_ns + PATIENCE_NS;
            return LIVE_QUIET;
        }
    }
    *frame = earliest->frame;
    set->delivered = earliest;
    return LIVE_FRAME;
}

/* Not with poll: it fails beyond the limit of open descriptors, and that is low. */
bool live_set_wait(struct live_set *set, int fd, int timeout_ms)
{
    struct timeval patience;
    int highest = fd;
    fd_set ready;

    if (set->due_ns != 0) {
        int64_t left_ms = (set->due_ns - now_ns()) / 1000000 + 1;

        if (left_ms < timeout_ms)
            timeout_ms = left_ms > 0 ? (int)left_ms : 0;
    }
    FD_ZERO(&ready);
    if (fd >= 0)
        FD_SET(fd, &ready);
    for (size_t i = 0; i < set->count; i++) {
        int own = live_interface_fd(set->members[i].interface);

        if (set->members[i].gone || set->members[i].held)
            continue;
        FD_SET(own, &ready);
        highest = own > highest ? own : highest;
    }
    patience = (struct timeval){timeout_ms / 1000, timeout_ms % 1000 * 1000};
    if (select(highest + 1, &ready, NULL, NULL, &patience) < 0)
        return false; /* a signal: the caller looks around */
    for (size_t i = 0; i < set->count; i++)
        if (FD_ISSET(live_interface_fd(set->members[i].interface), &ready))
            set->members[i].readable = true;
    return fd >= 0 && FD_ISSET(fd, &ready);
}

void live_set_each(struct live_set *set, live_set_gone *each, void *user)
{
    for (size_t i = 0; i < set->count; i++)
        if (!set->members[i].gone)
            each(user, set->members[i].index, set->members[i].interface);
}

size_t live_set_fds(const struct live_set *set, int *fds, size_t room)
{
    for (size_t i = 0; i < set->count && i < room; i++)
        fds[i] = live_interface_fd(set->members[i].interface);
    return set->count;
}

void live_set_free(struct live_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        live_interface_close(set->members[i].interface);
    free(set->members);
    free(set);
}
