/*
 * The recorder's loop of a live capture: waits for analyzers, interfaces, signals and the clock.
 */
#include "analyzer/recorder/live/live.h"

#include "analyzer/recorder/amount.h"
#include "analyzer/recorder/live/keeping/expiry.h"
#include "analyzer/recorder/live/log.h"
#include "analyzer/recorder/live/watch.h"
#include "analyzer/recorder/reading.h"
#include "analyzer/run_facts.h"

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
    struct links *links;
    struct crew *crew;
    struct keeper *keeper;
    struct expiry expiry;
    struct watch watch;
    struct telling *telling;
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

/* --- what there is to tell others of: alerts, figures for a monitor --- */

/* Findings are in the database. */
static void on_committed(void *user, struct store *store, const int64_t *logins, size_t count,
                         int64_t waited_ms)
{
    const struct live *live = user;

    telling_committed(live->telling, store, logins, count, waited_ms);
}

static void on_figures_wanted(void *user, unsigned worker, unsigned interface, struct keeper_figures *figures)
{
    const struct live *live = user;

    crew_figures(live->crew, worker, interface, figures);
}

/* Some seconds have passed. */
static void on_figures(struct live *live, const struct crew_totals *totals)
{
    struct keeper_lost lost = keeper_lost(live->keeper);
    struct metrics_events events = {keeper_waiting(live->keeper), lost.events};
    bool written = keeper_store(live->keeper) != NULL;
    int64_t now = reading_now_ms();
    char warning[512];

    while (watch_next(&live->watch, now, totals, warning, sizeof warning))
        log_say(LOG_LEVEL_WARNING, "%s", warning);
    if (watch_database(&live->watch, now, written, events.waiting, &lost, warning, sizeof warning))
        log_say(LOG_LEVEL_ERROR, "%s", warning);
    telling_figures(live->telling, totals, &events);
}

/* --- */

static void log_figures(const struct live *live)
{
    const struct launcher_options *options = live->settings->launcher;
    struct keeper_lost lost = keeper_lost(live->keeper);
    struct crew_totals totals;

    crew_totals(live->crew, &totals);
    for (size_t i = 0; i < options->interface_count; i++) {
        const struct crew_interface *seen = &totals.interfaces[i];

        log_say(LOG_LEVEL_WARNING,
                "%s: %s; %s frames, %s, %s frames dropped by the kernel, %s by the interface",
                options->interfaces[i], seen->open ? "open" : "not open", amount_of(seen->packets).text,
                amount_of_octets(seen->octets).text, amount_of(seen->kernel_drops).text,
                amount_of(seen->interface_drops).text);
    }
    log_say(
        LOG_LEVEL_WARNING,
        "%s connections (%s open now, %s given up), %s logins, %s octets never captured; %s events wait, %s "
        "are lost, %s logins among them; analyzers died %u times",
        amount_of(totals.connections).text, amount_of(totals.open).text, amount_of(totals.evicted).text,
        amount_of(totals.logins).text, amount_of(totals.lost_octets).text,
        amount_of(keeper_waiting(live->keeper)).text, amount_of(lost.events).text,
        amount_of(lost.logins).text, totals.deaths);
}

static void take_signals(struct live *live)
{
    struct signalfd_siginfo told;

    while (read(live->signals, &told, sizeof told) == (ssize_t)sizeof told) {
        switch (told.ssi_signo) {
        case SIGHUP:
            keeper_reopen(live->keeper);
            break;
        case SIGUSR1:
            log_figures(live);
            break;
        default:
            live->stopping = true;
            telling_stopping(live->telling);
            crew_stop(live->crew);
        }
    }
}

static void look_at_figures(struct live *live)
{
    int64_t now = reading_now_ms();
    struct crew_totals totals;

    if (now - live->figures_ms < FIGURES_MS)
        return;
    live->figures_ms = now;
    links_ask(live->links);
    keeper_update(live->keeper);
    crew_totals(live->crew, &totals);
    on_figures(live, &totals);
}

