/*
 * The analyzer process's work on interfaces: takes what the kernel hands out, reports what was found as soon
 * as nothing more is there, and sleeps.
 */
#include "analyzer/pipeline/pipeline_live.h"

#include "analyzer/capture/link_type.h"
#include "analyzer/pipeline/pipeline_state.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS INT64_C(1000000)

/* Frames between two looks at the clock while they keep coming. */
#define LOOK_EVERY 256
/* What was found waits no longer for more of it. */
#define SEND_NS (50 * MS)
/* Between two askings of the kernel for what it dropped. */
#define FIGURES_NS (2500 * MS)
/* With nothing to read: between two looks at connections that wait for octets, and for how long that goes on.
 * Then only what is idle for hours is left to be seen to. */
#define TICK_NS      (500 * MS)
#define TICK_FOR_NS  (30 * 1000 * MS)
#define IDLE_TICK_NS (5000 * MS)
/* Frames may be on their way from the kernel for so long. */
#define ON_THE_WAY_NS (2 * LIVE_BLOCK_MS * MS)
/* How long frames from before the end are waited for when it is to stop. */
#define DRAIN_NS (2000 * MS)

static int64_t now_ns(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 * MS + time.tv_nsec;
}

/* --- what is reported --- */

static void send_started(void *user, uint32_t index, struct live_interface *interface)
{
    struct pipeline *pipeline = user;
    struct event event = {.kind = EVENT_CAPTURE_STARTED};

    (void)interface;
    event.capture.capture = index;
    event_ring_send(pipeline->ring, &event);
}

static void show_interface(void *user, uint32_t index, struct live_interface *interface)
{
    struct pipeline *pipeline = user;
    struct event_ring_interface *shown = &event_ring_figures(pipeline->ring)->interfaces[index];
    const struct capture_span *span = &pipeline->spans[index];
    struct live_counts counts = live_interface_counts(interface);

    atomic_store_explicit(&shown->packets, (uint64_t)span->packets, memory_order_relaxed);
    atomic_store_explicit(&shown->octets, (uint64_t)span->octets, memory_order_relaxed);
    atomic_store_explicit(&shown->evicted, (uint64_t)span->evicted, memory_order_relaxed);
    atomic_store_explicit(&shown->kernel_drops, counts.dropped, memory_order_relaxed);
    atomic_store_explicit(&shown->link_type, live_interface_link_type(interface), memory_order_relaxed);
    atomic_store_explicit(&shown->first_ns, span->first_ns, memory_order_relaxed);
    atomic_store_explicit(&shown->last_ns, span->last_ns, memory_order_relaxed);
}

static void show_figures(struct pipeline *pipeline)
{
    struct event_ring_figures *figures = event_ring_figures(pipeline->ring);
    struct session_tracker_counts tracked = session_tracker_counts(pipeline->tracker);
    struct connection_counts counts = connection_table_counts(pipeline->table);

    pipeline_count_evicted(pipeline);
    live_set_each(pipeline->live, show_interface, pipeline);
    atomic_store_explicit(&figures->frames, pipeline->frames, memory_order_relaxed);
    atomic_store_explicit(&figures->connections, tracked.connections, memory_order_relaxed);
    atomic_store_explicit(&figures->two_sided, tracked.two_sided, memory_order_relaxed);
    atomic_store_explicit(&figures->logins, tracked.logins, memory_order_relaxed);
    atomic_store_explicit(&figures->lost_octets, counts.lost_octets, memory_order_relaxed);
    atomic_store_explicit(&figures->evicted, counts.evicted, memory_order_relaxed);
    atomic_store_explicit(&figures->open, counts.open, memory_order_relaxed);
}

static void send_ended(struct pipeline *pipeline, uint32_t index, struct live_interface *interface,
                       const char *error)
{
    const struct capture_span *span = &pipeline->spans[index];
    struct event event = {.kind = EVENT_CAPTURE_ENDED};
    struct event_capture *ended = &event.capture;

    show_interface(pipeline, index, interface);
    ended->capture = index;
    ended->packets = span->packets;
    ended->kernel_drops = (int64_t)live_interface_counts(interface).dropped;
    ended->bytes = span->octets;
    ended->evicted = span->evicted;
    ended->first_ns = span->first_ns;
    ended->last_ns = span->last_ns;
    link_type_name(live_interface_link_type(interface), ended->link_types);
    ended->broken = error != NULL;
    if (error != NULL)
        (void)snprintf(ended->error, sizeof ended->error, "%s", error);
    event_ring_send(pipeline->ring, &event);
}

