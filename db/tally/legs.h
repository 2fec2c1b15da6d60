/*
 * Finds which login of a proxy passed which on, in one pass over the connections and one over the proxies'
 * logins.
 */
#ifndef IMAPTAP_DB_TALLY_LEGS_H
#define IMAPTAP_DB_TALLY_LEGS_H

#include "db/tally/found.h"

/* The table proxy_legs: what the view of that name (db/judgement.sql) tells. SQLite sorts all logins of
 * proxies by user, with their times as text; this reads connections once and the proxies' logins once. Too
 * many are 4,194,304 connections, 1,048,576 legs, or so many addresses and users of a proxy, or 32 MiB of
 * their texts: they take 200 MiB at most. */
extern const struct found legs_table;

#endif
