/*
 * Rows that SQLite is shown as a database of imaptap's own making: it must take them as if they had been
 * inserted one by one, whatever their size and number.
 */
#include "tests/unit/db/staging.h"

#include <stdio.h>

/* The rows of connections and logins are copied as records, not taken apart. */
static void test_tables_of_a_new_database_are_copied_whole(void **state)
{
    static const char *const tables[] = {"connections", "logins"};
    sqlite3 *db = staging_database(*state);
    struct staged *staged = staging_open(db);
    struct staging_rows rows = staging_rows(1);

    assert_int_equal(staging_number(db, "SELECT count(*) FROM staged.sqlite_schema WHERE type = 'index'"),
                     staging_number(db, "SELECT count(*) FROM main.sqlite_schema WHERE type = 'index'"
                                        " AND tbl_name IN ('connections', 'logins')"));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char sql[128];
        sqlite3_stmt *statement;

        (void)snprintf(sql, sizeof sql, "EXPLAIN INSERT INTO main.%s SELECT * FROM staged.%s", tables[i],
                       tables[i]);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW)
            assert_string_not_equal((const char *)sqlite3_column_text(statement, 1), "Column");
        (void)sqlite3_finalize(statement);
    }
    staging_close(staged, db, &rows);
}

static void test_numbers_and_texts_of_every_size_are_what_they_were(void **state)
{
    static const int64_t numbers[] = {0,
                                      1,
                                      -1,
                                      2,
                                      127,
                                      128,
                                      -128,
                                      -129,
                                      32767,
                                      32768,
                                      -32769,
                                      8388607,
                                      8388608,
                                      -8388609,
                                      2147483647,
                                      2147483648,
                                      -2147483649,
                                      140737488355327,
                                      140737488355328,
                                      -140737488355329,
                                      INT64_MAX,
                                      INT64_MIN};
    enum { COUNT = sizeof numbers / sizeof *numbers };
    sqlite3 *db = staging_database(*state);
    struct staged *staged = staging_open(db);
    struct staging_rows rows = staging_rows(COUNT);

    for (int i = 0; i < COUNT; i++)
        staging_add_connection(&rows, i + 1, (size_t)i * 7)[CONNECTION_FIRST_NS] =
            staging_of_number(numbers[i]);
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    staging_run(db, "COMMIT");
    for (int i = 0; i < COUNT; i++) {
        char sql[200];

        (void)snprintf(sql, sizeof sql,
                       "SELECT first_ns FROM connections WHERE id = %d AND typeof(first_ns) = 'integer'"
                       " AND length(greeting) = %d AND last_ns IS NULL AND client_ip = '192.0.2.1'",
                       i + 1, i * 7);
        assert_int_equal(staging_number(db, sql), numbers[i]);
    }
    staging_assert_sound(db);
    staging_close(staged, db, &rows);
}

/* Up to a page of 65,536 octets, and beyond it: the last octets that fit, and the first that do not. */
static void test_rows_that_are_longer_than_a_page_are_taken_too(void **state)
{
    sqlite3 *db = staging_database(*state);
    struct staged *staged = staging_open(db);
    enum { FIRST = 65280, STEPS = 240 };
    static const size_t lengths[] = {131072, 70000, 300000, 65536 * 3};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    struct staging_rows rows = staging_rows(STEPS + LENGTHS);

    for (int i = 0; i < STEPS; i++)
        (void)staging_add_connection(&rows, i + 1, FIRST + (size_t)i);
    for (int i = 0; i < LENGTHS; i++)
        (void)staging_add_connection(&rows, STEPS + i + 1, lengths[i]);
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    staging_run(db, "COMMIT");
    assert_int_equal(
        staging_number(db, "SELECT count(*) FROM connections WHERE length(greeting) = 65279 + id"
                           " AND greeting GLOB '[*] OK ready*x' AND encryption IN ('none', 'starttls')"),
        STEPS);
    for (int i = 0; i < LENGTHS; i++) {
        char sql[128];

        (void)snprintf(sql, sizeof sql, "SELECT length(greeting) FROM connections WHERE id = %d",
                       STEPS + i + 1);
        assert_int_equal(staging_number(db, sql), lengths[i]);
    }
    staging_assert_sound(db);
    staging_close(staged, db, &rows);
}

/* More rows than a page of an index has room for, in no order of their connections. */
static void test_many_rows_are_taken_at_once(void **state)
{
    enum { COUNT = 20000 };
    sqlite3 *db = staging_database(*state);
    struct staged *staged = staging_open(db);
    struct staging_rows rows = staging_rows(COUNT);

    for (int64_t i = 1; i <= COUNT; i++) {
        (void)staging_add_connection(&rows, i, (size_t)(i % 300));
        (void)staging_add_login(&rows, i, i * 7919 % COUNT + 1);
        staging_add_violation(&rows, i);
    }
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    staging_run(db, "COMMIT");
    assert_int_equal(staging_number(db, "SELECT count(*) FROM connections WHERE length(greeting) = id % 300"),
                     COUNT);
    assert_int_equal(staging_number(db, "SELECT count(*) FROM logins INDEXED BY logins_by_connection"
                                        " WHERE connection_id = id * 7919 % 20000 + 1"),
                     COUNT);
    assert_int_equal(staging_number(db, "SELECT count(*) FROM violations WHERE login_id = id"), COUNT);
    assert_int_equal(
        staging_number(
            db, "SELECT count(*) FROM logins INDEXED BY logins_of_note"
                " WHERE capture_id = 1 AND (result IS NOT 'OK' OR after_result = 'BAD' OR incomplete)"),
        staging_number(db, "SELECT count(*) FROM logins NOT INDEXED"
                           " WHERE result IS NOT 'OK' OR after_result = 'BAD' OR incomplete"));
    staging_assert_sound(db);
    staging_close(staged, db, &rows);
}

