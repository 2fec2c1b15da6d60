/*
 * What the analyzers of a live capture have seen: their figures, and the rows of `captures` that hold
 * them.
 */
#include "analyzer/live/worker_pool_internal.h"

#include "analyzer/recorder/run_facts.h"

#include <stdio.h>

void worker_pool_read_figures(struct worker_pool *pool, struct worker *worker)
{
    struct event_ring_figures *shared = event_ring_figures(worker->ring);
    bool first = worker == pool->workers;

    for (unsigned i = 0; i < pool->options->interface_count; i++) {
        const struct event_ring_interface *from = &shared->interfaces[i];
        struct live_store_figures *to = &worker->figures[i];

        to->packets = (int64_t)(atomic_load(&from->packets) & INT64_MAX);
        to->octets = (int64_t)(atomic_load(&from->octets) & INT64_MAX);
        to->evicted = (int64_t)(atomic_load(&from->evicted) & INT64_MAX);
        to->kernel_drops = (int64_t)(atomic_load(&from->kernel_drops) & INT64_MAX);
        to->link_type = atomic_load(&from->link_type);
        to->first_ns = to->packets > 0 ? atomic_load(&from->first_ns) : -1;
        to->last_ns = to->packets > 0 ? atomic_load(&from->last_ns) : -1;
        /* not of the analyzer: the first worker's rows have it */
        to->interface_drops = 0;
        if (first && interface_watch_state(pool->links, i).dropped > worker->drops_before[i])
            to->interface_drops = interface_watch_state(pool->links, i).dropped - worker->drops_before[i];
    }
}

void worker_pool_add_worker(const struct worker_pool *pool, const struct worker *worker,
                            struct worker_pool_totals *totals)
{
    struct event_ring_figures *shared = event_ring_figures(worker->ring);

    for (unsigned i = 0; i < pool->options->interface_count; i++) {
        struct worker_pool_interface *to = &totals->interfaces[i];

        to->packets += (uint64_t)worker->figures[i].packets;
        to->octets += (uint64_t)worker->figures[i].octets;
        to->kernel_drops += (uint64_t)worker->figures[i].kernel_drops;
        to->interface_drops += (uint64_t)worker->figures[i].interface_drops;
        to->open = to->open || (worker->open & worker_pool_bit(i));
        if (worker->figures[i].last_ns > totals->last_ns)
            totals->last_ns = worker->figures[i].last_ns;
    }
    totals->connections += atomic_load(&shared->connections);
    totals->two_sided += atomic_load(&shared->two_sided);
    totals->logins += atomic_load(&shared->logins);
    totals->lost_octets += atomic_load(&shared->lost_octets);
    totals->evicted += atomic_load(&shared->evicted);
    totals->open += atomic_load(&shared->open);
}

void worker_pool_totals(const struct worker_pool *pool, struct worker_pool_totals *totals)
{
    *totals = pool->past;
    for (unsigned i = 0; i < pool->options->workers; i++)
        if (pool->workers[i].ring != NULL)
            worker_pool_add_worker(pool, &pool->workers[i], totals);
}

/* --- rows --- */

static int64_t more(int64_t now, int64_t before)
{
    return now > before ? now - before : 0;
}

/* What the row that is open has of it. */
static struct live_store_figures of_row(const struct worker *worker, unsigned interface)
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

void worker_pool_figures(const struct worker_pool *pool, unsigned worker, unsigned interface,
                         struct live_store_figures *figures)
{
    *figures = of_row(&pool->workers[worker], interface);
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

void worker_pool_as_of_row(const struct worker *worker, struct event_capture *event)
{
    struct live_store_figures figures;

    if (worker->row_ns[event->capture] == 0)
        return;
    figures = of_row(worker, event->capture);
    fill_in(event, &figures);
}

static void pass_to_store(struct worker_pool *pool, unsigned number, const struct event *event)
{
    static uint8_t encoding[EVENT_MAX_OCTETS];

    live_store_take(pool->live_store, number, event, encoding, event_encode(event, encoding));
}

void worker_pool_end_rows(struct worker_pool *pool, unsigned number, uint32_t interfaces, const char *why)
{
    for (unsigned i = 0; i < pool->options->interface_count; i++) {
        struct event event = {.kind = EVENT_CAPTURE_ENDED, .capture = {.capture = i, .broken = true}};
        struct live_store_figures figures = of_row(&pool->workers[number], i);

        if (!(interfaces & worker_pool_bit(i)))
            continue;
        fill_in(&event.capture, &figures);
        (void)snprintf(event.capture.error, sizeof event.capture.error, "%s", why);
        pass_to_store(pool, number, &event);
    }
}

void worker_pool_pause(struct worker_pool *pool, unsigned interface)
{
    for (unsigned i = 0; i < pool->options->workers; i++) {
        struct worker *worker = &pool->workers[i];

        if (worker->ring == NULL || !(worker->open & ~worker->paused & worker_pool_bit(interface)))
            continue;
        worker_pool_read_figures(pool, worker);
        worker_pool_end_rows(pool, i, worker_pool_bit(interface),
                             "the interface went down; what came until it was up again was not seen");
        worker->paused |= worker_pool_bit(interface);
        worker->rows[interface] = worker->figures[interface];
    }
}

void worker_pool_resume(struct worker_pool *pool, unsigned interface)
{
    struct event event = {.kind = EVENT_CAPTURE_STARTED, .capture = {.capture = interface}};

    for (unsigned i = 0; i < pool->options->workers; i++) {
        struct worker *worker = &pool->workers[i];

        if (worker->ring == NULL || !(worker->open & worker->paused & worker_pool_bit(interface)))
            continue;
        worker->paused &= ~worker_pool_bit(interface);
        worker->row_ns[interface] = run_facts_now();
        pass_to_store(pool, i, &event);
    }
}
