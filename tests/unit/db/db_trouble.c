/*
 * Trouble: a lock that is held, a place that cannot be written, a disk that is full. Each has its status, and
 * a sentence that names the database.
 */
#include "tests/unit/db/faulty_vfs.h"
#include "tests/unit/db/fixture.h"

#include <errno.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CANNOT_MOUNT 77

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static sqlite3 *hold(struct fixture *fixture, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void test_lock_of_another_is_waited_for_and_then_reported(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    sqlite3 *other;
    int64_t before;

    fixture_close(fixture, fixture_open(fixture, false));
    assert_int_equal(store_open(&store, fixture->path, false, 200, fixture->why, sizeof fixture->why),
                     STORE_OK);
    other = hold(fixture, "BEGIN IMMEDIATE");
    before = now_ms();
    assert_int_equal(store_rules(store, fixture_rules, RULE_COUNT), STORE_BUSY);
    assert_in_range(now_ms() - before, 150, 5000);
    assert_non_null(strstr(store_error(store), fixture->path));
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    /* Nothing was lost by waiting. */
    assert_int_equal(store_rules(store, fixture_rules, RULE_COUNT), STORE_OK);
    fixture_close(fixture, store);
}

static void test_lock_at_the_opening_is_reported(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    sqlite3 *other;

    fixture_close(fixture, fixture_open(fixture, false));
    other = hold(fixture, "BEGIN EXCLUSIVE");
    assert_int_equal(store_open(&store, fixture->path, false, 0, fixture->why, sizeof fixture->why),
                     STORE_BUSY);
    assert_null(store);
    assert_non_null(strstr(fixture->why, fixture->path));
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void test_commit_that_a_reader_holds_up_can_be_tried_again(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    sqlite3 *reader;

    fixture_close(fixture, fixture_open(fixture, false));
    assert_int_equal(store_open(&store, fixture->path, false, 0, fixture->why, sizeof fixture->why),
                     STORE_OK);
    reader = hold(fixture, "BEGIN; SELECT count(*) FROM logins");
    (void)fixture_begin(store, "a");
    assert_int_equal(store_commit(store), STORE_BUSY);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    assert_int_equal(store_commit(store), STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 1);
}

/* A process that reads until *end is written to, and a moment more; returns once it does. */
static pid_t read_for_a_while(struct fixture *fixture, int *end)
{
    struct timespec moment = {0, 200000000};
    int ready[2], ending[2];
    char octet;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(ending), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        sqlite3 *reader = NULL;

        if (sqlite3_open(fixture->path, &reader) != SQLITE_OK ||
            sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM logins", NULL, NULL, NULL) != SQLITE_OK ||
            write(ready[1], "", 1) != 1 || read(ending[0], &octet, 1) != 1)
            _exit(1);
        (void)nanosleep(&moment, NULL);
        _exit(0);
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    (void)close(ready[0]);
    (void)close(ending[0]);
    *end = ending[1];
    return child;
}

/* The journal mode can only change while nobody reads. */
static void test_live_waits_for_a_reader_when_it_begins(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    pid_t reader;
    int status, end;

    fixture_close(fixture, fixture_open(fixture, false));
    reader = read_for_a_while(fixture, &end);
    assert_int_equal(store_open(&store, fixture->path, true, 0, fixture->why, sizeof fixture->why),
                     STORE_BUSY);
    assert_int_equal(write(end, "", 1), 1);
    (void)close(end);
    assert_int_equal(store_open(&store, fixture->path, true, 20000, fixture->why, sizeof fixture->why),
                     STORE_OK);
    assert_string_equal(fixture_ask(fixture->path, "PRAGMA journal_mode"), "wal");
    fixture_close(fixture, store);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
}

static void test_reader_of_a_live_database_holds_nothing_up(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, true);
    sqlite3 *reader;

    assert_int_equal(store_commit(store), STORE_OK);
    reader = hold(fixture, "BEGIN; SELECT count(*) FROM logins");
    (void)fixture_begin(store, "a");
    assert_int_equal(store_commit(store), STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 1);
}

static int open_status(struct fixture *fixture)
{
    struct store *store;
    int status = store_open(&store, fixture->path, false, 0, fixture->why, sizeof fixture->why);

    if (status == STORE_OK)
        (void)store_close(store, fixture->why, sizeof fixture->why);
    return strstr(fixture->why, fixture->path) != NULL ? status : 99;
}

static void test_file_that_cannot_be_written_is_reported_at_the_opening(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture, fixture_open(fixture, false));
    assert_int_equal(chmod(fixture->path, 0444), 0);
    assert_int_equal(chmod(fixture->folder, 0777), 0);
    assert_int_equal(fixture_unprivileged(open_status, fixture), STORE_READ_ONLY);
}

static void test_folder_that_cannot_be_written_is_reported_at_the_opening(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture, fixture_open(fixture, false));
    assert_int_equal(chmod(fixture->path, 0666), 0);
    assert_int_equal(chmod(fixture->folder, 0555), 0);
    assert_int_equal(fixture_unprivileged(open_status, fixture), STORE_READ_ONLY);
}

