/*
 * The analyzer process's work: takes frame after frame through peeling, connection table and tracker, and
 * tells when captures begin and end.
 */
#include "analyzer/analysis/analysis.h"

#include "analyzer/analysis/tracker.h"
#include "analyzer/capture/capture_set.h"
#include "analyzer/packet/peel.h"
#include "analyzer/stream/connection_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Frames between two looks at the clock of progress. */
#define FIGURES_EVERY 1024
/* Frames between two writings of what has been found. */
#define FLUSH_EVERY (64 * FIGURES_EVERY)

struct capture_span {
    int64_t packets, first_ns, last_ns;
};

struct analysis {
    struct channel *channel;
    struct capture_set *captures;
    struct peeler *peeler;
    struct connection_table *table;
    struct tracker *tracker;
    struct capture_span *spans; /* by capture number */
    uint64_t peeled[PEEL_RESULTS];
    uint64_t frames;
};

static void on_started(void *user, uint32_t capture)
{
    struct analysis *analysis = user;
    struct event event = {.kind = EVENT_CAPTURE_STARTED};

    event.capture.capture = capture;
    analysis->spans[capture] = (struct capture_span){0, -1, -1};
    channel_send(analysis->channel, &event);
}

static void on_ended(void *user, uint32_t capture, enum capture_status status, struct capture_file *file)
{
    struct analysis *analysis = user;
    const struct capture_span *span = &analysis->spans[capture];
    struct event event = {.kind = EVENT_CAPTURE_ENDED};
    struct event_capture *told = &event.capture;

    told->capture = capture;
    told->broken = status == CAPTURE_BROKEN;
    told->packets = span->packets;
    told->first_ns = span->first_ns;
    told->last_ns = span->last_ns;
    capture_file_fingerprint(file, told->fingerprint);
    told->bytes = (int64_t)capture_file_position(file);
    snprintf(told->link_types, sizeof told->link_types, "%s", capture_file_link_types(file));
    if (told->broken)
        snprintf(told->error, sizeof told->error, "%s", capture_file_error(file));
    channel_send(analysis->channel, &event);
}

static void show_figures(struct analysis *analysis)
{
    struct channel_figures *figures = channel_figures(analysis->channel);
    struct tracker_counts counts = tracker_counts(analysis->tracker);

    atomic_store_explicit(&figures->octets, capture_set_position(analysis->captures), memory_order_relaxed);
    atomic_store_explicit(&figures->frames, analysis->frames, memory_order_relaxed);
    atomic_store_explicit(&figures->connections, counts.connections, memory_order_relaxed);
    atomic_store_explicit(&figures->logins, counts.logins, memory_order_relaxed);
}

static void take_frame(struct analysis *analysis, const struct frame *frame)
{
    struct capture_span *span = &analysis->spans[frame->capture];
    struct segment segment;
    enum peel_result result;

    span->packets++;
    if (span->first_ns == -1 || frame->time_ns < span->first_ns)
        span->first_ns = frame->time_ns;
    if (frame->time_ns > span->last_ns)
        span->last_ns = frame->time_ns;
    result = peel(analysis->peeler, frame, &segment);
    analysis->peeled[result]++;
    if (result == PEEL_SEGMENT)
        connection_table_take(analysis->table, &segment);
}

static int read_all(struct analysis *analysis)
{
    struct channel_figures *figures = channel_figures(analysis->channel);
    struct frame frame;

    while (capture_set_next(analysis->captures, &frame) == CAPTURE_FRAME) {
        /* should this frame be the analyzer's last, the recorder knows which one it was */
        atomic_store_explicit(&figures->capture, frame.capture, memory_order_relaxed);
        atomic_store_explicit(&figures->frame, frame.number, memory_order_relaxed);
        take_frame(analysis, &frame);
        if (++analysis->frames % FIGURES_EVERY != 0)
            continue;
        show_figures(analysis);
        if (atomic_load_explicit(&figures->stop, memory_order_relaxed))
            break;
        if (!tracker_is_heard(analysis->tracker) ||
            (analysis->frames % FLUSH_EVERY == 0 && !channel_flush(analysis->channel)))
            return -1;
    }
    return 0;
}

static void tell_finished(struct analysis *analysis)
{
    struct connection_counts counts = connection_table_counts(analysis->table);
    struct event event = {.kind = EVENT_FINISHED};

    event.finished.frames = (int64_t)analysis->frames;
    event.finished.not_tcp = (int64_t)analysis->peeled[PEEL_OTHER];
    event.finished.fragments = (int64_t)analysis->peeled[PEEL_FRAGMENT];
    event.finished.cut = (int64_t)analysis->peeled[PEEL_CUT];
    event.finished.malformed = (int64_t)analysis->peeled[PEEL_MALFORMED];
    event.finished.evicted = (int64_t)counts.evicted;
    event.finished.lost_octets = (int64_t)counts.lost_octets;
    channel_send(analysis->channel, &event);
}

/* Opens the set over all inputs; its captures bear the recorder's numbers. */
static struct capture_set *open_captures(struct analysis *analysis, const struct analysis_input *inputs,
                                         size_t count)
{
    static const struct capture_set_handler handler = {on_started, on_ended};
    int *fds = calloc(count, sizeof *fds);
    uint32_t *numbers = calloc(count, sizeof *numbers);
    uint32_t highest = 0;
    struct capture_set *set = NULL;

    if (fds == NULL || numbers == NULL)
        goto cleanup;
    for (size_t i = 0; i < count; i++) {
        fds[i] = inputs[i].fd;
        numbers[i] = inputs[i].capture;
        if (numbers[i] > highest)
            highest = numbers[i];
    }
    analysis->spans = calloc((size_t)highest + 1, sizeof *analysis->spans);
    if (analysis->spans != NULL)
        set = capture_set_new(fds, numbers, count, &handler, analysis);
cleanup:
    free(fds);
    free(numbers);
    return set;
}

struct analysis *analysis_new(const struct analysis_options *options, const struct analysis_input *inputs,
                              size_t count, struct channel *channel)
{
    struct tracker_options tracker_options = {options->password_shape, options->mask,
                                              ANALYSIS_MAX_CONNECTIONS};
    struct connection_table_options table_options;
    struct analysis *analysis = calloc(1, sizeof *analysis);

    if (analysis == NULL)
        return NULL;
    analysis->channel = channel;
    connection_table_defaults(&table_options);
    table_options.ports = options->ports;
    table_options.port_count = options->port_count;
    table_options.detect = options->detect;
    table_options.max_connections = ANALYSIS_MAX_CONNECTIONS;
    analysis->captures = open_captures(analysis, inputs, count);
    analysis->peeler = peeler_new();
    analysis->tracker = tracker_new(&tracker_options, channel);
    if (analysis->tracker != NULL)
        analysis->table = connection_table_new(&table_options, &tracker_handler, analysis->tracker);
    if (analysis->captures == NULL || analysis->peeler == NULL || analysis->table == NULL) {
        analysis_free(analysis);
        return NULL;
    }
    return analysis;
}

int analysis_read(struct analysis *analysis)
{
    if (read_all(analysis) != 0)
        return -1;
    connection_table_finish(analysis->table);
    show_figures(analysis);
    tell_finished(analysis);
    return tracker_is_heard(analysis->tracker) && channel_flush(analysis->channel) ? 0 : -1;
}

void analysis_free(struct analysis *analysis)
{
    if (analysis == NULL)
        return;
    connection_table_free(analysis->table);
    tracker_free(analysis->tracker);
    peeler_free(analysis->peeler);
    capture_set_free(analysis->captures);
    free(analysis->spans);
    free(analysis);
}
