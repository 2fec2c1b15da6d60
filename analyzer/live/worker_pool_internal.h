/*
 * What the files of the worker pool share, and nobody else.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_WORKER_POOL_INTERNAL_H
#define IMAPTAP_ANALYZER_LIVE_WORKER_POOL_INTERNAL_H

#include "analyzer/live/crash_packets.h"
#include "analyzer/live/worker_pool.h"

struct worker {
    struct event_ring *ring; /* NULL: no analyzer runs */
    int leash;               /* -1: it is to end */
    bool ended, over;        /* the launcher said so; its channel is read to the end */
    int status;              /* as of waitpid; -1: it never began */
    bool finished, distrusted;
    uint32_t asked, answered, open; /* interfaces, a bit each: it was asked to open, said that it did or could
                                   not, and has open */
    int64_t started_ms, leashed_ms;
    int64_t start_ms; /* when the next one is to be started */
    int pause_ms;
    uint32_t paused; /* open, but down: their rows are ended, and begun again when they are up */
    struct live_store_figures figures[EVENT_RING_INTERFACES]; /* of this life */
    struct live_store_figures rows[EVENT_RING_INTERFACES];    /* those that rows from before a pause have */
    int64_t row_ns[EVENT_RING_INTERFACES];                    /* when the pause ended */
    int64_t drops_before[EVENT_RING_INTERFACES];              /* of the interface */
};

struct worker_pool {
    const struct launcher_options *options;
    struct launcher *launcher;
    struct interface_watch *links;
    struct live_store *live_store;
    struct worker workers[LAUNCHER_WORKERS];
    struct crash_packets crash_packets;
    struct link_state seen[EVENT_RING_INTERFACES]; /* what was said of it last */
    int64_t up_ms[EVENT_RING_INTERFACES];          /* since when it is there and up */
    struct worker_pool_totals past;                /* of analyzers that are gone */
    struct event_finished missed;
    bool stopping, launcher_gone;
};

static inline uint32_t worker_pool_bit(unsigned interface)
{
    return UINT32_C(1) << interface;
}

/* Reads the figures that the analyzer shares. It may be hostile: they are figures, and nothing else. */
void worker_pool_read_figures(struct worker_pool *pool, struct worker *worker);
/* Adds what the worker's analyzer has seen in its life. */
void worker_pool_add_worker(const struct worker_pool *pool, const struct worker *worker,
                            struct worker_pool_totals *totals);

/* Ends the rows of these interfaces, which the worker has open. */
void worker_pool_end_rows(struct worker_pool *pool, unsigned number, uint32_t interfaces, const char *why);
/* What came while an interface was down nobody has seen: its row ends when it goes down, and another one
 * begins when it is up again, though the analyzer reads on. */
void worker_pool_pause(struct worker_pool *pool, unsigned interface);
void worker_pool_resume(struct worker_pool *pool, unsigned interface);
/* The end of an interface as the analyzer reports it, as that of the row that is open. */
void worker_pool_as_of_row(const struct worker *worker, struct event_capture *event);

#endif
