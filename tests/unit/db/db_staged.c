/*
 * Rows that SQLite is shown as a database of imaptap's own making: it must take them as if they had been
 * inserted one by one, whatever their size and number.
 */
#include "db/columns.h"
#include "db/staged/staged.h"
#include "tests/unit/db/fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens a database of the current version that has the capture 1. */
static sqlite3 *open_database(struct fixture *fixture)
{
    struct store *store = fixture_open(fixture, false);
    sqlite3 *db;

    assert_int_equal(fixture_begin(store, "a"), 1);
    fixture_close(fixture, store);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    char *error = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t found;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    found = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return found;
}

/* Tables of rows, as the store has them. */
struct rows {
    struct pending *pending[STAGED_TABLES];
};

static struct rows rows_of(size_t count)
{
    struct rows rows = {{pending_new(CONNECTION_COLUMNS, count, SIZE_MAX),
                         pending_new(LOGIN_COLUMNS, count, SIZE_MAX),
                         pending_new(VIOLATION_COLUMNS, count, SIZE_MAX)}};

    for (int i = 0; i < STAGED_TABLES; i++)
        assert_non_null(rows.pending[i]);
    return rows;
}

static void rows_free(struct rows *rows)
{
    for (int i = 0; i < STAGED_TABLES; i++)
        pending_free(rows->pending[i]);
}

static void rows_clear(struct rows *rows)
{
    for (int i = 0; i < STAGED_TABLES; i++)
        pending_clear(rows->pending[i]);
}

static struct pending_value of_number(int64_t value)
{
    return (struct pending_value){PENDING_NUMBER, 0, {.number = value}};
}

/* A text of so many octets. */
static struct pending_value of_text(struct pending *pending, const char *begin, size_t length)
{
    char *text = malloc(length + 1);
    struct pending_value value = {PENDING_TEXT, (int)length, {0}};

    assert_non_null(text);
    memset(text, 'x', length);
    memcpy(text, begin, strlen(begin) < length ? strlen(begin) : length);
    value.as.text = pending_keep(pending, text, length);
    assert_non_null(value.as.text);
    free(text);
    return value;
}

static struct pending_value of_word(const char *word)
{
    return (struct pending_value){PENDING_TEXT, (int)strlen(word), {.text = word}};
}

/* A connection with a greeting of so many octets, of which some are of note. */
static struct pending_value *add_connection(struct rows *rows, int64_t id, size_t greeting)
{
    struct pending_value *row = pending_add(rows->pending[STAGED_CONNECTIONS]);

    row[CONNECTION_ID] = of_number(id);
    row[CONNECTION_CAPTURE_ID] = of_number(1);
    row[CONNECTION_CLIENT_IP] = of_word("192.0.2.1");
    row[CONNECTION_CLIENT_PORT] = of_number(1024 + id % 60000);
    row[CONNECTION_SERVER_IP] = of_word("192.0.2.143");
    row[CONNECTION_SERVER_PORT] = of_number(143);
    row[CONNECTION_GREETING] = of_text(rows->pending[STAGED_CONNECTIONS], "* OK ready", greeting);
    row[CONNECTION_ENCRYPTION] = of_word(id % 7 == 0 ? "starttls" : "none");
    row[CONNECTION_STARTTLS_PIPELINED] = of_number(0);
    row[CONNECTION_MIDSTREAM] = of_number(id % 11 == 0);
    row[CONNECTION_ONE_SIDED] = of_number(0);
    row[CONNECTION_NOT_IMAP] = of_number(0);
    row[CONNECTION_LOST_OCTETS] = of_number(id % 13 == 0 ? id * 1000 : 0);
    return row;
}

static struct pending_value *add_login(struct rows *rows, int64_t id, int64_t connection)
{
    static const char *const results[] = {"OK", "NO", "BAD", NULL};
    struct pending_value *row = pending_add(rows->pending[STAGED_LOGINS]);

