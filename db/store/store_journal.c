/*
 * The journal of the database: one of the file's old pages while captures are read, a write-ahead log while
 * others are to read at the same time, and one file left behind.
 */
#include "db/store/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long readers of a log that is to be emptied at the end are waited for. */
#define CLOSE_MS 5000
/* Between two tries to change the journal mode. */
#define RETRY_MS 10

/* A write-ahead log is safe against a crash with NORMAL, and a live capture cannot wait for the disk at each
 * commit. It adds rows at the end for months: what a large cache would hold is not asked for. */
static const char live_settings[] = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -2048;";

int store_ask_pragma(struct store *store, const char *sql, char *value, size_t value_size)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        (void)snprintf(value, value_size, "%s", (const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? STORE_OK : store_fail_sqlite(store, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
}

static int use_live_settings(struct store *store)
{
    int rc = sqlite3_exec(store->db, live_settings, NULL, NULL, NULL);

    return rc == SQLITE_OK ? STORE_OK : store_fail_sqlite(store, rc);
}

/* SQLite does not wait for others when the mode changes: we do. */
int store_write_ahead(struct store *store, int busy_ms)
{
    char mode[16];
    int status = store_ask_pragma(store, "PRAGMA journal_mode = WAL", mode, sizeof mode);

    for (int waited = 0; status == STORE_BUSY && waited < busy_ms; waited += RETRY_MS) {
        (void)sqlite3_sleep(RETRY_MS);
        status = store_ask_pragma(store, "PRAGMA journal_mode = WAL", mode, sizeof mode);
    }
    if (status == STORE_OK)
        status = use_live_settings(store);
    if (status == STORE_OK)
        status = store_ask_pragma(store, "PRAGMA page_size", mode, sizeof mode);
    if (status == STORE_OK)
        store_watch_log(store, strtol(mode, NULL, 10));
    return status;
}

/* Leaves one file behind. Where another process has the database open, its log stays, and that is no failure.
 */
static int leave_one_file(struct store *store)
{
    char mode[16] = "";
    int status = store_ask_pragma(store, "PRAGMA main.journal_mode", mode, sizeof mode);

    if (status != STORE_OK || strcmp(mode, "wal") != 0)
        return status;
    store_wait_for_others(store, 0);
    status = store_ask_pragma(store, "PRAGMA main.journal_mode = DELETE", mode, sizeof mode);
    return status == STORE_BUSY ? STORE_OK : status;
}

/* SQLite leaves the log of a file that was moved where it is: what is in it belongs into the file. The log of
 * one that is in its place may stay with those who have it open; when nobody has, one file is left, since who
 * only reads a file that asks for a log would make one, and could not remove it. */
static int leave_live(struct store *store)
{
    int moved = 0, rc;

    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (!moved && (rc = leave_one_file(store)) != STORE_OK)
        return rc;
    (void)sqlite3_busy_timeout(store->db, moved ? CLOSE_MS : 0);
    rc = sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc == SQLITE_OK || (!moved && (rc & 0xFF) == SQLITE_BUSY))
        return STORE_OK;
    return store_fail_sqlite(store, rc);
}

int store_leave(struct store *store)
{
    return store->live ? leave_live(store) : leave_one_file(store);
}
