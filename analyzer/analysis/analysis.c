/*
 * The analyzer process's work: takes frame after frame through decapsulation, connection table and tracker,
 * and tells when captures begin and end.
 */
#include "analyzer/analysis/analysis_internal.h"

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

bool analysis_reserve_span(struct analysis *analysis, uint32_t capture)
{
    size_t count = (size_t)capture + capture / 2 + 16;
    struct capture_span *larger;

    if (capture < analysis->span_count)
        return true;
    larger = realloc(analysis->spans, count * sizeof *larger);
    if (larger == NULL)
        return false;
    memset(larger + analysis->span_count, 0, (count - analysis->span_count) * sizeof *larger);
    analysis->spans = larger;
    analysis->span_count = count;
    return true;
}

static void on_started(void *user, uint32_t capture)
{
    struct analysis *analysis = user;
    struct event event = {.kind = EVENT_CAPTURE_STARTED};

    event.capture.capture = capture;
    analysis->spans[capture] = (struct capture_span){.first_ns = -1, .last_ns = -1};
    event_ring_send(analysis->ring, &event);
}

void analysis_count_evicted(struct analysis *analysis)
{
    uint64_t evicted = connection_table_counts(analysis->table).evicted;

    if (analysis->current < analysis->span_count)
        analysis->spans[analysis->current].evicted += (int64_t)(evicted - analysis->evicted);
    analysis->evicted = evicted;
}

static void on_ended(void *user, uint32_t capture, enum capture_status status, struct capture_file *file)
{
    struct analysis *analysis = user;
    const struct capture_span *span = &analysis->spans[capture];
    struct event event = {.kind = EVENT_CAPTURE_ENDED};
    struct event_capture *told = &event.capture;

    analysis_count_evicted(analysis);
    told->capture = capture;
    told->evicted = span->evicted;
    /* a frame of which the rest is still to be written is no damage */
    told->broken =
        status == CAPTURE_BROKEN && (analysis->feed == NULL || !file_feed_is_unfinished(analysis->feed));
    told->packets = span->packets;
    told->first_ns = span->first_ns;
    told->last_ns = span->last_ns;
    capture_file_fingerprint(file, told->fingerprint);
    capture_file_sha256(file, told->sha256);
    told->bytes = (int64_t)capture_file_position(file);
    snprintf(told->link_types, sizeof told->link_types, "%s", capture_file_link_types(file));
    if (told->broken)
        snprintf(told->error, sizeof told->error, "%s", capture_file_error(file));
    event_ring_send(analysis->ring, &event);
}

static void show_figures(struct analysis *analysis)
{
    struct event_ring_figures *figures = event_ring_figures(analysis->ring);
    struct tracker_counts counts = tracker_counts(analysis->tracker);
    uint64_t octets;

    if (analysis->feed == NULL)
        octets = capture_set_position(analysis->captures);
    else
        octets = analysis->fed_octets + (analysis->fed == NULL ? 0 : capture_file_position(analysis->fed));
    atomic_store_explicit(&figures->octets, octets, memory_order_relaxed);
    atomic_store_explicit(&figures->frames, analysis->frames, memory_order_relaxed);
    atomic_store_explicit(&figures->connections, counts.connections, memory_order_relaxed);
    atomic_store_explicit(&figures->logins, counts.logins, memory_order_relaxed);
}

/* Should this frame be the analyzer's last, the recorder knows which one it was. */
static void name_frame(struct analysis *analysis, uint32_t capture, uint64_t number)
{
    struct event_ring_figures *figures = event_ring_figures(analysis->ring);

    atomic_store_explicit(&figures->capture, capture, memory_order_relaxed);
    atomic_store_explicit(&figures->frame, number, memory_order_relaxed);
}

/* Counts and peels a frame. True: it holds a segment. */
static bool take_segment(struct analysis *analysis, const struct frame *frame, struct segment *segment)
{
    enum decap_result result;

    name_frame(analysis, frame->capture, frame->number);
    analysis->latest_ns[0] = analysis->latest_ns[1];
    analysis->latest_ns[1] = frame->time_ns;
    analysis_count_frame(analysis, frame);
    analysis->frames++;
    result = decap_frame(analysis->decap, frame, segment);
    analysis->peeled[result]++;
    return result == DECAP_SEGMENT;
}

