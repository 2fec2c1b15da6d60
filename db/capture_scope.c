/*
 * A temporary table of the captures, and four views that look through it, unless nothing lies outside of it.
 */
#include "db/capture_scope.h"

#include "db/query/time_window.h"

static const char table_sql[] = "CREATE TEMP TABLE wanted (id INTEGER PRIMARY KEY)";
static const char insert_sql[] = "INSERT OR IGNORE INTO temp.wanted (id) VALUES (?1)";
static const char others_sql[] =
    "SELECT 1 FROM main.captures WHERE id NOT IN (SELECT id FROM temp.wanted) LIMIT 1";

/* Logins are numbered as they come, so that those of some captures lie between two numbers, with few others
 * among them: only these rows of the violations are looked up. */
static const char narrowed_sql[] =
    "CREATE TEMP TABLE span AS SELECT coalesce(min(first), 0) AS first, coalesce(max(last), -1) AS last FROM"
    " (SELECT (SELECT min(id) FROM main.logins WHERE capture_id = w.id) AS first,"
    "   (SELECT max(id) FROM main.logins WHERE capture_id = w.id) AS last FROM temp.wanted w);"
    "CREATE TEMP VIEW logins AS SELECT * FROM main.logins"
    " WHERE capture_id IN (SELECT id FROM temp.wanted);"
    "CREATE TEMP VIEW connections AS SELECT * FROM main.connections"
    " WHERE capture_id IN (SELECT id FROM temp.wanted) OR id IN"
    "  (SELECT connection_id FROM main.logins WHERE capture_id IN (SELECT id FROM temp.wanted));"
    "CREATE TEMP VIEW violations AS SELECT * FROM main.violations"
    " WHERE login_id BETWEEN (SELECT first FROM temp.span) AND (SELECT last FROM temp.span)"
    " AND (SELECT capture_id FROM main.logins WHERE id = login_id) IN (SELECT id FROM temp.wanted);"
    "CREATE TEMP VIEW causes AS SELECT * FROM main.causes"
    " WHERE login_id BETWEEN (SELECT first FROM temp.span) AND (SELECT last FROM temp.span)"
    " AND (SELECT capture_id FROM main.logins WHERE id = login_id) IN (SELECT id FROM temp.wanted);";

static int keep_wanted(sqlite3 *db, const int64_t *ids, size_t count)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_exec(db, table_sql, NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, insert_sql, -1, &statement, NULL);
    for (size_t i = 0; rc == SQLITE_OK && i < count; i++) {
        rc = sqlite3_bind_int64(statement, 1, ids[i]);
        if (rc == SQLITE_OK && sqlite3_step(statement) != SQLITE_DONE)
            rc = sqlite3_errcode(db);
        (void)sqlite3_reset(statement);
    }
    (void)sqlite3_finalize(statement);
    return rc;
}

/* SQLITE_ROW: there are captures that are not wanted; SQLITE_DONE: there are none. */
static int has_others(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, others_sql, -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    (void)sqlite3_finalize(statement);
    return rc;
}

int capture_scope_narrow(sqlite3 *db, const int64_t *ids, size_t count)
{
    int rc = keep_wanted(db, ids, count);

    if (rc == SQLITE_OK)
        rc = has_others(db);
    if (rc == SQLITE_ROW)
        rc = sqlite3_exec(db, narrowed_sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || rc == SQLITE_DONE ? time_window_make_views(db) : rc;
}
