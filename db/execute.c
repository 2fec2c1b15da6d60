/*
 * Runs SQL that is made of names and values.
 */
#include "db/execute.h"

#include <stdarg.h>
#include <stddef.h>

int execute_format(sqlite3 *db, const char *format, ...)
{
    va_list arguments;
    char *sql;
    int rc;

    va_start(arguments, format);
    sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    rc = sql == NULL ? SQLITE_NOMEM : sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return rc;
}
