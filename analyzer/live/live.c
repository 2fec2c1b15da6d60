/*
 * The recorder's loop of a live capture: waits for analyzers, interfaces, signals and the clock.
 */
#include "analyzer/live/live.h"

#include "analyzer/live/log.h"
#include "analyzer/live/store/live_retention.h"
#include "analyzer/live/warnings.h"
#include "analyzer/recorder/analyzer_run.h"
#include "analyzer/recorder/run_facts.h"
#include "db/format_number.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Between two looks at the figures, and at the captures' rows. */
#define FIGURES_MS 5000
/* How long what waits is tried to be written at the end. */
#define END_PATIENCE_MS 10000

struct live {
    const struct live_settings *settings;
    struct launcher *launcher;
    struct interface_watch *links;
    struct worker_pool *pool;
    struct live_store *live_store;
    struct live_retention retention;
    struct warnings watch;
    struct notify *notify;
    int signals;
    int64_t figures_ms; /* when they were looked at last */
    bool stopping, failed;
};

int live_take_signals(void)
{
    sigset_t taken;

    sigemptyset(&taken);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGHUP);
    sigaddset(&taken, SIGUSR1);
    (void)signal(SIGPIPE, SIG_IGN); /* who reads the log or the alerts may go: the capture does not end */
    if (sigprocmask(SIG_BLOCK, &taken, NULL) != 0)
        return -1;
    return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* --- what others are sent: alerts, figures for a monitor --- */

/* Findings are in the database. */
static void on_committed(void *user, struct store *store, const int64_t *logins, size_t count,
                         int64_t waited_ms)
{
    const struct live *live = user;

    notify_committed(live->notify, store, logins, count, waited_ms);
}

static void on_figures_wanted(void *user, unsigned worker, unsigned interface,
                              struct live_store_figures *figures)
{
    const struct live *live = user;

    worker_pool_figures(live->pool, worker, interface, figures);
}

/* Some seconds have passed. */
static void on_figures(struct live *live, const struct worker_pool_totals *totals)
{
    struct live_store_lost lost = live_store_lost(live->live_store);
    struct metrics_events events = {live_store_waiting(live->live_store), lost.events};
    bool written = live_store_store(live->live_store) != NULL;
    int64_t now = analyzer_run_now_ms();
    char warning[512];

    while (warnings_next(&live->watch, now, totals, warning, sizeof warning))
        log_say(LOG_LEVEL_WARNING, "%s", warning);
    if (warnings_database(&live->watch, now, written, events.waiting, &lost, warning, sizeof warning))
        log_say(LOG_LEVEL_ERROR, "%s", warning);
    notify_figures(live->notify, totals, &events);
}

/* --- */

static void log_figures(const struct live *live)
{
    const struct launcher_options *options = live->settings->launcher;
    struct live_store_lost lost = live_store_lost(live->live_store);
    struct worker_pool_totals totals;

    worker_pool_totals(live->pool, &totals);
    for (size_t i = 0; i < options->interface_count; i++) {
        const struct worker_pool_interface *seen = &totals.interfaces[i];

        log_say(LOG_LEVEL_WARNING,
                "%s: %s; %s frames, %s, %s frames dropped by the kernel, %s by the interface",
                options->interfaces[i], seen->open ? "open" : "not open", format_number(seen->packets).text,
                format_octets(seen->octets).text, format_number(seen->kernel_drops).text,
                format_number(seen->interface_drops).text);
    }
    log_say(
        LOG_LEVEL_WARNING,
        "%s connections (%s open now, %s given up), %s logins, %s octets never captured; %s events wait, %s "
        "are lost, %s logins among them; analyzers died %u times",
        format_number(totals.connections).text, format_number(totals.open).text,
        format_number(totals.evicted).text, format_number(totals.logins).text,
        format_number(totals.lost_octets).text, format_number(live_store_waiting(live->live_store)).text,
        format_number(lost.events).text, format_number(lost.logins).text, totals.deaths);
}

static void take_signals(struct live *live)
{
    struct signalfd_siginfo caught;

    while (read(live->signals, &caught, sizeof caught) == (ssize_t)sizeof caught) {
        switch (caught.ssi_signo) {
        case SIGHUP:
            live_store_reopen(live->live_store);
            break;
        case SIGUSR1:
            log_figures(live);
            break;
        default:
            live->stopping = true;
            notify_stopping(live->notify);
            worker_pool_stop(live->pool);
        }
    }
}

static void look_at_figures(struct live *live)
{
    int64_t now = analyzer_run_now_ms();
    struct worker_pool_totals totals;

    if (now - live->figures_ms < FIGURES_MS)
        return;
    live->figures_ms = now;
    interface_watch_ask(live->links);
    live_store_update(live->live_store);
    worker_pool_totals(live->pool, &totals);
    on_figures(live, &totals);
}

