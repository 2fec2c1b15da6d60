/*
 * A part of the database: what lies in a window of time.
 */
#ifndef IMAPTAP_DB_QUERY_SCOPE_H
#define IMAPTAP_DB_QUERY_SCOPE_H

#include <sqlite3.h>
#include <stdint.h>

/* Narrows `logins` and `connections`, and all views, to what lies in the window, for this connection alone
 * and until it is closed: they are made anew as temporary views, which come before those of the file. A
 * connection lies in it when some of it does, one that has not ended is taken to go on. Other tables stay as
 * they are. Before read_only_lock. Returns an SQLite result code. */
int scope_window(sqlite3 *db, int64_t since_ns, int64_t until_ns);

#endif
