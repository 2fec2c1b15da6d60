/*
 * The judgement: one cause for each login that failed, worked out in one pass over the database.
 */
#ifndef IMAPTAP_DB_JUDGEMENT_JUDGEMENT_H
#define IMAPTAP_DB_JUDGEMENT_JUDGEMENT_H

#include <sqlite3.h>

/* Works out the rows of the table `causes` of the schema `schema` ("main" or "temp") from what `connections`,
 * `logins` and `violations` name on this connection: the tables, or temporary views of a part of them. Rows
 * that were there go first. A login has a row when it failed (NO, BAD, BYE, no answer, or accepted without a
 * usable mailbox); of packets that were captured twice only the first time.
 *
 * Takes time O(n + f log f) for n logins of which f failed, and memory for what the failed ones need (some
 * hundred octets each, and those of their users). Returns an SQLite result code; whoever has no transaction
 * open gets one that is whole or not at all. */
int judgement_work_out(sqlite3 *db, const char *schema);

/* The same in two steps, for who must not hold others up: the first only reads, and takes nearly all the
 * time; the second, in a transaction that writes, changes the rows that differ. In between, other processes
 * may write. *judge is NULL on failure; judgement_end takes NULL too. */
struct judge;
int judgement_begin(sqlite3 *db, const char *schema, struct judge **judge);
int judgement_write(struct judge *judge, const char *schema);
void judgement_end(struct judge *judge);

/* The same into a temporary table `causes`, which is made: for views that stand in the place of the tables.
 */
int judgement_work_out_beside(sqlite3 *db);

#endif
