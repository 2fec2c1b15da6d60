/*
 * Inserts rows that wait by the thousand with one statement a table. SQLite is shown them as a virtual table,
 *
 *     INSERT OR ROLLBACK INTO main.connections (id, ...) SELECT id, ... FROM temp.waiting_connections
 *
 * which takes two thirds of the time of a prepared INSERT that is bound and run for each row.
 */
#ifndef IMAPTAP_DB_BULK_INSERT_H
#define IMAPTAP_DB_BULK_INSERT_H

#include "db/store/row_buffer.h"

#include <sqlite3.h>

struct bulk_insert;

/* The tables, parents first. */
enum bulk_table { BULK_CONNECTIONS, BULK_LOGINS, BULK_VIOLATIONS, BULK_TABLES };

/* Makes the virtual tables on a connection whose main database is of the current version; outside of a
 * transaction. The file's own tables may have more columns than ours. Returns a code of SQLite's; *made is to
 * be freed also when that is a failure; NULL: out of memory. */
int bulk_insert_open(struct bulk_insert **made, sqlite3 *db);

/* Inserts the rows of the three tables in their order, whose values are in the order of db/columns.h. Within
 * a transaction. What CHECK says must hold for them: the store does not have SQLite ask again. Returns a code
 * of SQLite's; SQLITE_INTERNAL: it inserted others than it was shown. After a failure the transaction is
 * rolled back, or is to be. */
int bulk_insert_rows(struct bulk_insert *bulk, struct row_buffer *const rows[BULK_TABLES]);

/* Before the connection is closed, and right before: it is of no use for anything else any more. */
void bulk_insert_free(struct bulk_insert *bulk);

#endif
