/*
 * The analyzer process's work on files and pipes: takes frame after frame through decapsulation, connection
 * table and tracker, and reports when captures begin and end.
 */
#include "analyzer/pipeline/pipeline_files.h"

#include "analyzer/pipeline/pipeline_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Frames between two looks at the clock of progress. */
#define FIGURES_EVERY 1024
/* Frames between two writings of what has been found. */
#define FLUSH_EVERY (64 * FIGURES_EVERY)
/* Segments that are taken together. */
#define BATCH 16

static void on_started(void *user, uint32_t capture)
{
    struct pipeline *pipeline = user;
    struct event event = {.kind = EVENT_CAPTURE_STARTED};

    event.capture.capture = capture;
    pipeline->spans[capture] = (struct capture_span){.first_ns = -1, .last_ns = -1};
    event_ring_send(pipeline->ring, &event);
}

static void on_ended(void *user, uint32_t capture, enum capture_status status, struct capture_file *file)
{
    struct pipeline *pipeline = user;
    const struct capture_span *span = &pipeline->spans[capture];
    struct event event = {.kind = EVENT_CAPTURE_ENDED};
    struct event_capture *ended = &event.capture;

    pipeline_count_evicted(pipeline);
    ended->capture = capture;
    ended->evicted = span->evicted;
    /* a frame of which the rest is still to be written is no damage */
    ended->broken =
        status == CAPTURE_BROKEN && (pipeline->feed == NULL || !file_feed_is_unfinished(pipeline->feed));
    ended->packets = span->packets;
    ended->first_ns = span->first_ns;
    ended->last_ns = span->last_ns;
    capture_file_fingerprint(file, ended->fingerprint);
    ended->marks_met = capture_file_marks_met(file);
    capture_file_packed_fingerprint(file, ended->packed_fingerprint);
    capture_file_sha256(file, ended->sha256);
    ended->bytes = (int64_t)capture_file_position(file);
    snprintf(ended->link_types, sizeof ended->link_types, "%s", capture_file_link_types(file));
    ended->foreign = ended->broken && capture_file_is_foreign(file);
    if (ended->broken)
        snprintf(ended->error, sizeof ended->error, "%s", capture_file_error(file));
    event_ring_send(pipeline->ring, &event);
}

static void show_figures(struct pipeline *pipeline)
{
    struct event_ring_figures *figures = event_ring_figures(pipeline->ring);
    struct session_tracker_counts counts = session_tracker_counts(pipeline->tracker);
    uint64_t octets;

    if (pipeline->feed == NULL)
        octets = capture_set_position(pipeline->captures);
    else
        octets = pipeline->fed_octets + (pipeline->fed == NULL ? 0 : capture_file_position(pipeline->fed));
    atomic_store_explicit(&figures->octets, octets, memory_order_relaxed);
    atomic_store_explicit(&figures->frames, pipeline->frames, memory_order_relaxed);
    atomic_store_explicit(&figures->connections, counts.connections, memory_order_relaxed);
    atomic_store_explicit(&figures->logins, counts.logins, memory_order_relaxed);
}

/* Should this frame be the analyzer's last, the recorder knows which one it was. */
static void name_frame(struct pipeline *pipeline, uint32_t capture, uint64_t number)
{
    struct event_ring_figures *figures = event_ring_figures(pipeline->ring);

    atomic_store_explicit(&figures->capture, capture, memory_order_relaxed);
    atomic_store_explicit(&figures->frame, number, memory_order_relaxed);
}

/* Counts a frame and decapsulates it. True: it holds a segment. */
static bool take_segment(struct pipeline *pipeline, const struct frame *frame, struct segment *segment)
{
    enum decap_result result;

    name_frame(pipeline, frame->capture, frame->number);
    pipeline->latest_ns[0] = pipeline->latest_ns[1];
    pipeline->latest_ns[1] = frame->time_ns;
    pipeline_count_frame(pipeline, frame);
    pipeline->frames++;
    result = decap_frame(pipeline->decap, frame, segment);
    pipeline->results[result]++;
    return result == DECAP_SEGMENT;
}

/* Shows how far it is, and looks whether it is to go on. */
static enum reading_on look_up(struct pipeline *pipeline)
{
    show_figures(pipeline);
    if (atomic_load_explicit(&event_ring_figures(pipeline->ring)->stop, memory_order_relaxed))
        return READ_STOP;
    if (!session_tracker_is_heard(pipeline->tracker))
        return READ_GONE;
    return pipeline->frames % FLUSH_EVERY != 0 || event_ring_flush(pipeline->ring) ? READ_ON : READ_GONE;
}

static enum reading_on take_and_look(struct pipeline *pipeline, const struct frame *frame)
{
    struct segment segment;

    if (take_segment(pipeline, frame, &segment))
        connection_table_take(pipeline->table, &segment);
    return pipeline->frames % FIGURES_EVERY == 0 ? look_up(pipeline) : READ_ON;
}

/* Segments that are taken together, so that what each needs can be fetched while others are taken. */
struct batch {
    struct segment segments[BATCH];
    struct connection_search searches[BATCH];
    unsigned count;
};

/* Fills a batch from frames that are in memory; when there is none, waits for one. False: all captures are
 * over. */
