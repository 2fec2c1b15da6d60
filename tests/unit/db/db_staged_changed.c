/*
 * Staged rows and a database that is not as imaptap made it, or that looks at foreign keys.
 */
#include "tests/unit/db/staging.h"

/* What somebody may have made of our tables. */
static const char *const changes[] = {
    "ALTER TABLE connections ADD COLUMN remark TEXT DEFAULT 'none yet'",
    "ALTER TABLE logins ADD COLUMN day INTEGER GENERATED ALWAYS AS (time_ns / 86400000000000) VIRTUAL",
    "CREATE INDEX by_user ON logins (username)",
    "CREATE UNIQUE INDEX by_frame ON logins (capture_id, frame)",
    "DROP INDEX logins_of_note",
    "DROP INDEX connections_of_note; CREATE INDEX connections_of_note ON connections (capture_id) WHERE vlan "
    "> 0",
    "DROP INDEX logins_by_capture; CREATE INDEX logins_by_capture ON logins (capture_id DESC)",
    "CREATE TRIGGER on_login AFTER INSERT ON logins BEGIN UPDATE captures SET packets = packets + 1; END",
};

/* Takes 300 rows of each table, numbered from `first`. */
static void take_300(sqlite3 *db, struct staged *staged, struct staging_rows *rows, int64_t first)
{
    staging_clear(rows);
    for (int64_t i = first; i < first + 300; i++) {
        staging_add_connection(rows, i, 10)[CONNECTION_VLAN] = staging_of_number(i % 2);
        (void)staging_add_login(rows, i, i);
        staging_add_violation(rows, i);
    }
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows->pending), SQLITE_OK);
    staging_run(db, "COMMIT");
    assert_int_equal(staging_number(db, "SELECT count(*) FROM connections WHERE vlan = id % 2"), first + 299);
    assert_int_equal(staging_number(db, "SELECT count(*) FROM logins WHERE connection_id = id"), first + 299);
    assert_int_equal(staging_number(db, "SELECT count(*) FROM violations WHERE login_id = id"), first + 299);
    staging_assert_sound(db);
}

/* Columns, indexes and triggers of somebody: rows are taken column by column, or in part. */
static void test_tables_that_somebody_changed_take_rows_as_well(void **state)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct staging_rows rows = staging_rows(300);
        sqlite3 *db;
        struct staged *staged;

        if (i > 0) {
            assert_int_equal(fixture_teardown(state), 0);
            assert_int_equal(fixture_setup(state), 0);
        }
        db = staging_database(*state);
        staging_run(db, changes[i]);
        staged = staging_open(db);
        take_300(db, staged, &rows, 1);
        staging_run(db, "PRAGMA foreign_keys = ON");
        take_300(db, staged, &rows, 301);
        staging_close(staged, db, &rows);
    }
}

/* The same while rows are being taken. */
static void test_tables_that_somebody_changes_meanwhile_take_rows_as_well(void **state)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct staging_rows rows = staging_rows(300);
        sqlite3 *db, *other;
        struct staged *staged;

        if (i > 0) {
            assert_int_equal(fixture_teardown(state), 0);
            assert_int_equal(fixture_setup(state), 0);
        }
        db = staging_database(*state);
        staged = staging_open(db);
        take_300(db, staged, &rows, 1);
        assert_int_equal(sqlite3_open(((struct fixture *)*state)->path, &other), SQLITE_OK);
        staging_run(other, changes[i]);
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
        take_300(db, staged, &rows, 301);
        staging_run(db, "PRAGMA foreign_keys = ON");
        take_300(db, staged, &rows, 601);
        staging_close(staged, db, &rows);
    }
}

/* Of the same columns, but another kind: its rows must not be copied as they are. */
static void test_table_that_somebody_made_anew_takes_rows_as_well(void **state)
{
    struct staging_rows rows = staging_rows(300);
    sqlite3 *db = staging_database(*state);
    struct staged *staged;

    staging_run(db,
                "DROP TABLE logins; CREATE TABLE logins (" LOGIN_NAMES ", PRIMARY KEY (id)) WITHOUT ROWID");
    staged = staging_open(db);
    take_300(db, staged, &rows, 1);
    staging_close(staged, db, &rows);
}

/* With foreign keys, SQLite looks at each row. */
static void test_row_without_its_parent_is_refused_when_foreign_keys_are_looked_at(void **state)
{
    sqlite3 *db = staging_database(*state);
    struct staged *staged = staging_open(db);
    struct staging_rows rows = staging_rows(2);

    staging_run(db, "PRAGMA foreign_keys = ON");
    (void)staging_add_connection(&rows, 1, 10);
    (void)staging_add_login(&rows, 1, 1);
    (void)staging_add_login(&rows, 2, 99);
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending) & 0xFF, SQLITE_CONSTRAINT);
    staging_run(db, "ROLLBACK");
    staging_clear(&rows);
    (void)staging_add_connection(&rows, 1, 10);
    (void)staging_add_login(&rows, 1, 1);
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    staging_run(db, "COMMIT");
    staging_assert_sound(db);
    staging_close(staged, db, &rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_tables_that_somebody_changed_take_rows_as_well),
        FIXTURE_TEST(test_table_that_somebody_made_anew_takes_rows_as_well),
        FIXTURE_TEST(test_tables_that_somebody_changes_meanwhile_take_rows_as_well),
        FIXTURE_TEST(test_row_without_its_parent_is_refused_when_foreign_keys_are_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
