/*
 * Takes the rows of other databases into one, without doubles.
 */
#ifndef IMAPTAP_DB_UPKEEP_MERGE_H
#define IMAPTAP_DB_UPKEEP_MERGE_H

#include <stddef.h>
#include <stdint.h>

struct merge_counts {
    int64_t captures, connections, logins, violations; /* added */
    int64_t known;                                     /* captures that were there already */
    int64_t replaced;                                  /* captures that were there, but not whole */
};

/* Adds what `source` holds to the database at `path`, which must be one that store_open has made or brought
 * up to date. All in one transaction: after a failure nothing of the source is there
 * (and *counts means nothing).
 *
 * Runs are the same when their UUID is. Captures are the same when their fingerprint is; those that have none
 * (live ones) when run, interface and the time when their recording began are. One that is here but is not
 * whole is replaced by one that is, or that holds more packets. Rows get new numbers.
 *
 * The source is opened for reading alone and stays as it is. It must be of this version, and its tables must
 * be those of schema.sql; its views and triggers are never run. Returns 0 or an enum store_status with a
 * sentence in `why` that names the file. */
int merge_source(const char *path, const char *source, struct merge_counts *counts, char *why,
                 size_t why_size);

#endif
