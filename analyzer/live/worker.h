/*
 * One analyzer process of a live capture: what is known of its life, what it has seen, and the rows of
 * `captures` that hold it. It knows nothing of the others: the worker pool starts them, takes what they send
 * and adds them up.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_WORKER_H
#define IMAPTAP_ANALYZER_LIVE_WORKER_H

#include "analyzer/ipc/event_ring.h"
#include "analyzer/live/store/live_store.h"

struct worker {
    unsigned number; /* of the worker, from 0 */
    unsigned interface_count;
    struct live_store *live_store;
    struct event_ring *ring; /* NULL: no analyzer runs */
    int leash;               /* -1: it is to end */
    bool ended, over;        /* the launcher said so; its ring is read to the end */
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
    int64_t drops_before[EVENT_RING_INTERFACES];              /* of the interface, when it was started */
};

static inline uint32_t worker_bit(unsigned interface)
{
    return UINT32_C(1) << interface;
}

/* Lets the analyzer end. */
void worker_unleash(struct worker *worker);

/* Reads the figures that the analyzer shares. It may be hostile: they are figures, and nothing else.
 * `interface_drops`: those of the interfaces so far, which this worker's rows have; NULL: another one's do.
 */
void worker_read_figures(struct worker *worker, const int64_t *interface_drops);

/* What the row of `captures` that is open has of an interface, as of the figures that were read last. */
struct live_store_figures worker_row_figures(const struct worker *worker, unsigned interface);

/* The end of an interface as the analyzer reports it, as that of the row that is open. */
void worker_as_of_row(const struct worker *worker, struct event_capture *event);

/* Ends the rows of these interfaces, which the worker has open; the figures were just read. */
void worker_end_rows(const struct worker *worker, uint32_t interfaces, const char *why);

/* What came while an interface was down nobody has seen: its row ends when it goes down, and another one
 * begins when it is up again, though the analyzer reads on. Where the worker does not read the interface,
 * nothing happens. The figures were just read. */
void worker_pause(struct worker *worker, unsigned interface);
void worker_resume(struct worker *worker, unsigned interface);

#endif
