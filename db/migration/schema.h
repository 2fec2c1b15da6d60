/*
 * The schema of this version, in a fresh database and in one of an older version.
 */
#ifndef IMAPTAP_DB_MIGRATION_SCHEMA_H
#define IMAPTAP_DB_MIGRATION_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

/* Both run within the caller's transaction and return SQLite's code; sqlite3_errmsg(db) says more. */

/* Makes all tables, indexes and views, and the marks, in an empty database. */
int schema_create(sqlite3 *db);

/* Makes of an older schema exactly what schema_create makes. A table that is not as it should be is made anew
 * and takes over the columns of the same name; new ones are NULL or have their default. What others have
 * added (tables, views) stays. PRAGMA foreign_keys must be off. */
int schema_upgrade(sqlite3 *db);

/* The statement by which the database declares a table, an index or a view, as sqlite_schema keeps it. Free
 * *sql with sqlite3_free; NULL: there is none. Returns SQLite's code. */
int schema_find(sqlite3 *db, const char *type, const char *name, char **sql);

/* Whether the statement by which a database declares a table or an index, as sqlite_schema keeps it, stands
 * in the schema of this version, to the octet. */
bool schema_has(const char *sql);

#endif
