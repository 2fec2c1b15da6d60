/*
 * One analyzer process at a time, and the keeping of what it tells: what reading captures that are there and
 * following a folder have in common.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_READING_H
#define IMAPTAP_ANALYZER_RECORDER_READING_H

#include "analyzer/ipc/file_feed.h"
#include "analyzer/recorder/hashing.h"
#include "analyzer/recorder/ledger.h"
#include "analyzer/recorder/progress.h"

#include <sys/types.h>

/* How long an analyzer may take to end when it is asked to. */
#define READING_STOP_MS 2000

struct reading {
    struct store *store;
    const struct inputs *inputs;
    const struct pipeline_options *options;
    struct recorder_result *result;
    struct ledger *ledger;
    struct hashing *hashing; /* NULL: files are not hashed here */
    struct progress progress;
    /* the analyzer that runs; channel NULL: none does */
    struct event_ring *ring;
    struct file_feed *feed; /* NULL: it reads descriptors */
    pid_t analyzer;
    bool finished, distrusted;
    int64_t started_ms;
    bool uncommitted; /* something was taken since the last commit */
    int64_t committed_ms;
    int64_t stop_since_ms;
};

/* Milliseconds of a clock that never jumps. */
int64_t reading_now_ms(void);

/* Makes the outcomes. Returns 0, or -1 when out of memory. */
int reading_prepare(struct reading *reading);

/* The database is open: makes the ledger, and heeds SIGINT and SIGTERM from now on. Returns 0, or -1 when
 * out of memory. */
int reading_begin(struct reading *reading, struct store *store);

/* True when the user asked for an end. */
bool reading_stop_asked(void);

/* Starts an analyzer for all pending inputs, or with `fed` for those that reading->feed will bring. It may
 * begin before reading_begin. Returns 0, or -1 with errno set. */
int reading_start(struct reading *reading, bool fed);

/* Keeps an event. An analyzer that tells nonsense, and one whose findings cannot be kept, is killed. */
void reading_take(struct reading *reading, const struct event *event);

/* Commits when `every_ms` have passed since the last time. */
void reading_commit(struct reading *reading, int64_t every_ms);

/* The reading cannot go on, or the database failed: keeps why, and kills the analyzer. */
void reading_give_up(struct reading *reading, const char *why);
void reading_store_failed(struct reading *reading);

/* Waits for the analyzer's end, when its channel has ended; writes the cause of a sudden one. */
void reading_wait(struct reading *reading, char *cause, size_t size);

/* Ends an analyzer of which nothing is to be kept. */
void reading_abandon(struct reading *reading);

/* Settles the captures whose outcome is known, and commits. */
void reading_settle(struct reading *reading, const bool *which);

/* Frees the ways to an analyzer that has ended. */
void reading_close_ways(struct reading *reading);

void reading_end(struct reading *reading);

#endif
