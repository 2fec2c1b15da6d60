/*
 * Runs: a row with the first capture that a run keeps, and a lock for as long as its process lives, by which
 * the next one sees that it was killed.
 *
 * The lock is on an octet of the database file far behind any that it can have: it is the kernel's to give
 * back when a process ends, whatever way, and holds also between containers and between hosts where the file
 * system knows such locks. Where it does not, a run that was killed stays "running".
 */
#include "db/store/store_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The octet of run 0; a database has less than 2^48. */
#define FIRST_LOCK ((off_t)1 << 62)

static struct flock lock_of(int64_t id, int kind)
{
    return (struct flock){
        .l_type = (short)kind, .l_whence = SEEK_SET, .l_start = FIRST_LOCK + (off_t)id, .l_len = 1};
}

/* Closing a descriptor of the file would give up SQLite's own locks: it stays open until SQLite is done. */
bool store_lock_file(struct store *store)
{
    if (store->lock_fd < 0)
        store->lock_fd = open(store->path, O_RDWR | O_CLOEXEC);
    return store->lock_fd >= 0;
}

bool store_set_lock(struct store *store, int64_t number, int kind)
{
    struct flock lock = lock_of(number, kind);

    return store_lock_file(store) && fcntl(store->lock_fd, F_OFD_SETLK, &lock) == 0;
}

bool store_is_locked(struct store *store, int64_t number)
{
    struct flock lock = lock_of(number, F_WRLCK);

    return store_lock_file(store) && fcntl(store->lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool store_is_read_elsewhere(struct store *store, int64_t id)
{
    struct store_binder binder = store_bind(store, SQL_CAPTURE_RUNNING_RUN);
    int64_t run_id = 0;

    store_bind_int(&binder, id);
    if (binder.rc == SQLITE_OK && sqlite3_step(binder.statement) == SQLITE_ROW)
        run_id = sqlite3_column_int64(binder.statement, 0);
    (void)sqlite3_reset(binder.statement);
    return run_id != 0 && run_id != store->run_id && store_is_locked(store, run_id);
}

static bool is_gone(struct store *store, int64_t id)
{
    struct flock lock = lock_of(id, F_WRLCK);

    return store_lock_file(store) && fcntl(store->lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

void store_run_begin(struct store *store, const struct store_run_facts *run)
{
    store->run = run;
    store->run_id = 0;
    store->run_kept = false;
}

/* A run that ended in this database may go on in it. *id is 0 when there is none to go on with. */
static int resume(struct store *store, int64_t *id)
{
    struct store_binder binder = store_bind(store, SQL_RUN_FIND);
    int rc;

    store_bind_string(&binder, store->run->uuid);
    rc = binder.rc == SQLITE_OK ? sqlite3_step(binder.statement) : binder.rc;
    *id = rc == SQLITE_ROW ? sqlite3_column_int64(binder.statement, 0) : 0;
    (void)sqlite3_reset(binder.statement);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? STORE_OK : (store->failure = store_fail_sqlite(store, rc));
    binder = store_bind(store, SQL_RUN_RESUME);
    store_bind_int(&binder, *id);
    return store_run(store, &binder, NULL);
}

static int add(struct store *store, int64_t *id)
{
    const struct store_run_facts *run = store->run;
    struct store_binder binder = store_bind(store, SQL_RUN_ADD);
    int status;

    store_bind_string(&binder, run->uuid);
    store_bind_string(&binder, run->imaptap_version);
    store_bind_string(&binder, run->libpcap_version);
    store_bind_string(&binder, run->libnids_version);
    store_bind_string(&binder, run->sqlite_version);
    store_bind_string(&binder, run->command_line);
    store_bind_string(&binder, run->filter);
    store_bind_string(&binder, run->host);
    store_bind_string(&binder, run->user);
    store_bind_int(&binder, run->started_ns);
    status = store_run(store, &binder, NULL);
    if (status == STORE_OK)
        *id = sqlite3_last_insert_rowid(store->db);
    return status;
}

int store_run_id(struct store *store, int64_t *id)
{
    int status;

    *id = store->run_id;
    if (store->run == NULL || *id != 0)
        return STORE_OK;
    status = resume(store, id);
    if (status == STORE_OK && *id == 0)
        status = add(store, id);
    if (status != STORE_OK)
        return status;
    store->run_id = *id;
    (void)store_set_lock(store, *id, F_WRLCK);
    return STORE_OK;
}

int store_run_end(struct store *store, int64_t ended_ns, bool aborted)
{
    int64_t id = store->run_id;
    struct store_binder binder;
    int status;

    store->run = NULL;
    store->run_id = 0;
    if (id == 0)
        return STORE_OK;
    status = store_begin(store);
    if (status != STORE_OK)
        return status;
    binder = store_bind(store, SQL_RUN_END);
    store_bind_int(&binder, id);
    store_bind_int(&binder, ended_ns);
    store_bind_word(&binder, aborted ? "aborted" : "complete");
    status = store_run(store, &binder, NULL);
    if (status == STORE_OK) {
        binder = store_bind(store, SQL_RUN_REMOVE_EMPTY);
        store_bind_int(&binder, id);
        status = store_run(store, &binder, NULL);
    }
    return status == STORE_OK ? store_commit(store) : status;
}

/* The runs that are "running" though no process holds their lock; free *ids. */
static int find_gone(struct store *store, int64_t **ids, size_t *count)
{
    struct store_binder binder = store_bind(store, SQL_RUNS_RUNNING);
    size_t room = 0;
    int rc;

    *ids = NULL;
    *count = 0;
    while ((rc = sqlite3_step(binder.statement)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(binder.statement, 0);

        if (!is_gone(store, id))
            continue;
        if (*count == room) {
            int64_t *larger = realloc(*ids, (room = room * 2 + 8) * sizeof **ids);

            if (larger == NULL)
                break;
            *ids = larger;
        }
        (*ids)[(*count)++] = id;
    }
    (void)sqlite3_reset(binder.statement);
    if (rc == SQLITE_ROW)
        return store_fail(store, "out of memory");
    return rc == SQLITE_DONE ? STORE_OK : store_fail_sqlite(store, rc);
}

int store_run_find_killed(struct store *store)
{
    int64_t *ids;
    size_t count;
    int status = find_gone(store, &ids, &count);

    if (count > 0)
        store->unjudged = true; /* it may not have come to it */
    if (status == STORE_OK && count > 0)
        status = store_begin(store);
    for (size_t i = 0; i < count && status == STORE_OK; i++) {
        struct store_binder binder = store_bind(store, SQL_RUN_KILLED);

        store_bind_int(&binder, ids[i]);
        status = store_run(store, &binder, NULL);
        if (status != STORE_OK)
            break;
        binder = store_bind(store, SQL_LIVE_KILLED);
        store_bind_int(&binder, ids[i]);
        status = store_run(store, &binder, NULL);
    }
    free(ids);
    return status == STORE_OK ? store_commit(store) : status;
}
