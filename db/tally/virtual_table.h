/*
 * What the virtual tables in the place of views have in common (https://sqlite.org/vtab.html).
 */
#ifndef IMAPTAP_DB_TALLY_VIRTUAL_TABLE_H
#define IMAPTAP_DB_TALLY_VIRTUAL_TABLE_H

#include <sqlite3.h>
#include <stdbool.h>

/* For xConnect: the table has these columns, e.g. "a, b", and views may read it. SQLite's code. */
int virtual_table_declare(sqlite3 *db, const char *columns);

/* Makes the temporary virtual table `name`, whose xConnect gets `aux`. SQLite's code. */
int virtual_table_make(sqlite3 *db, const char *name, const sqlite3_module *module, const void *aux);

/* For a cursor that tells what a view tells: steps on; *ended: there is no more row. SQLITE_OK, or SQLite's
 * code of a failure. */
int virtual_table_step(sqlite3_stmt *view, bool *ended);

#endif
