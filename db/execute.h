/*
 * Runs SQL that is made of names and values.
 */
#ifndef IMAPTAP_DB_EXECUTE_H
#define IMAPTAP_DB_EXECUTE_H

#include <sqlite3.h>

/* Runs all statements of the SQL that `format` makes with what follows it, as sqlite3_mprintf does (%w in
 * quoted names, %Q for texts). Rows are not passed on. Returns SQLite's code. */
int execute_format(sqlite3 *db, const char *format, ...);

#endif
