/*
 * Writes what waits in transactions, and does so again when one failed.
 *
 * A new analyzer and a new row of `captures` always begin one: what is taken back never reaches over them.
 */
#include "analyzer/live/store/live_store_internal.h"

#include "analyzer/live/log.h"
#include "analyzer/recorder/analyzer_run.h"
#include "analyzer/recorder/open_store.h"
#include "analyzer/recorder/run_facts.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Records in a transaction. */
#define BATCH 5000
/* Between two tries to write while that fails. */
#define RETRY_MS 1000
/* So many records in a row that cannot be kept, each alone, are the database's fault. */
#define POISONED_MAX 16
/* The causes are worked out no more often than this, and take no more than a hundredth of the time. */
#define JUDGE_MS    60000
#define JUDGE_SHARE 100

static void begin_run(struct live_store *live_store, struct store *store)
{
    live_store->store = store;
    store_patience(store, LIVE_STORE_BUSY_MS);
    store_run_begin(store, live_store->options.run);
}

struct live_store *live_store_new(const struct live_store_options *options, struct store *store)
{
    struct live_store *live_store = calloc(1, sizeof *live_store);

    if (live_store == NULL)
        return NULL;
    live_store->options = *options;
    live_store->queue = event_queue_new();
    live_store->workers = calloc(options->workers, sizeof *live_store->workers);
    live_store->captures = live_captures_new(options);
    if (live_store->queue == NULL || live_store->workers == NULL || live_store->captures == NULL)
        goto failed;
    for (unsigned i = 0; i < options->workers; i++) {
        live_store->workers[i].rows = event_rows_new(true);
        live_store->workers[i].reused = calloc(PIPELINE_MAX_CONNECTIONS / 8 + 1, 1);
        if (live_store->workers[i].rows == NULL || live_store->workers[i].reused == NULL)
            goto failed;
    }
    begin_run(live_store, store);
    live_store->committed_ms = analyzer_run_now_ms();
    return live_store;
failed:
    live_store_free(live_store);
    return NULL;
}

void live_store_update(struct live_store *live_store)
{
    live_store->update = true;
}

/* --- writing --- */

static enum event_rows_status of_store(int status)
{
    return status == STORE_OK ? EVENT_ROWS_OK : EVENT_ROWS_STORE;
}

static enum event_rows_status add_login(struct live_store *live_store,
                                        const struct event_queue_record *record,
                                        const struct event_login *event)
{
    int64_t capture = 0, id = 0;
    enum event_rows_status status;

    if (live_store->login_count == live_store->login_room) {
        size_t room = live_store->login_room ? live_store->login_room * 2 : 256;
        int64_t *larger = realloc(live_store->logins, room * sizeof *larger);

        if (larger == NULL)
            return EVENT_ROWS_NO_MEMORY;
        live_store->logins = larger;
        live_store->login_room = room;
    }
    if (live_captures_row(live_store->captures, live_store->store, record->worker, event->login.begin.capture,
                          &capture) != STORE_OK)
        return EVENT_ROWS_STORE;
    status = event_rows_take_login(live_store->workers[record->worker].rows, live_store->store, capture,
                                   event, &id);
    if (status == EVENT_ROWS_OK)
        live_store->logins[live_store->login_count++] = id;
    return status;
}

static enum event_rows_status add_connection(struct live_store *live_store,
                                             const struct event_queue_record *record,
                                             const struct event_connection *event)
{
    struct event_rows *rows = live_store->workers[record->worker].rows;
    int64_t capture = 0, more_lost = 0;
    enum event_rows_status status;

    if (record->kind == EVENT_QUEUE_EVENT_REUSED)
        event_rows_forget_one(rows, event->slot);
    if (live_captures_row(live_store->captures, live_store->store, record->worker, event->capture,
                          &capture) != STORE_OK)
        return EVENT_ROWS_STORE;
    status = event_rows_take_connection(rows, live_store->store, capture, event, &more_lost);
    if (status == EVENT_ROWS_OK && more_lost > 0)
        status = of_store(live_captures_lost(live_store->captures, live_store->store, record->worker,
                                             event->capture, more_lost));
    return status;
}

