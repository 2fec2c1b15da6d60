/*
 * Several processes at one database: each waits for the other, learns for what, and gets its turn; and
 * readers and a live writer never block each other.
 */
#include "tests/unit/db/fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEGABYTE (1024 * 1024)

struct notices {
    int count;
    char last[1024];
};

static void notice(void *user, const char *sentence)
{
    struct notices *notices = user;

    notices->count++;
    (void)snprintf(notices->last, sizeof notices->last, "%s", sentence);
}

static struct store *open_with_notices(struct fixture *fixture, bool live, int busy_ms,
                                       struct notices *notices)
{
    struct store *store;

    if (store_open_reporting(&store, fixture->path, live, busy_ms, notice, notices, fixture->why,
                             sizeof fixture->why) != STORE_OK)
        fail_msg("%s", fixture->why);
    return store;
}

static void sleep_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

    (void)nanosleep(&time, NULL);
}

/* A process that writes on and on, each transaction 100 ms long and the next at once after it. */
static pid_t write_on_and_on(struct fixture *fixture, int transactions)
{
    int ready[2];
    pid_t child;
    char octet;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = fixture_open(fixture, false);

        for (int i = 0; i < transactions; i++) {
            (void)fixture_begin(store, NULL);
            if (i == 0 && write(ready[1], "x", 1) != 1)
                _exit(1);
            sleep_ms(100);
            if (store_commit(store) != STORE_OK)
                _exit(2);
        }
        _exit(store_close(store, fixture->why, sizeof fixture->why) == STORE_OK ? 0 : 3);
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    (void)close(ready[0]);
    return child;
}

static void expect_success(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_one_that_writes_on_and_on_lets_others_in(void **state)
{
    struct fixture *fixture = *state;
    struct notices notices = {0};
    struct store *store;
    pid_t child;

    fixture_close(fixture, fixture_open(fixture, false));
    child = write_on_and_on(fixture, 60);
    store = open_with_notices(fixture, false, 3000, &notices); /* less than the other takes */
    for (int i = 0; i < 5; i++) {
        (void)fixture_begin(store, NULL);
        assert_int_equal(store_commit(store), STORE_OK);
    }
    fixture_close(fixture, store);
    expect_success(child);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 65);
}

static void test_who_is_waited_for_is_reported_once_after_a_moment(void **state)
{
    struct fixture *fixture = *state;
    struct notices notices = {0};
    char expected[64];
    struct store *store;
    int ready[2];
    pid_t child;
    char octet;

    fixture_close(fixture, fixture_open(fixture, false));
    store = open_with_notices(fixture, false, 30000, &notices);
    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        sqlite3 *db = NULL;

        if (sqlite3_open(fixture->path, &db) != SQLITE_OK ||
            sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        sleep_ms(3000);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &octet, 1), 1);
    (void)fixture_begin(store, "a");
    (void)snprintf(expected, sizeof expected, "waiting for process %d", (int)child);
    assert_int_equal(notices.count, 1);
    assert_non_null(strstr(notices.last, expected));
    assert_non_null(strstr(notices.last, fixture->path));
    fixture_close(fixture, store);
    expect_success(child);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static int64_t size_of_log(struct fixture *fixture)
{
    struct stat facts;

    return stat(fixture_file(fixture, "test.db-wal"), &facts) == 0 ? (int64_t)facts.st_size : -1;
}

static void write_megabytes(struct store *store, int count)
{
    char *source = malloc(MEGABYTE);
    struct store_capture capture = fixture_capture(NULL);
    int64_t id;

    assert_non_null(source);
    memset(source, 'x', MEGABYTE - 1);
    source[MEGABYTE - 1] = '\0';
    capture.source = source;
    for (int i = 0; i < count; i++) {
        assert_int_equal(store_capture_begin(store, &capture, &id), STORE_OK);
        assert_int_equal(store_commit(store), STORE_OK);
    }
    free(source);
}

static int count_rows(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    int count = -1;

    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM captures", -1, &statement, NULL),
                     SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        count = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return count;
}

