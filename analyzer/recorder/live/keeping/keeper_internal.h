/*
 * What the keeper's files share.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LIVE_KEEPING_KEEPER_INTERNAL_H
#define IMAPTAP_ANALYZER_RECORDER_LIVE_KEEPING_KEEPER_INTERNAL_H

#include "analyzer/recorder/live/keeping/intake.h"
#include "analyzer/recorder/live/keeping/keeper.h"
#include "analyzer/recorder/live/keeping/live_captures.h"
#include "analyzer/recorder/rows.h"

struct keeper_worker {
    struct rows *rows;
    uint8_t *anew; /* a bit a slot: the end of its connection found no room */
};

struct keeper {
    struct keeper_options options;
    struct store *store; /* NULL: it could not be opened again */
    struct intake *intake;
    struct keeper_worker *workers;
    struct live_captures *captures;
    int64_t *logins; /* rows that were added since the last commit */
    size_t login_count, login_room;
    struct keeper_lost lost;
    bool update;          /* captures' rows are to be brought up to date */
    int64_t oldest_ms;    /* when the oldest record that waits came */
    int64_t committed_ms; /* last */
    int64_t trouble_ms;   /* since when nothing can be written; 0: it can */
    int64_t retry_ms;     /* when that is tried again */
    bool full;            /* something was lost since the trouble began */
    size_t alone;         /* so many octets of records are tried one by one: one of them cannot be kept */
    unsigned poisoned;    /* records given up, in a row */
    bool captures_fail;   /* that was what failed */
};

#endif
