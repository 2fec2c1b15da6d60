/*
 * Several interfaces as one stream of traffic: frames come in the order of their times. The two directions of
 * a connection may arrive on two interfaces (a tap has one for each), so a frame waits until no other
 * interface can still bring an earlier one; with a single interface nothing waits.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_LIVE_LIVE_SET_H
#define IMAPTAP_ANALYZER_CAPTURE_LIVE_LIVE_SET_H

#include "analyzer/capture/live/interface.h"

struct live_set;

/* NULL: out of memory. */
struct live_set *live_set_new(void);

/* Adds an open interface, which the set closes. Returns 0, or -1 when out of memory or when its descriptor is
 * too high a number. */
int live_set_add(struct live_set *set, struct live_interface *interface, uint32_t index);

/* Called once for an interface that brings no more frames; it still answers. */
typedef void live_set_gone(void *user, uint32_t index, struct live_interface *interface);

/* The next frame of all, valid until the next call; LIVE_QUIET: there is none for now; LIVE_GONE: no
 * interface is left. */
enum live_status live_set_next(struct live_set *set, struct frame *frame, live_set_gone *gone, void *user);

/* Waits until there may be a frame, `fd` (-1: none) can be read or was closed, or `timeout_ms` have passed.
 * Returns true when it is the descriptor, which is below FD_SETSIZE. */
bool live_set_wait(struct live_set *set, int fd, int timeout_ms);

/* Calls `each` for all interfaces that are not gone. */
void live_set_each(struct live_set *set, live_set_gone *each, void *user);

/* Descriptors of the interfaces: writes up to `room` of them, returns how many there are. */
size_t live_set_fds(const struct live_set *set, int *fds, size_t room);

void live_set_free(struct live_set *set);

#endif
