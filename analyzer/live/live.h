/*
 * A live capture: the recorder's loop, from the start to SIGINT or SIGTERM.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_LIVE_H
#define IMAPTAP_ANALYZER_LIVE_LIVE_H

#include "analyzer/live/notify/notify.h"
#include "analyzer/live/worker_pool.h"

struct live_settings {
    const struct launcher_options *launcher;
    const char *database;
    const struct store_run_facts *run;
    int flush_ms;          /* between two commits, at most */
    int64_t keep_ns;       /* what is older is removed; 0: nothing is */
    const char *ports;     /* where IMAP is looked for, as text */
    struct notify *notify; /* live_run takes it over */
};

struct live_result {
    struct worker_pool_totals totals;
    struct event_finished missed; /* what could not be used, in frames */
    struct live_store_lost lost;  /* what could not be kept */
    int64_t *captures;            /* rows in the database that was open last */
    size_t capture_count;
    bool failed; /* it did not end by a signal, or something is lost */
};

/* Takes signals from now on: SIGINT, SIGTERM, SIGHUP and SIGUSR1 wait to be read. Call it before anything
 * that the loop is to end or reopen is open. Returns a descriptor, or -1 with errno set. */
int live_take_signals(void);

/* Runs until a signal ends it. Takes over the launcher, the interface watch, the signals' descriptor and the
 * store. Returns 0 with *result filled (live_result_free frees it), or -1 when out of memory. */
int live_run(const struct live_settings *settings, struct launcher *launcher, struct interface_watch *links,
             int signals, struct store *store, struct live_result *result);

void live_result_free(struct live_result *result);

#endif