static bool fill(struct pipeline *pipeline, struct batch *batch)
{
    struct frame frame;

    batch->count = 0;
    if (capture_set_next(pipeline->captures, &frame) != CAPTURE_FRAME)
        return false;
    for (;;) {
        struct segment *segment = &batch->segments[batch->count];

        if (take_segment(pipeline, &frame, segment)) {
            connection_table_lookup(pipeline->table, segment, &batch->searches[batch->count++]);
            if (segment->rejoined) /* its payload is gone when the next frame is decapsulated */
                return true;
        }
        if (batch->count == BATCH || pipeline->frames % FIGURES_EVERY == 0 ||
            !capture_set_next_near(pipeline->captures, &frame))
            return true;
    }
}

static void take_batch(struct pipeline *pipeline, const struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++)
        connection_table_fetch(pipeline->table, &batch->searches[i]);
    for (unsigned i = 0; i < batch->count; i++) {
        name_frame(pipeline, batch->segments[i].capture, batch->segments[i].frame);
        connection_table_process_found(pipeline->table, &batch->segments[i], &batch->searches[i]);
    }
}

static enum reading_on read_all(struct pipeline *pipeline)
{
    enum reading_on on = READ_ON;
    struct batch batch;

    while (on == READ_ON && fill(pipeline, &batch)) {
        take_batch(pipeline, &batch);
        if (pipeline->frames % FIGURES_EVERY == 0)
            on = look_up(pipeline);
    }
    return on;
}

static int64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* There is nothing to read: sends what was found so far. Time passes without frames too, and with it the
 * patience for what was never captured. Of the last two frames the earlier one counts: the time of a single
 * one may be far off. */
static void on_dry(void *user)
{
    struct pipeline *pipeline = user;
    const int64_t *latest = pipeline->latest_ns;

    if (pipeline->frames != pipeline->dry_frames) {
        pipeline->dry_frames = pipeline->frames;
        pipeline->dry_ns = now_ns();
    } else if (pipeline->frames > 1) {
        connection_table_tick(pipeline->table, (latest[0] < latest[1] ? latest[0] : latest[1]) +
                                                   (now_ns() - pipeline->dry_ns));
    }
    show_figures(pipeline);
    event_ring_flush(pipeline->ring);
}

static enum reading_on read_fed_capture(struct pipeline *pipeline, uint32_t number)
{
    const struct event_ring_figures *figures = event_ring_figures(pipeline->ring);
    enum capture_status status;
    enum reading_on on = READ_ON;
    bool started = false;
    struct frame frame;

    while (on == READ_ON && (status = capture_file_next(pipeline->fed, &frame)) == CAPTURE_FRAME) {
        if (!started)
            on_started(pipeline, number);
        started = true;
        on = take_and_look(pipeline, &frame);
    }
    if (on != READ_ON || atomic_load_explicit(&figures->stop, memory_order_relaxed))
        return on == READ_ON ? READ_STOP : on;
    if (!started)
        on_started(pipeline, number);
    on_ended(pipeline, number, status, pipeline->fed);
    return READ_ON;
}

static enum reading_on read_fed(struct pipeline *pipeline)
{
    enum reading_on on = READ_ON;
    uint32_t number;

    while (on == READ_ON && file_feed_next(pipeline->feed, &number)) {
        pipeline->fed = capture_file_new_fed(file_feed_read, pipeline->feed, number);
        if (pipeline->fed == NULL || !pipeline_reserve_span(pipeline, number))
            return READ_GONE;
        on = read_fed_capture(pipeline, number);
        pipeline->fed_octets += capture_file_position(pipeline->fed);
        capture_file_free(pipeline->fed);
        pipeline->fed = NULL;
    }
    return on;
}

/* Opens the set over all inputs; its captures carry the recorder's numbers. */
static struct capture_set *open_captures(struct pipeline *pipeline, const struct pipeline_input *inputs,
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
    if (pipeline_reserve_span(pipeline, highest))
        set = capture_set_new(fds, numbers, count, &handler, pipeline);
cleanup:
    free(fds);
    free(numbers);
    return set;
}

struct pipeline *pipeline_new_files(const struct pipeline_options *options,
                                    const struct pipeline_input *inputs, size_t count,
                                    struct event_ring *ring)
{
    struct pipeline *pipeline = pipeline_prepare(options, ring, false);

    if (pipeline == NULL)
        return NULL;
    pipeline->captures = open_captures(pipeline, inputs, count);
    if (pipeline->captures == NULL) {
        pipeline_free(pipeline);
        return NULL;
    }
    if (options->hash)
        capture_set_hash(pipeline->captures);
    capture_set_mark(pipeline->captures, options->marks, options->mark_count);
    return pipeline;
}

struct pipeline *pipeline_new_fed(const struct pipeline_options *options, struct file_feed *feed,
                                  struct event_ring *ring)
{
    struct pipeline *pipeline = pipeline_prepare(options, ring, false);

    if (pipeline == NULL)
        return NULL;
    pipeline->feed = feed;
    if (!file_feed_become_receiver(feed, on_dry, pipeline)) {
        pipeline_free(pipeline);
        return NULL;
    }
    return pipeline;
}

int pipeline_read_files(struct pipeline *pipeline)
{
    enum reading_on on = pipeline->feed == NULL ? read_all(pipeline) : read_fed(pipeline);

    if (on == READ_GONE)
        return -1;
    connection_table_finish(pipeline->table);
    show_figures(pipeline);
    return pipeline_finish(pipeline);
}
