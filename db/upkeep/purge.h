/*
 * Removes what need not be kept any longer, for good: deleted rows are overwritten (secure_delete), and then
 * the file is made smaller.
 */
#ifndef IMAPTAP_DB_UPKEEP_PURGE_H
#define IMAPTAP_DB_UPKEEP_PURGE_H

#include "db/store.h"

struct purge_counts {
    int64_t captures, connections, logins, violations, runs; /* removed */
    int64_t handed_over; /* connections of a removed capture that stay, for they went on into another */
};

/* All return 0 or an enum store_status; store_error has the sentence then. Rows are removed in many small
 * transactions, so that a live capture can write in between. A capture is marked "failed" first: when the
 * removing is cut off, the next purge or read goes on with it. Counts are added to. */

/* Removes a capture, and its run when that has no other. One that is being recorded is refused. */
int purge_capture(struct store *store, int64_t id, struct purge_counts *counts);

/* Removes the captures that ended before `before_ns`, and of live captures that went on the connections that
 * did. */
int purge_older(struct store *store, int64_t before_ns, struct purge_counts *counts);

/* Gives the freed pages back. *smaller is false when another process has the database open: then they stay in
 * the file, overwritten, and will be used again. */
int purge_shrink(struct store *store, bool *smaller);

#endif
