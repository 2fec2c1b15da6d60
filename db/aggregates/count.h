/*
 * Counts the connections and logins of a database into a table of pairs, in one pass over each.
 */
#ifndef IMAPTAP_DB_AGGREGATES_COUNT_H
#define IMAPTAP_DB_AGGREGATES_COUNT_H

#include "db/aggregates/client_server.h"

#include <sqlite3.h>

/* The columns of the view pair_counts (db/views.sql), in its order. */
enum count_column {
    COUNT_CLIENT_IP,
    COUNT_SERVER_IP,
    COUNT_SERVER_PORT,
    COUNT_SERVER_PRODUCT,
    COUNT_LOGIN_PRODUCT,
    COUNT_PRODUCT_ID,
    COUNT_GREETING_ID,
    COUNT_MASKED,
    COUNT_FIRST, /* from here on those of enum client_server_count */
    COUNT_COLUMNS = COUNT_FIRST + CLIENT_SERVER_COUNTS
};

/* A set of columns. */
#define COUNT_BIT(column)   (UINT64_C(1) << (column))
#define COUNT_BIT_OF(count) COUNT_BIT(COUNT_FIRST + (count))

struct count;

/* Begins a pass in which at least the columns of the set `columns` are counted; others can stay 0 or
 * none, and without the port it is 0, and ports are not distinguished. It
 * reads what `connections` and `logins` name on this connection: tables, or views of a part
 * of them. SQLite's code; *count is NULL on failure. count_close takes NULL too. */
int count_open(sqlite3 *db, uint64_t columns, struct count **count);
void count_close(struct count *count);

/* Goes on, and adds to `pairs`. SQLITE_DONE: to the end. SQLITE_ROW: until `pairs` was full; take its rows,
 * clear it and go on: a pair can come again, and then its rows are to be added up. Else SQLite's code of a
 * failure. */
int count_more(struct count *count, struct client_servers *pairs);

#endif