static enum event_rows_status apply(struct live_store *live_store, const struct event_queue_record *record)
{
    struct event event;

    /* it was sound when it came */
    if (!event_decode(&event, record->octets, record->length, EVENT_RING_INTERFACES,
                      PIPELINE_MAX_CONNECTIONS))
        return EVENT_ROWS_UNKNOWN;
    switch (event.kind) {
    case EVENT_CAPTURE_STARTED:
        live_captures_start(live_store->captures, record->worker, event.capture.capture);
        return of_store(live_captures_row(live_store->captures, live_store->store, record->worker,
                                          event.capture.capture, &(int64_t){0}));
    case EVENT_CAPTURE_ENDED:
        return of_store(
            live_captures_end(live_store->captures, live_store->store, record->worker, &event.capture));
    case EVENT_CONNECTION:
        return add_connection(live_store, record, &event.connection);
    case EVENT_LOGIN:
        return add_login(live_store, record, &event.login);
    case EVENT_AFTER:
        return event_rows_take_after(live_store->workers[record->worker].rows, live_store->store,
                                     &event.after);
    default:
        return EVENT_ROWS_OK;
    }
}

/* A login without its connection's row was lost with it. What follows a login that is in another database,
 * or was lost, has nowhere to go. */
static void count_unknown(struct live_store *live_store, const struct event_queue_record *record)
{
    struct event event;

    if (event_decode(&event, record->octets, record->length, EVENT_RING_INTERFACES,
                     PIPELINE_MAX_CONNECTIONS) &&
        event.kind == EVENT_LOGIN) {
        live_store->lost.events++;
        live_store->lost.logins++;
    }
}

/* Nothing of this transaction counts. */
static void take_back(struct live_store *live_store)
{
    if (live_store->store != NULL)
        store_rollback(live_store->store);
    for (unsigned i = 0; i < live_store->options.workers; i++)
        event_rows_rolled_back(live_store->workers[i].rows);
    live_captures_rolled_back(live_store->captures);
    live_store->login_count = 0;
}

static void be_in_trouble(struct live_store *live_store, const char *why)
{
    int64_t now = analyzer_run_now_ms();

    if (live_store->trouble_ms == 0) {
        log_say(LOG_LEVEL_ERROR, "%s; the capture goes on, and findings wait in memory", why);
        live_store->trouble_ms = now;
    }
    live_store->retry_ms = now + RETRY_MS;
}

static void be_out_of_trouble(struct live_store *live_store)
{
    if (live_store->trouble_ms == 0)
        return;
    log_say(
        LOG_LEVEL_WARNING,
        "%s: the database can be written again, after %lld s; lost meanwhile: %llu logins, %llu connections",
        live_store->options.database, (long long)((analyzer_run_now_ms() - live_store->trouble_ms) / 1000),
        (unsigned long long)live_store->lost.logins, (unsigned long long)live_store->lost.connections);
    live_store->trouble_ms = 0;
    live_store->full = false;
}

static bool commit(struct live_store *live_store, size_t place)
{
    int64_t now;

    if (store_commit(live_store->store) != STORE_OK)
        return false;
    now = analyzer_run_now_ms();
    live_store->committed_ms = now;
    for (unsigned i = 0; i < live_store->options.workers; i++)
        event_rows_committed(live_store->workers[i].rows);
    live_captures_committed(live_store->captures);
    event_queue_remove(live_store->queue, place);
    if (live_store->login_count > 0 && live_store->options.committed != NULL)
        live_store->options.committed(live_store->options.user, live_store->store, live_store->logins,
                                      live_store->login_count, now - live_store->oldest_ms);
    live_store->login_count = 0;
    live_store->oldest_ms = now;
    be_out_of_trouble(live_store);
    return true;
}

/* True for failures that pass when somebody makes room, lets go of a lock, or gives rights. */
static bool may_pass(int status)
{
    return status == STORE_BUSY || status == STORE_FULL || status == STORE_READ_ONLY ||
           status == STORE_CANNOT_OPEN;
}

