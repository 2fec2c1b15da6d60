/*
 * The analyzers of a live capture: has as many running as there are workers, for the interfaces that are
 * there; starts those that die again, with growing pauses; and passes on what they report.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_WORKER_POOL_H
#define IMAPTAP_ANALYZER_LIVE_WORKER_POOL_H

#include "analyzer/live/interface_watch.h"
#include "analyzer/live/launcher.h"
#include "analyzer/live/store/live_store.h"

#include <poll.h>

struct worker_pool;

/* What came from one interface, in all. */
struct worker_pool_interface {
    uint64_t packets, octets, kernel_drops, interface_drops;
    bool open; /* it is being read */
};

/* What was seen in all, since the beginning. */
struct worker_pool_totals {
    struct worker_pool_interface interfaces[EVENT_RING_INTERFACES];
    uint64_t connections, two_sided, logins, lost_octets, evicted;
    uint64_t open;   /* connections now */
    int64_t last_ns; /* of the last packet; -1: none */
    unsigned deaths; /* of analyzers */
};

/* The options must stay. NULL: out of memory. */
struct worker_pool *worker_pool_new(const struct launcher_options *options, struct launcher *launcher,
                                    struct interface_watch *links);

/* Who keeps what is reported: set it before anything is started. */
void worker_pool_set_live_store(struct worker_pool *pool, struct live_store *live_store);

/* Starts what is to be started now. Returns false when the launcher is gone. */
bool worker_pool_tend(struct worker_pool *pool);

/* When worker_pool_tend is to be called at the latest, in the milliseconds of analyzer_run_now_ms. */
int64_t worker_pool_due_ms(const struct worker_pool *pool);

/* Fills in what is to be polled, at most LAUNCHER_WORKERS + 1; returns how many. */
size_t worker_pool_poll(const struct worker_pool *pool, struct pollfd *ready);

/* Takes what analyzers have sent; never waits. */
void worker_pool_take(struct worker_pool *pool);

/* Lets the analyzers end; no other is started. */
void worker_pool_stop(struct worker_pool *pool);
bool worker_pool_is_over(const struct worker_pool *pool);

/* As they are now, of the analyzer that runs or ran last. */
void worker_pool_figures(const struct worker_pool *pool, unsigned worker, unsigned interface,
                         struct live_store_figures *figures);

void worker_pool_totals(const struct worker_pool *pool, struct worker_pool_totals *totals);
/* What could not be used, of the analyzers that have ended. */
const struct event_finished *worker_pool_missed(const struct worker_pool *pool);

void worker_pool_free(struct worker_pool *pool);

#endif
