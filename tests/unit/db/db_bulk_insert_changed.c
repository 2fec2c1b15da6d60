/*
 * Rows that wait, and a database that is not as imaptap made it, or that looks at foreign keys.
 */
#include "tests/unit/db/bulk_rows.h"

/* What somebody may have made of our tables. */
static const char *const changes[] = {
    "ALTER TABLE connections ADD COLUMN remark TEXT DEFAULT 'none yet'",
    "ALTER TABLE logins ADD COLUMN day INTEGER GENERATED ALWAYS AS (time_ns / 86400000000000) VIRTUAL",
    "CREATE INDEX by_user ON logins (username)",
    "CREATE UNIQUE INDEX by_frame ON logins (capture_id, frame)",
    "DROP INDEX logins_incomplete",
    "DROP INDEX connections_incomplete; CREATE INDEX connections_incomplete ON connections (capture_id) "
    "WHERE vlan "
    "> 0",
    "DROP INDEX logins_by_capture; CREATE INDEX logins_by_capture ON logins (capture_id DESC)",
    "CREATE TRIGGER on_login AFTER INSERT ON logins BEGIN UPDATE captures SET packets = packets + 1; END",
};

/* Takes 300 rows of each table, numbered from `first`. */
static void take_300(sqlite3 *db, struct bulk_insert *bulk, struct bulk_rows *rows, int64_t first)
{
    bulk_rows_clear(rows);
    for (int64_t i = first; i < first + 300; i++) {
        bulk_rows_add_connection(rows, i, 10)[CONNECTION_VLAN] = bulk_rows_of_number(i % 2);
        (void)bulk_rows_add_login(rows, i, i);
        bulk_rows_add_violation(rows, i);
    }
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows->pending), SQLITE_OK);
    bulk_rows_run(db, "COMMIT");
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM connections WHERE vlan = id % 2"),
                     first + 299);
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM logins WHERE connection_id = id"),
                     first + 299);
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM violations WHERE login_id = id"),
                     first + 299);
    bulk_rows_assert_sound(db);
}

/* Columns, indexes and triggers of somebody. */
static void test_tables_that_somebody_changed_take_rows_as_well(void **state)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct bulk_rows rows = bulk_rows_new(300);
        sqlite3 *db;
        struct bulk_insert *bulk;

        if (i > 0) {
            assert_int_equal(fixture_teardown(state), 0);
            assert_int_equal(fixture_setup(state), 0);
        }
        db = bulk_rows_database(*state);
        bulk_rows_run(db, changes[i]);
        bulk = bulk_rows_open(db);
        take_300(db, bulk, &rows, 1);
        bulk_rows_run(db, "PRAGMA foreign_keys = ON");
        take_300(db, bulk, &rows, 301);
        bulk_rows_close(bulk, db, &rows);
    }
}

/* The same while rows are being taken. */
static void test_tables_that_somebody_changes_meanwhile_take_rows_as_well(void **state)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct bulk_rows rows = bulk_rows_new(300);
        sqlite3 *db, *other;
        struct bulk_insert *bulk;

        if (i > 0) {
            assert_int_equal(fixture_teardown(state), 0);
            assert_int_equal(fixture_setup(state), 0);
        }
        db = bulk_rows_database(*state);
        bulk = bulk_rows_open(db);
        take_300(db, bulk, &rows, 1);
        assert_int_equal(sqlite3_open(((struct fixture *)*state)->path, &other), SQLITE_OK);
        bulk_rows_run(other, changes[i]);
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
        take_300(db, bulk, &rows, 301);
        bulk_rows_run(db, "PRAGMA foreign_keys = ON");
        take_300(db, bulk, &rows, 601);
        bulk_rows_close(bulk, db, &rows);
    }
}

/* Of the same columns, but another kind. */
static void test_table_that_somebody_made_again_takes_rows_as_well(void **state)
{
    struct bulk_rows rows = bulk_rows_new(300);
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk;

    bulk_rows_run(db,
                  "DROP TABLE logins; CREATE TABLE logins (" LOGIN_NAMES ", PRIMARY KEY (id)) WITHOUT ROWID");
    bulk = bulk_rows_open(db);
    take_300(db, bulk, &rows, 1);
    bulk_rows_close(bulk, db, &rows);
}

/* Rows come from nowhere but the memory of the store, whatever the names of the file's tables. */
static void test_table_of_the_same_name_is_not_taken_for_the_rows(void **state)
{
    struct bulk_rows rows = bulk_rows_new(300);
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk;

    bulk_rows_run(db, "CREATE TABLE waiting_logins AS SELECT * FROM logins");
    bulk = bulk_rows_open(db);
    take_300(db, bulk, &rows, 1);
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM main.waiting_logins"), 0);
    bulk_rows_close(bulk, db, &rows);
}

/* With foreign keys, SQLite looks at each row. */
static void test_row_without_its_parent_is_refused_when_foreign_keys_are_looked_at(void **state)
{
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk = bulk_rows_open(db);
    struct bulk_rows rows = bulk_rows_new(2);

    bulk_rows_run(db, "PRAGMA foreign_keys = ON");
    (void)bulk_rows_add_connection(&rows, 1, 10);
    (void)bulk_rows_add_login(&rows, 1, 1);
    (void)bulk_rows_add_login(&rows, 2, 99);
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows.pending) & 0xFF, SQLITE_CONSTRAINT);
    bulk_rows_run(db, "ROLLBACK");
    bulk_rows_clear(&rows);
    (void)bulk_rows_add_connection(&rows, 1, 10);
    (void)bulk_rows_add_login(&rows, 1, 1);
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows.pending), SQLITE_OK);
    bulk_rows_run(db, "COMMIT");
    bulk_rows_assert_sound(db);
    bulk_rows_close(bulk, db, &rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_tables_that_somebody_changed_take_rows_as_well),
        FIXTURE_TEST(test_table_that_somebody_made_again_takes_rows_as_well),
        FIXTURE_TEST(test_table_of_the_same_name_is_not_taken_for_the_rows),
        FIXTURE_TEST(test_tables_that_somebody_changes_meanwhile_take_rows_as_well),
        FIXTURE_TEST(test_row_without_its_parent_is_refused_when_foreign_keys_are_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
