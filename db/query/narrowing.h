/*
 * A part of the database for a whole report: what lies in a window of time, of some clients, servers and of
 * one user.
 */
#ifndef IMAPTAP_DB_QUERY_NARROWING_H
#define IMAPTAP_DB_QUERY_NARROWING_H

#include "db/query.h"

#include <sqlite3.h>

/* Whether the parameters narrow anything. NULL: no. `rule` is not looked at, here and below. */
bool narrowing_is_any(const struct query_parameters *parameters);

/* In the place of time_window_make_views: `logins` and `connections`, and by them all views, hold what the
 * parameters name. Causes are worked out again over the window, if there is one, and over all clients,
 * servers and users in it: what proves the cause of one client's login may be another's. With a user, a
 * connection whose logins are all of others is left out; one without any, encrypted say, stays. Returns an
 * SQLite result code; SQLITE_MISMATCH: `client` or `server` is no network. */
int narrowing_apply(sqlite3 *db, const struct query_parameters *parameters);

#endif