static void on_gone(void *user, uint32_t index, struct live_interface *interface)
{
    send_ended(user, index, interface, live_interface_error(interface));
}

static void on_end(void *user, uint32_t index, struct live_interface *interface)
{
    send_ended(user, index, interface, NULL);
}

/* --- frames --- */

static bool is_skipped(const struct pipeline *pipeline, const struct segment *segment)
{
    for (size_t i = 0; i < pipeline->skipped_count; i++) {
        const struct event_ring_ends *ends = &pipeline->skipped[i];

        for (int from = 0; from < 2; from++)
            if (ends->port[from] == segment->source_port && ends->port[!from] == segment->destination_port &&
                memcmp(ends->address[from], segment->source, 16) == 0 &&
                memcmp(ends->address[!from], segment->destination, 16) == 0)
                return true;
    }
    return false;
}

/* Should this frame be the analyzer's last, the recorder knows which one it was. */
static void note_frame(struct event_ring_figures *figures, const struct frame *frame)
{
    atomic_store_explicit(&figures->capture, frame->capture, memory_order_relaxed);
    atomic_store_explicit(&figures->frame, frame->number, memory_order_relaxed);
    atomic_store_explicit(&figures->frame_ns, frame->time_ns, memory_order_relaxed);
    atomic_store_explicit(&figures->ends_known, false, memory_order_relaxed);
    atomic_store_explicit(&figures->inside, true, memory_order_release);
}

static void note_ends(struct event_ring_figures *figures, const struct segment *segment)
{
    memcpy(figures->ends.address[0], segment->source, 16);
    memcpy(figures->ends.address[1], segment->destination, 16);
    figures->ends.port[0] = segment->source_port;
    figures->ends.port[1] = segment->destination_port;
    atomic_store_explicit(&figures->ends_known, true, memory_order_release);
}

static void take_frame(struct pipeline *pipeline, const struct frame *frame)
{
    struct event_ring_figures *figures = event_ring_figures(pipeline->ring);
    struct segment segment;
    enum decap_result result;

    pipeline->frames++;
    pipeline_count_frame(pipeline, frame);
    note_frame(figures, frame);
    result = decap_frame(pipeline->decap, frame, &segment);
    pipeline->results[result]++;
    if (result == DECAP_SEGMENT) {
        note_ends(figures, &segment);
        if (!is_skipped(pipeline, &segment))
            connection_table_take(pipeline->table, &segment);
    }
    atomic_store_explicit(&figures->inside, false, memory_order_release);
}

/* --- the loop --- */

struct clock {
    int64_t sent_ns, figures_ns, ticked_ns; /* when that was done last; CLOCK_MONOTONIC */
    int64_t busy_ns;                        /* when there was a frame */
    uint64_t frames;                        /* when it rested last */
    int64_t stop_ns;                        /* when it was asked to stop; 0: it was not */
    int64_t stop_time_ns;                   /* the same in the frames' time */
};

/* False: the recorder is gone. */
static bool look_at_clock(struct pipeline *pipeline, struct clock *clock, int64_t now)
{
    if (now - clock->figures_ns >= FIGURES_NS) {
        clock->figures_ns = now;
        show_figures(pipeline);
    }
    if (now - clock->sent_ns >= SEND_NS) {
        clock->sent_ns = now;
        if (!event_ring_flush(pipeline->ring))
            return false;
    }
    return session_tracker_is_heard(pipeline->tracker);
}

static int64_t tick_every(const struct clock *clock, int64_t now)
{
    return now - clock->busy_ns < TICK_FOR_NS ? TICK_NS : IDLE_TICK_NS;
}

