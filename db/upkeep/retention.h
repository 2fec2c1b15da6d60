/*
 * Removes what a keep period has passed from a database that is written to all the time: in steps, each a
 * short transaction, so that who writes is never held up. Rows go for good, as with a purge.
 *
 * Logins and connections go by their own time, and so do those of captures that still run. A connection that
 * is open stays, with a login of it of which more may still be reported. The row of a capture goes when
 * nothing rests on it and its run is over. Captures of files go as wholes; one is marked "failed" first, so
 * that it would be read again.
 */
#ifndef IMAPTAP_DB_UPKEEP_RETENTION_H
#define IMAPTAP_DB_UPKEEP_RETENTION_H

#include "db/upkeep/purge.h"

/* Rows that a step looks at, at most. */
#define RETENTION_ROWS 500

enum retention_phase { RETENTION_LOGINS, RETENTION_CONNECTIONS, RETENTION_OVER };

/* How far a sweep is. To begin one, set `before_ns`, and all else to zero. */
struct retention {
    int64_t before_ns; /* what ended before goes */
    enum retention_phase phase;
    int64_t capture_id; /* the one that it is at, or was at last */
    bool inside;        /* rows of that are left to be looked at, behind number `row` */
    bool run_is_over;   /* that of the capture */
    int64_t row;
};

/* One step. The store must be between two transactions. Returns 0, or an enum store_status: then the step
 * changed nothing and can be done again. Counts are added to. */
int retention_step(struct store *store, struct retention *sweep, struct purge_counts *counts);

#endif
