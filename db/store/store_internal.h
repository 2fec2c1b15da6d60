/*
 * What the files of the store share.
 */
#ifndef IMAPTAP_DB_STORE_STORE_INTERNAL_H
#define IMAPTAP_DB_STORE_STORE_INTERNAL_H

#include "db/bulk_insert.h"
#include "db/columns.h"
#include "db/store.h"
#include "db/store/row_buffer.h"

#include <sqlite3.h>

/* All statements, prepared once when the store is opened; their SQL stands in store.c. */
enum store_sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_OTHERS,
    SQL_RULE,
    SQL_FIND_CAPTURE,
    SQL_FIND_ANYTHING,
    SQL_FIND_GROWN,
    SQL_FIND_BEGINNINGS,
    SQL_RUN_ADD,
    SQL_RUN_FIND,
    SQL_RUN_RESUME,
    SQL_RUN_END,
    SQL_RUN_REMOVE_EMPTY,
    SQL_RUNS_RUNNING,
    SQL_RUN_KILLED,
    SQL_LIVE_KILLED,
    SQL_CAPTURE_ADD,
    SQL_CAPTURE_UPDATE,
    SQL_CAPTURE_RUNNING_RUN,
    SQL_CAPTURE_LOST,
    SQL_CAPTURE_UNHASHED,
    SQL_CAPTURE_HASH,
    SQL_CAPTURE_PACKED,
    SQL_CAPTURE_UNPRINT,
    SQL_CAPTURE_HAND_OVER,
    SQL_CAPTURE_REMOVE_VIOLATIONS,
    SQL_CAPTURE_REMOVE_CAUSES,
    SQL_CAPTURE_REMOVE_LOGINS,
    SQL_CAPTURE_REMOVE_CONNECTIONS,
    SQL_CAPTURE_REMOVE,
    SQL_LAST_CONNECTION,
    SQL_CONNECTION_UPDATE,
    SQL_CONNECTION_SAME_TEXTS,
    SQL_LAST_LOGIN,
    SQL_LOGIN_AFTER,
    SQL_FINDINGS,
    SQL_LOGIN_RESULT,
    SQL_LOGIN_RULES,
    SQL_STATEMENTS
};

/* The tables whose rows are collected and inserted together, parents first; and what is to be changed in
 * connections that stand in the database already. */
enum store_pending {
    PENDING_CONNECTIONS = BULK_CONNECTIONS,
    PENDING_LOGINS = BULK_LOGINS,
    PENDING_VIOLATIONS = BULK_VIOLATIONS,
    PENDING_CHANGES,
    PENDING_TABLES
};

/* A pending change has the columns of a connection, with its number and those that change, and behind them
 * whether its texts stay. */
enum { STORE_SAME_TEXTS = CONNECTION_COLUMNS, STORE_CHANGE_COLUMNS };

struct store {
    sqlite3 *db;
    char *path;
    bool live;
    int failure; /* why rows of this transaction are missing: nothing more is written until it is rolled back
                  */
    const struct store_run_facts *run; /* that captures belong to; NULL: none */
    int64_t run_id;                    /* its row; 0: there is none yet */
    bool run_kept;                     /* the row is committed */
    store_report *report;              /* NULL: nothing is reported */
    void *report_user;
    int busy_ms; /* how long a lock is waited for, and since when */
    int64_t waiting_since_ms;
    int64_t others;                                /* changes when another process writes */
    bool waits, waiting_reported, reader_reported; /* waits: who writes can see it */
    bool unjudged;                                 /* rows have changed since the causes were worked out */
    bool alone; /* foreign keys are not looked at: nobody else has written since `others` was asked for */
    int64_t page_size, log_reported; /* octets of the log at which it is reported next */
    int lock_fd;                     /* the file again, for the locks of runs; -1: not open */
    char **rules;                    /* ids, by index */
    size_t rule_count;
    sqlite3_stmt *statements[SQL_STATEMENTS];
    struct row_buffer *pending[PENDING_TABLES];
    struct bulk_insert *bulk;            /* what inserts them */
    unsigned batches;                    /* inserted so far */
    int64_t last_connection, last_login; /* ids given so far; 0: not looked up in this transaction */
    enum store_status last;              /* the last failure of all, in a word and in a sentence */
    char error[1024];
    char *notice; /* NULL: none */
};