/* There is nothing to read. */
static void rest(struct pipeline *pipeline, struct clock *clock, int64_t now)
{
    if (pipeline->frames != clock->frames) {
        clock->busy_ns = now;
        show_figures(pipeline);
    }
    clock->frames = pipeline->frames;
    clock->sent_ns = now;
    (void)event_ring_flush(pipeline->ring);
    if (now - clock->ticked_ns < tick_every(clock, now))
        return;
    clock->ticked_ns = now;
    connection_table_tick(pipeline->table, now_ns(CLOCK_REALTIME) - ON_THE_WAY_NS);
}

static int wait_ms(const struct clock *clock, int64_t now)
{
    int64_t until = clock->ticked_ns + tick_every(clock, now);
    int64_t figures = clock->figures_ns + (now - clock->busy_ns < TICK_FOR_NS ? FIGURES_NS : IDLE_TICK_NS);

    if (figures < until)
        until = figures;
    if (clock->stop_ns != 0 && clock->stop_ns + ON_THE_WAY_NS < until)
        until = clock->stop_ns + ON_THE_WAY_NS;
    return until <= now ? 0 : (int)((until - now) / MS + 1);
}

/* True when all frames from before the end are read, or there are too many of them. */
static bool is_drained(const struct clock *clock, int64_t now, const struct frame *frame)
{
    if (clock->stop_ns == 0)
        return false;
    if (frame != NULL)
        return frame->time_ns > clock->stop_time_ns || now - clock->stop_ns > DRAIN_NS;
    return now - clock->stop_ns >= ON_THE_WAY_NS;
}

static void stop(struct clock *clock)
{
    clock->stop_ns = now_ns(CLOCK_MONOTONIC);
    clock->stop_time_ns = now_ns(CLOCK_REALTIME);
}

static enum reading_on read_interfaces(struct pipeline *pipeline)
{
    int64_t now = now_ns(CLOCK_MONOTONIC);
    struct clock clock = {.sent_ns = now, .ticked_ns = now, .busy_ns = now};
    struct frame frame;

    live_set_each(pipeline->live, send_started, pipeline);
    for (;;) {
        enum live_status status = live_set_next(pipeline->live, &frame, on_gone, pipeline);

        if (status == LIVE_GONE)
            return READ_ON;
        if (status == LIVE_FRAME) {
            take_frame(pipeline, &frame);
            if (pipeline->frames % LOOK_EVERY != 0)
                continue;
            now = clock.busy_ns = now_ns(CLOCK_MONOTONIC);
            if (!look_at_clock(pipeline, &clock, now))
                return READ_GONE;
            if (is_drained(&clock, now, &frame))
                return READ_STOP;
            /* while frames keep coming nobody waits, but the end of the leash must be seen */
            if (clock.stop_ns == 0 && live_set_wait(pipeline->live, pipeline->leash, 0))
                stop(&clock);
            continue;
        }
        now = now_ns(CLOCK_MONOTONIC);
        rest(pipeline, &clock, now);
        if (!look_at_clock(pipeline, &clock, now))
            return READ_GONE;
        if (is_drained(&clock, now, NULL))
            return READ_STOP;
        if (live_set_wait(pipeline->live, clock.stop_ns == 0 ? pipeline->leash : -1, wait_ms(&clock, now)))
            stop(&clock);
    }
}

int pipeline_read_live(struct pipeline *pipeline)
{
    if (read_interfaces(pipeline) == READ_GONE)
        return -1;
    connection_table_finish(pipeline->table);
    show_figures(pipeline);
    live_set_each(pipeline->live, on_end, pipeline);
    return pipeline_finish(pipeline);
}

struct pipeline *pipeline_new_live(const struct pipeline_options *options, const struct pipeline_live *live,
                                   struct event_ring *ring)
{
    struct pipeline *pipeline = pipeline_prepare(options, ring, true);

    if (pipeline == NULL)
        return NULL;
    pipeline->live = live->set;
    pipeline->leash = live->leash;
    pipeline->skipped = live->skipped;
    pipeline->skipped_count = live->skipped_count;
    if (!pipeline_reserve_span(pipeline, EVENT_RING_INTERFACES - 1)) {
        pipeline->live = NULL; /* it stays the caller's */
        pipeline_free(pipeline);
        return NULL;
    }
    for (size_t i = 0; i < EVENT_RING_INTERFACES; i++)
        pipeline->spans[i].first_ns = pipeline->spans[i].last_ns = -1;
    return pipeline;
}
