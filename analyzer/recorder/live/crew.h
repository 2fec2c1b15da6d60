/*
 * The analyzers of a live capture: has as many running as there are workers, for the interfaces that are
 * there; starts those that die again, with growing pauses; and passes on what they tell.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LIVE_CREW_H
#define IMAPTAP_ANALYZER_RECORDER_LIVE_CREW_H

#include "analyzer/recorder/live/keeping/keeper.h"
#include "analyzer/recorder/live/launcher.h"
#include "analyzer/recorder/live/links.h"

#include <poll.h>

struct crew;

/* What came from one interface, in all. */
struct crew_interface {
    uint64_t packets, octets, kernel_drops, interface_drops;
    bool open; /* it is being read */
};

/* What was seen in all, since the beginning. */
struct crew_totals {
    struct crew_interface interfaces[EVENT_RING_INTERFACES];
    uint64_t connections, two_sided, logins, lost_octets, evicted;
    uint64_t open;   /* connections now */
    int64_t last_ns; /* of the last packet; -1: none */
    unsigned deaths; /* of analyzers */
};

/* The options must stay. NULL: out of memory. */
struct crew *crew_new(const struct launcher_options *options, struct launcher *launcher, struct links *links);

/* Who keeps what is told: set it before anything is started. */
void crew_set_keeper(struct crew *crew, struct keeper *keeper);

/* Starts what is to be started now. Returns false when the launcher is gone. */
bool crew_tend(struct crew *crew);

/* When crew_tend is to be called at the latest, in the milliseconds of reading_now_ms. */
int64_t crew_due_ms(const struct crew *crew);

/* Fills in what is to be polled, at most LAUNCHER_WORKERS + 1; returns how many. */
size_t crew_poll(const struct crew *crew, struct pollfd *ready);

/* Takes what analyzers have told; never waits. */
void crew_take(struct crew *crew);

/* Lets the analyzers end; no other is started. */
void crew_stop(struct crew *crew);
bool crew_is_over(const struct crew *crew);

/* As they are now, of the analyzer that runs or ran last. */
void crew_figures(const struct crew *crew, unsigned worker, unsigned interface,
                  struct keeper_figures *figures);

void crew_totals(const struct crew *crew, struct crew_totals *totals);
/* What could not be used, of the analyzers that have ended. */
const struct event_finished *crew_missed(const struct crew *crew);

void crew_free(struct crew *crew);

#endif
