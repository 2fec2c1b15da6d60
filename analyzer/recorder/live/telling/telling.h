/*
 * What a live capture tells others, besides its log: alerts, figures for a monitor, and the supervisor.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LIVE_TELLING_TELLING_H
#define IMAPTAP_ANALYZER_RECORDER_LIVE_TELLING_TELLING_H

#include "analyzer/recorder/live/telling/alerts.h"
#include "analyzer/recorder/live/telling/metrics.h"

#include <poll.h>

struct telling_settings {
    enum alerts_way alerts; /* lines go to standard output */
    enum finding_schema schema;
    const char *metrics; /* the file; NULL: none */
};

struct telling;

/* The interfaces' names must stay. Opens the way to syslog: call it before the sandbox stand. NULL: out of
 * memory. */
struct telling *telling_new(const struct telling_settings *settings, const char *const *interfaces,
                            size_t interface_count);

/* The capture runs. */
void telling_ready(struct telling *telling);

/* These logins were committed; the oldest of their events came `waited_ms` before. */
void telling_committed(struct telling *telling, struct store *store, const int64_t *logins, size_t count,
                       int64_t waited_ms);

/* Some seconds have passed. */
void telling_figures(struct telling *telling, const struct crew_totals *totals,
                     const struct metrics_events *events);

/* Does what is due. Returns in how many milliseconds that is so again, at the latest; INT64_MAX: never. */
int64_t telling_work(struct telling *telling, int64_t now_ms);

/* What is to be polled, at most one; returns how many. Then call telling_work. */
size_t telling_poll(const struct telling *telling, struct pollfd *ready);

/* The capture is about to end. */
void telling_stopping(struct telling *telling);

/* Tells the rest, and frees. `totals` and `events` NULL: there was no capture. */
void telling_end(struct telling *telling, const struct crew_totals *totals,
                 const struct metrics_events *events);

#endif
