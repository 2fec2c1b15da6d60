/*
 * The pipeline as those who read see it: files (pipeline_files.c) and interfaces (pipeline_live.c).
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_PIPELINE_STATE_H
#define IMAPTAP_ANALYZER_PIPELINE_PIPELINE_STATE_H

#include "analyzer/capture/capture_set.h"
#include "analyzer/capture/live/live_set.h"
#include "analyzer/decap/decap.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/pipeline/session_tracker.h"
#include "analyzer/stream/connection_table.h"

enum reading_on { READ_ON, READ_STOP, READ_GONE /* the recorder is */ };

/* What was read of one capture. */
struct capture_span {
    int64_t packets, first_ns, last_ns; /* times: -1 without a packet */
    int64_t octets;                     /* of its frames, as they were captured */
    int64_t evicted;
};

struct pipeline {
    struct event_ring *ring;
    struct capture_set *captures; /* NULL: they are fed */
    struct file_feed *feed;
    struct capture_file *fed;              /* that is read now */
    uint64_t fed_octets;                   /* of those before */
    struct live_set *live;                 /* NULL: it reads files */
    int leash;                             /* of a live capture: closed at its other end when it is to stop */
    const struct event_ring_ends *skipped; /* connections that are left out */
    size_t skipped_count;
    struct decap *decap;
    struct connection_table *table;
    struct session_tracker *tracker;
    struct capture_span *spans; /* by capture number */
    size_t span_count;
    uint32_t current; /* the capture of the last frame */
    uint64_t evicted; /* connections, up to the first of its frames that came last */
    uint64_t results[DECAP_RESULTS];
    uint64_t frames;
    int64_t latest_ns[2]; /* times of the last two frames */
    uint64_t dry_frames;  /* frames when the feed ran dry, and when that was */
    int64_t dry_ns;
};

/* What was evicted since the last time, the capture of the last frame made room for. */
void pipeline_count_evicted(struct pipeline *pipeline);

static inline void pipeline_count_frame(struct pipeline *pipeline, const struct frame *frame)
{
    struct capture_span *span = &pipeline->spans[frame->capture];

    if (frame->capture != pipeline->current) {
        pipeline_count_evicted(pipeline);
        pipeline->current = frame->capture;
    }
    span->packets++;
    span->octets += frame->captured;
    if (span->first_ns == -1 || frame->time_ns < span->first_ns)
        span->first_ns = frame->time_ns;
    if (frame->time_ns > span->last_ns)
        span->last_ns = frame->time_ns;
}

/* All but the captures. `live`: the database may be changed for another one meanwhile, so what it needs to
 * know is reported again. NULL: out of memory. */
struct pipeline *pipeline_prepare(const struct pipeline_options *options, struct event_ring *ring, bool live);

/* Makes room for the spans of captures up to this number. */
bool pipeline_reserve_span(struct pipeline *pipeline, uint32_t capture);

/* Sends the counts of the whole. Returns 0, or -1 when the recorder is gone. */
int pipeline_finish(struct pipeline *pipeline);

#endif
