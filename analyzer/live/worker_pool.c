/*
 * The analyzers of a live capture.
 */
#include "analyzer/live/worker_pool.h"

#include "analyzer/live/crash_packets.h"
#include "analyzer/live/log.h"
#include "analyzer/live/worker.h"
#include "analyzer/recorder/analyzer_run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before an analyzer that died is started again: twice as long each time, */
#define PAUSE_MS     100
#define PAUSE_MAX_MS 30000
/* unless the last one lived so long. */
#define LONG_LIFE_MS 60000
/* How long an analyzer may take to end when it is to. */
#define STOP_MS 6000
/* Events taken of one analyzer before others are looked at. */
#define TAKE_MAX 4096

struct worker_pool {
    const struct launcher_options *options;
    struct launcher *launcher;
    struct interface_watch *links;
    struct live_store *live_store;
    struct worker workers[LAUNCHER_WORKERS];
    struct crash_packets crash_packets;
    struct link_state seen[EVENT_RING_INTERFACES]; /* what was said of it last */
    int64_t up_ms[EVENT_RING_INTERFACES];          /* since when it is there and up */
    struct worker_pool_totals past;                /* of analyzers that are gone */
    struct event_finished missed;
    bool stopping, launcher_gone;
};

struct worker_pool *worker_pool_new(const struct launcher_options *options, struct launcher *launcher,
                                    struct interface_watch *links)
{
    struct worker_pool *pool = calloc(1, sizeof *pool);

    if (pool == NULL)
        return NULL;
    pool->options = options;
    pool->launcher = launcher;
    pool->links = links;
    pool->past.last_ns = -1;
    for (unsigned i = 0; i < LAUNCHER_WORKERS; i++)
        pool->workers[i].leash = -1;
    for (unsigned i = 0; i < options->interface_count; i++) {
        pool->seen[i] = interface_watch_state(links, i);
        if (!pool->seen[i].there)
            log_say(LOG_LEVEL_WARNING, "%s: there is no such interface: waiting for it",
                    options->interfaces[i]);
        else if (!pool->seen[i].up)
            log_say(LOG_LEVEL_WARNING, "%s: the interface is down: waiting for it", options->interfaces[i]);
    }
    return pool;
}

void worker_pool_set_live_store(struct worker_pool *pool, struct live_store *live_store)
{
    pool->live_store = live_store;
}

/* --- figures --- */

static void read_figures(const struct worker_pool *pool, struct worker *worker)
{
    int64_t drops[EVENT_RING_INTERFACES];

    for (unsigned i = 0; i < pool->options->interface_count; i++)
        drops[i] = interface_watch_state(pool->links, i).dropped;
    /* drops are not of the analyzer: the first worker's rows have them */
    worker_read_figures(worker, worker == pool->workers ? drops : NULL);
}

/* Adds what the worker's analyzer has seen in its life. */
static void add_worker(const struct worker_pool *pool, const struct worker *worker,
                       struct worker_pool_totals *totals)
{
    struct event_ring_figures *shared = event_ring_figures(worker->ring);