    row[LOGIN_ID] = of_number(id);
    row[LOGIN_CONNECTION_ID] = of_number(connection);
    row[LOGIN_CAPTURE_ID] = of_number(1);
    row[LOGIN_TIME_NS] = of_number(id * 1000000007);
    row[LOGIN_FRAME] = of_number(id);
    row[LOGIN_COMMAND] = of_word("LOGIN");
    row[LOGIN_USERNAME] = of_text(rows->pending[STAGED_LOGINS], "user", (size_t)(id % 50));
    if (results[id % 4] != NULL)
        row[LOGIN_RESULT] = of_word(results[id % 4]);
    if (id % 8 == 0)
        row[LOGIN_AFTER_RESULT] = of_word("BAD");
    row[LOGIN_INCOMPLETE] = of_number(id % 9 == 0);
    return row;
}

static void add_violation(struct rows *rows, int64_t login)
{
    struct pending_value *row = pending_add(rows->pending[STAGED_VIOLATIONS]);

    row[VIOLATION_LOGIN_ID] = of_number(login);
    row[VIOLATION_RULE] = of_word(fixture_rules[RULE_WILDCARD].id);
    row[VIOLATION_ARGUMENT] = of_word("username");
}

/* What CHECK, the indexes and the foreign keys say holds, and each index is used. */
static void assert_sound(sqlite3 *db)
{
    assert_int_equal(number(db, "SELECT count(*) FROM pragma_integrity_check"
                                " WHERE schema = 'main' AND integrity_check <> 'ok'"),
                     0);
    assert_int_equal(number(db, "SELECT count(*) FROM pragma_foreign_key_check WHERE schema = 'main'"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM connections INDEXED BY connections_by_capture"
                                " WHERE capture_id = 1"),
                     number(db, "SELECT count(*) FROM connections NOT INDEXED"));
}

static struct staged *open_staged(sqlite3 *db)
{
    struct staged *staged;

    assert_int_equal(staged_open(&staged, db), SQLITE_OK);
    return staged;
}

static void close_all(struct staged *staged, sqlite3 *db, struct rows *rows)
{
    staged_finish(staged);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    staged_free(staged);
    rows_free(rows);
}

