/*
 * The analyzer process's work on interfaces.
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_PIPELINE_LIVE_H
#define IMAPTAP_ANALYZER_PIPELINE_PIPELINE_LIVE_H

#include "analyzer/ipc/event_ring.h"
#include "analyzer/pipeline/pipeline.h"

struct live_set;

/* What reading interfaces needs beyond pipeline_options. */
struct pipeline_live {
    struct live_set *set;                  /* the pipeline frees it */
    int leash;                             /* when its other end is closed, the reading stops */
    const struct event_ring_ends *skipped; /* connections that are left out; they must stay */
    size_t skipped_count;
};

/* Prepares the reading of interfaces that are open; capture numbers are those of the set. NULL: out of
 * memory, and the set stays the caller's. */
struct pipeline *pipeline_new_live(const struct pipeline_options *options, const struct pipeline_live *live,
                                   struct event_ring *ring);

/* Reads the interfaces until the leash is closed or all are gone; first reports each as started. Returns 0,
 * or -1 when the recorder is gone. */
int pipeline_read_live(struct pipeline *pipeline);

#endif
