/*
 * Writes what waits in transactions, and does so again when one failed.
 *
 * A new analyzer and a new row of `captures` always begin one: what is taken back never reaches over them.
 */
#include "analyzer/recorder/live/keeping/keeper_internal.h"

#include "analyzer/open_store.h"
#include "analyzer/recorder/live/log.h"
#include "analyzer/recorder/reading.h"
#include "analyzer/run_facts.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Records in a transaction. */
#define BATCH 5000
/* Between two tries to write while that fails. */
#define RETRY_MS 1000
/* So many records in a row that cannot be kept, each alone, are the database's fault. */
#define POISONED_MAX 16

static void begin_run(struct keeper *keeper, struct store *store)
{
    keeper->store = store;
    store_patience(store, KEEPER_BUSY_MS);
    store_run_begin(store, keeper->options.run);
}

struct keeper *keeper_new(const struct keeper_options *options, struct store *store)
{
    struct keeper *keeper = calloc(1, sizeof *keeper);

    if (keeper == NULL)
        return NULL;
    keeper->options = *options;
    keeper->intake = intake_new();
    keeper->workers = calloc(options->workers, sizeof *keeper->workers);
    keeper->captures = live_captures_new(options);
    if (keeper->intake == NULL || keeper->workers == NULL || keeper->captures == NULL)
        goto failed;
    for (unsigned i = 0; i < options->workers; i++) {
        keeper->workers[i].rows = rows_new(true);
        keeper->workers[i].anew = calloc(PIPELINE_MAX_CONNECTIONS / 8 + 1, 1);
        if (keeper->workers[i].rows == NULL || keeper->workers[i].anew == NULL)
            goto failed;
    }
    begin_run(keeper, store);
    keeper->committed_ms = reading_now_ms();
    return keeper;
failed:
    keeper_free(keeper);
    return NULL;
}

void keeper_update(struct keeper *keeper)
{
    keeper->update = true;
}

/* --- writing --- */

static enum rows_status of_store(int status)
{
    return status == STORE_OK ? ROWS_OK : ROWS_STORE;
}

static enum rows_status add_login(struct keeper *keeper, const struct intake_record *record,
                                  const struct event_login *told)
{
    int64_t capture = 0, id = 0;
    enum rows_status status;

    if (keeper->login_count == keeper->login_room) {
        size_t room = keeper->login_room ? keeper->login_room * 2 : 256;
        int64_t *larger = realloc(keeper->logins, room * sizeof *larger);

        if (larger == NULL)
            return ROWS_NO_MEMORY;
        keeper->logins = larger;
        keeper->login_room = room;
    }
    if (live_captures_row(keeper->captures, keeper->store, record->worker, told->login.begin.capture,
                          &capture) != STORE_OK)
        return ROWS_STORE;
    status = rows_take_login(keeper->workers[record->worker].rows, keeper->store, capture, told, &id);
    if (status == ROWS_OK)
        keeper->logins[keeper->login_count++] = id;
    return status;
}

static enum rows_status add_connection(struct keeper *keeper, const struct intake_record *record,
                                       const struct event_connection *told)
{
    struct rows *rows = keeper->workers[record->worker].rows;
    int64_t capture = 0, more_lost = 0;
    enum rows_status status;

    if (record->kind == INTAKE_EVENT_ANEW)
        rows_forget_one(rows, told->slot);
    if (live_captures_row(keeper->captures, keeper->store, record->worker, told->capture, &capture) !=
        STORE_OK)
        return ROWS_STORE;
    status = rows_take_connection(rows, keeper->store, capture, told, &more_lost);
    if (status == ROWS_OK && more_lost > 0)
        status = of_store(
            live_captures_lost(keeper->captures, keeper->store, record->worker, told->capture, more_lost));
    return status;
}

static enum rows_status apply(struct keeper *keeper, const struct intake_record *record)
{
    struct event event;

    /* it was sound when it came */
    if (!event_decode(&event, record->octets, record->length, EVENT_RING_INTERFACES,
                      PIPELINE_MAX_CONNECTIONS))
        return ROWS_UNKNOWN;
    switch (event.kind) {
    case EVENT_CAPTURE_STARTED:
        live_captures_start(keeper->captures, record->worker, event.capture.capture);
        return of_store(live_captures_row(keeper->captures, keeper->store, record->worker,
                                          event.capture.capture, &(int64_t){0}));
    case EVENT_CAPTURE_ENDED:
        return of_store(live_captures_end(keeper->captures, keeper->store, record->worker, &event.capture));
    case EVENT_CONNECTION:
        return add_connection(keeper, record, &event.connection);
    case EVENT_LOGIN:
        return add_login(keeper, record, &event.login);
    case EVENT_AFTER:
        return rows_take_after(keeper->workers[record->worker].rows, keeper->store, &event.after);
    default:
        return ROWS_OK;
    }
}

