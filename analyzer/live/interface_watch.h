/*
 * Which of the interfaces that were asked for are there and up, and what they dropped: the kernel reports
 * each change (rtnetlink(7)), so nobody has to look again and again.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_INTERFACE_WATCH_H
#define IMAPTAP_ANALYZER_LIVE_INTERFACE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interface_watch;

struct link_state {
    bool there, up;
    int64_t dropped; /* by the interface since it was made, for want of room in the card or its driver */
};

/* Begins to follow the interfaces of these names, which must stay; "any" is always there and up. NULL: see
 * errno. */
struct interface_watch *interface_watch_new(const char *const *names, size_t count);

/* To poll for reading. */
int interface_watch_fd(const struct interface_watch *links);

/* Takes what the kernel has reported; never waits. */
void interface_watch_read(struct interface_watch *links);

/* Asks the kernel for all states again; interface_watch_read takes the answer. */
void interface_watch_ask(struct interface_watch *links);

/* As last reported. */
struct link_state interface_watch_state(const struct interface_watch *links, size_t number);

void interface_watch_free(struct interface_watch *links);

#endif
