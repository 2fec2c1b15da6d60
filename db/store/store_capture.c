/*
 * Captures: known by their fingerprint, replaced whole when they did not finish.
 */
#include "db/names.h"
#include "db/store/store_internal.h"

#include <string.h>

/* Characters of a SHA-256. */
#define SHA256_TEXT 64

int store_find_capture(struct store *store, const char *fingerprint, int64_t *id, enum store_state *state)
{
    struct store_binder binder = store_bind(store, SQL_FIND_CAPTURE);
    int rc, status = STORE_OK;

    *id = 0;
    *state = STORE_RUNNING;
    store_bind_string(&binder, fingerprint);
    rc = binder.rc == SQLITE_OK ? sqlite3_step(binder.statement) : binder.rc;
    if (rc == SQLITE_ROW) {
        const char *word = (const char *)sqlite3_column_text(binder.statement, 1);

        *id = sqlite3_column_int64(binder.statement, 0);
        for (int i = STORE_RUNNING; i <= (int)STORE_BROKEN; i++)
            if (word != NULL && strcmp(word, name_of_state((enum store_state)i)) == 0)
                *state = (enum store_state)i;
    } else if (rc != SQLITE_DONE) {
        status = store_fail_sqlite(store, rc);
    }
    (void)sqlite3_reset(binder.statement);
    return status;
}

int store_find_grown(struct store *store, const char *name, int64_t bytes, store_is_beginning *is_beginning,
                     void *user, int64_t *id)
{
    struct store_binder binder = store_bind(store, SQL_FIND_GROWN);
    int rc, status = STORE_OK;

    *id = 0;
    store_bind_int(&binder, bytes);
    store_bind_string(&binder, name);
    rc = binder.rc == SQLITE_OK ? sqlite3_step(binder.statement) : binder.rc;
    for (; rc == SQLITE_ROW && *id == 0; rc = sqlite3_step(binder.statement))
        if (is_beginning(user, sqlite3_column_int64(binder.statement, 1),
                         (const char *)sqlite3_column_text(binder.statement, 2)))
            *id = sqlite3_column_int64(binder.statement, 0);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        status = store_fail_sqlite(store, rc);
    (void)sqlite3_reset(binder.statement);
    return status;
}

int store_find_beginnings(struct store *store, const char *source, int limit, store_take_beginning *take,
                          void *user)
{
    struct store_binder binder = store_bind(store, SQL_FIND_BEGINNINGS);
    int rc, status = STORE_OK;

    store_bind_string(&binder, source);
    store_bind_int(&binder, limit);
    rc = binder.rc == SQLITE_OK ? sqlite3_step(binder.statement) : binder.rc;
    for (; rc == SQLITE_ROW; rc = sqlite3_step(binder.statement))
        take(user, sqlite3_column_int64(binder.statement, 0), sqlite3_column_int64(binder.statement, 1),
             (const char *)sqlite3_column_text(binder.statement, 2));
    if (rc != SQLITE_DONE)
        status = store_fail_sqlite(store, rc);
    (void)sqlite3_reset(binder.statement);
    return status;
}

static int remove_capture(struct store *store, int64_t id, int *changes)
{
    static const enum store_sql steps[] = {SQL_CAPTURE_HAND_OVER,          SQL_CAPTURE_REMOVE_VIOLATIONS,
                                           SQL_CAPTURE_REMOVE_CAUSES,      SQL_CAPTURE_REMOVE_LOGINS,
                                           SQL_CAPTURE_REMOVE_CONNECTIONS, SQL_CAPTURE_REMOVE};
    int status = store_flush(store);

    store->unjudged = true;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == STORE_OK; i++) {
        struct store_binder binder = store_bind(store, steps[i]);

        store_bind_int(&binder, id);
        status = store_run(store, &binder, changes);
    }
    return status;
}

/* Removes another unfinished capture with this fingerprint; a complete one is never touched. `id`: the
 * capture's own row, 0 when it has none yet. */
static int make_way(struct store *store, const char *fingerprint, int64_t id)
{
    enum store_state state;
    int64_t known;
    int status;

    if (fingerprint == NULL)
        return STORE_OK;
    status = store_find_capture(store, fingerprint, &known, &state);
    if (status != STORE_OK || known == 0 || known == id)
        return status;
    if (state == STORE_COMPLETE)
        return store_fail(store, "this capture is in the database already, as number %lld", (long long)known);
    if (store_is_read_elsewhere(store, known))
        return store_fail(store,
                          "another process is reading the same capture now, as number %lld: read it again "
                          "when that is done",
                          (long long)known);
    return remove_capture(store, known, NULL);
}

/* What the CHECKs of the table say. */
static int check_capture(struct store *store, const struct store_capture *capture)
{
    if (name_of_kind(capture->kind) == NULL || name_of_state(capture->state) == NULL ||
        capture->packets < 0 || capture->bytes < 0 ||
        (capture->sha256 != NULL && strlen(capture->sha256) != SHA256_TEXT))
        return store_fail(store, "a capture with a field out of range was not kept");
    return STORE_OK;
}

