/*
 * The logins of users who were refused with a login that broke the grammar.
 */
#ifndef IMAPTAP_DB_TALLY_REFUSED_H
#define IMAPTAP_DB_TALLY_REFUSED_H

#include "db/tally/found.h"

/* The table refused_users_logins: what the view of that name (db/views.sql) tells. SQLite compares the name
 * of each login with a dozen of those that it looks for; this looks for its hash. Too many are 4,194,304
 * logins of such users, 1,048,576 users, or 32 MiB of their names. */
extern const struct found refused_table;

#endif