/* SQLite must not go on with the pages of the rows before, large or small. */
static void test_one_transaction_takes_rows_again_and_again(void **state)
{
    static const int64_t counts[] = {1, 500, 2, 1000, 1, 3};
    sqlite3 *db = staging_database(*state);
    struct staged *staged = staging_open(db);
    struct staging_rows rows = staging_rows(1000);
    int64_t id = 0;

    staging_run(db, "BEGIN");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        staging_clear(&rows);
        for (int64_t j = 0; j < counts[i]; j++) {
            id++;
            (void)staging_add_connection(&rows, id, j == 0 ? 200000 + (size_t)id : 10);
            (void)staging_add_login(&rows, id, id);
            staging_add_violation(&rows, id);
        }
        assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    }
    staging_run(db, "COMMIT");
    assert_int_equal(staging_number(db, "SELECT count(*) FROM connections"), id);
    assert_int_equal(staging_number(db, "SELECT count(*) FROM logins WHERE connection_id = id"), id);
    assert_int_equal(staging_number(db, "SELECT count(*) FROM violations WHERE login_id = id"), id);
    assert_int_equal(
        staging_number(db, "SELECT count(*) FROM connections WHERE length(greeting) = 200000 + id"),
        sizeof counts / sizeof *counts);
    staging_assert_sound(db);
    staging_close(staged, db, &rows);
}

/* A row that cannot be taken ends the transaction: nothing of it stays. */
static void test_row_number_that_is_there_already_rolls_the_transaction_back(void **state)
{
    sqlite3 *db = staging_database(*state);
    struct staged *staged = staging_open(db);
    struct staging_rows rows = staging_rows(10);

    for (int64_t i = 1; i <= 10; i++)
        (void)staging_add_connection(&rows, i, 10);
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    staging_run(db, "COMMIT");
    staging_clear(&rows);
    for (int64_t i = 10; i <= 12; i++)
        (void)staging_add_connection(&rows, i, 10);
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending) & 0xFF, SQLITE_CONSTRAINT);
    assert_true(sqlite3_get_autocommit(db));
    assert_int_equal(staging_number(db, "SELECT count(*) FROM connections"), 10);
    staging_assert_sound(db);
    staging_close(staged, db, &rows);
}

/* It has no part in the commit: that is one of one file. */
static void test_nothing_is_written_to_it_or_beside_it(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = staging_database(fixture);
    struct staged *staged = staging_open(db);
    struct staging_rows rows = staging_rows(1);

    (void)staging_add_connection(&rows, 1, 10);
    staging_run(db, "BEGIN IMMEDIATE");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    staging_run(db, "COMMIT");
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM staged.connections", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(staging_number(db, "PRAGMA staged.synchronous"), 0);
    assert_false(fixture_exists("/staged"));
    assert_false(fixture_exists("/staged-journal"));
    staging_assert_sound(db);
    staging_close(staged, db, &rows);
}

/* Numbers whose varints have eight octets, and nine. */
static void test_row_numbers_may_be_large(void **state)
{
    static const int64_t first = (INT64_C(1) << 56) - 2;
    sqlite3 *db = staging_database(*state);
    struct staged *staged = staging_open(db);
    struct staging_rows rows = staging_rows(4);

    for (int64_t i = first; i < first + 4; i++) {
        (void)staging_add_connection(&rows, i, 10);
        (void)staging_add_login(&rows, i, i);
    }
    staging_run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    staging_run(db, "COMMIT");
    assert_int_equal(staging_number(db, "SELECT min(id) FROM connections"), first);
    assert_int_equal(staging_number(db, "SELECT max(connection_id) FROM logins"), first + 3);
    staging_assert_sound(db);
    staging_close(staged, db, &rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_tables_of_a_new_database_are_copied_whole),
        FIXTURE_TEST(test_numbers_and_texts_of_every_size_are_what_they_were),
        FIXTURE_TEST(test_rows_that_are_longer_than_a_page_are_taken_too),
        FIXTURE_TEST(test_many_rows_are_taken_at_once),
        FIXTURE_TEST(test_one_transaction_takes_rows_again_and_again),
        FIXTURE_TEST(test_row_number_that_is_there_already_rolls_the_transaction_back),
        FIXTURE_TEST(test_row_numbers_may_be_large),
        FIXTURE_TEST(test_nothing_is_written_to_it_or_beside_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
