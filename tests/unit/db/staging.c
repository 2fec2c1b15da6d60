/*
 * Rows for the tests of what is staged, and questions to the database that takes them.
 */
#include "tests/unit/db/staging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens a database of the current version that has the capture 1. */
sqlite3 *staging_database(struct fixture *fixture)
{
    struct store *store = fixture_open(fixture, false);
    sqlite3 *db;

    assert_int_equal(fixture_begin(store, "a"), 1);
    fixture_close(fixture, store);
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL),
                     SQLITE_OK); /* as the store has it */
    return db;
}

void staging_run(sqlite3 *db, const char *sql)
{
    char *error = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

int64_t staging_number(sqlite3 *db, const char *sql)
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
const char *staging_text(sqlite3 *db, const char *sql)
{
    static char found[256];
    sqlite3_stmt *statement;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    found[0] = '\0';
    if (sqlite3_step(statement) == SQLITE_ROW)
        (void)snprintf(found, sizeof found, "%s", (const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    return found;
}

struct staging_rows staging_rows(size_t count)
{
    struct staging_rows rows = {{row_buffer_new(CONNECTION_COLUMNS, count, SIZE_MAX),
                                 row_buffer_new(LOGIN_COLUMNS, count, SIZE_MAX),
                                 row_buffer_new(VIOLATION_COLUMNS, count, SIZE_MAX)}};

    for (int i = 0; i < STAGED_TABLES; i++)
        assert_non_null(rows.pending[i]);
    return rows;
}

static void staging_free(struct staging_rows *rows)
{
    for (int i = 0; i < STAGED_TABLES; i++)
        row_buffer_free(rows->pending[i]);
}

void staging_clear(struct staging_rows *rows)
{
    for (int i = 0; i < STAGED_TABLES; i++)
        row_buffer_clear(rows->pending[i]);
}

struct row_buffer_value staging_of_number(int64_t value)
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
struct row_buffer_value *staging_add_connection(struct staging_rows *rows, int64_t id, size_t greeting)
{
    struct row_buffer_value *row = row_buffer_add(rows->pending[STAGED_CONNECTIONS]);

    row[CONNECTION_ID] = staging_of_number(id);
    row[CONNECTION_CAPTURE_ID] = staging_of_number(1);
    row[CONNECTION_CLIENT_IP] = of_word("192.0.2.1");
    row[CONNECTION_CLIENT_PORT] = staging_of_number(1024 + id % 60000);
    row[CONNECTION_SERVER_IP] = of_word("192.0.2.143");
    row[CONNECTION_SERVER_PORT] = staging_of_number(143);
    row[CONNECTION_GREETING] = of_text(rows->pending[STAGED_CONNECTIONS], "* OK ready", greeting);
    row[CONNECTION_ENCRYPTION] = of_word(id % 7 == 0 ? "starttls" : "none");
    row[CONNECTION_STARTTLS_PIPELINED] = staging_of_number(0);
    row[CONNECTION_MIDSTREAM] = staging_of_number(id % 11 == 0);
    row[CONNECTION_ONE_SIDED] = staging_of_number(id % 17 == 0);
    row[CONNECTION_NOT_IMAP] = staging_of_number(id % 19 == 0);
    row[CONNECTION_LOST_OCTETS] = staging_of_number(id % 13 == 0 ? id * 1000 : 0);
    return row;
}

struct row_buffer_value *staging_add_login(struct staging_rows *rows, int64_t id, int64_t connection)
{
    static const char *const results[] = {"OK", "NO", "BAD", NULL};
    struct row_buffer_value *row = row_buffer_add(rows->pending[STAGED_LOGINS]);

    row[LOGIN_ID] = staging_of_number(id);
    row[LOGIN_CONNECTION_ID] = staging_of_number(connection);
    row[LOGIN_CAPTURE_ID] = staging_of_number(1);
    row[LOGIN_TIME_NS] = staging_of_number(id % 1000000 * 1000000007);
    row[LOGIN_FRAME] = staging_of_number(id);
    row[LOGIN_COMMAND] = of_word("LOGIN");
    row[LOGIN_USERNAME] = of_text(rows->pending[STAGED_LOGINS], "user", (size_t)(id % 50));
    if (results[id % 4] != NULL)
        row[LOGIN_RESULT] = of_word(results[id % 4]);
    if (id % 3 == 0)
        row[LOGIN_AFTER_RESULT] = of_word(id % 2 == 0 ? "BAD" : "OK");
    row[LOGIN_INCOMPLETE] = staging_of_number(id % 9 == 0);
    return row;
}

void staging_add_violation(struct staging_rows *rows, int64_t login)
{
    struct row_buffer_value *row = row_buffer_add(rows->pending[STAGED_VIOLATIONS]);

    row[VIOLATION_LOGIN_ID] = staging_of_number(login);
    row[VIOLATION_RULE] = of_word(fixture_rules[RULE_WILDCARD].id);
    row[VIOLATION_ARGUMENT] = of_word("username");
}

/* What CHECK, the indexes and the foreign keys say holds, and each index is used. */
void staging_assert_sound(sqlite3 *db)
{
    assert_string_equal(staging_text(db, "PRAGMA main.integrity_check"), "ok");
    assert_string_equal(staging_text(db, "PRAGMA main.foreign_key_check"), "");
    assert_int_equal(staging_number(db, "SELECT count(*) FROM connections INDEXED BY connections_by_capture"
                                        " WHERE capture_id = 1"),
                     staging_number(db, "SELECT count(*) FROM connections NOT INDEXED"));
}

struct staged *staging_open(sqlite3 *db)
{
    struct staged *staged;

    assert_int_equal(staged_open(&staged, db), SQLITE_OK);
    return staged;
}

void staging_close(struct staged *staged, sqlite3 *db, struct staging_rows *rows)
{
    staged_finish(staged);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    staged_free(staged);
    staging_free(rows);
}
