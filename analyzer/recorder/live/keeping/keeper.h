/*
 * Keeps what analyzers tell in the database of a live capture: what comes waits in memory and is written in
 * one transaction when it is time, so that the database is never locked for long. While it cannot be written
 * (its disk is full, another process holds it) everything waits on; what finds no room is counted as lost.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LIVE_KEEPING_KEEPER_H
#define IMAPTAP_ANALYZER_RECORDER_LIVE_KEEPING_KEEPER_H

#include "analyzer/ipc/event_ring.h"
#include "db/store.h"

/* How long another process's lock is waited for before everything waits: meanwhile nothing is taken. */
#define KEEPER_BUSY_MS 200

/* What came from one interface through one analyzer. */
struct keeper_figures {
    int64_t packets, octets, kernel_drops, interface_drops, evicted;
    int64_t first_ns, last_ns; /* -1: no packet */
    int64_t link_type;         /* DLT_...; -1: not known */
};

struct keeper_options {
    const char *database;
    const char *const *interfaces;
    size_t interface_count;
    unsigned workers;
    int flush_ms; /* between two commits, at most */
    const struct store_run_facts *run;
    /* The figures of interface `interface` of worker `worker`, as they are now. */
    void (*figures)(void *user, unsigned worker, unsigned interface, struct keeper_figures *figures);
    /* Rows of `logins` were committed; the oldest of their events came `waited_ms` ago. */
    void (*committed)(void *user, struct store *store, const int64_t *logins, size_t count,
                      int64_t waited_ms);
    void *user;
};

struct keeper_lost {
    uint64_t events; /* in all; among them: */
    uint64_t logins, connections;
};

struct keeper;

/* The options are copied, what they point to must stay. Takes the store over. NULL: out of memory; the store
 * stays the caller's. */
struct keeper *keeper_new(const struct keeper_options *options, struct store *store);

/* Takes what a worker's analyzer told: the event, and its encoding. */
void keeper_take(struct keeper *keeper, unsigned worker, const struct event *event, const uint8_t *encoding,
                 size_t length);
/* A new analyzer begins as this worker. */
void keeper_restart(struct keeper *keeper, unsigned worker);
/* The captures' rows are to be brought up to date with the next commit. */
void keeper_update(struct keeper *keeper);

/* Writes what waits, when it is time (keeper_due_ms); `now`: at any rate. */
void keeper_work(struct keeper *keeper, bool now);
/* When there may be work, in the milliseconds of reading_now_ms; INT64_MAX: not before something comes. */
int64_t keeper_due_ms(const struct keeper *keeper);

/* Closes the database file and opens, or makes, the one that now has its name. */
void keeper_reopen(struct keeper *keeper);

/* The database between two transactions, for upkeep; it may change with each call above. NULL: it cannot be
 * written now. */
struct store *keeper_store(const struct keeper *keeper);

size_t keeper_waiting(const struct keeper *keeper);
struct keeper_lost keeper_lost(const struct keeper *keeper);
/* Rows of `captures` that were begun in the database that is open now. */
const int64_t *keeper_captures(const struct keeper *keeper, size_t *count);

/* Writes what waits, trying for `patience_ms`, and closes the database. `aborted`: the run did not end as it
 * was meant to. Returns false when something was lost by that: it was said. */
bool keeper_close(struct keeper *keeper, int patience_ms, bool aborted);

void keeper_free(struct keeper *keeper);

#endif