/* The rows of connections and logins are copied as records, not taken apart. */
static void test_tables_of_a_new_database_are_copied_whole(void **state)
{
    static const char *const tables[] = {"connections", "logins"};
    sqlite3 *db = open_database(*state);
    struct staged *staged = open_staged(db);
    struct rows rows = rows_of(1);

    assert_int_equal(number(db, "SELECT count(*) FROM staged.sqlite_schema WHERE type = 'index'"),
                     number(db, "SELECT count(*) FROM main.sqlite_schema WHERE type = 'index'"
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
    close_all(staged, db, &rows);
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
    sqlite3 *db = open_database(*state);
    struct staged *staged = open_staged(db);
    struct rows rows = rows_of(COUNT);

    for (int i = 0; i < COUNT; i++)
        add_connection(&rows, i + 1, (size_t)i * 7)[CONNECTION_FIRST_NS] = of_number(numbers[i]);
    run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    run(db, "COMMIT");
    for (int i = 0; i < COUNT; i++) {
        char sql[200];

        (void)snprintf(sql, sizeof sql,
                       "SELECT first_ns FROM connections WHERE id = %d AND typeof(first_ns) = 'integer'"
                       " AND length(greeting) = %d AND last_ns IS NULL AND client_ip = '192.0.2.1'",
                       i + 1, i * 7);
        assert_int_equal(number(db, sql), numbers[i]);
    }
    assert_sound(db);
    close_all(staged, db, &rows);
}

/* Up to a page of 65,536 octets, and beyond it: the last octets that fit, and the first that do not. */
static void test_rows_that_are_longer_than_a_page_are_taken_too(void **state)
{
    sqlite3 *db = open_database(*state);
    struct staged *staged = open_staged(db);
    enum { FIRST = 65280, STEPS = 240 };
    static const size_t lengths[] = {131072, 70000, 300000, 65536 * 3};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    struct rows rows = rows_of(STEPS + LENGTHS);

    for (int i = 0; i < STEPS; i++)
        (void)add_connection(&rows, i + 1, FIRST + (size_t)i);
    for (int i = 0; i < LENGTHS; i++)
        (void)add_connection(&rows, STEPS + i + 1, lengths[i]);
    run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    run(db, "COMMIT");
    assert_int_equal(number(db, "SELECT count(*) FROM connections WHERE length(greeting) = 65279 + id"
                                " AND greeting GLOB '[*] OK ready*x' AND encryption IN ('none', 'starttls')"),
                     STEPS);
    for (int i = 0; i < LENGTHS; i++) {
        char sql[128];

        (void)snprintf(sql, sizeof sql, "SELECT length(greeting) FROM connections WHERE id = %d",
                       STEPS + i + 1);
        assert_int_equal(number(db, sql), lengths[i]);
    }
    assert_sound(db);
    close_all(staged, db, &rows);
}

/* More rows than a page of an index has room for, in no order of their connections. */
static void test_many_rows_are_taken_at_once(void **state)
{
    enum { COUNT = 20000 };
    sqlite3 *db = open_database(*state);
    struct staged *staged = open_staged(db);
    struct rows rows = rows_of(COUNT);

    for (int64_t i = 1; i <= COUNT; i++) {
        (void)add_connection(&rows, i, (size_t)(i % 300));
        (void)add_login(&rows, i, i * 7919 % COUNT + 1);
        add_violation(&rows, i);
    }
    run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    run(db, "COMMIT");
    assert_int_equal(number(db, "SELECT count(*) FROM connections WHERE length(greeting) = id % 300"), COUNT);
    assert_int_equal(number(db, "SELECT count(*) FROM logins INDEXED BY logins_by_connection"
                                " WHERE connection_id = id * 7919 % 20000 + 1"),
                     COUNT);
    assert_int_equal(number(db, "SELECT count(*) FROM violations WHERE login_id = id"), COUNT);
    assert_int_equal(
        number(db, "SELECT count(*) FROM logins INDEXED BY logins_of_note"
                   " WHERE capture_id = 1 AND (result IS NOT 'OK' OR after_result = 'BAD' OR incomplete)"),
        number(db, "SELECT count(*) FROM logins NOT INDEXED"
                   " WHERE result IS NOT 'OK' OR after_result = 'BAD' OR incomplete"));
    assert_sound(db);
    close_all(staged, db, &rows);
}

/* SQLite must not go on with the pages of the rows before, large or small. */
static void test_one_transaction_takes_rows_again_and_again(void **state)
{
    static const int64_t counts[] = {1, 500, 2, 1000, 1, 3};
    sqlite3 *db = open_database(*state);
    struct staged *staged = open_staged(db);
    struct rows rows = rows_of(1000);
    int64_t id = 0;

    run(db, "BEGIN");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        rows_clear(&rows);
        for (int64_t j = 0; j < counts[i]; j++) {
            id++;
            (void)add_connection(&rows, id, j == 0 ? 200000 + (size_t)id : 10);
            (void)add_login(&rows, id, id);
            add_violation(&rows, id);
        }
        assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    }
    run(db, "COMMIT");
    assert_int_equal(number(db, "SELECT count(*) FROM connections"), id);
    assert_int_equal(number(db, "SELECT count(*) FROM logins WHERE connection_id = id"), id);
    assert_int_equal(number(db, "SELECT count(*) FROM violations WHERE login_id = id"), id);
    assert_int_equal(number(db, "SELECT count(*) FROM connections WHERE length(greeting) = 200000 + id"),
                     sizeof counts / sizeof *counts);
    assert_sound(db);
    close_all(staged, db, &rows);
}

/* A row that cannot be taken: the other tables' rows before it are taken back with the transaction. */
static void test_row_number_that_is_there_already_is_a_failure(void **state)
{
    sqlite3 *db = open_database(*state);
    struct staged *staged = open_staged(db);
    struct rows rows = rows_of(10);

    for (int64_t i = 1; i <= 10; i++)
        (void)add_connection(&rows, i, 10);
    run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    run(db, "COMMIT");
    rows_clear(&rows);
    for (int64_t i = 10; i <= 12; i++)
        (void)add_connection(&rows, i, 10);
    run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending) & 0xFF, SQLITE_CONSTRAINT);
    run(db, "ROLLBACK");
    assert_int_equal(number(db, "SELECT count(*) FROM connections"), 10);
    assert_sound(db);
    close_all(staged, db, &rows);
}

