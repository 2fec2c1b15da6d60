/*
 * --keep: removes what is older from the database of a live capture, in steps with pauses between them, at
 * the start and then so often that nothing stays for more than a tenth, or an hour, longer.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_STORE_LIVE_RETENTION_H
#define IMAPTAP_ANALYZER_LIVE_STORE_LIVE_RETENTION_H

#include "db/upkeep/retention.h"

struct live_retention {
    int64_t keep_ns; /* 0: everything is kept */
    int64_t due_ms;  /* when the next step is, in the milliseconds of analyzer_run_now_ms */
    struct retention sweep;
    bool sweeping, failed;
    struct purge_counts removed; /* by this sweep */
};

/* When live_retention_work is to be called at the latest; INT64_MAX: never. */
int64_t live_retention_due_ms(const struct live_retention *retention);

/* Does a step when it is due at `now_ms`, which is `now_ns` of the clock; `store` NULL: it cannot be written
 * now. */
void live_retention_work(struct live_retention *retention, struct store *store, int64_t now_ms,
                         int64_t now_ns);

#endif
