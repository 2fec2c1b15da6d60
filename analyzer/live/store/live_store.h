/*
 * Keeps what analyzers report in the database of a live capture: what comes waits in memory and is written in
 * one transaction when it is time, so that the database is never locked for long. While it cannot be written
 * (its disk is full, another process holds it) everything waits on; what finds no room is counted as lost.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_STORE_LIVE_STORE_H
#define IMAPTAP_ANALYZER_LIVE_STORE_LIVE_STORE_H

#include "analyzer/ipc/event_ring.h"
#include "db/store.h"

/* How long another process's lock is waited for before everything waits: meanwhile nothing is taken. */
#define LIVE_STORE_BUSY_MS 200

/* What came from one interface through one analyzer. */
struct live_store_figures {
    int64_t packets, octets, kernel_drops, interface_drops, evicted;
    int64_t first_ns, last_ns; /* -1: no packet */
    int64_t link_type;         /* DLT_...; -1: not known */
};

struct live_store_options {
    const char *database;
    const char *const *interfaces;
    size_t interface_count;
    unsigned workers;
    int flush_ms; /* between two commits, at most */
    const struct store_run_facts *run;
    /* The figures of interface `interface` of worker `worker`, as they are now. */
    void (*figures)(void *user, unsigned worker, unsigned interface, struct live_store_figures *figures);
    /* Rows of `logins` were committed; the oldest of their events came `waited_ms` ago. */
    void (*committed)(void *user, struct store *store, const int64_t *logins, size_t count,
                      int64_t waited_ms);
    void *user;
};

struct live_store_lost {
    uint64_t events; /* in all; among them: */
    uint64_t logins, connections;
};

struct live_store;

/* The options are copied, what they point to must stay. Takes the store over. NULL: out of memory; the store
 * stays the caller's. */
struct live_store *live_store_new(const struct live_store_options *options, struct store *store);

/* Takes what a worker's analyzer sent: the event, and its encoding. */
void live_store_take(struct live_store *live_store, unsigned worker, const struct event *event,
                     const uint8_t *encoding, size_t length);
/* A new analyzer begins as this worker. */
void live_store_restart(struct live_store *live_store, unsigned worker);
/* The captures' rows are to be brought up to date with the next commit. */
void live_store_update(struct live_store *live_store);

/* Writes what waits, when it is time (live_store_due_ms); `now`: at any rate. */
void live_store_work(struct live_store *live_store, bool now);
/* When there may be work, in the milliseconds of analyzer_run_now_ms; INT64_MAX: not before something comes.
 */
int64_t live_store_due_ms(const struct live_store *live_store);

/* Closes the database file and opens, or makes, the one that now has its name. */
void live_store_reopen(struct live_store *live_store);

/* The database between two transactions, for upkeep; it may change with each call above. NULL: it cannot be
 * written now. */
struct store *live_store_store(const struct live_store *live_store);

size_t live_store_waiting(const struct live_store *live_store);
struct live_store_lost live_store_lost(const struct live_store *live_store);
/* Rows of `captures` that were begun in the database that is open now. */
const int64_t *live_store_captures(const struct live_store *live_store, size_t *count);

/* Writes what waits, trying for `patience_ms`, and closes the database. `aborted`: the run did not end as it
 * was meant to. Returns false when something was lost by that: it was said. */
bool live_store_close(struct live_store *live_store, int patience_ms, bool aborted);

void live_store_free(struct live_store *live_store);

#endif
