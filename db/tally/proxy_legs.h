/*
 * The table proxy_legs: what the view of that name in judgement.sql tells, found in C.
 */
#ifndef IMAPTAP_DB_TALLY_PROXY_LEGS_H
#define IMAPTAP_DB_TALLY_PROXY_LEGS_H

#include <sqlite3.h>

/* The view is to be there under this name, as a temporary one: it is asked when there is too much to hold in
 * memory (legs_find). */
#define PROXY_LEGS_IN_SQL "proxy_legs_in_sql"

/* Makes the temporary virtual table proxy_legs. SQLite sorts all logins of proxies by user, with their times
 * as text; this reads connections once and the proxies' logins once, when a statement first reads the table.
 * Its rows are kept for the next who reads it, so the connection must see one state of the database, as for
 * pair_counts_make. Before read_only_lock. Returns an SQLite result code. */
int proxy_legs_make(sqlite3 *db);

#endif
