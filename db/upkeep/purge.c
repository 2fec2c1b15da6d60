/*
 * Removes captures in small steps.
 */
#include "db/upkeep/purge.h"
#include "db/store/store_internal.h"

/* Rows of one transaction. */
#define BATCH "5000"

static const char mark_sql[] = "UPDATE captures SET state = 'failed', error = 'imaptap purge was cut off: "
                               "not all of it is here' WHERE id = ?1";
static const char logins_sql[] =
    "DELETE FROM logins WHERE id IN (SELECT id FROM logins WHERE capture_id = ?1 LIMIT " BATCH ")";
static const char connections_sql[] =
    "DELETE FROM connections WHERE id IN (SELECT id FROM connections WHERE capture_id = ?1 LIMIT " BATCH ")";
static const char capture_sql[] = "DELETE FROM captures WHERE id = ?1";
static const char run_sql[] = "DELETE FROM runs WHERE id = ?1 AND state <> 'running'"
                              " AND NOT EXISTS (SELECT 1 FROM captures WHERE run_id = ?1)";

/* Of live captures that are not removed as a whole. */
#define OLD_CONNECTIONS                                                                                      \
    "SELECT c.id FROM captures p JOIN connections c ON c.capture_id = p.id"                                  \
    " WHERE p.kind = 'live' AND c.last_ns < ?1 AND c.\"end\" IS NOT NULL"
static const char old_logins_sql[] =
    "DELETE FROM logins WHERE id IN"
    " (SELECT id FROM logins WHERE connection_id IN (" OLD_CONNECTIONS ") LIMIT " BATCH ")";
/* Violations go before their logins, to be counted: causes, which a live capture works out meanwhile, go with
 * logins, too. */
static const char violations_sql[] =
    "DELETE FROM violations WHERE id IN (SELECT v.id FROM violations v JOIN logins l ON l.id = v.login_id"
    " WHERE l.capture_id = ?1 LIMIT " BATCH ")";
static const char old_violations_sql[] =
    "DELETE FROM violations WHERE id IN (SELECT v.id FROM violations v JOIN logins l ON l.id = v.login_id"
    " WHERE l.connection_id IN (" OLD_CONNECTIONS ") LIMIT " BATCH ")";
static const char old_connections_sql[] =
    "DELETE FROM connections WHERE id IN (" OLD_CONNECTIONS " LIMIT " BATCH ")";

static int step(struct store *store, sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);

    return rc == SQLITE_ROW || rc == SQLITE_DONE ? STORE_OK : store_fail_sqlite(store, rc);
}

/* Runs one statement with one number. *changes: rows it changed, without those that went with them. */
static int run(struct store *store, const char *sql, int64_t value, int64_t *changes)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    int status;

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 1, value);
    status = rc == SQLITE_OK ? step(store, statement) : store_fail_sqlite(store, rc);
    *changes = sqlite3_changes64(store->db);
    store->unjudged = store->unjudged || *changes > 0;
    (void)sqlite3_finalize(statement);
    return status;
}

/* Runs a deletion again and again, a transaction each time, until it deletes nothing. */
static int remove_all(struct store *store, const char *sql, int64_t value, int64_t *removed)
{
    int64_t changes = 0;
    int status;

    do {
        status = store_begin(store);
        if (status == STORE_OK)
            status = run(store, sql, value, &changes);
        if (status == STORE_OK)
            status = store_commit(store);
        if (status == STORE_OK)
            *removed += changes;
    } while (status == STORE_OK && changes > 0);
    return status;
}

/* The first column of the only row; -1: there is none, or it is NULL. */
static int ask(struct store *store, const char *sql, int64_t value, int64_t *answer)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    *answer = -1;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 1, value);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *answer = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? STORE_OK : store_fail_sqlite(store, rc);
}

/* Whether another process has it open in WAL mode, as a live capture does: only the last one can leave that
 * mode. */
