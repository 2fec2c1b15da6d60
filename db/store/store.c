/*
 * The store: statements, transactions and errors, which its other files build on, and the table of rules.
 */
#include "db/store/store_internal.h"
#include "db/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows are inserted by a thousand or so: after so many of these the system is asked to write. */
#define BATCHES_BEHIND 4

struct store_binder store_bind(struct store *store, enum store_sql which)
{
    store_waited(store);
    return (struct store_binder){.statement = store->statements[which], .index = 1, .rc = SQLITE_OK};
}

static void bound(struct store_binder *binder, int rc)
{
    binder->index++;
    if (binder->rc == SQLITE_OK)
        binder->rc = rc;
}

void store_bind_int(struct store_binder *binder, int64_t value)
{
    bound(binder, sqlite3_bind_int64(binder->statement, binder->index, value));
}

void store_bind_count(struct store_binder *binder, int64_t value)
{
    if (value < 0)
        bound(binder, sqlite3_bind_null(binder->statement, binder->index));
    else
        store_bind_int(binder, value);
}

static int bind_escaped(const struct store_binder *binder, struct imap_text text)
{
    size_t length;
    char *escaped = text_escape(text.octets, text.length, &length);

    if (escaped == NULL)
        return SQLITE_NOMEM;
    return sqlite3_bind_text64(binder->statement, binder->index, escaped, length, sqlite3_free, SQLITE_UTF8);
}

void store_bind_text(struct store_binder *binder, struct imap_text text)
{
    if (text.octets == NULL)
        bound(binder, sqlite3_bind_null(binder->statement, binder->index));
    else if (text_is_plain(text.octets, text.length))
        bound(binder, sqlite3_bind_text64(binder->statement, binder->index, text.octets, text.length,
                                          SQLITE_STATIC, SQLITE_UTF8));
    else
        bound(binder, bind_escaped(binder, text));
}

void store_bind_string(struct store_binder *binder, const char *string)
{
    store_bind_text(binder, (struct imap_text){string, string != NULL ? strlen(string) : 0});
}

void store_bind_word(struct store_binder *binder, const char *word)
{
    bound(binder, sqlite3_bind_text(binder->statement, binder->index, word, -1, SQLITE_STATIC));
}

void store_bind_values(struct store_binder *binder, const struct row_buffer_value *values, unsigned count)
{
    for (const struct row_buffer_value *value = values; value < values + count; value++)
        if (value->kind == ROW_BUFFER_NUMBER)
            store_bind_int(binder, value->as.number);
        else if (value->kind == ROW_BUFFER_TEXT)
            bound(binder, sqlite3_bind_text(binder->statement, binder->index, value->as.text, value->length,
                                            SQLITE_STATIC));
        else
            bound(binder, sqlite3_bind_null(binder->statement, binder->index));
}

const char *store_error(const struct store *store)
{
    return store->error;
}

const char *store_notice(const struct store *store)
{
    return store->notice;
}

enum store_status store_last_status(const struct store *store)
{
    return store->last;
}

void store_patience(struct store *store, int busy_ms)
{
    store->busy_ms = busy_ms;
}

int store_fail(struct store *store, const char *format, ...)
{
    va_list arguments;
    int length = snprintf(store->error, sizeof store->error, "%s: ", store->path);

    store->last = STORE_FAILED;
    if (length < 0 || (size_t)length >= sizeof store->error)
        return STORE_FAILED;
    va_start(arguments, format);
    (void)vsnprintf(store->error + length, sizeof store->error - (size_t)length, format, arguments);
    va_end(arguments);
    return STORE_FAILED;
}

/* Quotas and folders without write permission reach us as I/O errors, and only the system's error number
 * distinguishes them. */
