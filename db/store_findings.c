/*
 * Reads back what was found in a login, for those who are told of it.
 */
#include "db/store_internal.h"

int store_findings(struct store *store, int64_t login_id, store_take_finding *take, void *user)
{
    struct store_binder binder = store_bind(store, SQL_FINDINGS);
    sqlite3_stmt *statement = binder.statement;
    int rc = SQLITE_DONE;

    store_bind_int(&binder, login_id);
    if (binder.rc != SQLITE_OK)
        return store_fail_sqlite(store, binder.rc);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        take(user, statement);
    (void)sqlite3_reset(statement);
    return rc == SQLITE_DONE ? STORE_OK : store_fail_sqlite(store, rc);
}
