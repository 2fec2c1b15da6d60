/*
 * Reads back what was found in a login, for those to whom it is reported.
 */
#include "db/store/store_internal.h"

#include <stdio.h>

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

int store_login_words(struct store *store, int64_t login_id, struct store_login_words *words)
{
    struct store_binder binder = store_bind(store, SQL_LOGIN_RESULT);
    int rc = SQLITE_DONE;

    *words = (struct store_login_words){{0}, {0}};
    store_bind_int(&binder, login_id);
    if (binder.rc != SQLITE_OK)
        return store_fail_sqlite(store, binder.rc);
    rc = sqlite3_step(binder.statement);
    if (rc == SQLITE_ROW) {
        (void)snprintf(words->result, sizeof words->result, "%s",
                       (const char *)sqlite3_column_text(binder.statement, 0));
        (void)snprintf(words->exposure, sizeof words->exposure, "%s",
                       (const char *)sqlite3_column_text(binder.statement, 1));
    }
    (void)sqlite3_reset(binder.statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? STORE_OK : store_fail_sqlite(store, rc);
}

int store_login_rules(struct store *store, int64_t login_id, store_take_rule *take, void *user)
{
    struct store_binder binder = store_bind(store, SQL_LOGIN_RULES);
    int rc = SQLITE_DONE;

    store_bind_int(&binder, login_id);
    if (binder.rc != SQLITE_OK)
        return store_fail_sqlite(store, binder.rc);
    while ((rc = sqlite3_step(binder.statement)) == SQLITE_ROW)
        take(user, (const char *)sqlite3_column_text(binder.statement, 0));
    (void)sqlite3_reset(binder.statement);
    return rc == SQLITE_DONE ? STORE_OK : store_fail_sqlite(store, rc);
}
