/*
 * What the files of the crew share, and nobody else.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LIVE_CREW_INTERNAL_H
#define IMAPTAP_ANALYZER_RECORDER_LIVE_CREW_INTERNAL_H

#include "analyzer/recorder/live/crew.h"
#include "analyzer/recorder/live/culprits.h"

struct worker {
    struct event_ring *ring; /* NULL: no analyzer runs */
    int leash;               /* -1: it is to end */
    bool ended, over;        /* the launcher said so; its channel is read to the end */
    int status;              /* as of waitpid; -1: it never began */
    bool finished, distrusted;
    uint32_t asked, told, open; /* interfaces, a bit each: it was asked to open, said that it did or could
                                   not, and has open */
    int64_t started_ms, leashed_ms;
    int64_t start_ms; /* when the next one is to be started */
    int pause_ms;
    uint32_t paused; /* open, but down: their rows are ended, and begun anew when they are up */
    struct keeper_figures figures[EVENT_RING_INTERFACES]; /* of this life */
    struct keeper_figures rows[EVENT_RING_INTERFACES];    /* those that rows from before a pause have */
    int64_t row_ns[EVENT_RING_INTERFACES];                /* when the pause ended */
    int64_t drops_before[EVENT_RING_INTERFACES];          /* of the interface */
};

struct crew {
    const struct launcher_options *options;
    struct launcher *launcher;
    struct links *links;
    struct keeper *keeper;
    struct worker workers[LAUNCHER_WORKERS];
    struct culprits culprits;
    struct link_state seen[EVENT_RING_INTERFACES]; /* what was said of it last */
    int64_t up_ms[EVENT_RING_INTERFACES];          /* since when it is there and up */
    struct crew_totals past;                       /* of analyzers that are gone */
    struct event_finished missed;
    bool stopping, launcher_gone;
};

static inline uint32_t crew_bit(unsigned interface)
{
    return UINT32_C(1) << interface;
}

/* Reads the figures that the analyzer shares. It may be hostile: they are figures, and nothing else. */
void crew_read_figures(struct crew *crew, struct worker *worker);
/* Adds what the worker's analyzer has seen in its life. */
void crew_add_worker(const struct crew *crew, const struct worker *worker, struct crew_totals *totals);

/* Ends the rows of these interfaces, which the worker has open. */
void crew_end_rows(struct crew *crew, unsigned number, uint32_t interfaces, const char *why);
/* What came while an interface was down nobody has seen: its row ends when it goes down, and another one
 * begins when it is up again, though the analyzer reads on. */
void crew_pause(struct crew *crew, unsigned interface);
void crew_resume(struct crew *crew, unsigned interface);
/* The end of an interface as the analyzer tells it, as that of the row that is open. */
void crew_as_of_row(const struct worker *worker, struct event_capture *told);

#endif
