/*
 * What a query sees: the views of this program, and of the database all or what lies in a window of time.
 */
#ifndef IMAPTAP_DB_QUERY_TIME_WINDOW_H
#define IMAPTAP_DB_QUERY_TIME_WINDOW_H

#include <sqlite3.h>
#include <stdint.h>

/* All are for this connection alone, until it is closed, before read_only_lock, and return an SQLite result
 * code. */

/* Makes all views again as temporary ones, which come before those of the file: they are those of this
 * program, whoever wrote the file, and rest on client_server_counts_make, whose conditions hold.
 */
int time_window_make_views(sqlite3 *db);

/* Narrows `logins` and `connections`, and by time_window_make_views all views, to what lies in the window. A
 * connection lies in it when some of it does, one that has not ended is taken to go on. The causes are worked
 * out again over what lies in it. Other tables stay as they are. */
int time_window_narrow(sqlite3 *db, int64_t since_ns, int64_t until_ns);

/* The same for who narrows further before the views are made: what lies in the window is in the temporary
 * views windowed_logins and windowed_connections. */
int time_window_judge(sqlite3 *db, int64_t since_ns, int64_t until_ns);

#endif