static void bind_capture(struct store_binder *binder, const struct store_capture *capture,
                         enum store_state state)
{
    store_bind_string(binder, capture->source);
    store_bind_word(binder, name_of_kind(capture->kind));
    store_bind_string(binder, capture->fingerprint);
    store_bind_string(binder, capture->link_types);
    store_bind_int(binder, capture->packets);
    store_bind_int(binder, capture->bytes);
    store_bind_count(binder, capture->kernel_drops);
    store_bind_count(binder, capture->interface_drops);
    store_bind_count(binder, capture->first_ns);
    store_bind_count(binder, capture->last_ns);
    store_bind_word(binder, name_of_state(state));
    store_bind_string(binder, capture->error);
    store_bind_count(binder, capture->size);
    store_bind_string(binder, capture->sha256);
    store_bind_count(binder, capture->lost_octets);
    store_bind_count(binder, capture->evicted);
    store_bind_count(binder, capture->read_ns);
    store_bind_count(binder, capture->events_waiting);
    store_bind_string(binder, capture->packed_fingerprint);
}

int store_capture_begin(struct store *store, const struct store_capture *capture, int64_t *id)
{
    struct store_binder binder;
    int64_t run_id = 0;
    int status = store_begin(store);

    *id = 0;
    if (status == STORE_OK)
        status = check_capture(store, capture);
    if (status == STORE_OK)
        status = make_way(store, capture->fingerprint, 0);
    if (status == STORE_OK)
        status = make_way(store, capture->packed_fingerprint, 0);
    if (status == STORE_OK)
        status = store_run_id(store, &run_id);
    if (status != STORE_OK)
        return status;
    binder = store_bind(store, SQL_CAPTURE_ADD);
    bind_capture(&binder, capture, STORE_RUNNING);
    store_bind_int(&binder, run_id);
    status = store_run(store, &binder, NULL);
    if (status == STORE_OK)
        *id = sqlite3_last_insert_rowid(store->db);
    return status;
}

int store_capture_update(struct store *store, int64_t id, const struct store_capture *capture)
{
    struct store_binder binder;
    int changes = 0;
    int status = store_begin(store);

    if (status == STORE_OK)
        status = check_capture(store, capture);
    if (status == STORE_OK)
        status = make_way(store, capture->fingerprint, id);
    if (status == STORE_OK)
        status = make_way(store, capture->packed_fingerprint, id);
    if (status != STORE_OK)
        return status;
    binder = store_bind(store, SQL_CAPTURE_UPDATE);
    bind_capture(&binder, capture, capture->state);
    store_bind_int(&binder, id);
    status = store_run(store, &binder, &changes);
    if (status == STORE_OK && changes == 0)
        status = store_fail(store, "there is no capture %lld: another process replaced it", (long long)id);
    return status;
}

int store_capture_lost(struct store *store, int64_t id, int64_t octets)
{
    struct store_binder binder;
    int status = store_begin(store);

    if (status != STORE_OK)
        return status;
    binder = store_bind(store, SQL_CAPTURE_LOST);
    store_bind_int(&binder, id);
    store_bind_int(&binder, octets);
    return store_run(store, &binder, NULL);
}

bool store_is_empty(struct store *store)
{
    struct store_binder binder = store_bind(store, SQL_FIND_ANYTHING);
    bool empty = binder.rc == SQLITE_OK && sqlite3_step(binder.statement) == SQLITE_DONE;

    (void)sqlite3_reset(binder.statement);
    return empty;
}

bool store_capture_is_unhashed(struct store *store, int64_t id, int64_t size, int64_t modified_ns)
{
    struct store_binder binder = store_bind(store, SQL_CAPTURE_UNHASHED);
    bool unhashed;

    store_bind_int(&binder, id);
    store_bind_int(&binder, size);
    store_bind_int(&binder, modified_ns);
    unhashed = binder.rc == SQLITE_OK && sqlite3_step(binder.statement) == SQLITE_ROW;
    (void)sqlite3_reset(binder.statement);
    return unhashed;
}

int store_capture_hash(struct store *store, int64_t id, const char *sha256)
{
    struct store_binder binder;
    int status = store_begin(store);

    if (status != STORE_OK)
        return status;
    binder = store_bind(store, SQL_CAPTURE_HASH);
    store_bind_int(&binder, id);
    store_bind_string(&binder, sha256);
    return store_run(store, &binder, NULL);
}

int store_capture_packed(struct store *store, int64_t id, const char *packed_fingerprint)
{
    struct store_binder binder;
    int status = store_begin(store);

    if (status != STORE_OK)
        return status;
    binder = store_bind(store, SQL_CAPTURE_PACKED);
    store_bind_int(&binder, id);
    store_bind_string(&binder, packed_fingerprint);
    return store_run(store, &binder, NULL);
}

int store_capture_unprint(struct store *store, int64_t id)
{
    struct store_binder binder;
    int status = store_begin(store);

    if (status != STORE_OK)
        return status;
    binder = store_bind(store, SQL_CAPTURE_UNPRINT);
    store_bind_int(&binder, id);
    return store_run(store, &binder, NULL);
}

int store_capture_remove(struct store *store, int64_t id)
{
    int changes = 0;
    int status = store_begin(store);

    if (status == STORE_OK)
        status = remove_capture(store, id, &changes);
    if (status == STORE_OK && changes == 0)
        status = store_fail(store, "there is no capture %lld: another process removed it", (long long)id);
    return status;
}
