/*
 * One analyzer process at a time, and the keeping of what it reports: what reading captures that are there
 * and following a folder have in common.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_ANALYZER_RUN_H
#define IMAPTAP_ANALYZER_RECORDER_ANALYZER_RUN_H

#include "analyzer/ipc/event_ring.h"
#include "analyzer/ipc/file_feed.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/recorder/beginnings.h"
#include "analyzer/recorder/capture_rows.h"
#include "analyzer/recorder/hashing.h"
#include "analyzer/recorder/progress.h"

#include <sys/types.h>

/* How long an analyzer may take to end when it is asked to. */
#define ANALYZER_RUN_STOP_MS 2000

struct analyzer_run {
    struct store *store;
    const struct inputs *inputs;
    struct pipeline_options options;
    struct beginnings beginnings;
    struct recorder_result *result;
    struct capture_rows *capture_rows;
    struct hashing *hashing; /* NULL: files are not hashed here. The recorder's, and freed by it */
    bool hash_beside;        /* a second processor can hash while the analyzer reads */
    struct progress progress;
    /* the analyzer that runs; ring NULL: none does */
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
int64_t analyzer_run_now_ms(void);

/* Makes the outcomes. Returns 0, or -1 when out of memory. */
int analyzer_run_prepare(struct analyzer_run *reading);

/* The database is open: makes the capture rows, and handles SIGINT and SIGTERM from now on. Returns 0, or -1
 * when out of memory. */
int analyzer_run_begin(struct analyzer_run *reading, struct store *store);

/* True when the user asked for an end. */
bool analyzer_run_stop_asked(void);

/* Starts an analyzer for all pending inputs, or with `fed` for those that reading->feed will bring. It may
 * begin before analyzer_run_begin. Returns 0, or -1 with errno set. */
int analyzer_run_start(struct analyzer_run *reading, bool fed);

/* Keeps an event. An analyzer that sends nonsense, and one whose findings cannot be kept, is killed. */
void analyzer_run_take(struct analyzer_run *reading, const struct event *event);

/* Commits when `every_ms` have passed since the last time. */
void analyzer_run_commit(struct analyzer_run *reading, int64_t every_ms);

/* The reading cannot go on, or the database failed: keeps why, and kills the analyzer. */
void analyzer_run_give_up(struct analyzer_run *reading, const char *why);
void analyzer_run_store_failed(struct analyzer_run *reading);

/* Waits for the analyzer's end, when its ring has ended; writes the cause of a sudden one. */
void analyzer_run_wait(struct analyzer_run *reading, char *cause, size_t size);

/* Ends an analyzer of which nothing is to be kept. */
void analyzer_run_abandon(struct analyzer_run *reading);

/* Settles the captures whose outcome is known, and commits. */
void analyzer_run_settle(struct analyzer_run *reading, const bool *which);

/* Frees the ways to an analyzer that has ended. */
void analyzer_run_close_ways(struct analyzer_run *reading);

void analyzer_run_end(struct analyzer_run *reading);

#endif
