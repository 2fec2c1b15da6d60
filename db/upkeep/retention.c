/*
 * Walks the captures twice, once through their logins and once through their connections. Within a capture
 * rows have the order in which they came, so that a walk ends at the first that is young enough: what a sweep
 * costs depends on what there is to remove, not on what is kept.
 */
#include "db/upkeep/retention.h"
#include "db/store/store_internal.h"

/* The next capture behind ?1 that may hold what ended before ?2. */
static const char next_sql[] =
    "SELECT c.id, c.kind = 'file' AND c.state <> 'failed', r.state IS NOT 'running'"
    " FROM captures c LEFT JOIN runs r ON r.id = c.run_id WHERE c.id > ?1 AND"
    " CASE c.kind WHEN 'live' THEN coalesce(c.first_ns, c.read_ns, 0) < ?2"
    " ELSE coalesce(c.last_ns, c.read_ns, 0) < ?2 AND r.state IS NOT 'running' END ORDER BY c.id LIMIT 1";
static const char mark_sql[] = "UPDATE captures SET state = 'failed', error = 'older than is kept: what was "
                               "found in it is removed' WHERE id = ?1";

/* Of rows of capture ?1 behind number ?2: which they are, whether they go, and whether those behind them are
 * too young. ?4: the capture's run is over, so that nothing comes any more. */
static const char logins_sql[] =
    "SELECT l.id,"
    " l.time_ns < ?3 AND (?4 OR c.\"end\" IS NOT NULL OR l.after_result IS NOT NULL OR l.result IS NOT 'OK'),"
    " l.time_ns >= ?3 FROM logins l JOIN connections c ON c.id = l.connection_id"
    " WHERE l.capture_id = ?1 AND l.id > ?2 ORDER BY l.id LIMIT ?5";
static const char connections_sql[] =
    "SELECT id, coalesce(last_ns, 0) < ?3 AND (?4 OR \"end\" IS NOT NULL), coalesce(first_ns, 0) >= ?3"
    " FROM connections WHERE capture_id = ?1 AND id > ?2 ORDER BY id LIMIT ?5";

/* They go before their login, to be counted: its cause goes with it, too. */
static const char violations_sql[] = "DELETE FROM violations WHERE login_id = ?1";
static const char login_sql[] = "DELETE FROM logins WHERE id = ?1";
static const char connection_sql[] = "DELETE FROM connections WHERE id = ?1";
static const char capture_sql[] = "DELETE FROM captures WHERE id = ?1 AND coalesce(last_ns, read_ns, 0) < ?2"
                                  " AND NOT EXISTS (SELECT 1 FROM connections WHERE capture_id = ?1)"
                                  " AND NOT EXISTS (SELECT 1 FROM logins WHERE capture_id = ?1)";
static const char runs_sql[] = "DELETE FROM runs WHERE state <> 'running' AND started_ns < ?1"
                               " AND NOT EXISTS (SELECT 1 FROM captures WHERE run_id = runs.id)";

/* Prepares a statement with these numbers. NULL: it failed, and *status is why. */
static sqlite3_stmt *prepare(struct store *store, const char *sql, const int64_t *values, int count,
                             int *status)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    for (int i = 0; i < count && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_int64(statement, i + 1, values[i]);
    *status = rc == SQLITE_OK ? STORE_OK : store_fail_sqlite(store, rc);
    if (rc == SQLITE_OK)
        return statement;
    (void)sqlite3_finalize(statement);
    return NULL;
}

/* Runs a statement that returns no row; *changes: rows it changed, without those that went with them. */
static int run(struct store *store, const char *sql, const int64_t *values, int count, int64_t *changes)
{
    int status, rc;
    sqlite3_stmt *statement = prepare(store, sql, values, count, &status);

    if (statement == NULL)
        return status;
    rc = sqlite3_step(statement);
    status = rc == SQLITE_DONE ? STORE_OK : store_fail_sqlite(store, rc);
    *changes += sqlite3_changes64(store->db);
    (void)sqlite3_finalize(statement);
    return status;
}

