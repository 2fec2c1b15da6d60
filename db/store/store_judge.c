/*
 * The causes of the logins that failed: worked out again when rows have changed since they were.
 */
#include "db/judgement/judgement.h"
#include "db/store/store_internal.h"

bool store_is_unjudged(const struct store *store)
{
    return store->unjudged;
}

/* Reads one state of the database; nobody who writes waits for it where the database is in WAL mode. */
static int work_out(struct store *store, struct judge **judge)
{
    int rc = sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL);

    *judge = NULL;
    if (rc == SQLITE_OK)
        rc = judgement_begin(store->db, "main", judge);
    if (!sqlite3_get_autocommit(store->db))
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store_waited(store);
    return rc;
}

int store_judge(struct store *store)
{
    struct judge *judge;
    int status, rc;

    if (store->failure == STORE_OK && sqlite3_get_autocommit(store->db) && !store->unjudged)
        return STORE_OK;
    status = store_commit(store);
    if (status != STORE_OK || !store->unjudged)
        return status;
    rc = work_out(store, &judge);
    if (rc != SQLITE_OK)
        return store_fail_sqlite(store, rc);
    status = store_begin(store);
    if (status == STORE_OK) {
        rc = judgement_write(judge, "main");
        if (rc != SQLITE_OK)
            status = store->failure = store_fail_sqlite(store, rc);
    }
    judgement_end(judge);
    if (status == STORE_OK)
        status = store_commit(store);
    if (status == STORE_OK)
        store->unjudged = false;
    return status;
}
