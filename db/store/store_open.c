/*
 * Opens and closes the store: makes the database when there is none, and refuses what is not ours.
 */
#include "db/database_file.h"
#include "db/judgement/judgement.h"
#include "db/migration/backup.h"
#include "db/migration/schema.h"
#include "db/store/store_internal.h"
#include "db/uri.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Deleted rows are overwritten. */
static const char settings[] = "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                               "PRAGMA cache_size = -12288; PRAGMA journal_size_limit = 16777216;";

/* A new database that captures are read into: a quarter of the pages to read and write. One that is written
 * live logs a whole page for each that changes. */
static const char large_pages[] = "PRAGMA page_size = 16384;";

/* What CHECK says of a row holds for ours before SQLite sees them: the type of a column follows from the
 * function that makes its value, and ranges and words are looked at where rows are taken (check_connection
 * and its like). To ask for it once more would cost a sixth of each insert. UNIQUE, NOT NULL and
 * foreign keys are looked at. */
static const char own_rows[] = "PRAGMA ignore_check_constraints = ON;";

static const char *const statements[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_OTHERS] = "PRAGMA data_version",
    /* No REPLACE: violations refer to the row. And nothing is written where nothing changed: a database that
     * has been handed over stays the same to the octet when the same capture is read again. */
    [SQL_RULE] = "INSERT INTO rules (rule, severity, title, reference, remedy, rfc2060, rfc3501, rfc9051)"
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                 " ON CONFLICT (rule) DO UPDATE SET severity = ?2, title = ?3, reference = ?4, remedy = ?5,"
                 " rfc2060 = ?6, rfc3501 = ?7, rfc9051 = ?8 WHERE"
                 " (severity, title, reference, remedy, rfc2060, rfc3501, rfc9051) IS NOT (?2, ?3, ?4, ?5, "
                 "?6, ?7, ?8)",
    [SQL_FIND_CAPTURE] = "SELECT id, state FROM captures WHERE fingerprint = ?1 OR packed_fingerprint = ?1",
    [SQL_FIND_ANYTHING] = "SELECT 1 WHERE EXISTS (SELECT 1 FROM captures) OR EXISTS (SELECT 1 FROM runs)",
    [SQL_FIND_GROWN] =
        "SELECT id, bytes, print FROM (SELECT *, fingerprint AS print FROM captures"
        " UNION ALL SELECT *, packed_fingerprint FROM captures)"
        " WHERE kind = 'file' AND bytes BETWEEN 1 AND ?1"
        " AND print IS NOT NULL AND (source = ?2 OR substr(source, -1 - length(?2)) = '/' || ?2"
        " OR (source = '-' AND state = 'failed'))"
        " ORDER BY id DESC",
    [SQL_FIND_BEGINNINGS] =
        "SELECT id, size, coalesce(packed_fingerprint, fingerprint) AS print FROM captures"
        " WHERE kind = 'file' AND size > 0 AND print IS NOT NULL"
        " AND (state = 'failed' OR (state = 'complete' AND source = ?1)) ORDER BY id DESC LIMIT ?2",
    [SQL_RUN_ADD] =
        "INSERT INTO runs (uuid, imaptap_version, libpcap_version, libnids_version, sqlite_version,"
        " command_line, filter, host, user, started_ns, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running')",
    [SQL_RUN_FIND] = "SELECT id FROM runs WHERE uuid = ?",
    [SQL_RUN_RESUME] = "UPDATE runs SET ended_ns = NULL, state = 'running' WHERE id = ?",
    [SQL_RUN_END] = "UPDATE runs SET ended_ns = ?2, state = ?3 WHERE id = ?1",
    [SQL_RUN_REMOVE_EMPTY] =
        "DELETE FROM runs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM captures WHERE run_id = ?1)",
    [SQL_RUNS_RUNNING] = "SELECT id FROM runs WHERE state = 'running'",
    [SQL_RUN_KILLED] = "UPDATE runs SET state = 'aborted' WHERE id = ? AND state = 'running'",
    /* A file is read again from its start; what an interface showed is gone. */
    [SQL_LIVE_KILLED] =
        "UPDATE captures SET state = 'failed', error = 'imaptap was killed: what it had kept by then"
        " is here, and nothing after it was seen'"
        " WHERE run_id = ? AND kind = 'live' AND state = 'running'",
    [SQL_CAPTURE_ADD] =
        "INSERT INTO captures (source, kind, fingerprint, link_types, packets, bytes, kernel_drops,"
        " interface_drops, first_ns, last_ns, state, error, size, sha256, lost_octets, evicted, read_ns, "
        "events_waiting, packed_fingerprint, run_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))",
    [SQL_CAPTURE_UPDATE] = "UPDATE captures SET source = ?, kind = ?, fingerprint = coalesce(?, fingerprint),"
                           " link_types = ?, packets = ?, bytes = ?, kernel_drops = ?, interface_drops = ?,"
                           " first_ns = ?, last_ns = ?, state = ?, error = ?, size = ?, sha256 = ?,"
                           " lost_octets = ?, evicted = ?, read_ns = coalesce(?, read_ns),"
                           " events_waiting = ?, packed_fingerprint = coalesce(?, packed_fingerprint)"
                           " WHERE id = ?",
    [SQL_CAPTURE_RUNNING_RUN] = "SELECT run_id FROM captures WHERE id = ? AND state = 'running'",
    [SQL_CAPTURE_LOST] = "UPDATE captures SET lost_octets = coalesce(lost_octets, 0) + ?2 WHERE id = ?1",
    [SQL_CAPTURE_UNHASHED] =
        "SELECT 1 FROM captures WHERE id = ?1 AND sha256 IS NULL AND size = ?2 AND read_ns > ?3",
    [SQL_CAPTURE_PACKED] = "UPDATE captures SET packed_fingerprint = ?2"
                           " WHERE id = ?1 AND state = 'complete' AND packed_fingerprint IS NULL",
    [SQL_CAPTURE_UNPRINT] = "UPDATE captures SET fingerprint = NULL WHERE id = ?1 AND state <> 'complete'",
    [SQL_CAPTURE_HASH] = "UPDATE captures SET sha256 = ?2 WHERE id = ?1 AND sha256 IS NULL",
    /* A connection that went on into another capture stays, with the logins there. */
    [SQL_CAPTURE_HAND_OVER] =
        "UPDATE connections SET capture_id ="
        " (SELECT min(l.capture_id) FROM logins l WHERE l.connection_id = connections.id AND l.capture_id <> "
        "?1)"
        " WHERE capture_id = ?1 AND EXISTS"
        " (SELECT 1 FROM logins l WHERE l.connection_id = connections.id AND l.capture_id <> ?1)",
    /* What belongs to it goes first: foreign keys are not always looked at. */
    [SQL_CAPTURE_REMOVE_VIOLATIONS] =
        "DELETE FROM violations WHERE login_id IN (SELECT id FROM logins WHERE capture_id = ?1"
        " OR connection_id IN (SELECT id FROM connections WHERE capture_id = ?1))",
    [SQL_CAPTURE_REMOVE_CAUSES] =
        "DELETE FROM causes WHERE login_id IN (SELECT id FROM logins WHERE capture_id = ?1"
        " OR connection_id IN (SELECT id FROM connections WHERE capture_id = ?1))",
    [SQL_CAPTURE_REMOVE_LOGINS] = "DELETE FROM logins WHERE capture_id = ?1"
                                  " OR connection_id IN (SELECT id FROM connections WHERE capture_id = ?1)",
    [SQL_CAPTURE_REMOVE_CONNECTIONS] = "DELETE FROM connections WHERE capture_id = ?1",
    [SQL_CAPTURE_REMOVE] = "DELETE FROM captures WHERE id = ?",
    [SQL_LAST_CONNECTION] = "SELECT max(id) FROM connections",
    [SQL_CONNECTION_UPDATE] = "UPDATE connections SET last_ns = ?" CONNECTION_TEXTS(COLUMN_SET)
        CONNECTION_CHANGES(COLUMN_SET) " WHERE id = ?",
    [SQL_CONNECTION_SAME_TEXTS] =
        "UPDATE connections SET last_ns = ?" CONNECTION_CHANGES(COLUMN_SET) " WHERE id = ?",
    [SQL_LAST_LOGIN] = "SELECT max(id) FROM logins",
    [SQL_LOGIN_AFTER] = "UPDATE logins SET after_result = ?, after_text = ? WHERE id = ?",
    [SQL_FINDINGS] = ("SELECT * FROM findings WHERE login_id = ? ORDER BY violation_id"),
    [SQL_LOGIN_RESULT] = "SELECT coalesce(result, ''), coalesce(exposure, '') FROM logins WHERE id = ?",
    [SQL_LOGIN_RULES] = "SELECT rule FROM violations WHERE login_id = ?",
};

