/*
 * Other processes at the same database: how long one is waited for and what is reported to the user
 * meanwhile; that one which writes on and on lets others in between; that a log which cannot shrink is
 * noticed.
 */
#include "db/store/store_internal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Between two looks at a lock, and how long who writes leaves it free for those who look. */
#define LOOK_MS  10
#define YIELD_MS 60
/* Waiting is reported after that. */
#define MOMENT_MS 1000
/* Where SQLite marks the process that writes (its file format, "reserved byte"). */
#define RESERVED_BYTE 0x40000001
/* Held by all who wait; the runs' own locks lie behind it. */
#define WAITING_LOCK (-1)
/* Pages of the log at which they are moved to the file, as SQLite does by itself. */
#define CHECKPOINT_PAGES 1000

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void __attribute__((format(printf, 2, 3))) report(struct store *store, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;

    if (store->report == NULL)
        return;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    store->report(store->report_user, sentence);
}

/* The process that writes; 0: it is not known which. */
static pid_t writer_of(struct store *store)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = RESERVED_BYTE, .l_len = 1};

    if (!store_lock_file(store) || fcntl(store->lock_fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK ||
        lock.l_pid <= 0 || lock.l_pid == getpid())
        return 0;
    return lock.l_pid;
}

static void report_waiting(struct store *store)
{
    pid_t writer = writer_of(store);

    if (writer > 0)
        report(store, "%s: waiting for process %d, which is writing to it", store->path, (int)writer);
    else
        report(store, "%s: waiting for another process, which has it locked", store->path);
}

/* SQLite's busy handler. */
static int on_busy(void *user, int count)
{
    struct store *store = user;
    int64_t now = now_ms();

    if (count == 0)
        store->waiting_since_ms = now;
    if (now - store->waiting_since_ms >= store->busy_ms)
        return 0;
    if (!store->waits)
        store->waits = store_set_lock(store, WAITING_LOCK, F_RDLCK);
    if (!store->waiting_reported && now - store->waiting_since_ms >= MOMENT_MS) {
        store->waiting_reported = true;
        report_waiting(store);
    }
    (void)sqlite3_sleep(LOOK_MS);
    return 1;
}

void store_wait_for_others(struct store *store, int busy_ms)
{
    store->busy_ms = busy_ms;
    (void)sqlite3_busy_handler(store->db, on_busy, store);
}

void store_waited(struct store *store)
{
    if (store->waits)
        (void)store_set_lock(store, WAITING_LOCK, F_UNLCK);
    store->waits = false;
}

void store_let_others(struct store *store)
{
    if (store_is_locked(store, WAITING_LOCK))
        (void)sqlite3_sleep(YIELD_MS);
}

static int ask_for_others(struct store *store, int64_t *others)
{
    sqlite3_stmt *statement = store->statements[SQL_OTHERS];
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_ROW)
        *others = sqlite3_column_int64(statement, 0);
    (void)sqlite3_reset(statement);
    return rc == SQLITE_ROW ? STORE_OK : store_fail_sqlite(store, rc);
}

static int set_foreign_keys(struct store *store, const char *sql)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? STORE_OK : store_fail_sqlite(store, rc);
}

int store_exclusive(struct store *store)
{
    int status = ask_for_others(store, &store->others);

    if (status == STORE_OK)
        status = set_foreign_keys(store, "PRAGMA foreign_keys = OFF");
    store->alone = status == STORE_OK;
    return status;
}

int store_look_for_others(struct store *store)
{
    int64_t others = 0;
    int status = store->alone ? ask_for_others(store, &others) : STORE_OK;

    if (!store->alone || (status == STORE_OK && others == store->others))
        return status;
    /* SQLite changes the setting between transactions only */
    store_rollback(store);
    if (status == STORE_OK)
        status = set_foreign_keys(store, "PRAGMA foreign_keys = ON");
    store->alone = status != STORE_OK;
    return status == STORE_OK ? store_begin(store) : status;
}

bool store_capture_wait(struct store *store, int64_t id)
{
    if (!store_is_read_elsewhere(store, id))
        return false;
    if (!store->reader_reported)
        report(store, "%s: waiting for another process, which is reading the same capture", store->path);
    store->reader_reported = true;
    (void)sqlite3_sleep(100);
    return true;
}

/* After each commit to the log, which has so many pages now. */
static int on_logged(void *user, sqlite3 *db, const char *name, int pages)
{
    struct store *store = user;
    int64_t octets = (int64_t)pages * store->page_size;

    if (pages >= CHECKPOINT_PAGES)
        (void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (octets < STORE_LOG_LIMIT) {
        store->log_reported = STORE_LOG_LIMIT;
    } else if (octets >= store->log_reported) {
        store->log_reported = octets * 2;
        report(store,
               "%s: its log %s-wal has grown to %lld MB, since another process keeps reading an old state of "
               "the database: it is emptied when that ends its transaction",
               store->path, store->path, (long long)(octets / 1000000));
    }
    return SQLITE_OK;
}

void store_watch_log(struct store *store, int64_t page_size)
{
    store->page_size = page_size;
    store->log_reported = STORE_LOG_LIMIT;
    (void)sqlite3_wal_hook(store->db, on_logged, store);
}