/* Tells where it is, and looks whether it is to go on. */
static enum reading_on look_up(struct analysis *analysis)
{
    show_figures(analysis);
    if (atomic_load_explicit(&event_ring_figures(analysis->ring)->stop, memory_order_relaxed))
        return READ_STOP;
    if (!tracker_is_heard(analysis->tracker))
        return READ_GONE;
    return analysis->frames % FLUSH_EVERY != 0 || event_ring_flush(analysis->ring) ? READ_ON : READ_GONE;
}

static enum reading_on take_and_look(struct analysis *analysis, const struct frame *frame)
{
    struct segment segment;

    if (take_segment(analysis, frame, &segment))
        connection_table_take(analysis->table, &segment);
    return analysis->frames % FIGURES_EVERY == 0 ? look_up(analysis) : READ_ON;
}

/* Segments that are taken together, so that what each needs can be fetched while others are taken. */
struct batch {
    struct segment segments[BATCH];
    struct connection_search searches[BATCH];
    unsigned count;
};

/* Fills a batch from frames that are in memory; when there is none, waits for one. False: all captures are
 * over. */
static bool fill(struct analysis *analysis, struct batch *batch)
{
    struct frame frame;

    batch->count = 0;
    if (capture_set_next(analysis->captures, &frame) != CAPTURE_FRAME)
        return false;
    for (;;) {
        struct segment *segment = &batch->segments[batch->count];

        if (take_segment(analysis, &frame, segment)) {
            connection_table_lookup(analysis->table, segment, &batch->searches[batch->count++]);
            if (segment->rejoined) /* its payload is gone when the next frame is peeled */
                return true;
        }
        if (batch->count == BATCH || analysis->frames % FIGURES_EVERY == 0 ||
            !capture_set_next_near(analysis->captures, &frame))
            return true;
    }
}

static void take_batch(struct analysis *analysis, const struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++)
        connection_table_fetch(analysis->table, &batch->searches[i]);
    for (unsigned i = 0; i < batch->count; i++) {
        name_frame(analysis, batch->segments[i].capture, batch->segments[i].frame);
        connection_table_process_found(analysis->table, &batch->segments[i], &batch->searches[i]);
    }
}

static enum reading_on read_all(struct analysis *analysis)
{
    enum reading_on on = READ_ON;
    struct batch batch;

    while (on == READ_ON && fill(analysis, &batch)) {
        take_batch(analysis, &batch);
        if (analysis->frames % FIGURES_EVERY == 0)
            on = look_up(analysis);
    }
    return on;
}

static int64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* There is nothing to read: tells what was found so far. Time passes without frames too, and with it the
 * patience for what was never captured. Of the last two frames the earlier one counts: the time of a single
 * one may be far off. */
static void on_dry(void *user)
{
    struct analysis *analysis = user;
    const int64_t *latest = analysis->latest_ns;

    if (analysis->frames != analysis->dry_frames) {
        analysis->dry_frames = analysis->frames;
        analysis->dry_ns = now_ns();
    } else if (analysis->frames > 1) {
        connection_table_tick(analysis->table, (latest[0] < latest[1] ? latest[0] : latest[1]) +
                                                   (now_ns() - analysis->dry_ns));
    }
    show_figures(analysis);
    event_ring_flush(analysis->ring);
}

static enum reading_on read_fed_capture(struct analysis *analysis, uint32_t number)
{
    const struct event_ring_figures *figures = event_ring_figures(analysis->ring);
    enum capture_status status;
    enum reading_on on = READ_ON;
    bool started = false;
    struct frame frame;

    while (on == READ_ON && (status = capture_file_next(analysis->fed, &frame)) == CAPTURE_FRAME) {
        if (!started)
            on_started(analysis, number);
        started = true;
        on = take_and_look(analysis, &frame);
    }
    if (on != READ_ON || atomic_load_explicit(&figures->stop, memory_order_relaxed))
        return on == READ_ON ? READ_STOP : on;
    if (!started)
        on_started(analysis, number);
    on_ended(analysis, number, status, analysis->fed);
    return READ_ON;
}

static enum reading_on read_fed(struct analysis *analysis)
{
    enum reading_on on = READ_ON;
    uint32_t number;

    while (on == READ_ON && file_feed_next(analysis->feed, &number)) {
        analysis->fed = capture_file_new_fed(file_feed_read, analysis->feed, number);
        if (analysis->fed == NULL || !analysis_reserve_span(analysis, number))
            return READ_GONE;
        on = read_fed_capture(analysis, number);
        analysis->fed_octets += capture_file_position(analysis->fed);
        capture_file_free(analysis->fed);
        analysis->fed = NULL;
    }
    return on;
}

