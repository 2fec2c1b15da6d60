/*
 * What a file is, judged by its header alone: it is looked at before SQLite may touch it, because SQLite
 * itself would repair or checkpoint the database of another program.
 */
#ifndef IMAPTAP_DB_DATABASE_FILE_H
#define IMAPTAP_DB_DATABASE_FILE_H

#include <stddef.h>
#include <stdint.h>

/* Marks a database as imaptap's: `PRAGMA application_id`, the letters "imtp". */
#define DATABASE_APPLICATION_ID 0x696D7470

/* The version of schema.sql and the views: `PRAGMA user_version`. */
#define DATABASE_VERSION 3

enum database_file {
    DATABASE_OURS,
    DATABASE_EMPTY,     /* no octets, or a creation that was cut off: SQLite may make it ours */
    DATABASE_MISSING,   /* no such file */
    DATABASE_FOREIGN,   /* of another program */
    DATABASE_OLDER,     /* ours, of an older version: opening it for writing brings it up to date */
    DATABASE_NEWER,     /* ours, of a newer version */
    DATABASE_UNREADABLE /* cannot be opened, no plain file, or no database */
};

/* Looks at the file at `path`. For the last four, and DATABASE_MISSING, `why` holds a sentence that names
 * the path. */
enum database_file database_file_check(const char *path, char *why, size_t why_size);

/* The same judgement of the two numbers as SQLite returns them (they may stand in a journal, not yet in the
 * file). */
enum database_file database_version_check(const char *path, int64_t application_id, int64_t version,
                                          char *why, size_t why_size);

#endif
