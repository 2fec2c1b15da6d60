/*
 * The table pair_counts: what the view of that name in views.sql tells, counted in C.
 */
#ifndef IMAPTAP_DB_TALLY_PAIR_COUNTS_H
#define IMAPTAP_DB_TALLY_PAIR_COUNTS_H

#include <sqlite3.h>

/* Makes the temporary virtual table pair_counts. SQLite groups by sorting all rows; this reads connections
 * and logins once, when a statement first reads the table, and only what the columns that it uses need. The
 * memory is bounded: with more than 131,072 pairs of a client and a server's port, one can come in several
 * rows, which are to be added up, as every reader of the view does. Fewer are kept for the next who reads the
 * table, so the connection must see one state of the database: it runs one statement, or several within a
 * transaction. Before read_only_lock. Returns an SQLite result code. */
int pair_counts_make(sqlite3 *db);

#endif
