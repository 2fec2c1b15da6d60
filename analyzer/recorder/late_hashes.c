/*
 * Keeps SHA-256 that became known only after the rows of their captures were complete.
 */
#include "analyzer/recorder/late_hashes.h"

#include "analyzer/recorder/open_store.h"

#include <stdio.h>

int late_hashes_keep(const char *database, const struct late_hash *hashes, size_t count, char *why,
                     size_t why_size)
{
    struct store *store;
    char ignored[64];
    int status;

    if (count == 0)
        return 0;
    if (store_open(&store, database, false, OPEN_STORE_BUSY_MS, why, why_size) != STORE_OK)
        return -1;
    status = STORE_OK;
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        status = store_capture_hash(store, hashes[i].capture, hashes[i].sha256);
    if (status == STORE_OK)
        return store_close(store, why, why_size) == STORE_OK ? 0 : -1;
    (void)snprintf(why, why_size, "%s", store_error(store));
    store_rollback(store);
    (void)store_close(store, ignored, sizeof ignored);
    return -1;
}