static void
test_readers_and_a_live_writer_never_block_each_other_and_a_log_that_grows_is_reported(void **state)
{
    struct fixture *fixture = *state;
    struct notices notices = {0};
    struct store *store = open_with_notices(fixture, true, 0, &notices); /* it would not wait */
    sqlite3 *reader = NULL;

    write_megabytes(store, 1);
    assert_int_equal(sqlite3_open(fixture->path, &reader), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(count_rows(reader), 1);
    write_megabytes(store, 50);
    assert_int_equal(notices.count, 0);
    assert_int_equal(count_rows(reader), 1); /* what it began with */
    write_megabytes(store, 30);
    assert_int_equal(notices.count, 1);
    assert_non_null(strstr(notices.last, "test.db-wal has grown to 6"));
    assert_true(size_of_log(fixture) > STORE_LOG_LIMIT);
    assert_int_equal(count_rows(reader), 1);
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(count_rows(reader), 81);
    write_megabytes(store, 3); /* the first empties it, the next begins it again */
    assert_true(size_of_log(fixture) < STORE_LOG_LIMIT / 2);
    assert_int_equal(notices.count, 1);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    fixture_close(fixture, store);
}

static const struct store_run_facts run = {
    .uuid = "01234567-89ab-4cde-8f01-23456789abcd",
    .imaptap_version = "",
    .libpcap_version = "",
    .libnids_version = "",
    .sqlite_version = "",
    .command_line = "",
    .host = "",
    .user = "",
};

static void test_a_capture_that_another_process_reads_is_not_taken_from_it(void **state)
{
    struct fixture *fixture = *state;
    struct store_capture capture = fixture_capture("a");
    struct notices notices = {0};
    struct store *store;
    int ready[2], status;
    int64_t id, other;
    pid_t child;
    char octet;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        store = fixture_open(fixture, false);
        store_run_begin(store, &run);
        (void)fixture_begin(store, "a");
        if (store_commit(store) == STORE_OK && write(ready[1], "x", 1) == 1)
            (void)pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &octet, 1), 1);
    store = open_with_notices(fixture, false, 1000, &notices);
    id = fixture_count(fixture->path, "SELECT id FROM captures");
    assert_true(store_capture_wait(store, id));
    assert_true(store_capture_wait(store, id));
    assert_int_equal(notices.count, 1);
    assert_non_null(strstr(notices.last, "reading the same capture"));
    assert_int_equal(store_capture_begin(store, &capture, &other), STORE_FAILED);
    assert_non_null(strstr(store_error(store), "another process is reading the same capture"));
    store_rollback(store);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(store_capture_wait(store, id));
    (void)fixture_begin(store, "a");
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void test_who_writes_alone_sees_that_another_process_removed_a_parent(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id = fixture_connect(store, capture, "a", "b"), other;
    struct imap_login login = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK);

    assert_int_equal(store_commit(store), STORE_OK);
    assert_int_equal(store_exclusive(store), STORE_OK);
    (void)fixture_add(store, id, capture, &login);
    assert_int_equal(store_commit(store), STORE_OK);
    (void)fixture_ask(fixture->path, "PRAGMA foreign_keys = ON; DELETE FROM connections");
    assert_int_equal(store_login_add(store, id, capture, &login, &other), STORE_OK);
    assert_int_not_equal(store_commit(store), STORE_OK);
    assert_non_null(strstr(store_error(store), "the row that this one belongs to is gone"));
    store_rollback(store);
    (void)fixture_add(store, fixture_connect(store, capture, "a", "b"), capture, &login);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM logins"), 1);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_one_that_writes_on_and_on_lets_others_in),
        FIXTURE_TEST(test_who_is_waited_for_is_reported_once_after_a_moment),
        FIXTURE_TEST(test_readers_and_a_live_writer_never_block_each_other_and_a_log_that_grows_is_reported),
        FIXTURE_TEST(test_a_capture_that_another_process_reads_is_not_taken_from_it),
        FIXTURE_TEST(test_who_writes_alone_sees_that_another_process_removed_a_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
