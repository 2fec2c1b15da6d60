/*
 * Which of the interfaces that were asked for are there and up, and what they dropped: the kernel tells of
 * each change (rtnetlink(7)), so nobody has to look again and again.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LIVE_LINKS_H
#define IMAPTAP_ANALYZER_RECORDER_LIVE_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct links;

struct link_state {
    bool there, up;
    int64_t dropped; /* by the interface since it was made, for want of room in the card or its driver */
};

/* Begins to follow the interfaces of these names, which must stay; "any" is always there and up. NULL: see
 * errno. */
struct links *links_new(const char *const *names, size_t count);

/* To poll for reading. */
int links_fd(const struct links *links);

/* Takes what the kernel has told; never waits. */
void links_read(struct links *links);

/* Asks the kernel for all states anew; links_read takes the answer. */
void links_ask(struct links *links);

/* As last told. */
struct link_state links_state(const struct links *links, size_t number);

void links_free(struct links *links);

#endif
