/*
 * What reading files and reading interfaces have in common.
 */
#ifndef IMAPTAP_ANALYZER_ANALYSIS_ANALYSIS_INTERNAL_H
#define IMAPTAP_ANALYZER_ANALYSIS_ANALYSIS_INTERNAL_H

#include "analyzer/analysis/analysis.h"
#include "analyzer/analysis/tracker.h"
#include "analyzer/capture/capture_set.h"
#include "analyzer/capture/live/live_set.h"
#include "analyzer/decap/decap.h"
#include "analyzer/stream/connection_table.h"

enum reading_on { READ_ON, READ_STOP, READ_GONE /* the recorder is */ };

/* What was read of one capture. */
struct capture_span {
    int64_t packets, first_ns, last_ns; /* times: -1 without a packet */
    int64_t octets;                     /* of its frames, as they were captured */
    int64_t evicted;
};

struct analysis {
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
    struct tracker *tracker;
    struct capture_span *spans; /* by capture number */
    size_t span_count;
    uint32_t current; /* the capture of the last frame */
    uint64_t evicted; /* connections, up to the first of its frames that came last */
    uint64_t peeled[DECAP_RESULTS];
    uint64_t frames;
    int64_t latest_ns[2]; /* times of the last two frames */
    uint64_t dry_frames;  /* frames when the feed ran dry, and when that was */
    int64_t dry_ns;
};

/* What was evicted since the last time, the capture of the last frame made room for. */
void analysis_count_evicted(struct analysis *analysis);

static inline void analysis_count_frame(struct analysis *analysis, const struct frame *frame)
{
    struct capture_span *span = &analysis->spans[frame->capture];

    if (frame->capture != analysis->current) {
        analysis_count_evicted(analysis);
        analysis->current = frame->capture;
    }
    span->packets++;
    span->octets += frame->captured;
    if (span->first_ns == -1 || frame->time_ns < span->first_ns)
        span->first_ns = frame->time_ns;
    if (frame->time_ns > span->last_ns)
        span->last_ns = frame->time_ns;
}

/* All but the captures. `live`: the database may be changed for another one meanwhile, so what it needs to
 * know is told again. NULL: out of memory. */
struct analysis *analysis_prepare(const struct analysis_options *options, struct event_ring *ring, bool live);

/* Makes room for the spans of captures up to this number. */
bool analysis_reserve_span(struct analysis *analysis, uint32_t capture);

/* Reads the interfaces until it is to stop. */
enum reading_on analysis_read_live(struct analysis *analysis);

/* Tells the last figures, and that the interfaces' captures are over. */
void analysis_end_live(struct analysis *analysis);

#endif