static void test_database_cannot_be_made_in_a_folder_without_permission(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(chmod(fixture->folder, 0555), 0);
    assert_int_equal(fixture_unprivileged(open_status, fixture), STORE_CANNOT_OPEN);
    assert_false(fixture_exists(fixture->path));
}

static void test_file_that_cannot_be_read_is_reported(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture, fixture_open(fixture, false));
    assert_int_equal(chmod(fixture->path, 0), 0);
    assert_int_equal(chmod(fixture->folder, 0777), 0);
    assert_int_equal(fixture_unprivileged(open_status, fixture), STORE_CANNOT_OPEN);
}

/* Writes captures until that fails. */
static int fill_up(struct store *store)
{
    char source[4096];

    memset(source, 'x', sizeof source - 1);
    source[sizeof source - 1] = '\0';
    for (int i = 0; i < 10000; i++) {
        struct store_capture capture = fixture_capture(NULL);
        int64_t id;
        int status;

        capture.source = source;
        status = store_capture_begin(store, &capture, &id);
        if (status == STORE_OK && i % 10 == 9)
            status = store_commit(store);
        if (status != STORE_OK)
            return status;
    }
    return STORE_OK;
}

/* A file system of its own, of 1 MiB, seen by this process alone. */
static int fill_small_disk(struct fixture *fixture)
{
    struct store *store;
    int status;

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", fixture->folder, "tmpfs", 0, "size=1m") != 0)
        return CANNOT_MOUNT;
    if (store_open(&store, fixture->path, false, 0, fixture->why, sizeof fixture->why) != STORE_OK)
        return 98;
    status = fill_up(store);
    if (strstr(store_error(store), fixture->path) == NULL || strstr(store_error(store), "full") == NULL)
        status = 97;
    if (status == STORE_FULL && store_close(store, fixture->why, sizeof fixture->why) != STORE_FULL)
        status = 96;
    if (strcmp(fixture_ask(fixture->path, "PRAGMA integrity_check"), "ok") != 0 ||
        fixture_count(fixture->path, "SELECT count(*) % 10 FROM captures") != 0 ||
        fixture_count(fixture->path, "SELECT count(*) FROM captures") == 0)
        status = 95;
    return status;
}

static void test_full_disk_is_reported_and_keeps_what_was_committed(void **state)
{
    struct fixture *fixture = *state;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(fill_small_disk(fixture));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT_MOUNT)
        skip(); /* mounting is not allowed here */
    assert_int_equal(WEXITSTATUS(status), STORE_FULL);
}

/* What SQLite reports for each kind of trouble, and what becomes of it. */
static void test_every_failure_of_sqlite_has_its_status(void **state)
{
    static const struct {
        int code;
        enum store_status status;
    } cases[] = {
        {SQLITE_FULL, STORE_FULL},
        {SQLITE_READONLY, STORE_READ_ONLY},
        {SQLITE_READONLY_DBMOVED, STORE_READ_ONLY},
        {SQLITE_IOERR_WRITE, STORE_FAILED},
        {SQLITE_CORRUPT, STORE_FAILED},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store *store;
        struct store_capture capture = fixture_capture(NULL);
        int64_t id;
        int status;

        (void)unlink(fixture->path);
        errno = 0;
        faulty_vfs_install();
        store = fixture_open(fixture, false);
        assert_int_equal(store_commit(store), STORE_OK);
        faulty_vfs.fail_at = faulty_vfs.count + 1;
        faulty_vfs.code = cases[i].code;
        status = store_capture_begin(store, &capture, &id);
        if (status == STORE_OK)
            status = store_commit(store);
        assert_int_equal(status, cases[i].status);
        assert_non_null(strstr(store_error(store), fixture->path));
        assert_int_equal(store_close(store, fixture->why, sizeof fixture->why), cases[i].status);
        faulty_vfs_remove();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_lock_of_another_is_waited_for_and_then_reported),
        FIXTURE_TEST(test_lock_at_the_opening_is_reported),
        FIXTURE_TEST(test_commit_that_a_reader_holds_up_can_be_tried_again),
        FIXTURE_TEST(test_live_waits_for_a_reader_when_it_begins),
        FIXTURE_TEST(test_reader_of_a_live_database_holds_nothing_up),
        FIXTURE_TEST(test_file_that_cannot_be_written_is_reported_at_the_opening),
        FIXTURE_TEST(test_folder_that_cannot_be_written_is_reported_at_the_opening),
        FIXTURE_TEST(test_database_cannot_be_made_in_a_folder_without_permission),
        FIXTURE_TEST(test_file_that_cannot_be_read_is_reported),
        FIXTURE_TEST(test_full_disk_is_reported_and_keeps_what_was_committed),
        FIXTURE_TEST(test_every_failure_of_sqlite_has_its_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