static int execute(struct store *store, const char *sql)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? STORE_OK : store_fail_sqlite(store, rc);
}

/* Makes the file, for the owner alone from its first moment. */
static int create_file(struct store *store)
{
    int fd = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0) {
        int error = errno;

        if (error == EEXIST && access(store->path, F_OK) == 0)
            return STORE_OK; /* another process was faster */
        (void)store_fail(store, "cannot make the database: %s",
                         error == EEXIST ? "this is a link that leads nowhere" : strerror(error));
        return error == ENOSPC || error == EDQUOT ? STORE_FULL
               : error == EROFS                   ? STORE_READ_ONLY
                                                  : STORE_CANNOT_OPEN;
    }
    /* The umask may have taken the owner's rights. */
    (void)fchmod(fd, 0600);
    (void)close(fd);
    return STORE_OK;
}

/* An empty file that was there already (as mktemp makes one) becomes the database: for its owner alone. */
static int adopt_file(struct store *store)
{
    int error;

    if (chmod(store->path, 0600) == 0)
        return STORE_OK;
    error = errno;
    (void)store_fail(store, "cannot make the database in this empty file: %s", strerror(error));
    return error == EROFS ? STORE_READ_ONLY : STORE_CANNOT_OPEN;
}

static int prepare_file(struct store *store)
{
    switch (database_file_check(store->path, store->error, sizeof store->error)) {
    case DATABASE_OURS:
    case DATABASE_OLDER:
        return STORE_OK;
    case DATABASE_MISSING:
        return create_file(store);
    case DATABASE_EMPTY:
        return adopt_file(store);
    case DATABASE_FOREIGN:
        return STORE_FOREIGN;
    case DATABASE_NEWER:
        return STORE_NEWER;
    case DATABASE_UNREADABLE:
        break;
    }
    return STORE_CANNOT_OPEN;
}

