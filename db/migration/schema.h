/*
 * The schema of this version, in a fresh database and in one of an older version.
 */
#ifndef IMAPTAP_DB_MIGRATION_SCHEMA_H
#define IMAPTAP_DB_MIGRATION_SCHEMA_H

#include <sqlite3.h>

/* Both run within the caller's transaction and return SQLite's code; sqlite3_errmsg(db) says more. */

/* Makes all tables, indexes and views, and the marks, in an empty database. */
int schema_create(sqlite3 *db);

/* Makes of an older schema exactly what schema_create makes. A table that is not as it should be is made
 * again and takes over the columns of the same name; new ones are NULL, have their default, or hold what
 * older rows said in another way. What others have added (tables, views) stays. PRAGMA foreign_keys must be
 * off. */
int schema_upgrade(sqlite3 *db);

#endif
