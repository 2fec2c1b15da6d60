/*
 * Opens without what read_only_lock forbids, so that tests can add views of their own.
 */
#include "tests/unit/db/scoped.h"

#include "db/query/time_window.h"

sqlite3 *scoped_open(const struct fixture *fixture, int64_t since_ms, int64_t until_ms)
{
    const int64_t zero = INT64_C(1700000000000000000);
    sqlite3 *db;

    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (until_ms > 0)
        assert_int_equal(time_window_narrow(db, zero + since_ms * 1000000, zero + until_ms * 1000000),
                         SQLITE_OK);
    else
        assert_int_equal(time_window_make_views(db), SQLITE_OK);
    return db;
}

int64_t scoped_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t value;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return value;
}

int64_t scoped_differences(sqlite3 *db, const char *first, const char *second, const char *columns)
{
    char *sql =
        sqlite3_mprintf("SELECT count(*) FROM (SELECT * FROM (SELECT %s FROM %s EXCEPT SELECT %s FROM %s)"
                        " UNION ALL SELECT * FROM (SELECT %s FROM %s EXCEPT SELECT %s FROM %s))",
                        columns, first, columns, second, columns, second, columns, first);
    int64_t rows = scoped_number(db, sql);

    sqlite3_free(sql);
    return rows;
}

unsigned scoped_below(uint32_t *state, unsigned limit)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % limit;
}