static void tell_finished(struct analysis *analysis)
{
    struct connection_counts counts = connection_table_counts(analysis->table);
    struct fragments_counts fragments = decap_fragments(analysis->decap);
    struct event event = {.kind = EVENT_FINISHED};

    event.finished.frames = (int64_t)analysis->frames;
    event.finished.not_tcp = (int64_t)analysis->peeled[DECAP_OTHER];
    event.finished.fragments = (int64_t)analysis->peeled[DECAP_FRAGMENT];
    event.finished.cut = (int64_t)analysis->peeled[DECAP_CUT];
    event.finished.malformed = (int64_t)analysis->peeled[DECAP_MALFORMED];
    event.finished.bad_checksum = (int64_t)analysis->peeled[DECAP_BAD_CHECKSUM];
    event.finished.evicted = (int64_t)counts.evicted;
    event.finished.lost_octets = (int64_t)counts.lost_octets;
    event.finished.incomplete_datagrams = (int64_t)fragments.incomplete;
    event.finished.repeated_octets = (int64_t)counts.repeated_octets;
    event.finished.differing_octets = (int64_t)(counts.differing_octets + fragments.differing);
    event_ring_send(analysis->ring, &event);
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
    if (analysis_reserve_span(analysis, highest))
        set = capture_set_new(fds, numbers, count, &handler, analysis);
cleanup:
    free(fds);
    free(numbers);
    return set;
}

struct analysis *analysis_prepare(const struct analysis_options *options, struct event_ring *ring, bool live)
{
    struct tracker_options tracker_options = {.password_shape = options->password_shape,
                                              .mask = options->mask,
                                              .slots = ANALYSIS_MAX_CONNECTIONS,
                                              .tell_again = live};
    struct connection_table_options table_options;
    struct analysis *analysis = calloc(1, sizeof *analysis);

    if (analysis == NULL)
        return NULL;
    analysis->ring = ring;
    connection_table_defaults(&table_options);
    table_options.ports = options->ports;
    table_options.port_count = options->port_count;
    table_options.detect = options->detect;
    table_options.max_connections = ANALYSIS_MAX_CONNECTIONS;
    analysis->decap = decap_new();
    analysis->tracker = tracker_new(&tracker_options, ring);
    if (analysis->tracker != NULL)
        analysis->table = connection_table_new(&table_options, &tracker_handler, analysis->tracker);
    if (analysis->decap == NULL || analysis->table == NULL) {
        analysis_free(analysis);
        return NULL;
    }
    if (options->verify_checksums)
        decap_verify_checksums(analysis->decap);
    return analysis;
}

struct analysis *analysis_new(const struct analysis_options *options, const struct analysis_input *inputs,
                              size_t count, struct event_ring *ring)
{
    struct analysis *analysis = analysis_prepare(options, ring, false);

    if (analysis == NULL)
        return NULL;
    analysis->captures = open_captures(analysis, inputs, count);
    if (analysis->captures == NULL) {
        analysis_free(analysis);
        return NULL;
    }
    if (options->hash)
        capture_set_hash(analysis->captures);
    return analysis;
}

struct analysis *analysis_new_fed(const struct analysis_options *options, struct file_feed *feed,
                                  struct event_ring *ring)
{
    struct analysis *analysis = analysis_prepare(options, ring, false);

    if (analysis == NULL)
        return NULL;
    analysis->feed = feed;
    if (!file_feed_become_receiver(feed, on_dry, analysis)) {
        analysis_free(analysis);
        return NULL;
    }
    return analysis;
}

int analysis_read(struct analysis *analysis)
{
    enum reading_on on;

    if (analysis->live != NULL)
        on = analysis_read_live(analysis);
    else
        on = analysis->feed == NULL ? read_all(analysis) : read_fed(analysis);
    if (on == READ_GONE)
        return -1;
    connection_table_finish(analysis->table);
    if (analysis->live != NULL)
        analysis_end_live(analysis);
    else
        show_figures(analysis);
    tell_finished(analysis);
    return tracker_is_heard(analysis->tracker) && event_ring_flush(analysis->ring) ? 0 : -1;
}

void analysis_free(struct analysis *analysis)
{
    if (analysis == NULL)
        return;
    connection_table_free(analysis->table);
    tracker_free(analysis->tracker);
    decap_free(analysis->decap);
    capture_set_free(analysis->captures);
    capture_file_free(analysis->fed);
    live_set_free(analysis->live);
    free(analysis->spans);
    free(analysis);
}
