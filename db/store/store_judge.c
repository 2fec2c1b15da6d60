/*
 * The causes of the logins that failed: worked out again when rows have changed since they were.
 */
#include "db/judgement/judgement.h"
#include "db/store/store_internal.h"

bool store_is_unjudged(const struct store *store)
{
    return store->unjudged;
}

int store_judge(struct store *store)
{
    int status, rc;

    if (!store->unjudged)
        return STORE_OK;
    status = store_begin(store);
    if (status == STORE_OK)
        status = store_flush(store);
    if (status != STORE_OK)
        return status;
    rc = judgement_work_out(store->db, "main");
    store_waited(store);
    if (rc != SQLITE_OK)
        return store->failure = store_fail_sqlite(store, rc);
    status = store_commit(store);
    if (status == STORE_OK)
        store->unjudged = false;
    return status;
}