/* Binds the parameters of a statement in their order; the first failure stays in `rc`. */
struct store_binder {
    sqlite3_stmt *statement;
    int index;
    int rc;
};

/* Starts binding the statement's first parameter. */
struct store_binder store_bind(struct store *store, enum store_sql which);
void store_bind_int(struct store_binder *binder, int64_t value);
/* NULL when negative. */
void store_bind_count(struct store_binder *binder, int64_t value);
/* NULL when missing; escaped when it is not UTF-8. The octets must stay until store_run. */
void store_bind_text(struct store_binder *binder, struct imap_text text);
void store_bind_string(struct store_binder *binder, const char *string);
/* A static word: bound as it is. */
void store_bind_word(struct store_binder *binder, const char *word);

/* The values of a row, which stay until it is cleared. */
void store_bind_values(struct store_binder *binder, const struct row_buffer_value *values, unsigned count);

/* The file again, for locks of our own. False: there is none. */
bool store_lock_file(struct store *store);
/* Sets (F_RDLCK, F_WRLCK) or frees (F_UNLCK) the lock of this number: that of a run, or -1. False: it is
 * not available. */
bool store_set_lock(struct store *store, int64_t number, int kind);
/* Whether another process holds it; false also when that is not known. */
bool store_is_locked(struct store *store, int64_t number);
/* Whether the capture is "running" in a run of another process that lives. */
bool store_is_read_elsewhere(struct store *store, int64_t id);

/* Has SQLite wait for other processes' locks; store_waited is called when one was taken. */
void store_wait_for_others(struct store *store, int busy_ms);
void store_waited(struct store *store);
/* In a transaction that has just begun: sees that foreign keys are looked at when another process wrote. */
int store_look_for_others(struct store *store);
/* Between two transactions: lets those in that wait. */
void store_let_others(struct store *store);
/* From now on the log is moved to the file as it grows, and reported when that does not work. */
void store_watch_log(struct store *store, int64_t page_size);

/* Runs a pragma that sets or returns something; `value` is what it is now. */
int store_ask_pragma(struct store *store, const char *sql, char *value, size_t value_size);
/* Changes to a write-ahead log, for whose lock it waits up to `busy_ms`. */
int store_write_ahead(struct store *store, int busy_ms);
/* Before the database is closed: leaves one file behind, unless another process has it open. */
int store_leave(struct store *store);

/* Sees that a transaction is open. */
int store_begin(struct store *store);
/* The row of the run that a capture is to belong to, which is made when it is not there; 0: there is no run.
 * Within a transaction. */
int store_run_id(struct store *store, int64_t *id);
/* Sets the runs whose process is gone to "aborted". Changes nothing where there is none. */
int store_run_find_killed(struct store *store);
/* Makes room for pending rows, and what inserts them. */
int store_make_pending(struct store *store);
/* Makes the pending changes, in the order of the rows. */
int store_make_changes(struct store *store);
/* Inserts the pending rows. */
int store_insert(struct store *store);
/* The same, and makes the pending changes. */
int store_flush(struct store *store);
/* Runs a bound statement that returns no row; *changes (may be NULL) is how many rows it changed. A failure
 * makes the transaction one that can only be rolled back. */
int store_run(struct store *store, struct store_binder *binder, int *changes);
/* Which status a failure of SQLite is; `system_error` is the errno behind it, or 0. */
enum store_status store_status_of(int rc, int system_error);
/* Keeps the sentence for SQLite's last failure `rc`, and returns its status. */
int store_fail_sqlite(struct store *store, int rc);
/* Keeps a sentence of our own; returns STORE_FAILED. */
int store_fail(struct store *store, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
