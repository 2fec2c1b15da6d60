/*
 * The views once more, on top of a table that counts; and the window: a temporary table of one row, and two
 * views that look through it.
 */
#include "db/query/time_window.h"

#include "db/aggregates/client_server_counts.h"
#include "db/judgement/judgement.h"

#include <string.h>

extern const char db_views_sql[];
extern const char db_judgement_sql[];

#define VIEW "CREATE VIEW "

static const char table_sql[] = "CREATE TEMP TABLE scope (since_ns INTEGER, until_ns INTEGER)";
static const char window_sql[] = "INSERT INTO temp.scope (since_ns, until_ns) VALUES (?1, ?2)";
static const char windowed_sql[] =
    "CREATE TEMP VIEW windowed_logins AS SELECT * FROM main.logins WHERE time_ns >= (SELECT since_ns FROM "
    "temp.scope)"
    " AND time_ns < (SELECT until_ns FROM temp.scope);"
    "CREATE TEMP VIEW windowed_connections AS SELECT * FROM main.connections"
    " WHERE (first_ns < (SELECT until_ns FROM temp.scope) OR first_ns IS NULL)"
    " AND (last_ns >= (SELECT since_ns FROM temp.scope) OR last_ns IS NULL OR \"end\" IS NULL);"
    "CREATE TEMP VIEW logins AS SELECT * FROM temp.windowed_logins;"
    "CREATE TEMP VIEW connections AS SELECT * FROM temp.windowed_connections;";
static const char judged_sql[] = "DROP VIEW temp.logins; DROP VIEW temp.connections";

static int set_window(sqlite3 *db, int64_t since_ns, int64_t until_ns)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, window_sql, -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 1, since_ns);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 2, until_ns);
    if (rc == SQLITE_OK && sqlite3_step(statement) != SQLITE_DONE)
        rc = sqlite3_errcode(db);
    (void)sqlite3_finalize(statement);
    return rc;
}

/* Makes a view as a temporary one, unless the name is taken. `definition` begins with the name it is to have,
 * and SQLite itself finds the end, for comments hold semicolons too: *rest. */
static int make_view(sqlite3 *db, const char *name, const char *definition, const char **rest)
{
    char *sql = sqlite3_mprintf("CREATE TEMP VIEW IF NOT EXISTS %s%s", name, definition);
    sqlite3_stmt *statement = NULL;
    const char *end = NULL;
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, &statement, &end);

    if (rc == SQLITE_OK && sqlite3_step(statement) != SQLITE_DONE)
        rc = sqlite3_errcode(db);
    if (rc == SQLITE_OK)
        *rest = definition + strlen(definition) - strlen(end);
    (void)sqlite3_finalize(statement);
    sqlite3_free(sql);
    return rc;
}

/* The views of a file of ours, but for those whose names are taken by tables that count. */
static int make_views(sqlite3 *db, const char *sql)
{
    int rc = SQLITE_OK;

    for (sql = strstr(sql, VIEW); rc == SQLITE_OK && sql != NULL; sql = strstr(sql, VIEW))
        rc = make_view(db, "", sql + sizeof VIEW - 1, &sql);
    return rc;
}

/* The tables that count, and a view that they fall back on. */
static int make_tables(sqlite3 *db)
{
    const char *totals = strstr(db_views_sql, VIEW "pair_totals") + strlen(VIEW "pair_totals");
    int rc = make_view(db, CLIENT_SERVER_TOTALS_IN_SQL, totals, &totals);

    return rc == SQLITE_OK ? client_server_counts_make(db) : rc;
}

int time_window_make_views(sqlite3 *db)
{
    int rc = make_tables(db);

    if (rc == SQLITE_OK)
        rc = make_views(db, db_views_sql);
    return rc == SQLITE_OK ? make_views(db, db_judgement_sql) : rc;
}

/* Makes the views of the window, and causes over them. */
static int open_window(sqlite3 *db, int64_t since_ns, int64_t until_ns)
{
    int rc = sqlite3_exec(db, table_sql, NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = set_window(db, since_ns, until_ns);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, windowed_sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? judgement_work_out_beside(db) : rc;
}

int time_window_narrow(sqlite3 *db, int64_t since_ns, int64_t until_ns)
{
    int rc = open_window(db, since_ns, until_ns);

    return rc == SQLITE_OK ? time_window_make_views(db) : rc;
}

int time_window_judge(sqlite3 *db, int64_t since_ns, int64_t until_ns)
{
    int rc = open_window(db, since_ns, until_ns);

    return rc == SQLITE_OK ? sqlite3_exec(db, judged_sql, NULL, NULL, NULL) : rc;
}
