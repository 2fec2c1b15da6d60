/*
 * Rows for the tests of what is inserted together, and questions to the database that takes them.
 */
#include "tests/unit/db/bulk_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens a database of the current version that has the capture 1. */
sqlite3 *bulk_rows_database(struct fixture *fixture)
{
    struct store *store = fixture_open(fixture, false);
    sqlite3 *db;

    assert_int_equal(fixture_begin(store, "a"), 1);
    fixture_close(fixture, store);
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL),
                     SQLITE_OK); /* as the store has it */
    return db;
}

void bulk_rows_run(sqlite3 *db, const char *sql)
{
    char *error = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

int64_t bulk_rows_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t found;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    found = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return found;
}

/* The first value of the first row; "" when there is none. Valid until the next call. */
const char *bulk_rows_text(sqlite3 *db, const char *sql)
{
    static char found[512];
    sqlite3_stmt *statement;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    found[0] = '\0';
    if (sqlite3_step(statement) == SQLITE_ROW)
        (void)snprintf(found, sizeof found, "%s", (const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    return found;
}

struct bulk_rows bulk_rows_new(size_t count)
{
    struct bulk_rows rows = {{row_buffer_new(CONNECTION_COLUMNS, count, SIZE_MAX),
                              row_buffer_new(LOGIN_COLUMNS, count, SIZE_MAX),
                              row_buffer_new(VIOLATION_COLUMNS, count, SIZE_MAX)}};

    for (int i = 0; i < BULK_TABLES; i++)
        assert_non_null(rows.pending[i]);
    return rows;
}

static void bulk_rows_free(struct bulk_rows *rows)
{
    for (int i = 0; i < BULK_TABLES; i++)
        row_buffer_free(rows->pending[i]);
}

void bulk_rows_clear(struct bulk_rows *rows)
{
    for (int i = 0; i < BULK_TABLES; i++)
        row_buffer_clear(rows->pending[i]);
}

struct row_buffer_value bulk_rows_of_number(int64_t value)
{
    return pending_number(value);
}

/* A text of so many octets. */
static struct row_buffer_value of_text(struct row_buffer *pending, const char *begin, size_t length)
{
    char *text = malloc(length + 1);
    struct row_buffer_value value = {ROW_BUFFER_TEXT, (int)length, {0}};

    assert_non_null(text);
    memset(text, 'x', length);
    memcpy(text, begin, strlen(begin) < length ? strlen(begin) : length);
    value.as.text = row_buffer_keep(pending, text, length);
    assert_non_null(value.as.text);
    free(text);
    return value;
}

static struct row_buffer_value of_word(const char *word)
{
    return (struct row_buffer_value){ROW_BUFFER_TEXT, (int)strlen(word), {.text = word}};
}

/* A connection with a greeting of so many octets, of which some are of note. */
struct row_buffer_value *bulk_rows_add_connection(struct bulk_rows *rows, int64_t id, size_t greeting)
{
    struct row_buffer_value *row = row_buffer_add(rows->pending[BULK_CONNECTIONS]);

    row[CONNECTION_ID] = bulk_rows_of_number(id);
    row[CONNECTION_CAPTURE_ID] = bulk_rows_of_number(1);
    row[CONNECTION_CLIENT_IP] = of_word("192.0.2.1");
    row[CONNECTION_CLIENT_PORT] = bulk_rows_of_number(1024 + id % 60000);
    row[CONNECTION_SERVER_IP] = of_word("192.0.2.143");
    row[CONNECTION_SERVER_PORT] = bulk_rows_of_number(143);
    row[CONNECTION_GREETING] = of_text(rows->pending[BULK_CONNECTIONS], "* OK ready", greeting);
    row[CONNECTION_ENCRYPTION] = of_word(id % 7 == 0 ? "starttls" : "none");
    row[CONNECTION_STARTTLS_PIPELINED] = bulk_rows_of_number(0);
    row[CONNECTION_MIDSTREAM] = bulk_rows_of_number(id % 11 == 0);
    row[CONNECTION_ONE_SIDED] = bulk_rows_of_number(id % 17 == 0);
    row[CONNECTION_NOT_IMAP] = bulk_rows_of_number(id % 19 == 0);
    row[CONNECTION_LOST_OCTETS] = bulk_rows_of_number(id % 13 == 0 ? id * 1000 : 0);
    row[CONNECTION_COPIED_PACKETS] = bulk_rows_of_number(0);
    return row;
}

struct row_buffer_value *bulk_rows_add_login(struct bulk_rows *rows, int64_t id, int64_t connection)
{
    static const char *const results[] = {"OK", "NO", "BAD", NULL};
    struct row_buffer_value *row = row_buffer_add(rows->pending[BULK_LOGINS]);

    row[LOGIN_ID] = bulk_rows_of_number(id);
    row[LOGIN_CONNECTION_ID] = bulk_rows_of_number(connection);
    row[LOGIN_CAPTURE_ID] = bulk_rows_of_number(1);
    row[LOGIN_TIME_NS] = bulk_rows_of_number(id % 1000000 * 1000000007);
    row[LOGIN_FRAME] = bulk_rows_of_number(id);
    row[LOGIN_COMMAND] = of_word("LOGIN");
    row[LOGIN_USERNAME] = of_text(rows->pending[BULK_LOGINS], "user", (size_t)(id % 50));
    if (results[id % 4] != NULL)
        row[LOGIN_RESULT] = of_word(results[id % 4]);
    if (id % 3 == 0)
        row[LOGIN_AFTER_RESULT] = of_word(id % 2 == 0 ? "BAD" : "OK");
    row[LOGIN_INCOMPLETE] = bulk_rows_of_number(id % 9 == 0);
    return row;
}

void bulk_rows_add_violation(struct bulk_rows *rows, int64_t login)
{
    struct row_buffer_value *row = row_buffer_add(rows->pending[BULK_VIOLATIONS]);

    row[VIOLATION_LOGIN_ID] = bulk_rows_of_number(login);
    row[VIOLATION_RULE] = of_word(fixture_rules[RULE_WILDCARD].id);
    row[VIOLATION_ARGUMENT] = of_word("username");
}

/* What CHECK, the indexes and the foreign keys say holds, and each index is used. */
void bulk_rows_assert_sound(sqlite3 *db)
{
    assert_string_equal(bulk_rows_text(db, "PRAGMA main.integrity_check"), "ok");
    assert_string_equal(bulk_rows_text(db, "PRAGMA main.foreign_key_check"), "");
    assert_int_equal(bulk_rows_number(db, "SELECT count(*) FROM connections INDEXED BY connections_by_capture"
                                          " WHERE capture_id = 1"),
                     bulk_rows_number(db, "SELECT count(*) FROM connections NOT INDEXED"));
}

struct bulk_insert *bulk_rows_open(sqlite3 *db)
{
    struct bulk_insert *bulk;

    assert_int_equal(bulk_insert_open(&bulk, db), SQLITE_OK);
    return bulk;
}

void bulk_rows_close(struct bulk_insert *bulk, sqlite3 *db, struct bulk_rows *rows)
{
    bulk_insert_free(bulk);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    bulk_rows_free(rows);
}
