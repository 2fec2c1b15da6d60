/*
 * Tables in the place of views: what such a view tells in numbers, found in C.
 */
#ifndef IMAPTAP_DB_TALLY_FOUND_H
#define IMAPTAP_DB_TALLY_FOUND_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Ending of the name under which the view itself is to be there, as a temporary one: it is asked when there
 * is too much to hold in memory. */
#define FOUND_IN_SQL "_in_sql"

struct found {
    const char *name;    /* of the view, and of the table */
    const char *columns; /* e.g. "id, other_id", in their order */
    size_t column_count;
    /* *values: those of the rows, one behind the other, in the order of the first column; to be freed by
     * sqlite3_free. SQLite's code; SQLITE_FULL: they are too many. It reads what tables and views there are
     * on this connection. */
    int (*find)(sqlite3 *db, int64_t **values, size_t *rows);
};

/* Makes the temporary virtual table. Its rows are found when a statement first reads it, and kept for the
 * next who does, so the connection must see one state of the database, as for pair_counts_make. Before
 * read_only_lock. *found must stay. Returns an SQLite result code. */
int found_make(sqlite3 *db, const struct found *found);

#endif