/* A login without its connection's row was lost with it. What follows a login that is in another database,
 * or was lost, has nowhere to go. */
static void count_unknown(struct keeper *keeper, const struct intake_record *record)
{
    struct event event;

    if (event_decode(&event, record->octets, record->length, EVENT_RING_INTERFACES,
                     PIPELINE_MAX_CONNECTIONS) &&
        event.kind == EVENT_LOGIN) {
        keeper->lost.events++;
        keeper->lost.logins++;
    }
}

/* Nothing of this transaction counts. */
static void take_back(struct keeper *keeper)
{
    if (keeper->store != NULL)
        store_rollback(keeper->store);
    for (unsigned i = 0; i < keeper->options.workers; i++)
        rows_rolled_back(keeper->workers[i].rows);
    live_captures_rolled_back(keeper->captures);
    keeper->login_count = 0;
}

static void be_in_trouble(struct keeper *keeper, const char *why)
{
    int64_t now = reading_now_ms();

    if (keeper->trouble_ms == 0) {
        log_say(LOG_LEVEL_ERROR, "%s; the capture goes on, and findings wait in memory", why);
        keeper->trouble_ms = now;
    }
    keeper->retry_ms = now + RETRY_MS;
}

static void be_out_of_trouble(struct keeper *keeper)
{
    if (keeper->trouble_ms == 0)
        return;
    log_say(
        LOG_LEVEL_WARNING,
        "%s: the database can be written again, after %lld s; lost meanwhile: %llu logins, %llu connections",
        keeper->options.database, (long long)((reading_now_ms() - keeper->trouble_ms) / 1000),
        (unsigned long long)keeper->lost.logins, (unsigned long long)keeper->lost.connections);
    keeper->trouble_ms = 0;
    keeper->full = false;
}

static bool commit(struct keeper *keeper, size_t place)
{
    int64_t now;

    if (store_commit(keeper->store) != STORE_OK)
        return false;
    now = reading_now_ms();
    keeper->committed_ms = now;
    for (unsigned i = 0; i < keeper->options.workers; i++)
        rows_committed(keeper->workers[i].rows);
    live_captures_committed(keeper->captures);
    intake_remove(keeper->intake, place);
    if (keeper->login_count > 0 && keeper->options.committed != NULL)
        keeper->options.committed(keeper->options.user, keeper->store, keeper->logins, keeper->login_count,
                                  now - keeper->oldest_ms);
    keeper->login_count = 0;
    keeper->oldest_ms = now;
    be_out_of_trouble(keeper);
    return true;
}

/* True for failures that pass when somebody makes room, lets go of a lock, or gives rights. */
static bool may_pass(int status)
{
    return status == STORE_BUSY || status == STORE_FULL || status == STORE_READ_ONLY ||
           status == STORE_CANNOT_OPEN;
}

/* Where a row is gone, because somebody deleted it, another one is begun. */
static bool update_captures(struct keeper *keeper)
{
    keeper->captures_fail = live_captures_update(keeper->captures, keeper->store) != STORE_OK;
    return !keeper->captures_fail;
}

/* Writes a transaction: the next records, and captures' rows when it is time. Returns a store_status. */
static int write_some(struct keeper *keeper)
{
    size_t place = 0, limit = keeper->alone > 0 ? 1 : BATCH;
    struct intake_record record;
    int status = STORE_OK;

    keeper->captures_fail = false;
    for (size_t i = 0, next = 0; i < limit && status == STORE_OK && intake_at(keeper->intake, &next, &record);
         i++) {
        enum rows_status taken;

        if (i > 0 && (record.kind == INTAKE_RESTART || record.kind == INTAKE_EVENT_FIRST))
            break;
        if (record.kind == INTAKE_RESTART) {
            rows_forget(keeper->workers[record.worker].rows);
            place = next;
            continue;
        }
        taken = apply(keeper, &record);
        if (taken == ROWS_STORE)
            status = STORE_FAILED;
        else if (taken != ROWS_OK)
            count_unknown(keeper, &record);
        place = next;
    }
    if (status != STORE_OK || (keeper->update && keeper->alone == 0 && !update_captures(keeper)) ||
        !commit(keeper, place))
        return (int)store_last_status(keeper->store);
    keeper->update = keeper->update && keeper->alone > 0;
    keeper->alone = keeper->alone > place ? keeper->alone - place : 0;
    return STORE_OK;
}

