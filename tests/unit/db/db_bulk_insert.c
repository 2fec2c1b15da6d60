/*
 * Rows that SQLite is shown as a table: it must take them as if they had been inserted one by one, whatever
 * their size and number.
 */
#include "tests/unit/db/bulk_rows.h"

#include <stdio.h>

/* Otherwise SQLite copies each value once more. */
static void test_columns_are_those_of_the_tables_in_their_order(void **state)
{
    static const struct {
        const char *name, *columns;
    } tables[] = {
        {"connections", CONNECTION_NAMES}, {"logins", LOGIN_NAMES}, {"violations", "id," VIOLATION_NAMES}};
    sqlite3 *db = bulk_rows_database(*state);

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char *sql = sqlite3_mprintf("SELECT group_concat(name) FROM pragma_table_info('%q')", tables[i].name);
        char *quoted = sqlite3_mprintf("SELECT replace(%Q, '\"', '')", tables[i].columns);
        char columns[512];

        (void)snprintf(columns, sizeof columns, "%s", bulk_rows_text(db, sql));
        assert_string_equal(columns, bulk_rows_text(db, quoted));
        sqlite3_free(sql);
        sqlite3_free(quoted);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
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
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk = bulk_rows_open(db);
    struct bulk_rows rows = bulk_rows_new(COUNT);

    for (int i = 0; i < COUNT; i++)
        bulk_rows_add_connection(&rows, i + 1, (size_t)i * 7)[CONNECTION_FIRST_NS] =
            bulk_rows_of_number(numbers[i]);
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows.pending), SQLITE_OK);
    bulk_rows_run(db, "COMMIT");
    for (int i = 0; i < COUNT; i++) {
        char sql[200];

        (void)snprintf(sql, sizeof sql,
                       "SELECT first_ns FROM connections WHERE id = %d AND typeof(first_ns) = 'integer'"
                       " AND length(greeting) = %d AND last_ns IS NULL AND client_ip = '192.0.2.1'",
                       i + 1, i * 7);
        assert_int_equal(bulk_rows_number(db, sql), numbers[i]);
    }
    bulk_rows_assert_sound(db);
    bulk_rows_close(bulk, db, &rows);
}

/* Up to the largest page, of 65,536 octets, and beyond it. */
static void test_rows_that_are_longer_than_a_page_are_taken_too(void **state)
{
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk = bulk_rows_open(db);
    enum { FIRST = 65280, STEPS = 240 };
    static const size_t lengths[] = {131072, 70000, 300000, 65536 * 3};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    struct bulk_rows rows = bulk_rows_new(STEPS + LENGTHS);

    for (int i = 0; i < STEPS; i++)
        (void)bulk_rows_add_connection(&rows, i + 1, FIRST + (size_t)i);
    for (int i = 0; i < LENGTHS; i++)
        (void)bulk_rows_add_connection(&rows, STEPS + i + 1, lengths[i]);
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows.pending), SQLITE_OK);
    bulk_rows_run(db, "COMMIT");
    assert_int_equal(
        bulk_rows_number(db, "SELECT count(*) FROM connections WHERE length(greeting) = 65279 + id"
                             " AND greeting GLOB '[*] OK ready*x' AND encryption IN ('none', 'starttls')"),
        STEPS);
    for (int i = 0; i < LENGTHS; i++) {
        char sql[128];

        (void)snprintf(sql, sizeof sql, "SELECT length(greeting) FROM connections WHERE id = %d",
                       STEPS + i + 1);
        assert_int_equal(bulk_rows_number(db, sql), lengths[i]);
    }
    bulk_rows_assert_sound(db);
    bulk_rows_close(bulk, db, &rows);
}

/* More rows than a page of an index has room for, in no order of their connections; violations are numbered
 * in theirs. */