/* Goes on to the next capture, or phase. */
static int find_capture(struct store *store, struct retention *sweep)
{
    int64_t values[] = {sweep->capture_id, sweep->before_ns}, ignored = 0;
    bool mark = false;
    int status, rc;
    sqlite3_stmt *statement = prepare(store, next_sql, values, 2, &status);

    if (statement == NULL)
        return status;
    rc = sqlite3_step(statement);
    sweep->inside = rc == SQLITE_ROW;
    sweep->row = 0;
    if (rc == SQLITE_ROW) {
        sweep->capture_id = sqlite3_column_int64(statement, 0);
        mark = sqlite3_column_int(statement, 1);
        sweep->run_is_over = sqlite3_column_int(statement, 2);
    } else if (rc == SQLITE_DONE) {
        sweep->capture_id = 0;
        sweep->phase++;
    } else {
        status = store_fail_sqlite(store, rc);
    }
    (void)sqlite3_finalize(statement);
    return mark ? run(store, mark_sql, &sweep->capture_id, 1, &ignored) : status;
}

/* Looks at the next rows: `ids` are those that go. */
static int look(struct store *store, struct retention *sweep, int64_t ids[RETENTION_ROWS], size_t *count)
{
    int64_t values[] = {sweep->capture_id, sweep->row, sweep->before_ns, sweep->run_is_over, RETENTION_ROWS};
    int status, rc = SQLITE_ROW;
    size_t seen = 0;
    bool young = false;
    sqlite3_stmt *statement =
        prepare(store, sweep->phase == RETENTION_LOGINS ? logins_sql : connections_sql, values, 5, &status);

    if (statement == NULL)
        return status;
    while (!young && seen < RETENTION_ROWS && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        sweep->row = sqlite3_column_int64(statement, 0);
        seen++;
        if (sqlite3_column_int(statement, 1))
            ids[(*count)++] = sweep->row;
        else
            young = sqlite3_column_int(statement, 2);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        status = store_fail_sqlite(store, rc);
    sweep->inside = !young && seen == RETENTION_ROWS;
    (void)sqlite3_finalize(statement);
    return status;
}

/* Runs a statement for one row, and counts those that it removed. */
static int remove_row(struct store *store, sqlite3_stmt *statement, int64_t id, int64_t *removed)
{
    int rc;

    (void)sqlite3_bind_int64(statement, 1, id);
    rc = sqlite3_step(statement);
    *removed += sqlite3_changes64(store->db);
    (void)sqlite3_reset(statement);
    return rc == SQLITE_DONE ? STORE_OK : store_fail_sqlite(store, rc);
}

static int remove_rows(struct store *store, enum retention_phase phase, const int64_t *ids, size_t count,
                       struct purge_counts *counts)
{
    bool logins = phase == RETENTION_LOGINS;
    int status;
    sqlite3_stmt *rows = prepare(store, logins ? login_sql : connection_sql, NULL, 0, &status);
    sqlite3_stmt *violations =
        logins && status == STORE_OK ? prepare(store, violations_sql, NULL, 0, &status) : NULL;

    for (size_t i = 0; i < count && status == STORE_OK; i++) {
        if (logins)
            status = remove_row(store, violations, ids[i], &counts->violations);
        if (status == STORE_OK)
            status = remove_row(store, rows, ids[i], logins ? &counts->logins : &counts->connections);
    }
    (void)sqlite3_finalize(violations);
    (void)sqlite3_finalize(rows);
    return status;
}

static int take_step(struct store *store, struct retention *sweep, struct purge_counts *counts)
{
    int64_t ids[RETENTION_ROWS], values[] = {0, sweep->before_ns};
    size_t count = 0;
    int status;

    if (!sweep->inside) {
        status = find_capture(store, sweep);
        if (status == STORE_OK && sweep->phase == RETENTION_OVER)
            status = run(store, runs_sql, &sweep->before_ns, 1, &counts->runs);
        return status;
    }
    status = look(store, sweep, ids, &count);
    if (status == STORE_OK)
        status = remove_rows(store, sweep->phase, ids, count, counts);
    if (status != STORE_OK || sweep->inside || sweep->phase != RETENTION_CONNECTIONS || !sweep->run_is_over)
        return status;
    values[0] = sweep->capture_id;
    return run(store, capture_sql, values, 2, &counts->captures);
}

int retention_step(struct store *store, struct retention *sweep, struct purge_counts *counts)
{
    struct retention after = *sweep;
    struct purge_counts more = *counts;
    int status = store_begin(store);

    if (status == STORE_OK)
        status = take_step(store, &after, &more);
    if (status == STORE_OK)
        status = store_commit(store);
    if (status != STORE_OK) {
        store_rollback(store);
        return status;
    }
    store->unjudged = store->unjudged || more.logins != counts->logins;
    *sweep = after;
    *counts = more;
    return STORE_OK;
}