static bool is_in_use(struct store *store)
{
    int busy, rc;

    (void)sqlite3_busy_timeout(store->db, 0);
    rc = sqlite3_exec(store->db, "PRAGMA main.journal_mode = DELETE", NULL, NULL, NULL);
    store_wait_for_others(store, store->busy_ms);
    busy = rc & 0xFF;
    return busy == SQLITE_BUSY || busy == SQLITE_LOCKED;
}

/* Marks it as not whole, and hands over the connections that went on into another capture. */
static int prepare(struct store *store, int64_t id, struct purge_counts *counts)
{
    int64_t changes;
    int handed_over = 0;
    int status = store_begin(store);

    if (status == STORE_OK)
        status = run(store, mark_sql, id, &changes);
    if (status == STORE_OK) {
        struct store_binder binder = store_bind(store, SQL_CAPTURE_HAND_OVER);

        store_bind_int(&binder, id);
        status = store_run(store, &binder, &handed_over);
    }
    if (status == STORE_OK)
        status = store_commit(store);
    if (status == STORE_OK)
        counts->handed_over += handed_over;
    return status;
}

static int remove_capture(struct store *store, int64_t id, struct purge_counts *counts)
{
    int64_t run_id;
    int status = ask(store, "SELECT run_id FROM captures WHERE id = ?1", id, &run_id);

    if (status == STORE_OK)
        status = prepare(store, id, counts);
    if (status == STORE_OK)
        status = remove_all(store, violations_sql, id, &counts->violations);
    if (status == STORE_OK)
        status = remove_all(store, logins_sql, id, &counts->logins);
    if (status == STORE_OK)
        status = remove_all(store, connections_sql, id, &counts->connections);
    if (status == STORE_OK)
        status = remove_all(store, capture_sql, id, &counts->captures);
    if (status == STORE_OK)
        status = remove_all(store, run_sql, run_id, &counts->runs);
    return status;
}

int purge_capture(struct store *store, int64_t id, struct purge_counts *counts)
{
    int64_t running;
    int status = ask(store, "SELECT state = 'running' FROM captures WHERE id = ?1", id, &running);

    if (status != STORE_OK)
        return status;
    if (running < 0)
        return store_fail(store, "there is no capture %lld: imaptap query captures lists them",
                          (long long)id);
    if (running == 1 && is_in_use(store))
        return store_fail(store, "capture %lld is being recorded: end that first", (long long)id);
    status = remove_capture(store, id, counts);
    if (status != STORE_OK)
        store_rollback(store);
    return status;
}

int purge_older(struct store *store, int64_t before_ns, struct purge_counts *counts)
{
    const char *next =
        is_in_use(store)
            ? "SELECT min(id) FROM captures WHERE coalesce(last_ns, read_ns) < ?1 AND state <> 'running'"
            : "SELECT min(id) FROM captures WHERE coalesce(last_ns, read_ns) < ?1";
    int64_t id;
    int status = ask(store, next, before_ns, &id);

    while (status == STORE_OK && id >= 0) {
        status = remove_capture(store, id, counts);
        if (status == STORE_OK)
            status = ask(store, next, before_ns, &id);
    }
    if (status == STORE_OK)
        status = remove_all(store, old_violations_sql, before_ns, &counts->violations);
    if (status == STORE_OK)
        status = remove_all(store, old_logins_sql, before_ns, &counts->logins);
    if (status == STORE_OK)
        status = remove_all(store, old_connections_sql, before_ns, &counts->connections);
    if (status != STORE_OK)
        store_rollback(store);
    return status;
}

int purge_shrink(struct store *store, bool *smaller)
{
    int rc = SQLITE_BUSY;

    *smaller = !is_in_use(store);
    if (*smaller)
        rc = sqlite3_exec(store->db, "VACUUM main", NULL, NULL, NULL);
    if ((rc & 0xFF) == SQLITE_BUSY || (rc & 0xFF) == SQLITE_LOCKED) {
        *smaller = false;
        /* What the log still holds of the removed rows goes; where a reader needs it, with the next
         * checkpoint. */
        rc = sqlite3_exec(store->db, "PRAGMA main.wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    }
    return rc == SQLITE_OK ? STORE_OK : store_fail_sqlite(store, rc);
}
