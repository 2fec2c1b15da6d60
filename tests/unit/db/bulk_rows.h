/*
 * What the tests of bulk rows share: a database as the store opens it, rows for it, and a look at what it
 * took.
 */
#ifndef IMAPTAP_TESTS_DB_BULK_ROWS_H
#define IMAPTAP_TESTS_DB_BULK_ROWS_H

#include "db/bulk_insert.h"
#include "db/columns.h"
#include "tests/unit/db/fixture.h"

#include <sqlite3.h>

/* Tables of rows, as the store has them. */
struct bulk_rows {
    struct row_buffer *pending[BULK_TABLES];
};

/* A database of the current version, with the settings of the store, that has the capture 1. */
sqlite3 *bulk_rows_database(struct fixture *fixture);
struct bulk_insert *bulk_rows_open(sqlite3 *db);
void bulk_rows_close(struct bulk_insert *bulk, sqlite3 *db, struct bulk_rows *rows);

void bulk_rows_run(sqlite3 *db, const char *sql);
/* The first value of the first row; a text is "" when there is none, and valid until the next call. */
int64_t bulk_rows_number(sqlite3 *db, const char *sql);
const char *bulk_rows_text(sqlite3 *db, const char *sql);
/* What CHECK, the indexes and the foreign keys say holds, and an index is used. */
void bulk_rows_assert_sound(sqlite3 *db);

/* Room for `count` rows a table; bulk_rows_close frees it. */
struct bulk_rows bulk_rows_new(size_t count);
void bulk_rows_clear(struct bulk_rows *rows);
struct row_buffer_value bulk_rows_of_number(int64_t value);
/* A connection with a greeting of so many octets, of which some are of note. */
struct row_buffer_value *bulk_rows_add_connection(struct bulk_rows *rows, int64_t id, size_t greeting);
struct row_buffer_value *bulk_rows_add_login(struct bulk_rows *rows, int64_t id, int64_t connection);
void bulk_rows_add_violation(struct bulk_rows *rows, int64_t login);

#endif
