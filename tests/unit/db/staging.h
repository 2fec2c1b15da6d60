/*
 * What the tests of staged rows share: a database as the store opens it, rows for it, and a look at what it
 * took.
 */
#ifndef IMAPTAP_TESTS_DB_STAGING_H
#define IMAPTAP_TESTS_DB_STAGING_H

#include "db/columns.h"
#include "db/staged/staged.h"
#include "tests/unit/db/fixture.h"

#include <sqlite3.h>

/* Tables of rows, as the store has them. */
struct staging_rows {
    struct row_buffer *pending[STAGED_TABLES];
};

/* A database of the current version, with the settings of the store, that has the capture 1. */
sqlite3 *staging_database(struct fixture *fixture);
struct staged *staging_open(sqlite3 *db);
void staging_close(struct staged *staged, sqlite3 *db, struct staging_rows *rows);

void staging_run(sqlite3 *db, const char *sql);
/* The first value of the first row; a text is "" when there is none, and valid until the next call. */
int64_t staging_number(sqlite3 *db, const char *sql);
const char *staging_text(sqlite3 *db, const char *sql);
/* What CHECK, the indexes and the foreign keys say holds, and an index is used. */
void staging_assert_sound(sqlite3 *db);

/* Room for `count` rows a table; staging_close frees it. */
struct staging_rows staging_rows(size_t count);
void staging_clear(struct staging_rows *rows);
struct row_buffer_value staging_of_number(int64_t value);
/* A connection with a greeting of so many octets, of which some are of note. */
struct row_buffer_value *staging_add_connection(struct staging_rows *rows, int64_t id, size_t greeting);
struct row_buffer_value *staging_add_login(struct staging_rows *rows, int64_t id, int64_t connection);
void staging_add_violation(struct staging_rows *rows, int64_t login);

#endif