enum store_status store_status_of(int rc, int system_error)
{
    switch (rc & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return STORE_READ_ONLY;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        if (system_error == ENOSPC || system_error == EDQUOT)
            return STORE_FULL;
        if (system_error == EROFS || system_error == EACCES || system_error == EPERM)
            return STORE_READ_ONLY;
        return (rc & 0xFF) == SQLITE_CANTOPEN ? STORE_CANNOT_OPEN : STORE_FAILED;
    case SQLITE_NOTADB:
        return STORE_CANNOT_OPEN;
    default:
        return STORE_FAILED;
    }
}

int store_fail_sqlite(struct store *store, int rc)
{
    enum store_status status = store_status_of(rc, sqlite3_system_errno(store->db));

    switch (status) {
    case STORE_BUSY:
        (void)store_fail(
            store, "another process holds the database locked: try again when it is done, or name another "
                   "file with --db");
        break;
    case STORE_FULL:
        (void)store_fail(store, "the disk is full: make room and run the command again");
        break;
    case STORE_READ_ONLY:
        (void)store_fail(
            store, "the database cannot be written (the file, its folder or the file system is read-only): "
                   "change that, or name another file with --db");
        break;
    default:
        if (rc == SQLITE_NOMEM) /* SQLite may not know of it */
            (void)store_fail(store, "out of memory");
        else if ((rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB)
            (void)store_fail(
                store,
                "the database is damaged (%s): name another file with --db and read the captures "
                "again",
                sqlite3_errmsg(store->db));
        else if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
            (void)store_fail(
                store, "the row that this one belongs to is gone: another process replaced the capture");
        else
            (void)store_fail(store, "SQLite says: %s", sqlite3_errmsg(store->db));
    }
    store->last = status;
    return (int)status;
}

int store_begin(struct store *store)
{
    int rc;

    if (store->failure != STORE_OK)
        return store->failure;
    if (!sqlite3_get_autocommit(store->db))
        return STORE_OK;
    rc = sqlite3_step(store->statements[SQL_BEGIN]);
    (void)sqlite3_reset(store->statements[SQL_BEGIN]);
    store_waited(store);
    store->last_connection = store->last_login = 0; /* another process may have added some */
    return rc == SQLITE_DONE ? store_look_for_others(store) : store_fail_sqlite(store, rc);
}

int store_run(struct store *store, struct store_binder *binder, int *changes)
{
    int rc = binder->rc;
    int status = STORE_OK;

    if (rc == SQLITE_OK)
        rc = sqlite3_step(binder->statement);
    if (rc == SQLITE_DONE) {
        if (changes != NULL)
            *changes = sqlite3_changes(store->db);
    } else {
        status = store->failure = store_fail_sqlite(store, rc);
    }
    (void)sqlite3_reset(binder->statement);
    return status;
}

int store_make_pending(struct store *store)
{
    static const struct {
        unsigned columns;
        size_t rows, octets;
    } tables[PENDING_TABLES] = {
        [PENDING_CONNECTIONS] = {CONNECTION_COLUMNS, 1024, 1 << 20},
        [PENDING_LOGINS] = {LOGIN_COLUMNS, 1024, 1 << 20},
        [PENDING_VIOLATIONS] = {VIOLATION_COLUMNS, 4096, 1 << 20},
        /* the more of them, the more fall on one page */
        [PENDING_CHANGES] = {STORE_CHANGE_COLUMNS, 16384, 1 << 22},
    };
    int rc;

    for (int i = 0; i < PENDING_TABLES; i++) {
        store->pending[i] = row_buffer_new(tables[i].columns, tables[i].rows, tables[i].octets);
        if (store->pending[i] == NULL)
            return store_fail(store, "out of memory");
    }
    rc = bulk_insert_open(&store->bulk, store->db);
    return rc == SQLITE_OK ? STORE_OK : store_fail_sqlite(store, rc);
}

/* What the end waits for is written early: the pages to the file, and from there to the disk. Readers that
 * are there are not waited for; new ones wait from then on until the commit, as they do for any transaction
 * that outgrows the cache. A failure only means that it is not written yet, or SQLite reports it again. */
static void write_behind(struct store *store)
{
    if (store->live || ++store->batches % BATCHES_BEHIND != 0 || !store_lock_file(store))
        return;
    (void)sqlite3_busy_handler(store->db, NULL, NULL);
    (void)sqlite3_db_cacheflush(store->db);
    store_wait_for_others(store, store->busy_ms);
    (void)sync_file_range(store->lock_fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int store_insert(struct store *store)
{
    int rc;

    for (int i = 0; i < PENDING_CHANGES; i++)
        store->unjudged = store->unjudged || row_buffer_count(store->pending[i]) > 0;
    store_waited(store);
    rc = bulk_insert_rows(store->bulk, store->pending);
    if (rc == SQLITE_INTERNAL)
        return store->failure = store_fail(store, "SQLite did not insert the rows that it was given");
    if (rc != SQLITE_OK)
        return store->failure = store_fail_sqlite(store, rc);
    for (int i = 0; i < PENDING_CHANGES; i++)
        row_buffer_clear(store->pending[i]);
    write_behind(store);
    return STORE_OK;
}

int store_flush(struct store *store)
{
    int status = store_insert(store);

    return status == STORE_OK ? store_make_changes(store) : status;
}

int store_commit(struct store *store)
{
    int rc;

    if (store->failure != STORE_OK)
        return store->failure;
    if (sqlite3_get_autocommit(store->db))
        return STORE_OK;
    rc = store_flush(store);
    if (rc != STORE_OK)
        return rc;
    rc = sqlite3_step(store->statements[SQL_COMMIT]);
    (void)sqlite3_reset(store->statements[SQL_COMMIT]);
    store_waited(store);
    if (rc == SQLITE_DONE) {
        store->run_kept = store->run_id != 0;
        store_let_others(store);
        return STORE_OK;
    }
    rc = store_fail_sqlite(store, rc);
    /* While readers hold the file the transaction stays, and the commit can be tried again. */
    if (rc != STORE_BUSY || sqlite3_get_autocommit(store->db))
        store->failure = rc;
    return rc;
}

void store_rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db)) {
        (void)sqlite3_step(store->statements[SQL_ROLLBACK]);
        (void)sqlite3_reset(store->statements[SQL_ROLLBACK]);
    }
    for (int i = 0; i < PENDING_TABLES; i++)
        row_buffer_clear(store->pending[i]);
    store->failure = STORE_OK;
    if (!store->run_kept)
        store->run_id = 0;
}

