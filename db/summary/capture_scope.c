/*
 * Finds the logins of captures, and binds both to statements.
 */
#include "db/summary/capture_scope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* To count all rows of a table costs next to nothing. */
static const char logins_found_sql[] =
    "SELECT coalesce(min(first), 0), coalesce(max(last), 0), coalesce(sum(logins), 0),"
    " NOT EXISTS (SELECT 1 FROM captures WHERE id NOT IN " WANTED ") FROM"
    " (SELECT (SELECT min(l.id) FROM logins l WHERE l.capture_id = c.value) AS first,"
    "   (SELECT max(l.id) FROM logins l WHERE l.capture_id = c.value) AS last,"
    "   CASE WHEN EXISTS (SELECT 1 FROM captures WHERE id <> c.value)"
    "    THEN (SELECT count(*) FROM logins l WHERE l.capture_id = c.value)"
    "    ELSE (SELECT count(*) FROM logins) END AS logins"
    "  FROM (SELECT DISTINCT value FROM json_each(?1)) c)";

bool capture_scope_begin(struct capture_scope *asked, const int64_t *ids, size_t count, unsigned rows)
{
    size_t size = count * 21 + 3, length = 1;
    char *json = malloc(size);

    *asked = (struct capture_scope){.captures = json, .numbers = {[ROWS] = rows}};
    if (json == NULL)
        return false;
    strcpy(json, "[");
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(json + length, size - length, "%s%" PRId64, i > 0 ? "," : "", ids[i]);
    strcpy(json + length, "]");
    return true;
}

void capture_scope_end(struct capture_scope *asked)
{
    free(asked->captures);
    asked->captures = NULL;
}

int capture_scope_prepare(const struct capture_scope *asked, sqlite3 *db, const char *sql,
                          sqlite3_stmt **statement)
{
    int rc = sqlite3_prepare_v2(db, sql, -1, statement, NULL);

    if (rc == SQLITE_OK && sqlite3_bind_parameter_count(*statement) > 0)
        rc = sqlite3_bind_text(*statement, 1, asked->captures, -1, SQLITE_STATIC);
    for (int i = 0; rc == SQLITE_OK && i < NUMBERS && i + 2 <= sqlite3_bind_parameter_count(*statement); i++)
        rc = sqlite3_bind_int64(*statement, i + 2, asked->numbers[i]);
    return rc;
}

int capture_scope_run(const struct capture_scope *asked, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int rc = capture_scope_prepare(asked, db, sql, &statement);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int capture_scope_find(struct capture_scope *asked, sqlite3 *db)
{
    int64_t *numbers = asked->numbers;
    sqlite3_stmt *statement = NULL;
    int rc = capture_scope_prepare(asked, db, logins_found_sql, &statement);

    if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        numbers[FIRST_LOGIN] = sqlite3_column_int64(statement, 0);
        numbers[LAST_LOGIN] = sqlite3_column_int64(statement, 1);
        asked->logins = sqlite3_column_int64(statement, 2);
        numbers[NO_OTHER_CAPTURES] = sqlite3_column_int(statement, 3);
        numbers[NO_OTHERS] =
            numbers[NO_OTHER_CAPTURES] != 0 ||
            (uint64_t)asked->logins - 1 == (uint64_t)numbers[LAST_LOGIN] - (uint64_t)numbers[FIRST_LOGIN];
        rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return rc;
}
