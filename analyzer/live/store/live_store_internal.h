/*
 * What the live store's files share.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_STORE_LIVE_STORE_INTERNAL_H
#define IMAPTAP_ANALYZER_LIVE_STORE_LIVE_STORE_INTERNAL_H

#include "analyzer/live/store/event_queue.h"
#include "analyzer/live/store/live_captures.h"
#include "analyzer/live/store/live_store.h"
#include "analyzer/recorder/event_rows.h"

struct live_store_worker {
    struct event_rows *rows;
    uint8_t *reused; /* a bit a slot: the end of its connection found no room */
};

struct live_store {
    struct live_store_options options;
    struct store *store; /* NULL: it could not be opened again */
    struct event_queue *queue;
    struct live_store_worker *workers;
    struct live_captures *captures;
    int64_t *logins; /* rows that were added since the last commit */
    size_t login_count, login_room;
    struct live_store_lost lost;
    bool update;          /* captures' rows are to be brought up to date */
    int64_t oldest_ms;    /* when the oldest record that waits came */
    int64_t committed_ms; /* last */
    int64_t judge_ms;     /* the causes are not worked out before */
    int64_t trouble_ms;   /* since when nothing can be written; 0: it can */
    int64_t retry_ms;     /* when that is tried again */
    bool full;            /* something was lost since the trouble began */
    size_t alone;         /* so many octets of records are tried one by one: one of them cannot be kept */
    unsigned poisoned;    /* records given up, in a row */
    bool captures_fail;   /* that was what failed */
};

#endif