    for (unsigned i = 0; i < pool->options->interface_count; i++) {
        struct worker_pool_interface *to = &totals->interfaces[i];

        to->packets += (uint64_t)worker->figures[i].packets;
        to->octets += (uint64_t)worker->figures[i].octets;
        to->kernel_drops += (uint64_t)worker->figures[i].kernel_drops;
        to->interface_drops += (uint64_t)worker->figures[i].interface_drops;
        to->open = to->open || (worker->open & worker_bit(i));
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
            add_worker(pool, &pool->workers[i], totals);
}

void worker_pool_figures(const struct worker_pool *pool, unsigned worker, unsigned interface,
                         struct live_store_figures *figures)
{
    *figures = worker_row_figures(&pool->workers[worker], interface);
}

/* --- interfaces --- */

static void pause_rows(struct worker_pool *pool, unsigned interface)
{
    for (unsigned i = 0; i < pool->options->workers; i++)
        if (pool->workers[i].ring != NULL) {
            read_figures(pool, &pool->workers[i]);
            worker_pause(&pool->workers[i], interface);
        }
}

static void resume_rows(struct worker_pool *pool, unsigned interface)
{
    for (unsigned i = 0; i < pool->options->workers; i++)
        if (pool->workers[i].ring != NULL)
            worker_resume(&pool->workers[i], interface);
}

/* The interfaces that can be read now; says what changed. */
static uint32_t look_at_links(struct worker_pool *pool)
{
    uint32_t wanted = 0;

    for (unsigned i = 0; i < pool->options->interface_count; i++) {
        const char *name = pool->options->interfaces[i];
        struct link_state now = interface_watch_state(pool->links, i), before = pool->seen[i];

        if (before.there && !now.there)
            log_say(LOG_LEVEL_WARNING, "%s: the interface is gone: waiting for it", name);
        else if (before.up && !now.up)
            log_say(LOG_LEVEL_WARNING, "%s: the interface went down: waiting for it", name);
        else if (!before.up && now.up)
            log_say(LOG_LEVEL_NOTICE, "%s: the interface is up", name);
        if (now.up && (!before.up || !before.there))
            pool->up_ms[i] = analyzer_run_now_ms();
        if (before.up && !now.up)
            pause_rows(pool, i);
        else if (!before.up && now.up)
            resume_rows(pool, i);
        pool->seen[i] = now;
        if (now.there && now.up)
            wanted |= worker_bit(i);
    }
    return wanted;
}

/* True when the worker should begin again, because an interface is there that it does not read. */
static bool misses_some(const struct worker_pool *pool, const struct worker *worker, uint32_t wanted)
{
    if (wanted & ~worker->asked)
        return true;
    for (unsigned i = 0; i < pool->options->interface_count; i++)
        if (wanted & worker->answered & ~worker->open & worker_bit(i) && pool->up_ms[i] > worker->started_ms)
            return true;
    return false;
}

/* --- starting and ending --- */

/* The analyzer that is to be started for these interfaces. Returns false when it cannot be. */
static bool start(struct worker_pool *pool, unsigned number, uint32_t interfaces)
{
    struct worker *worker = &pool->workers[number];
    struct event_ring *ring = event_ring_new();
    int leash[2];

    if (ring == NULL || pipe2(leash, O_CLOEXEC) != 0) {
        event_ring_free(ring);
        return false;
    }
    if (launcher_start(pool->launcher, number, interfaces, ring, leash[0], pool->crash_packets.skipped,
                       pool->crash_packets.skipped_count) != 0) {
        pool->launcher_gone = true;
        event_ring_free(ring);
        close(leash[0]);
        close(leash[1]);
        return false;
    }
    close(leash[0]);
    event_ring_become_receiver(ring, EVENT_RING_INTERFACES, PIPELINE_MAX_CONNECTIONS);
    *worker = (struct worker){.number = number,
                              .interface_count = (unsigned)pool->options->interface_count,
                              .live_store = pool->live_store,
                              .ring = ring,
                              .leash = leash[1],
                              .asked = interfaces,
                              .started_ms = analyzer_run_now_ms(),
                              .pause_ms = worker->pause_ms};
    for (unsigned i = 0; i < pool->options->interface_count; i++)
        worker->drops_before[i] = interface_watch_state(pool->links, i).dropped;
    live_store_restart(pool->live_store, number);
    return true;
}

static void report_death(struct worker_pool *pool, unsigned number)
{
    struct worker *worker = &pool->workers[number];
    char why[256], place[256] = "";

    if (worker->distrusted)
        (void)snprintf(why, sizeof why, "the analyzer sent what makes no sense and was ended");
    else if (worker->status == -1)
        (void)snprintf(why, sizeof why, "the analyzer could not be started");
    else if (WIFSIGNALED(worker->status))
        (void)snprintf(why, sizeof why, "the analyzer died (%s)", strsignal(WTERMSIG(worker->status)));
    else
        (void)snprintf(why, sizeof why, "the analyzer gave up");
    crash_packets_blame(&pool->crash_packets, event_ring_figures(worker->ring), place, sizeof place);
    log_say(LOG_LEVEL_ERROR, "%s%s%s: frames are missing until the next one runs, in %d ms", why,
            place[0] ? " " : "", place, worker->pause_ms);
    (void)snprintf(why + strlen(why), sizeof why - strlen(why),
                   "; what came before is kept, what came until the next one ran was not seen");
    worker_end_rows(worker, worker->open & ~worker->paused, why);
}

/* The analyzer is gone, and all that it sent is taken. */
static void bury(struct worker_pool *pool, unsigned number)
{
    struct worker *worker = &pool->workers[number];
    int64_t now = analyzer_run_now_ms();
    bool orderly = worker->finished && !worker->distrusted;

    read_figures(pool, worker);
    if (orderly && (worker->open != 0 || worker->leashed_ms != 0 || worker->figures[0].packets > 0 ||
                    now - worker->started_ms >= LONG_LIFE_MS))
        worker->pause_ms = PAUSE_MS;
    else if (now - worker->started_ms >= LONG_LIFE_MS || worker->pause_ms == 0)
        worker->pause_ms = PAUSE_MS;
    else
        worker->pause_ms = worker->pause_ms * 2 < PAUSE_MAX_MS ? worker->pause_ms * 2 : PAUSE_MAX_MS;
    if (!orderly) {
        pool->past.deaths++;
        report_death(pool, number);
    }
    worker->start_ms = orderly && worker->leashed_ms != 0 ? now : now + worker->pause_ms;
    worker->open = 0;
    add_worker(pool, worker, &pool->past);
    pool->past.open = 0;
    event_ring_free(worker->ring);
    worker->ring = NULL;
    worker_unleash(worker);
}

/* --- taking --- */

static void take_event(struct worker_pool *pool, unsigned number, struct event *event)
{
    static uint8_t again[EVENT_MAX_OCTETS];
    struct worker *worker = &pool->workers[number];
    uint32_t which = event->kind == EVENT_CAPTURE_STARTED || event->kind == EVENT_CAPTURE_ENDED
                         ? worker_bit(event->capture.capture)
                         : 0;
    size_t length;
    const uint8_t *encoding = event_ring_encoding(worker->ring, &length);

    if (event->kind == EVENT_CAPTURE_STARTED)
        worker->open |= which;
    worker->answered |= which;
    if (event->kind == EVENT_CAPTURE_ENDED) {
        worker->open &= ~which;
        if (event->capture.broken)
            log_say(LOG_LEVEL_WARNING, "%s", event->capture.error);
        read_figures(pool, worker);
        event->capture.interface_drops = worker->figures[event->capture.capture].interface_drops;
        worker_as_of_row(worker, &event->capture);
        length = event_encode(event, again);
        encoding = again;
    }
    if (event->kind == EVENT_FINISHED) {
        worker->finished = true;
        event_finished_add(&pool->missed, &event->finished);
    }
    if (event->kind == EVENT_CAPTURE_ENDED && worker->paused & which) {
        worker->paused &= ~which; /* its row has ended */
        return;
    }
    live_store_take(pool->live_store, number, event, encoding, length);
}

static void take_worker(struct worker_pool *pool, unsigned number)
{
    struct worker *worker = &pool->workers[number];
    struct event event;

    for (int i = 0; i < TAKE_MAX && !worker->over; i++) {
        switch (event_ring_receive(worker->ring, &event, 0)) {
        case EVENT_RING_EVENT:
            if (!worker->distrusted)
                take_event(pool, number, &event);
            break;
        case EVENT_RING_QUIET:
            return;
        case EVENT_RING_BROKEN:
            worker->distrusted = worker->over = true;
            launcher_kill(pool->launcher, number);
            break;
        default:
            worker->over = true;
        }
    }
}

static void take_news(struct worker_pool *pool)
{
    unsigned number;
    int status;

    for (;;) {
        switch (launcher_news(pool->launcher, &number, &status)) {
        case LAUNCHER_ENDED:
            if (number < pool->options->workers && pool->workers[number].ring != NULL) {
                pool->workers[number].ended = true;
                pool->workers[number].status = status;
            }
            break;
        case LAUNCHER_GONE:
            pool->launcher_gone = true;
            return;
        default:
            return;
        }
    }
}

void worker_pool_take(struct worker_pool *pool)
{
    if (!pool->launcher_gone)
        take_news(pool);
    for (unsigned i = 0; i < pool->options->workers; i++) {
        struct worker *worker = &pool->workers[i];

        if (worker->ring == NULL)
            continue;
        take_worker(pool, i);
        read_figures(pool, worker);
        if (worker->over && (worker->ended || pool->launcher_gone))
            bury(pool, i);
    }
}

/* --- the loop's --- */

bool worker_pool_tend(struct worker_pool *pool)
{
    uint32_t wanted = look_at_links(pool);
    int64_t now = analyzer_run_now_ms();

    for (unsigned i = 0; i < pool->options->workers && !pool->launcher_gone; i++) {
        struct worker *worker = &pool->workers[i];

        if (worker->ring != NULL && worker->leash >= 0 && !pool->stopping &&
            misses_some(pool, worker, wanted))
            worker_unleash(worker);
        if (worker->ring != NULL && worker->leash < 0 && now - worker->leashed_ms >= STOP_MS)
            launcher_kill(pool->launcher, i);
        if (worker->ring == NULL && !pool->stopping && wanted != 0 && now >= worker->start_ms &&
            !start(pool, i, wanted))
            worker->start_ms = now + PAUSE_MAX_MS;
        /* one after the other: all workers are to join the interfaces' groups in the same order, so that the
         * halves of a connection that come from two interfaces meet */
        if (worker->ring != NULL && worker->answered != worker->asked && !worker->over)
            break;
    }
    return !pool->launcher_gone;
}

int64_t worker_pool_due_ms(const struct worker_pool *pool)
{
    int64_t due = INT64_MAX;
    bool any = false;

    for (unsigned i = 0; i < pool->options->interface_count; i++)
        any = any || pool->seen[i].up;
    for (unsigned i = 0; i < pool->options->workers; i++) {
        const struct worker *worker = &pool->workers[i];
        int64_t own = INT64_MAX;

        if (worker->ring == NULL && !pool->stopping && any)
            own = worker->start_ms;
        else if (worker->ring != NULL && worker->leash < 0)
            own = worker->leashed_ms + STOP_MS;
        if (own < due)
            due = own;
        if (worker->ring != NULL && worker->answered != worker->asked && !worker->over)
            break; /* the others wait for it */
    }
    return due;
}

size_t worker_pool_poll(const struct worker_pool *pool, struct pollfd *ready)
{
    size_t count = 0;

    ready[count++] = (struct pollfd){pool->launcher_gone ? -1 : launcher_fd(pool->launcher), POLLIN, 0};
    for (unsigned i = 0; i < pool->options->workers; i++)
        if (pool->workers[i].ring != NULL && !pool->workers[i].over)
            ready[count++] = (struct pollfd){event_ring_receiver_fd(pool->workers[i].ring), POLLIN, 0};
    return count;
}

void worker_pool_stop(struct worker_pool *pool)
{
    pool->stopping = true;
    for (unsigned i = 0; i < pool->options->workers; i++)
        if (pool->workers[i].ring != NULL)
            worker_unleash(&pool->workers[i]);
}

bool worker_pool_is_over(const struct worker_pool *pool)
{
    for (unsigned i = 0; i < pool->options->workers; i++)
        if (pool->workers[i].ring != NULL)
            return false;
    return true;
}

const struct event_finished *worker_pool_missed(const struct worker_pool *pool)
{
    return &pool->missed;
}

void worker_pool_free(struct worker_pool *pool)
{
    if (pool == NULL)
        return;
    for (unsigned i = 0; i < LAUNCHER_WORKERS; i++) {
        event_ring_free(pool->workers[i].ring);
        if (pool->workers[i].leash >= 0)
            close(pool->workers[i].leash);
    }
    free(pool);
}
