/*
 * A database as a query sees it: the views of this program, over all of it or a window of time.
 */
#ifndef IMAPTAP_TESTS_DB_SCOPED_H
#define IMAPTAP_TESTS_DB_SCOPED_H

#include "tests/unit/db/fixture.h"

#include <sqlite3.h>

/* All of the database (until_ms 0), or what lies between two milliseconds of hand_made. Close it by
 * sqlite3_close. */
sqlite3 *scoped_open(const struct fixture *fixture, int64_t since_ms, int64_t until_ms);

/* The number that SQL asks for; fails the test when the SQL does. */
int64_t scoped_number(sqlite3 *db, const char *sql);

/* Rows that only one of two tables or views has, of these columns ("*": all). */
int64_t scoped_differences(sqlite3 *db, const char *first, const char *second, const char *columns);

/* A number below the limit; the next one of a row that `state` begins. */
unsigned scoped_below(uint32_t *state, unsigned limit);

#endif
