/*
 * What a live capture reports to others, besides its log: alerts, figures for a monitor, and the supervisor.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_NOTIFY_NOTIFY_H
#define IMAPTAP_ANALYZER_LIVE_NOTIFY_NOTIFY_H

#include "analyzer/live/notify/alerts.h"
#include "analyzer/live/notify/metrics.h"

#include <poll.h>

struct notify_settings {
    enum alerts_way alerts; /* lines go to standard output */
    enum finding_schema schema;
    const char *metrics; /* the file; NULL: none */
};

struct notify;

/* The interfaces' names must stay. Opens the way to syslog: call it before the sandbox is entered. NULL: out
 * of memory. */
struct notify *notify_new(const struct notify_settings *settings, const char *const *interfaces,
                          size_t interface_count);

/* The capture runs. */
void notify_ready(struct notify *notify);

/* These logins were committed; the oldest of their events came `waited_ms` before. */
void notify_committed(struct notify *notify, struct store *store, const int64_t *logins, size_t count,
                      int64_t waited_ms);

/* Some seconds have passed. */
void notify_figures(struct notify *notify, const struct worker_pool_totals *totals,
                    const struct metrics_events *events);

/* Does what is due. Returns in how many milliseconds that is so again, at the latest; INT64_MAX: never. */
int64_t notify_work(struct notify *notify, int64_t now_ms);

/* What is to be polled, at most one; returns how many. Then call notify_work. */
size_t notify_poll(const struct notify *notify, struct pollfd *ready);

/* The capture is about to end. */
void notify_stopping(struct notify *notify);

/* Reports the rest, and frees. `totals` and `events` NULL: there was no capture. */
void notify_end(struct notify *notify, const struct worker_pool_totals *totals,
                const struct metrics_events *events);

#endif
