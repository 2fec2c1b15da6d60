/*
 * One pass over the prints, whose rows go to a table that SQLite can look up from.
 */
#include "db/summary/near.h"

/* To look a row up takes several times as long as to go on to it, but there is always time for few. */
#define ROWS_TO_ONE 16
#define FEW         1000

static int want_all(sqlite3 *db, const char *sql, struct prints_wanted *wanted)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);

        prints_want(wanted, text == NULL ? "" : text, (size_t)sqlite3_column_bytes(statement, 0));
        rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* False: they are so many that it is quicker to go through all rows. */
static bool are_few(const struct near_rows *near, const struct prints_wanted *wanted)
{
    size_t most = prints_count(near->prints, near->of) / ROWS_TO_ONE, count = 0;

    for (int64_t row = 0; (row = prints_next(near->prints, near->of, wanted, row)) != 0;)
        if (++count > FEW && count > most)
            return false;
    return true;
}

static int list(sqlite3 *db, const struct near_rows *near, const struct prints_wanted *wanted)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_exec(db, "BEGIN; CREATE TEMP TABLE near_ids (id INTEGER PRIMARY KEY)", NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, "INSERT INTO temp.near_ids (id) VALUES (?1)", -1, &statement, NULL);
    for (int64_t row = 0; rc == SQLITE_OK && (row = prints_next(near->prints, near->of, wanted, row)) != 0;) {
        rc = sqlite3_bind_int64(statement, 1, row);
        if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_DONE)
            rc = sqlite3_reset(statement);
    }
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : rc;
}

/* `listed`: those of temp.near_ids alone. */
static int make_view(sqlite3 *db, const char *table, bool listed)
{
    char *sql = sqlite3_mprintf(
        listed ? "CREATE TEMP VIEW near AS SELECT t.* FROM temp.near_ids n CROSS JOIN %s t ON t.id = n.id"
               : "CREATE TEMP VIEW near AS SELECT * FROM %s",
        table);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_exec(db, sql, NULL, NULL, NULL);

    sqlite3_free(sql);
    return rc;
}

int near_make(sqlite3 *db, const struct near_rows *near, const char *sql, int64_t first_login,
              int64_t last_login)
{
    struct prints_wanted wanted = {{0}};
    bool covered = prints_cover(near->prints, first_login, last_login), listed = false;
    int rc = covered ? want_all(db, sql, &wanted) : SQLITE_OK;

    if (rc == SQLITE_OK && covered && are_few(near, &wanted)) {
        rc = list(db, near, &wanted);
        listed = true;
    }
    return rc == SQLITE_OK ? make_view(db, near->table, listed) : rc;
}
