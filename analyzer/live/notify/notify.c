/*
 * What a live capture reports to others: passes it on to those who do.
 */
#include "analyzer/live/notify/notify.h"

#include "analyzer/live/log.h"
#include "analyzer/live/notify/service.h"
#include "db/format_number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the rest of the alerts is tried to be written at the end. */
#define END_PATIENCE_MS 2000

struct notify {
    const char *const *interfaces;
    size_t interface_count;
    struct alerts *alerts;
    struct metrics *metrics; /* NULL: none */
    bool metrics_failed;     /* that was said */
};

struct notify *notify_new(const struct notify_settings *settings, const char *const *interfaces,
                          size_t interface_count)
{
    struct notify *notify = calloc(1, sizeof *notify);

    if (notify == NULL)
        return NULL;
    notify->interfaces = interfaces;
    notify->interface_count = interface_count;
    notify->alerts = alerts_new(settings->alerts, settings->schema, STDOUT_FILENO);
    if (settings->metrics != NULL)
        notify->metrics = metrics_new(settings->metrics);
    if (notify->alerts == NULL || (settings->metrics != NULL && notify->metrics == NULL)) {
        (void)alerts_close(notify->alerts, 0);
        metrics_free(notify->metrics);
        free(notify);
        return NULL;
    }
    return notify;
}

void notify_ready(struct notify *notify)
{
    (void)notify;
    service_ready();
}

static void say_lost(uint64_t lost)
{
    if (lost > 0)
        log_say(LOG_LEVEL_ERROR, "%s alerts could not be sent: who reads them is gone, or too slow",
                format_number(lost).text);
}

void notify_committed(struct notify *notify, struct store *store, const int64_t *logins, size_t count,
                      int64_t waited_ms)
{
    alerts_report(notify->alerts, store, logins, count);
    if (notify->metrics != NULL)
        metrics_count(notify->metrics, store, logins, count, waited_ms);
}

static void write_metrics(struct notify *notify, const struct worker_pool_totals *totals,
                          const struct metrics_events *events)
{
    if (notify->metrics == NULL)
        return;
    if (metrics_write(notify->metrics, totals, events, notify->interfaces, notify->interface_count) == 0) {
        notify->metrics_failed = false;
    } else if (!notify->metrics_failed) {
        notify->metrics_failed = true;
        log_say(LOG_LEVEL_WARNING, "%s: the metrics cannot be written: %s", metrics_path(notify->metrics),
                strerror(errno));
    }
}

static void report_status(const struct notify *notify, const struct worker_pool_totals *totals)
{
    uint64_t packets = 0, dropped = 0;
    char text[256];

    for (size_t i = 0; i < notify->interface_count; i++) {
        packets += totals->interfaces[i].packets;
        dropped += totals->interfaces[i].kernel_drops + totals->interfaces[i].interface_drops;
    }
    (void)snprintf(text, sizeof text, "%s frames, %s dropped; %s IMAP connection%s, %s login%s",
                   format_number(packets).text, format_number(dropped).text,
                   format_number(totals->connections).text, totals->connections == 1 ? "" : "s",
                   format_number(totals->logins).text, totals->logins == 1 ? "" : "s");
    service_status(text);
}

void notify_figures(struct notify *notify, const struct worker_pool_totals *totals,
                    const struct metrics_events *events)
{
    write_metrics(notify, totals, events);
    report_status(notify, totals);
    say_lost(alerts_take_lost(notify->alerts));
}

int64_t notify_work(struct notify *notify, int64_t now_ms)
{
    alerts_push(notify->alerts);
    return service_alive(now_ms);
}

size_t notify_poll(const struct notify *notify, struct pollfd *ready)
{
    if (!alerts_is_waiting(notify->alerts))
        return 0;
    *ready = (struct pollfd){alerts_fd(notify->alerts), POLLOUT, 0};
    return 1;
}

void notify_stopping(struct notify *notify)
{
    (void)notify;
    service_stopping();
}

void notify_end(struct notify *notify, const struct worker_pool_totals *totals,
                const struct metrics_events *events)
{
    if (notify == NULL)
        return;
    if (totals != NULL)
        write_metrics(notify, totals, events);
    say_lost(alerts_close(notify->alerts, END_PATIENCE_MS));
    metrics_free(notify->metrics);
    free(notify);
}
