/*
 * What a live capture tells others: passes it on to those who do.
 */
#include "analyzer/recorder/live/telling/telling.h"

#include "analyzer/recorder/amount.h"
#include "analyzer/recorder/live/log.h"
#include "analyzer/recorder/live/telling/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the rest of the alerts is tried to be written at the end. */
#define END_PATIENCE_MS 2000

struct telling {
    const char *const *interfaces;
    size_t interface_count;
    struct alerts *alerts;
    struct metrics *metrics; /* NULL: none */
    bool metrics_failed;     /* that was said */
};

struct telling *telling_new(const struct telling_settings *settings, const char *const *interfaces,
                            size_t interface_count)
{
    struct telling *telling = calloc(1, sizeof *telling);

    if (telling == NULL)
        return NULL;
    telling->interfaces = interfaces;
    telling->interface_count = interface_count;
    telling->alerts = alerts_new(settings->alerts, settings->schema, STDOUT_FILENO);
    if (settings->metrics != NULL)
        telling->metrics = metrics_new(settings->metrics);
    if (telling->alerts == NULL || (settings->metrics != NULL && telling->metrics == NULL)) {
        (void)alerts_close(telling->alerts, 0);
        metrics_free(telling->metrics);
        free(telling);
        return NULL;
    }
    return telling;
}

void telling_ready(struct telling *telling)
{
    (void)telling;
    service_ready();
}

static void say_lost(uint64_t lost)
{
    if (lost > 0)
        log_say(LOG_LEVEL_ERROR, "%s alerts could not be told: who reads them is gone, or too slow",
                amount_of(lost).text);
}

void telling_committed(struct telling *telling, struct store *store, const int64_t *logins, size_t count,
                       int64_t waited_ms)
{
    alerts_tell(telling->alerts, store, logins, count);
    if (telling->metrics != NULL)
        metrics_count(telling->metrics, store, logins, count, waited_ms);
}

static void write_metrics(struct telling *telling, const struct crew_totals *totals,
                          const struct metrics_events *events)
{
    if (telling->metrics == NULL)
        return;
    if (metrics_write(telling->metrics, totals, events, telling->interfaces, telling->interface_count) == 0) {
        telling->metrics_failed = false;
    } else if (!telling->metrics_failed) {
        telling->metrics_failed = true;
        log_say(LOG_LEVEL_WARNING, "%s: the metrics cannot be written: %s", metrics_path(telling->metrics),
                strerror(errno));
    }
}

static void tell_status(const struct telling *telling, const struct crew_totals *totals)
{
    uint64_t packets = 0, dropped = 0;
    char text[256];

    for (size_t i = 0; i < telling->interface_count; i++) {
        packets += totals->interfaces[i].packets;
        dropped += totals->interfaces[i].kernel_drops + totals->interfaces[i].interface_drops;
    }
    (void)snprintf(text, sizeof text, "%s frames, %s dropped; %s IMAP connection%s, %s login%s",
                   amount_of(packets).text, amount_of(dropped).text, amount_of(totals->connections).text,
                   totals->connections == 1 ? "" : "s", amount_of(totals->logins).text,
                   totals->logins == 1 ? "" : "s");
    service_status(text);
}

void telling_figures(struct telling *telling, const struct crew_totals *totals,
                     const struct metrics_events *events)
{
    write_metrics(telling, totals, events);
    tell_status(telling, totals);
    say_lost(alerts_take_lost(telling->alerts));
}

int64_t telling_work(struct telling *telling, int64_t now_ms)
{
    alerts_push(telling->alerts);
    return service_alive(now_ms);
}

size_t telling_poll(const struct telling *telling, struct pollfd *ready)
{
    if (!alerts_is_waiting(telling->alerts))
        return 0;
    *ready = (struct pollfd){alerts_fd(telling->alerts), POLLOUT, 0};
    return 1;
}

void telling_stopping(struct telling *telling)
{
    (void)telling;
    service_stopping();
}

void telling_end(struct telling *telling, const struct crew_totals *totals,
                 const struct metrics_events *events)
{
    if (telling == NULL)
        return;
    if (totals != NULL)
        write_metrics(telling, totals, events);
    say_lost(alerts_close(telling->alerts, END_PATIENCE_MS));
    metrics_free(telling->metrics);
    free(telling);
}
