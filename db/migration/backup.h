/*
 * A copy of a database beside it, made before the database is changed for good.
 */
#ifndef IMAPTAP_DB_MIGRATION_BACKUP_H
#define IMAPTAP_DB_MIGRATION_BACKUP_H

#include <stddef.h>
#include <stdint.h>

/* Copies the database at `path`, with what stands in its log, to `PATH.version-N.backup` (with `.2` and so on
 * behind it where that is taken): one file, whole or not there, mode 0600. The caller holds the database
 * against writers. `name` becomes the copy's path. Returns SQLITE_OK, or SQLite's error code and a sentence
 * without the path in `why`; `system_error` is then errno or 0. */
int backup_make(const char *path, int64_t version, char *name, size_t name_size, char *why, size_t why_size,
                int *system_error);

#endif
