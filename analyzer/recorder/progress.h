/*
 * One line on a terminal that says how far the reading is.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_PROGRESS_H
#define IMAPTAP_ANALYZER_RECORDER_PROGRESS_H

#include "analyzer/ipc/event_ring.h"

struct progress {
    bool shown;
    uint64_t total; /* octets to read in all; 0: not known (a pipe) */
    int64_t started_ns, drawn_ns;
    bool drawn;
};

/* `shown` false: the other functions do nothing. */
void progress_start(struct progress *progress, bool shown, uint64_t total_octets);

/* Draws the line again, at most five times a second. */
void progress_draw(struct progress *progress, const struct event_ring_figures *figures);

/* The same while only hashing is left, of which `octets` are done. */
void progress_draw_hashing(struct progress *progress, uint64_t octets);

/* Removes the line. */
void progress_end(struct progress *progress);

#endif
