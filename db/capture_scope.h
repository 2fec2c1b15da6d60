/*
 * Some captures of a database, as if there were no others.
 */
#ifndef IMAPTAP_DB_CAPTURE_SCOPE_H
#define IMAPTAP_DB_CAPTURE_SCOPE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Narrows `logins` to those of the captures `ids`, `connections` to those that began in them or carry one of
 * these logins, `violations` to those of these logins, and by time_window_make_views all views; temp.wanted
 * holds the captures. For this connection alone, before read_only_lock. Returns an SQLite result code. */
int capture_scope_narrow(sqlite3 *db, const int64_t *ids, size_t count);

#endif