static int wait_ms(const struct live *live, int64_t notify_again_ms)
{
    int64_t now = analyzer_run_now_ms(), until = live->figures_ms + FIGURES_MS;
    int64_t others[] = {live_store_due_ms(live->live_store), worker_pool_due_ms(live->pool),
                        live_retention_due_ms(&live->retention)};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i] < until)
            until = others[i];
    if (notify_again_ms < until - now)
        until = now + notify_again_ms;
    return until <= now ? 0 : (int)(until - now);
}

static void wait_for_something(struct live *live)
{
    struct pollfd ready[LAUNCHER_WORKERS + 4];
    int64_t notify_again_ms = notify_work(live->notify, analyzer_run_now_ms());
    size_t count = worker_pool_poll(live->pool, ready);

    ready[count++] = (struct pollfd){live->signals, POLLIN, 0};
    ready[count++] = (struct pollfd){interface_watch_fd(live->links), POLLIN, 0};
    count += notify_poll(live->notify, ready + count);
    (void)poll(ready, count, wait_ms(live, notify_again_ms));
}

static void serve(struct live *live)
{
    notify_ready(live->notify);
    while (!live->stopping || !worker_pool_is_over(live->pool)) {
        if (!worker_pool_tend(live->pool) && !live->stopping) {
            log_say(LOG_LEVEL_ERROR, "the launcher of analyzers is gone: nothing can be captured any more");
            live->stopping = live->failed = true;
            worker_pool_stop(live->pool);
        }
        wait_for_something(live);
        take_signals(live);
        interface_watch_read(live->links);
        worker_pool_take(live->pool);
        look_at_figures(live);
        live_store_work(live->live_store, false);
        live_retention_work(&live->retention, live_store_store(live->live_store), analyzer_run_now_ms(),
                            run_facts_now());
    }
}

static int begin(struct live *live, struct store *store)
{
    const struct live_settings *settings = live->settings;
    const struct launcher_options *options = settings->launcher;
    struct live_store_options live_store = {
        .database = settings->database,
        .interfaces = options->interfaces,
        .interface_count = options->interface_count,
        .workers = options->workers,
        .flush_ms = settings->flush_ms,
        .run = settings->run,
        .figures = on_figures_wanted,
        .committed = on_committed,
        .user = live,
    };

    live->pool = worker_pool_new(options, live->launcher, live->links);
    if (live->pool == NULL)
        return -1;
    live->live_store = live_store_new(&live_store, store);
    if (live->live_store == NULL)
        return -1;
    worker_pool_set_live_store(live->pool, live->live_store);
    live->retention = (struct live_retention){.keep_ns = settings->keep_ns};
    live->figures_ms = analyzer_run_now_ms();
    live->watch = (struct warnings){.interfaces = options->interfaces,
                                    .interface_count = options->interface_count,
                                    .buffer_octets = options->live.buffer_octets,
                                    .ports = settings->ports,
                                    .started_ms = live->figures_ms};
    return 0;
}

static int finish(struct live *live, struct live_result *result)
{
    const int64_t *captures;
    bool kept;

    kept = live_store_close(live->live_store, END_PATIENCE_MS, live->failed);
    worker_pool_totals(live->pool, &result->totals);
    result->lost = live_store_lost(live->live_store);
    notify_end(live->notify, &result->totals, &(struct metrics_events){0, result->lost.events});
    live->notify = NULL;
    result->missed = *worker_pool_missed(live->pool);
    result->failed = live->failed || !kept || result->lost.logins > 0;
    captures = live_store_captures(live->live_store, &result->capture_count);
    result->captures = calloc(result->capture_count + 1, sizeof *captures);
    if (result->captures == NULL)
        return -1;
    if (result->capture_count > 0)
        memcpy(result->captures, captures, result->capture_count * sizeof *captures);
    return 0;
}

int live_run(const struct live_settings *settings, struct launcher *launcher, struct interface_watch *links,
             int signals, struct store *store, struct live_result *result)
{
    struct live live = {.settings = settings,
                        .launcher = launcher,
                        .links = links,
                        .notify = settings->notify,
                        .signals = signals};
    int status;

    memset(result, 0, sizeof *result);
    status = begin(&live, store);
    if (status == 0) {
        serve(&live);
        status = finish(&live, result);
    }
    if (live.notify != NULL)
        notify_end(live.notify, NULL, NULL);
    live_store_free(live.live_store);
    worker_pool_free(live.pool);
    interface_watch_free(links);
    launcher_free(launcher);
    close(signals);
    return status;
}

void live_result_free(struct live_result *result)
{
    free(result->captures);
    result->captures = NULL;
}
