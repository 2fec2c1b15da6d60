/*
 * Copies a database through SQLite, so that the log is in it, under a name that it gets when it is whole.
 */
#include "db/migration/backup.h"

#include "db/uri.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Copies of the same version that may lie beside a database. */
#define MAX_COPIES 99

static int fail(char *why, size_t why_size, int rc, const char *name, const char *cause)
{
    (void)snprintf(why, why_size, "the copy %s, which is made before the database is changed, failed: %s",
                   name, cause);
    return rc;
}

static int copy_pages(const char *from_path, const char *to_path, char *why, size_t why_size,
                      int *system_error)
{
    sqlite3 *from = NULL, *to = NULL;
    sqlite3_backup *backup = NULL;
    char *from_plain = uri_avoid(from_path), *to_plain = uri_avoid(to_path);
    int closed, rc = from_plain == NULL || to_plain == NULL ? SQLITE_NOMEM : SQLITE_OK;

    if (rc == SQLITE_OK)
        rc = sqlite3_open_v2(from_plain, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_open_v2(to_plain, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(to, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        backup = sqlite3_backup_init(to, "main", from, "main");
        rc = backup == NULL ? sqlite3_errcode(to) : sqlite3_backup_step(backup, -1);
        closed = sqlite3_backup_finish(backup);
        rc = rc == SQLITE_DONE ? closed : rc;
    }
    /* What was copied may be a database with a log; the copy is one file. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        *system_error = to == NULL ? 0 : sqlite3_system_errno(to);
        (void)fail(why, why_size, rc, to_path, to == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(to));
    }
    closed = sqlite3_close(to);
    (void)sqlite3_close(from);
    free(from_plain);
    free(to_plain);
    return rc != SQLITE_OK ? rc : closed;
}

/* The new name is on the disk before anything else happens. */
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    int fd, result;

    (void)snprintf(folder, sizeof folder, "%s", path);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    result = fsync(fd);
    (void)close(fd);
    return result;
}

/* Gives the whole copy the first name that is free. */
static int name_copy(const char *part, const char *path, int64_t version, char *name, size_t name_size)
{
    for (int i = 1; i <= MAX_COPIES; i++) {
        int length =
            i == 1 ? snprintf(name, name_size, "%s.version-%lld.backup", path, (long long)version)
                   : snprintf(name, name_size, "%s.version-%lld.backup.%d", path, (long long)version, i);

        if (length < 0 || (size_t)length >= name_size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (renameat2(AT_FDCWD, part, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
            return sync_folder(name);
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int backup_make(const char *path, int64_t version, char *name, size_t name_size, char *why, size_t why_size,
                int *system_error)
{
    char part[PATH_MAX];
    int fd, rc;

    *system_error = 0;
    if (snprintf(part, sizeof part, "%s.backup-part", path) >= (int)sizeof part) {
        *system_error = ENAMETOOLONG;
        return fail(why, why_size, SQLITE_CANTOPEN, path, strerror(ENAMETOOLONG));
    }
    /* One that is there was cut off: nobody else is at it, since the caller holds the database. */
    (void)unlink(part);
    fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        *system_error = errno;
        return fail(why, why_size, SQLITE_CANTOPEN, part, strerror(*system_error));
    }
    (void)fchmod(fd, 0600);
    (void)close(fd);
    rc = copy_pages(path, part, why, why_size, system_error);
    if (rc == SQLITE_OK && name_copy(part, path, version, name, name_size) != 0) {
        *system_error = errno;
        rc = fail(why, why_size, SQLITE_CANTOPEN, part, strerror(*system_error));
    }
    if (rc != SQLITE_OK)
        (void)unlink(part);
    return rc;
}
