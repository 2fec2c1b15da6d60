/*
 * Lists what the database holds of each capture, in one pass a table.
 */
#include "db/capture_index.h"

#include "db/read_only.h"

#include <sqlite3.h>
#include <stdio.h>

static const char list_sql[] =
    "SELECT p.id, p.source, p.kind = 'file', p.state = 'complete', coalesce(p.size, -1), p.sha256, "
    "p.fingerprint,"
    " coalesce(c.count, 0), coalesce(l.count, 0), coalesce(v.count, 0), coalesce(p.read_ns, -1), "
    "p.packed_fingerprint"
    " FROM captures p"
    " LEFT JOIN (SELECT capture_id, count(*) AS count FROM connections GROUP BY 1) c ON c.capture_id = p.id"
    " LEFT JOIN (SELECT capture_id, count(*) AS count FROM logins GROUP BY 1) l ON l.capture_id = p.id"
    " LEFT JOIN (SELECT capture_id, count(*) AS count FROM violations JOIN logins ON logins.id = login_id "
    "GROUP BY 1) v"
    " ON v.capture_id = p.id"
    " ORDER BY p.id";

static const char *text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

int capture_index_list(const char *path, capture_index_take *take, void *user, char *why, size_t why_size)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db;
    int rc;

    if (!read_only_open(&db, path, why, why_size))
        return -1;
    rc = sqlite3_prepare_v2(db, list_sql, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    while (rc == SQLITE_ROW) {
        struct capture_index_entry holding = {
            .id = sqlite3_column_int64(statement, 0),
            .source = text(statement, 1),
            .is_file = sqlite3_column_int(statement, 2) != 0,
            .is_complete = sqlite3_column_int(statement, 3) != 0,
            .size = sqlite3_column_int64(statement, 4),
            .sha256 = text(statement, 5),
            .fingerprint = text(statement, 6),
            .connections = sqlite3_column_int64(statement, 7),
            .logins = sqlite3_column_int64(statement, 8),
            .findings = sqlite3_column_int64(statement, 9),
            .read_ns = sqlite3_column_int64(statement, 10),
            .packed_fingerprint = text(statement, 11),
        };

        if (holding.source == NULL || !take(user, &holding))
            break;
        rc = sqlite3_step(statement);
    }
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        (void)snprintf(why, why_size, "%s: cannot read the database: %s", path, sqlite3_errmsg(db));
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : -1;
}
