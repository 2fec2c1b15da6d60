/*
 * The rows that may have one of few texts: found by their prints where there are any, else all.
 */
#ifndef IMAPTAP_DB_SUMMARY_NEAR_H
#define IMAPTAP_DB_SUMMARY_NEAR_H

#include "db/prints.h"

#include <sqlite3.h>

struct near_rows {
    const char *table; /* or view, of which they are */
    const struct prints *prints;
    enum prints_table of;
};

/* Makes the view temp.near of this connection: the rows that may have one of the texts in the first column of
 * what `sql` selects, or more. The logins asked for are between these two. Returns an SQLite result code. */
int near_make(sqlite3 *db, const struct near_rows *near, const char *sql, int64_t first_login,
              int64_t last_login);

#endif
