/*
 * What the virtual tables in the place of views have in common.
 */
#include "db/tally/virtual_table.h"

#include "db/execute.h"

#include <stddef.h>

int virtual_table_declare(sqlite3 *db, const char *columns)
{
    char *sql = sqlite3_mprintf("CREATE TABLE x (%s)", columns);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_declare_vtab(db, sql);

    sqlite3_free(sql);
    return rc == SQLITE_OK ? sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS) : rc;
}

int virtual_table_make(sqlite3 *db, const char *name, const sqlite3_module *module, const void *aux)
{
    int rc = sqlite3_create_module_v2(db, name, module, (void *)aux, NULL);

    return rc == SQLITE_OK ? execute_format(db, "CREATE VIRTUAL TABLE temp.%w USING %w", name, name) : rc;
}

int virtual_table_step(sqlite3_stmt *view, bool *ended)
{
    int rc = sqlite3_step(view);

    *ended = rc != SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}
