/*
 * An SQL function that tells whether a text is one of few: SQLite's IN makes a record of each text that it
 * looks for in a table.
 */
#ifndef IMAPTAP_DB_SUMMARY_AMONG_H
#define IMAPTAP_DB_SUMMARY_AMONG_H

#include <sqlite3.h>

/* Makes the function among(text) of this connection: 1 for each of the texts in the first column of what
 * `sql` selects, which are few, else 0. Returns an SQLite result code. */
int among_make(sqlite3 *db, const char *sql);

#endif