/* Where a row is gone, because somebody deleted it, another one is begun. */
static bool update_captures(struct live_store *live_store)
{
    live_store->captures_fail = live_captures_update(live_store->captures, live_store->store) != STORE_OK;
    return !live_store->captures_fail;
}

/* Writes a transaction: the next records, and captures' rows when it is time. Returns a store_status. */
static int write_some(struct live_store *live_store)
{
    size_t place = 0, limit = live_store->alone > 0 ? 1 : BATCH;
    struct event_queue_record record;
    int status = STORE_OK;

    live_store->captures_fail = false;
    for (size_t i = 0, next = 0;
         i < limit && status == STORE_OK && event_queue_at(live_store->queue, &next, &record); i++) {
        enum event_rows_status taken;

        if (i > 0 && (record.kind == EVENT_QUEUE_RESTART || record.kind == EVENT_QUEUE_EVENT_FIRST))
            break;
        if (record.kind == EVENT_QUEUE_RESTART) {
            event_rows_forget(live_store->workers[record.worker].rows);
            place = next;
            continue;
        }
        taken = apply(live_store, &record);
        if (taken == EVENT_ROWS_STORE)
            status = STORE_FAILED;
        else if (taken != EVENT_ROWS_OK)
            count_unknown(live_store, &record);
        place = next;
    }
    if (status != STORE_OK ||
        (live_store->update && live_store->alone == 0 && !update_captures(live_store)) ||
        !commit(live_store, place))
        return (int)store_last_status(live_store->store);
    live_store->update = live_store->update && live_store->alone > 0;
    live_store->alone = live_store->alone > place ? live_store->alone - place : 0;
    return STORE_OK;
}

/* A record can never be kept (its capture's row was deleted, for instance): it is given up alone. */
static void give_up_one(struct live_store *live_store)
{
    struct event_queue_record record;
    size_t place = 0;

    if (live_store->alone == 0) { /* which one is it? */
        for (size_t i = 0; i < BATCH && event_queue_at(live_store->queue, &place, &record); i++)
            ;
        live_store->alone = place;
        return;
    }
    if (!event_queue_at(live_store->queue, &place, &record))
        return;
    log_say(LOG_LEVEL_ERROR, "a finding cannot be kept and is lost: %s", store_error(live_store->store));
    live_store->lost.events++;
    live_store->lost.logins++;
    event_queue_remove(live_store->queue, place);
    live_store->alone = live_store->alone > place ? live_store->alone - place : 0;
}

static void open_again(struct live_store *live_store)
{
    struct store *store;
    char why[1024];

    if (open_store_within(&store, live_store->options.database, true, LIVE_STORE_BUSY_MS, why, sizeof why) ==
        STORE_OK)
        begin_run(live_store, store);
    else
        be_in_trouble(live_store, why);
}

/* Closes the database, if it is open. Returns false when that failed, which was said. */
static bool close_file(struct live_store *live_store, bool aborted)
{
    struct store *store = live_store->store;
    bool whole = true;
    char why[1024];

    live_store->store = NULL;
    if (store == NULL)
        return true;
    if (store_run_end(store, run_facts_now(), aborted) != STORE_OK) {
        log_say(LOG_LEVEL_ERROR, "%s", store_error(store));
        store_rollback(store);
        whole = false;
    }
    if (store_close(store, why, sizeof why) != STORE_OK) {
        log_say(LOG_LEVEL_ERROR, "%s", why);
        whole = false;
    }
    return whole;
}

/* What is written from now on has nothing to do with rows from before. */
static void begin_again(struct live_store *live_store)
{
    for (unsigned i = 0; i < live_store->options.workers; i++)
        event_rows_forget(live_store->workers[i].rows);
    live_captures_begin_again(live_store->captures);
}

static bool is_work(const struct live_store *live_store)
{
    return event_queue_count(live_store->queue) > 0 || live_store->update;
}

int64_t live_store_due_ms(const struct live_store *live_store)
{
    if (live_store->trouble_ms != 0)
        return live_store->retry_ms;
    if (is_work(live_store))
        return live_store->committed_ms + live_store->options.flush_ms;
    return live_store->store != NULL && store_is_unjudged(live_store->store) ? live_store->judge_ms
                                                                             : INT64_MAX;
}