/* Somebody's own column and index: rows are taken column by column, or in part. */
static void test_tables_that_somebody_changed_take_rows_as_well(void **state)
{
    static const char *const changes[] = {
        "ALTER TABLE connections ADD COLUMN remark TEXT DEFAULT 'none yet'",
        "CREATE INDEX by_user ON logins (username)",
        "DROP INDEX logins_of_note",
        "DROP INDEX connections_of_note; CREATE INDEX connections_of_note ON connections (capture_id) WHERE "
        "vlan > 0",
    };
    sqlite3 *db = open_database(*state);
    struct staged *staged;
    struct rows rows = rows_of(300);

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        run(db, changes[i]);
    staged = open_staged(db);
    for (int64_t i = 1; i <= 300; i++) {
        add_connection(&rows, i, 10)[CONNECTION_VLAN] = of_number(i % 2);
        (void)add_login(&rows, i, i);
        add_violation(&rows, i);
    }
    run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    run(db, "COMMIT");
    assert_int_equal(number(db, "SELECT count(*) FROM connections WHERE remark = 'none yet'"), 300);
    assert_int_equal(number(db, "SELECT count(*) FROM logins INDEXED BY by_user WHERE username <> ''"), 294);
    assert_int_equal(number(db, "SELECT count(*) FROM violations WHERE login_id = id"), 300);
    assert_sound(db);
    close_all(staged, db, &rows);
}

/* With foreign keys, SQLite looks at each row. */
static void test_row_without_its_parent_is_refused_when_foreign_keys_are_looked_at(void **state)
{
    sqlite3 *db = open_database(*state);
    struct staged *staged = open_staged(db);
    struct rows rows = rows_of(2);

    run(db, "PRAGMA foreign_keys = ON");
    (void)add_connection(&rows, 1, 10);
    (void)add_login(&rows, 1, 1);
    (void)add_login(&rows, 2, 99);
    run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending) & 0xFF, SQLITE_CONSTRAINT);
    run(db, "ROLLBACK");
    rows_clear(&rows);
    (void)add_connection(&rows, 1, 10);
    (void)add_login(&rows, 1, 1);
    run(db, "BEGIN");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    run(db, "COMMIT");
    assert_sound(db);
    close_all(staged, db, &rows);
}

/* It has no part in the commit: one journal, of the main database, and none beside it. */
static void test_nothing_is_written_beside_the_database(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = open_database(fixture);
    struct staged *staged = open_staged(db);
    struct rows rows = rows_of(1);

    (void)add_connection(&rows, 1, 10);
    run(db, "BEGIN IMMEDIATE");
    assert_int_equal(staged_insert(staged, rows.pending), SQLITE_OK);
    run(db, "COMMIT");
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM staged.connections", NULL, NULL, NULL), SQLITE_OK);
    assert_false(fixture_exists("/staged"));
    assert_false(fixture_exists("/staged-journal"));
    assert_sound(db);
    close_all(staged, db, &rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_tables_of_a_new_database_are_copied_whole),
        FIXTURE_TEST(test_numbers_and_texts_of_every_size_are_what_they_were),
        FIXTURE_TEST(test_rows_that_are_longer_than_a_page_are_taken_too),
        FIXTURE_TEST(test_many_rows_are_taken_at_once),
        FIXTURE_TEST(test_one_transaction_takes_rows_again_and_again),
        FIXTURE_TEST(test_row_number_that_is_there_already_is_a_failure),
        FIXTURE_TEST(test_tables_that_somebody_changed_take_rows_as_well),
        FIXTURE_TEST(test_row_without_its_parent_is_refused_when_foreign_keys_are_looked_at),
        FIXTURE_TEST(test_nothing_is_written_beside_the_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