static int wait_ms(const struct live *live, int64_t told_again_ms)
{
    int64_t now = reading_now_ms(), until = live->figures_ms + FIGURES_MS;
    int64_t others[] = {keeper_due_ms(live->keeper), crew_due_ms(live->crew), expiry_due_ms(&live->expiry)};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i] < until)
            until = others[i];
    if (told_again_ms < until - now)
        until = now + told_again_ms;
    return until <= now ? 0 : (int)(until - now);
}

static void wait_for_something(struct live *live)
{
    struct pollfd ready[LAUNCHER_WORKERS + 4];
    int64_t told_again_ms = telling_work(live->telling, reading_now_ms());
    size_t count = crew_poll(live->crew, ready);

    ready[count++] = (struct pollfd){live->signals, POLLIN, 0};
    ready[count++] = (struct pollfd){links_fd(live->links), POLLIN, 0};
    count += telling_poll(live->telling, ready + count);
    (void)poll(ready, count, wait_ms(live, told_again_ms));
}

static void serve(struct live *live)
{
    telling_ready(live->telling);
    while (!live->stopping || !crew_is_over(live->crew)) {
        if (!crew_tend(live->crew) && !live->stopping) {
            log_say(LOG_LEVEL_ERROR, "the launcher of analyzers is gone: nothing can be captured any more");
            live->stopping = live->failed = true;
            crew_stop(live->crew);
        }
        wait_for_something(live);
        take_signals(live);
        links_read(live->links);
        crew_take(live->crew);
        look_at_figures(live);
        keeper_work(live->keeper, false);
        expiry_work(&live->expiry, keeper_store(live->keeper), reading_now_ms(), run_facts_now());
    }
}

static int begin(struct live *live, struct store *store)
{
    const struct live_settings *settings = live->settings;
    const struct launcher_options *options = settings->launcher;
    struct keeper_options keeper = {
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

    live->crew = crew_new(options, live->launcher, live->links);
    if (live->crew == NULL)
        return -1;
    live->keeper = keeper_new(&keeper, store);
    if (live->keeper == NULL)
        return -1;
    crew_set_keeper(live->crew, live->keeper);
    live->expiry = (struct expiry){.keep_ns = settings->keep_ns};
    live->figures_ms = reading_now_ms();
    live->watch = (struct watch){.interfaces = options->interfaces,
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

    kept = keeper_close(live->keeper, END_PATIENCE_MS, live->failed);
    crew_totals(live->crew, &result->totals);
    result->lost = keeper_lost(live->keeper);
    telling_end(live->telling, &result->totals, &(struct metrics_events){0, result->lost.events});
    live->telling = NULL;
    result->missed = *crew_missed(live->crew);
    result->failed = live->failed || !kept || result->lost.logins > 0;
    captures = keeper_captures(live->keeper, &result->capture_count);
    result->captures = calloc(result->capture_count + 1, sizeof *captures);
    if (result->captures == NULL)
        return -1;
    if (result->capture_count > 0)
        memcpy(result->captures, captures, result->capture_count * sizeof *captures);
    return 0;
}

int live_run(const struct live_settings *settings, struct launcher *launcher, struct links *links,
             int signals, struct store *store, struct live_result *result)
{
    struct live live = {.settings = settings,
                        .launcher = launcher,
                        .links = links,
                        .telling = settings->telling,
                        .signals = signals};
    int status;

    memset(result, 0, sizeof *result);
    status = begin(&live, store);
    if (status == 0) {
        serve(&live);
        status = finish(&live, result);
    }
    if (live.telling != NULL)
        telling_end(live.telling, NULL, NULL);
    keeper_free(live.keeper);
    crew_free(live.crew);
    links_free(links);
    launcher_free(launcher);
    close(signals);
    return status;
}

void live_result_free(struct live_result *result)
{
    free(result->captures);
    result->captures = NULL;
}
