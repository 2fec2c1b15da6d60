/*
 * One analyzer process of a live capture.
 */
#include "analyzer/live/worker.h"

#include "analyzer/recorder/analyzer_run.h"
#include "analyzer/recorder/run_facts.h"

#include <stdio.h>
#include <unistd.h>

void worker_unleash(struct worker *worker)
{
    if (worker->leash < 0)
        return;
    close(worker->leash);
    worker->leash = -1;
    worker->leashed_ms = analyzer_run_now_ms();
}

void worker_read_figures(struct worker *worker, const int64_t *interface_drops)
{
    struct event_ring_figures *shared = event_ring_figures(worker->ring);

    for (unsigned i = 0; i < worker->interface_count; i++) {
        const struct event_ring_interface *from = &shared->interfaces[i];
        struct live_store_figures *to = &worker->figures[i];

        to->packets = (int64_t)(atomic_load(&from->packets) & INT64_MAX);
        to->octets = (int64_t)(atomic_load(&from->octets) & INT64_MAX);
        to->evicted = (int64_t)(atomic_load(&from->evicted) & INT64_MAX);
        to->kernel_drops = (int64_t)(atomic_load(&from->kernel_drops) & INT64_MAX);
        to->link_type = atomic_load(&from->link_type);
        to->first_ns = to->packets > 0 ? atomic_load(&from->first_ns) : -1;
        to->last_ns = to->packets > 0 ? atomic_load(&from->last_ns) : -1;
        to->interface_drops = 0;
        if (interface_drops != NULL && interface_drops[i] > worker->drops_before[i])
            to->interface_drops = interface_drops[i] - worker->drops_before[i];
    }
}

/* --- rows --- */

static int64_t more(int64_t now, int64_t before)
{
    return now > before ? now - before : 0;
}

struct live_store_figures worker_row_figures(const struct worker *worker, unsigned interface)
{
    struct live_store_figures figures = worker->figures[interface];
    const struct live_store_figures *before = &worker->rows[interface];

    figures.packets = more(figures.packets, before->packets);
    figures.octets = more(figures.octets, before->octets);
    figures.kernel_drops = more(figures.kernel_drops, before->kernel_drops);
    figures.interface_drops = more(figures.interface_drops, before->interface_drops);
    figures.evicted = more(figures.evicted, before->evicted);
    if (figures.packets == 0)
        figures.first_ns = figures.last_ns = -1;
    else if (worker->row_ns[interface] != 0)
        figures.first_ns =
            worker->row_ns[interface] < figures.last_ns ? worker->row_ns[interface] : figures.last_ns;
    return figures;
}

static void fill_in(struct event_capture *event, const struct live_store_figures *figures)
{
    event->packets = figures->packets;
    event->bytes = figures->octets;
    event->evicted = figures->evicted;
    event->kernel_drops = figures->kernel_drops;
    event->interface_drops = figures->interface_drops;
    event->first_ns = figures->first_ns;
    event->last_ns = figures->last_ns;
}

void worker_as_of_row(const struct worker *worker, struct event_capture *event)
{
    struct live_store_figures figures;

    if (worker->row_ns[event->capture] == 0)
        return;
    figures = worker_row_figures(worker, event->capture);
    fill_in(event, &figures);
}

static void pass_to_store(const struct worker *worker, const struct event *event)
{
    static uint8_t encoding[EVENT_MAX_OCTETS];

    live_store_take(worker->live_store, worker->number, event, encoding, event_encode(event, encoding));
}

void worker_end_rows(const struct worker *worker, uint32_t interfaces, const char *why)
{
    for (unsigned i = 0; i < worker->interface_count; i++) {
        struct event event = {.kind = EVENT_CAPTURE_ENDED, .capture = {.capture = i, .broken = true}};
        struct live_store_figures figures = worker_row_figures(worker, i);

        if (!(interfaces & worker_bit(i)))
            continue;
        fill_in(&event.capture, &figures);
        (void)snprintf(event.capture.error, sizeof event.capture.error, "%s", why);
        pass_to_store(worker, &event);
    }
}

void worker_pause(struct worker *worker, unsigned interface)
{
    if (!(worker->open & ~worker->paused & worker_bit(interface)))
        return;
    worker_end_rows(worker, worker_bit(interface),
                    "the interface went down; what came until it was up again was not seen");
    worker->paused |= worker_bit(interface);
    worker->rows[interface] = worker->figures[interface];
}

void worker_resume(struct worker *worker, unsigned interface)
{
    struct event event = {.kind = EVENT_CAPTURE_STARTED, .capture = {.capture = interface}};

    if (!(worker->open & worker->paused & worker_bit(interface)))
        return;
    worker->paused &= ~worker_bit(interface);
    worker->row_ns[interface] = run_facts_now();
    pass_to_store(worker, &event);
}