static void test_many_rows_are_taken_at_once(void **state)
{
    enum { COUNT = 20000 };
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk = bulk_rows_open(db);
    struct bulk_rows rows = bulk_rows_new(COUNT);

    for (int64_t i = 1; i <= COUNT; i++) {
        (void)bulk_rows_add_connection(&rows, i, (size_t)(i % 300));
        (void)bulk_rows_add_login(&rows, i, i * 7919 % COUNT + 1);
        bulk_rows_add_violation(&rows, i);
    }
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows.pending), SQLITE_OK);
    bulk_rows_run(db, "COMMIT");
    assert_int_equal(
        bulk_rows_number(db, "SELECT count(*) FROM connections WHERE length(greeting) = id % 300"), COUNT);
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM logins INDEXED BY logins_by_connection"
                                          " WHERE connection_id = id * 7919 % 20000 + 1"),
                     COUNT);
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM violations WHERE login_id = id"), COUNT);
    assert_int_equal(
        bulk_rows_number(db, "SELECT count(*) FROM logins INDEXED BY logins_incomplete"
                             " WHERE capture_id = 1 AND (result IS NOT 'OK' OR after_result = 'BAD' OR "
                             "after_result = 'NO' OR incomplete)"),
        bulk_rows_number(
            db, "SELECT count(*) FROM logins NOT INDEXED"
                " WHERE result IS NOT 'OK' OR after_result = 'BAD' OR after_result = 'NO' OR incomplete"));
    bulk_rows_assert_sound(db);
    bulk_rows_close(bulk, db, &rows);
}

/* SQLite must not go on with the rows before, large or small. */
static void test_one_transaction_takes_rows_again_and_again(void **state)
{
    static const int64_t counts[] = {1, 500, 2, 1000, 1, 3};
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk = bulk_rows_open(db);
    struct bulk_rows rows = bulk_rows_new(1000);
    int64_t id = 0;

    bulk_rows_run(db, "BEGIN");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        bulk_rows_clear(&rows);
        for (int64_t j = 0; j < counts[i]; j++) {
            id++;
            (void)bulk_rows_add_connection(&rows, id, j == 0 ? 200000 + (size_t)id : 10);
            (void)bulk_rows_add_login(&rows, id, id);
            bulk_rows_add_violation(&rows, id);
        }
        assert_int_equal(bulk_insert_rows(bulk, rows.pending), SQLITE_OK);
    }
    bulk_rows_run(db, "COMMIT");
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM connections"), id);
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM logins WHERE connection_id = id"), id);
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM violations WHERE login_id = id"), id);
    assert_int_equal(
        bulk_rows_number(db, "SELECT count(*) FROM connections WHERE length(greeting) = 200000 + id"),
        sizeof counts / sizeof *counts);
    bulk_rows_assert_sound(db);
    bulk_rows_close(bulk, db, &rows);
}

/* A row that cannot be taken ends the transaction: nothing of it stays. */
static void test_row_number_that_is_there_already_rolls_the_transaction_back(void **state)
{
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk = bulk_rows_open(db);
    struct bulk_rows rows = bulk_rows_new(10);

    for (int64_t i = 1; i <= 10; i++)
        (void)bulk_rows_add_connection(&rows, i, 10);
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows.pending), SQLITE_OK);
    bulk_rows_run(db, "COMMIT");
    bulk_rows_clear(&rows);
    for (int64_t i = 10; i <= 12; i++)
        (void)bulk_rows_add_connection(&rows, i, 10);
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows.pending) & 0xFF, SQLITE_CONSTRAINT);
    assert_true(sqlite3_get_autocommit(db));
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM connections"), 10);
    bulk_rows_assert_sound(db);
    bulk_rows_close(bulk, db, &rows);
}

static void test_row_numbers_may_be_large(void **state)
{
    static const int64_t first = (INT64_C(1) << 56) - 2;
    sqlite3 *db = bulk_rows_database(*state);
    struct bulk_insert *bulk = bulk_rows_open(db);
    struct bulk_rows rows = bulk_rows_new(4);

    for (int64_t i = first; i < first + 4; i++) {
        (void)bulk_rows_add_connection(&rows, i, 10);
        (void)bulk_rows_add_login(&rows, i, i);
    }
    bulk_rows_run(db, "BEGIN");
    assert_int_equal(bulk_insert_rows(bulk, rows.pending), SQLITE_OK);
    bulk_rows_run(db, "COMMIT");
    assert_int_equal(bulk_rows_number(db, "SELECT min(id) FROM connections"), first);
    assert_int_equal(bulk_rows_number(db, "SELECT max(connection_id) FROM logins"), first + 3);
    bulk_rows_assert_sound(db);
    bulk_rows_close(bulk, db, &rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_columns_are_those_of_the_tables_in_their_order),
        FIXTURE_TEST(test_numbers_and_texts_of_every_size_are_what_they_were),
        FIXTURE_TEST(test_rows_that_are_longer_than_a_page_are_taken_too),
        FIXTURE_TEST(test_many_rows_are_taken_at_once),
        FIXTURE_TEST(test_one_transaction_takes_rows_again_and_again),
        FIXTURE_TEST(test_row_number_that_is_there_already_rolls_the_transaction_back),
        FIXTURE_TEST(test_row_numbers_may_be_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