/* Findings wait while the causes are worked out: that is done now and then, when nothing else is to be done,
 * and the longer it takes, the more seldom. */
static void judge(struct live_store *live_store)
{
    int64_t begun = analyzer_run_now_ms(), took;

    if (live_store->store == NULL || is_work(live_store) || live_store->trouble_ms != 0 ||
        begun < live_store->judge_ms || !store_is_unjudged(live_store->store))
        return;
    if (store_judge(live_store->store) != STORE_OK)
        store_rollback(live_store->store);
    took = analyzer_run_now_ms() - begun;
    live_store->judge_ms = begun + (took * JUDGE_SHARE > JUDGE_MS ? took * JUDGE_SHARE : JUDGE_MS);
}

void live_store_work(struct live_store *live_store, bool now)
{
    if (!now && analyzer_run_now_ms() < live_store_due_ms(live_store))
        return;
    if (live_store->store == NULL)
        open_again(live_store);
    while (live_store->store != NULL && is_work(live_store)) {
        int status = write_some(live_store);

        if (status == STORE_OK) {
            live_store->poisoned = 0;
            continue;
        }
        if (may_pass(status) || live_store->poisoned >= POISONED_MAX) {
            be_in_trouble(live_store, store_error(live_store->store));
            take_back(live_store);
            return;
        }
        take_back(live_store);
        live_store->poisoned++;
        if (live_store->captures_fail)
            begin_again(live_store);
        else
            give_up_one(live_store);
    }
    judge(live_store);
}

/* --- the file --- */

void live_store_reopen(struct live_store *live_store)
{
    live_store_work(live_store, true);
    if (live_store->store != NULL &&
        live_captures_settle(live_store->captures, live_store->store) != STORE_OK)
        store_rollback(live_store->store);
    (void)close_file(live_store, false);
    begin_again(live_store);
    live_store->update = true;
    open_again(live_store);
    if (live_store->store == NULL)
        return;
    live_store_work(live_store, true);
    log_say(LOG_LEVEL_NOTICE, "%s: the database file was opened again", live_store->options.database);
}

bool live_store_close(struct live_store *live_store, int patience_ms, bool aborted)
{
    int64_t until = analyzer_run_now_ms() + patience_ms;
    bool whole = true;

    live_store->update = true;
    live_store_work(live_store, true);
    while (is_work(live_store) && live_store->trouble_ms != 0 && analyzer_run_now_ms() < until) {
        (void)poll(NULL, 0, 100);
        live_store_work(live_store, true);
    }
    if (event_queue_count(live_store->queue) > 0) {
        log_say(LOG_LEVEL_ERROR, "%zu findings could not be written and are lost",
                event_queue_count(live_store->queue));
        live_store->lost.events += event_queue_count(live_store->queue);
        whole = false;
    }
    return close_file(live_store, aborted) && whole;
}

struct store *live_store_store(const struct live_store *live_store)
{
    return live_store->trouble_ms == 0 ? live_store->store : NULL;
}

size_t live_store_waiting(const struct live_store *live_store)
{
    return event_queue_count(live_store->queue);
}

struct live_store_lost live_store_lost(const struct live_store *live_store)
{
    return live_store->lost;
}

const int64_t *live_store_captures(const struct live_store *live_store, size_t *count)
{
    return live_captures_ids(live_store->captures, count);
}

void live_store_free(struct live_store *live_store)
{
    char why[1024];

    if (live_store == NULL)
        return;
    if (live_store->store != NULL)
        (void)store_close(live_store->store, why, sizeof why);
    for (unsigned i = 0; live_store->workers != NULL && i < live_store->options.workers; i++) {
        event_rows_free(live_store->workers[i].rows);
        free(live_store->workers[i].reused);
    }
    free(live_store->workers);
    live_captures_free(live_store->captures);
    event_queue_free(live_store->queue);
    free(live_store->logins);
    free(live_store);
}