/* A folder that cannot be written holds no journal: better said before a capture is read than after. */
static int check_folder(struct store *store)
{
    char *copy = strdup(store->path);
    int writable;

    if (copy == NULL)
        return store_fail(store, "out of memory");
    writable = faccessat(AT_FDCWD, dirname(copy), W_OK | X_OK, AT_EACCESS);
    free(copy);
    if (writable == 0)
        return STORE_OK;
    (void)store_fail(
        store,
        "the database cannot be written, since its folder cannot: %s: change that, or name another "
        "file with --db",
        strerror(errno));
    return STORE_READ_ONLY;
}

/* Whose the database is; *version is that of ours. One statement asks all, so that no other process can write
 * between the questions. */
static int check_version(struct store *store, enum database_file *found, int64_t *version)
{
    static const char sql[] = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)"
                              " FROM pragma_application_id, pragma_user_version";
    sqlite3_int64 application_id = 0, objects = 0;
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    *version = 0;
    *found = DATABASE_EMPTY;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        application_id = sqlite3_column_int64(statement, 0);
        *version = sqlite3_column_int64(statement, 1);
        objects = sqlite3_column_int64(statement, 2);
    }
    (void)sqlite3_finalize(statement);
    if (rc != SQLITE_ROW)
        return store_fail_sqlite(store, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
    if (objects == 0 && application_id == 0 && *version == 0)
        return STORE_OK;
    *found = database_version_check(store->path, application_id, *version, store->error, sizeof store->error);
    switch (*found) {
    case DATABASE_OURS:
    case DATABASE_OLDER:
        return STORE_OK;
    case DATABASE_FOREIGN:
        return STORE_FOREIGN;
    case DATABASE_NEWER:
        return STORE_NEWER;
    default:
        return STORE_CANNOT_OPEN;
    }
}

static int upgrade(struct store *store, int64_t version)
{
    char name[PATH_MAX], why[sizeof store->error];
    int system_error;
    int rc = backup_make(store->path, version, name, sizeof name, why, sizeof why, &system_error);

    if (rc != SQLITE_OK) {
        enum store_status status = store_status_of(rc, system_error);

        (void)store_fail(store, "%s", why);
        return (int)status;
    }
    rc = schema_upgrade(store->db);
    if (rc == SQLITE_OK)
        rc = judgement_work_out(store->db, "main");
    if (rc != SQLITE_OK)
        return store_fail_sqlite(store, rc);
    store->notice = sqlite3_mprintf("%s: brought from version %lld to %d; what it was before is kept in %s",
                                    store->path, (long long)version, DATABASE_VERSION, name);
    if (store->notice == NULL)
        return store_fail(store, "out of memory");
    return STORE_OK;
}

/* Makes the tables and views, or brings them up to date, in one transaction, unless another process did so
 * first. */
static int bring_schema(struct store *store)
{
    enum database_file found;
    int64_t version;
    int status = execute(store, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE");

    if (status != STORE_OK)
        return status;
    status = check_version(store, &found, &version);
    if (status == STORE_OK && found == DATABASE_EMPTY) {
        int rc = schema_create(store->db);

        status = rc == SQLITE_OK ? STORE_OK : store_fail_sqlite(store, rc);
    } else if (status == STORE_OK && found == DATABASE_OLDER) {
        status = upgrade(store, version);
    }
    if (status == STORE_OK)
        status = execute(store, "COMMIT");
    if (status != STORE_OK)
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status == STORE_OK ? execute(store, "PRAGMA foreign_keys = ON") : status;
}

static int prepare_statements(struct store *store)
{
    for (int i = 0; i < SQL_STATEMENTS; i++) {
        int rc = sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &store->statements[i], NULL);

        if (rc != SQLITE_OK)
            return store_fail_sqlite(store, rc);
    }
    return STORE_OK;
}

