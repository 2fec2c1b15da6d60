/*
 * Inserts rows that wait by the thousand, in as little time as SQLite can: it is shown them as tables of a
 * database of their own, written in its file format, and copies them whole,
 *
 *     INSERT OR ROLLBACK INTO main.connections SELECT * FROM staged.connections
 *
 * When two tables are declared alike, with the same indexes, SQLite copies the records and the entries of the
 * indexes as they are, as VACUUM does; elsewise it takes the columns one by one. Either way the same rows are
 * inserted; the first takes two thirds of the time, what is done here among it.
 */
#ifndef IMAPTAP_DB_STAGED_STAGED_H
#define IMAPTAP_DB_STAGED_STAGED_H

#include "db/store/row_buffer.h"

#include <sqlite3.h>

struct staged;

/* The tables, parents first. */
enum staged_table { STAGED_CONNECTIONS, STAGED_LOGINS, STAGED_VIOLATIONS, STAGED_TABLES };

/* Attaches the schema "staged" to a connection whose main database is of the current version; outside of a
 * transaction. Where its tables are not declared as ours (somebody added a column, say), columns are taken
 * one by one. Returns a code of SQLite's; *made is to be freed also when that is a failure; NULL: out of
 * memory. */
int staged_open(struct staged **made, sqlite3 *db);

/* Inserts the rows of the three tables, whose values are in the order of db/columns.h, connections and logins
 * by growing numbers. Within a transaction. What CHECK and NOT NULL say must hold for them: SQLite does not
 * ask again. Returns a code of SQLite's; SQLITE_INTERNAL: it inserted others than it was shown. After a
 * failure the transaction is rolled back, or is to be. */
int staged_insert(struct staged *staged, struct row_buffer *const rows[STAGED_TABLES]);

/* Frees the statements; before the connection is closed. */
void staged_finish(struct staged *staged);

/* Frees the rest; after it is closed. */
void staged_free(struct staged *staged);

#endif
