/*
 * The tables pair_counts and pair_totals: the rows of the views of these names in views.sql, counted in C.
 * client_server_counts.c says how it works.
 */
#ifndef IMAPTAP_DB_AGGREGATES_CLIENT_SERVER_COUNTS_H
#define IMAPTAP_DB_AGGREGATES_CLIENT_SERVER_COUNTS_H

#include <sqlite3.h>

/* The view pair_totals is to be there under this name, as a temporary one. */
#define CLIENT_SERVER_TOTALS_IN_SQL "pair_totals_in_sql"

/* Makes the temporary virtual tables pair_counts and pair_totals. SQLite groups by sorting all rows; this
 * reads connections and logins once, when a statement first reads the table, and only what the columns that
 * it uses need. The memory is bounded: with more than 131,072 pairs of a client and a server's port, one can
 * come in several rows of pair_counts, which are to be added up; pair_totals then leaves that to its view.
 * Fewer are kept for the next who reads the table, so the connection must see one state of the database: it
 * runs one statement, or several within a transaction. Before read_only_lock. Returns an SQLite result code.
 */
int client_server_counts_make(sqlite3 *db);

#endif