/* A record can never be kept (its capture's row was deleted, for instance): it is given up alone. */
static void give_up_one(struct keeper *keeper)
{
    struct intake_record record;
    size_t place = 0;

    if (keeper->alone == 0) { /* which one is it? */
        for (size_t i = 0; i < BATCH && intake_at(keeper->intake, &place, &record); i++)
            ;
        keeper->alone = place;
        return;
    }
    if (!intake_at(keeper->intake, &place, &record))
        return;
    log_say(LOG_LEVEL_ERROR, "a finding cannot be kept and is lost: %s", store_error(keeper->store));
    keeper->lost.events++;
    keeper->lost.logins++;
    intake_remove(keeper->intake, place);
    keeper->alone = keeper->alone > place ? keeper->alone - place : 0;
}

static void open_again(struct keeper *keeper)
{
    struct store *store;
    char why[1024];

    if (open_store_within(&store, keeper->options.database, true, KEEPER_BUSY_MS, why, sizeof why) ==
        STORE_OK)
        begin_run(keeper, store);
    else
        be_in_trouble(keeper, why);
}

/* Closes the database, if it is open. Returns false when that failed, which was said. */
static bool close_file(struct keeper *keeper, bool aborted)
{
    struct store *store = keeper->store;
    bool whole = true;
    char why[1024];

    keeper->store = NULL;
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
static void begin_anew(struct keeper *keeper)
{
    for (unsigned i = 0; i < keeper->options.workers; i++)
        rows_forget(keeper->workers[i].rows);
    live_captures_begin_anew(keeper->captures);
}

static bool is_work(const struct keeper *keeper)
{
    return intake_count(keeper->intake) > 0 || keeper->update;
}

int64_t keeper_due_ms(const struct keeper *keeper)
{
    if (keeper->trouble_ms != 0)
        return keeper->retry_ms;
    return is_work(keeper) ? keeper->committed_ms + keeper->options.flush_ms : INT64_MAX;
}

void keeper_work(struct keeper *keeper, bool now)
{
    if (!now && reading_now_ms() < keeper_due_ms(keeper))
        return;
    if (keeper->store == NULL)
        open_again(keeper);
    while (keeper->store != NULL && is_work(keeper)) {
        int status = write_some(keeper);

        if (status == STORE_OK) {
            keeper->poisoned = 0;
            continue;
        }
        if (may_pass(status) || keeper->poisoned >= POISONED_MAX) {
            be_in_trouble(keeper, store_error(keeper->store));
            take_back(keeper);
            return;
        }
        take_back(keeper);
        keeper->poisoned++;
        if (keeper->captures_fail)
            begin_anew(keeper);
        else
            give_up_one(keeper);
    }
}

/* --- the file --- */

void keeper_reopen(struct keeper *keeper)
{
    keeper_work(keeper, true);
    if (keeper->store != NULL && live_captures_settle(keeper->captures, keeper->store) != STORE_OK)
        store_rollback(keeper->store);
    (void)close_file(keeper, false);
    begin_anew(keeper);
    keeper->update = true;
    open_again(keeper);
    if (keeper->store == NULL)
        return;
    keeper_work(keeper, true);
    log_say(LOG_LEVEL_NOTICE, "%s: the database file was opened anew", keeper->options.database);
}

bool keeper_close(struct keeper *keeper, int patience_ms, bool aborted)
{
    int64_t until = reading_now_ms() + patience_ms;
    bool whole = true;

    keeper->update = true;
    keeper_work(keeper, true);
    while (is_work(keeper) && keeper->trouble_ms != 0 && reading_now_ms() < until) {
        (void)poll(NULL, 0, 100);
        keeper_work(keeper, true);
    }
    if (intake_count(keeper->intake) > 0) {
        log_say(LOG_LEVEL_ERROR, "%zu findings could not be written and are lost",
                intake_count(keeper->intake));
        keeper->lost.events += intake_count(keeper->intake);
        whole = false;
    }
    return close_file(keeper, aborted) && whole;
}

struct store *keeper_store(const struct keeper *keeper)
{
    return keeper->trouble_ms == 0 ? keeper->store : NULL;
}

size_t keeper_waiting(const struct keeper *keeper)
{
    return intake_count(keeper->intake);
}

struct keeper_lost keeper_lost(const struct keeper *keeper)
{
    return keeper->lost;
}

const int64_t *keeper_captures(const struct keeper *keeper, size_t *count)
{
    return live_captures_ids(keeper->captures, count);
}

void keeper_free(struct keeper *keeper)
{
    char why[1024];

    if (keeper == NULL)
        return;
    if (keeper->store != NULL)
        (void)store_close(keeper->store, why, sizeof why);
    for (unsigned i = 0; keeper->workers != NULL && i < keeper->options.workers; i++) {
        rows_free(keeper->workers[i].rows);
        free(keeper->workers[i].anew);
    }
    free(keeper->workers);
    live_captures_free(keeper->captures);
    intake_free(keeper->intake);
    free(keeper->logins);
    free(keeper);
}
