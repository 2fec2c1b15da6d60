/*
 * A database of ours, opened so that nothing can be changed by it.
 */
#ifndef IMAPTAP_DB_READ_ONLY_H
#define IMAPTAP_DB_READ_ONLY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens the database at `path` for reading alone (SQLITE_OPEN_READONLY), whatever state it is in: also in a
 * folder that cannot be written, in use by a writer, or with a write that was cut off. What is not ours, and
 * what a newer imaptap made, is refused. Another process's commit is waited for up to 5 s. False: *db is NULL
 * and `why` holds a sentence that names the path. Close it with sqlite3_close. */
bool read_only_open(sqlite3 **db, const char *path, char *why, size_t why_size);

/* From now on only SQL that reads is compiled, whoever wrote it: query_only, an authorizer, no extensions, no
 * other database, no text, blob or row over 16 MiB, no LIKE or GLOB pattern over 256 octets. Views and their
 * functions are not trusted from read_only_open on. Returns an SQLite result code. */
int read_only_lock(sqlite3 *db);

#endif
