/*
 * Finds which login of a proxy passed which on, in one pass over the connections and one over the proxies'
 * logins.
 */
#ifndef IMAPTAP_DB_TALLY_LEGS_H
#define IMAPTAP_DB_TALLY_LEGS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* A row of the view proxy_legs (db/judgement.sql). */
struct leg_pair {
    int64_t outbound_id, inbound_id;
};

/* *pairs: the rows of the view, in the order of outbound_id; free by sqlite3_free. It reads what
 * `connections` and `logins` name on this connection: tables, or views of a part of them. SQLite's code;
 * SQLITE_FULL: what is needed does not fit into the bounds: 4,194,304 connections, 1,048,576 legs, or so many
 * addresses and users of a proxy, or 32 MiB of their texts. They take 200 MiB at most. */
int legs_find(sqlite3 *db, struct leg_pair **pairs, size_t *count);

#endif