/* A file from elsewhere is not trusted: none of its triggers runs, and its views call nothing that has side
 * effects. */
static void distrust(sqlite3 *db)
{
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
}

/* Texts are sorted by the octets that the file has of them, and db/aggregates sorts them in UTF-8. Ours have
 * it; a copy that somebody made of one may not. */
static int check_encoding(struct store *store)
{
    char encoding[16] = "";
    int status = store_ask_pragma(store, "PRAGMA main.encoding", encoding, sizeof encoding);

    if (status != STORE_OK || strcmp(encoding, "UTF-8") == 0)
        return status;
    return store_fail(store,
                      "its texts are kept as %s, and imaptap writes to databases in UTF-8 only: name another "
                      "file with --db",
                      encoding);
}

static int open_database(struct store *store, int busy_ms)
{
    int status = prepare_file(store);
    enum database_file found;
    int64_t version;
    char *name;
    int rc;

    if (status == STORE_OK)
        status = check_folder(store);
    if (status != STORE_OK)
        return status;
    name = uri_avoid(store->path);
    if (name == NULL)
        return store_fail(store, "out of memory");
    rc = sqlite3_open_v2(name, &store->db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    free(name);
    if (rc != SQLITE_OK)
        return store_fail_sqlite(store, rc);
    (void)sqlite3_extended_result_codes(store->db, 1);
    distrust(store->db);
    store_wait_for_others(store, busy_ms);
    /* Until the version is known, closing must not move a log into the file. */
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (sqlite3_db_readonly(store->db, "main") == 1)
        return store_fail_sqlite(store, SQLITE_READONLY);
    status = check_version(store, &found, &version);
    if (status != STORE_OK)
        return status;
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    /* the size of the cache, which is given in octets, is counted in pages from then on */
    if (found == DATABASE_EMPTY && !store->live)
        status = execute(store, large_pages);
    if (status == STORE_OK)
        status = execute(store, settings);
    if (status == STORE_OK && found != DATABASE_OURS)
        status = bring_schema(store);
    if (status == STORE_OK)
        status = execute(store, own_rows);
    if (status == STORE_OK && store->live)
        status = store_write_ahead(store, busy_ms);
    if (status == STORE_OK)
        status = check_encoding(store);
    if (status == STORE_OK)
        status = store_make_pending(store);
    if (status == STORE_OK)
        status = prepare_statements(store);
    if (status == STORE_OK)
        status = store_run_find_killed(store);
    store_waited(store);
    return status;
}

static void free_store(struct store *store)
{
    for (int i = 0; i < SQL_STATEMENTS; i++)
        (void)sqlite3_finalize(store->statements[i]);
    bulk_insert_free(store->bulk);
    (void)sqlite3_close(store->db);
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd);
    for (int i = 0; i < PENDING_TABLES; i++)
        row_buffer_free(store->pending[i]);
    for (size_t i = 0; i < store->rule_count; i++)
        free(store->rules[i]);
    free(store->rules);
    sqlite3_free(store->notice);
    free(store->path);
    free(store);
}

int store_open(struct store **store, const char *path, bool live, int busy_ms, char *why, size_t why_size)
{
    return store_open_reporting(store, path, live, busy_ms, NULL, NULL, why, why_size);
}

int store_open_reporting(struct store **store, const char *path, bool live, int busy_ms, store_report *report,
                         void *user, char *why, size_t why_size)
{
    struct store *made = calloc(1, sizeof *made);
    int status;

    *store = NULL;
    if (made != NULL)
        made->path = strdup(path);
    if (made == NULL || made->path == NULL) {
        free(made);
        (void)snprintf(why, why_size, "%s: out of memory", path);
        return STORE_FAILED;
    }
    made->live = live;
    made->report = report;
    made->report_user = user;
    made->lock_fd = -1;
    status = open_database(made, busy_ms);
    if (status != STORE_OK) {
        (void)snprintf(why, why_size, "%s", made->error);
        free_store(made);
        return status;
    }
    *store = made;
    return STORE_OK;
}

int store_close(struct store *store, char *why, size_t why_size)
{
    int status, left;

    if (store == NULL)
        return STORE_OK;
    status = store_commit(store);
    if (status != STORE_OK) {
        (void)snprintf(why, why_size, "%s", store->error);
        store_rollback(store);
    } else if (store_judge(store) != STORE_OK) {
        status = (int)store->last;
        (void)snprintf(why, why_size, "%s", store->error);
        store_rollback(store);
    }
    left = store_leave(store);
    if (status == STORE_OK && left != STORE_OK) {
        status = left;
        (void)snprintf(why, why_size, "%s", store->error);
    }
    free_store(store);
    return status;
}
