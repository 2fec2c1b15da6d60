/*
 * Figures for a monitor: a file in Prometheus' text format, for the textfile collector of node_exporter. No
 * label holds a user or an address.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_NOTIFY_METRICS_H
#define IMAPTAP_ANALYZER_LIVE_NOTIFY_METRICS_H

#include "analyzer/live/worker_pool.h"
#include "db/store.h"

struct metrics;

/* What analyzers reported: what waits for the database, and what was lost on the way there. */
struct metrics_events {
    uint64_t waiting, lost;
};

/* `path` must stay. NULL: out of memory. */
struct metrics *metrics_new(const char *path);

/* Counts these logins, which were committed; the oldest of their events had waited for `waited_ms`. */
void metrics_count(struct metrics *metrics, struct store *store, const int64_t *logins, size_t count,
                   int64_t waited_ms);

/* Replaces the file by one with these figures: who reads it sees the old or the new one, whole. Returns 0, or
 * -1 with errno set. */
int metrics_write(const struct metrics *metrics, const struct worker_pool_totals *totals,
                  const struct metrics_events *events, const char *const *interfaces, size_t interface_count);

/* As it was given. */
const char *metrics_path(const struct metrics *metrics);

void metrics_free(struct metrics *metrics);

#endif