static void forget_rules(struct store *store)
{
    for (size_t i = 0; i < store->rule_count; i++)
        free(store->rules[i]);
    free(store->rules);
    store->rules = NULL;
    store->rule_count = 0;
}

int store_rules(struct store *store, const struct store_rule *rules, size_t count)
{
    int status = store_begin(store);

    if (status == STORE_OK)
        status = store_flush(store); /* pending violations name the rules that are forgotten now */
    if (status != STORE_OK)
        return status;
    forget_rules(store);
    store->rules = calloc(count > 0 ? count : 1, sizeof *store->rules);
    if (store->rules == NULL)
        return store_fail(store, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const char *const fields[] = {rules[i].id,        rules[i].severity, rules[i].title,
                                      rules[i].reference, rules[i].remedy,   rules[i].rfc2060,
                                      rules[i].rfc3501,   rules[i].rfc9051};
        struct store_binder binder = store_bind(store, SQL_RULE);

        for (size_t j = 0; j < sizeof fields / sizeof *fields; j++)
            store_bind_string(&binder, fields[j]);
        status = store_run(store, &binder, NULL);
        if (status != STORE_OK)
            return status;
        store->rules[i] = strdup(rules[i].id);
        if (store->rules[i] == NULL)
            return store_fail(store, "out of memory");
        store->rule_count = i + 1;
    }
    return store_commit(store);
}
