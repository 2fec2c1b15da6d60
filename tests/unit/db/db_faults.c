/*
 * Evidence survives: whatever write, sync or deletion fails, once or for ever after, and whenever the process
 * is killed, the database stays sound, holds whole captures or ones marked as unfinished, and reading again
 * completes it.
 */
#include "tests/unit/db/faulty_vfs.h"
#include "tests/unit/db/fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Enough for several commits, each of several pages. */
#define LOGINS       12
#define COMMIT_EVERY 4

/* How often a process is killed. */
#define KILLS 30

/* Not every one, where a test takes long. */
#define READ_EVERY 3
#define CUT_EVERY  7

/* What a sound database and a whole capture show. */
#define SOUND "ok 0 "
#define WHOLE " 12 12 12"

/* Reads the capture "abc" as the recorder would: unless it is complete already. Returns the first failure. */
static int record(struct fixture *fixture, bool live)
{
    struct store_capture capture = fixture_capture("abc");
    enum store_state found;
    struct store *store;
    int64_t id = 0;
    int closed, status = store_open(&store, fixture->path, live, 0, fixture->why, sizeof fixture->why);

    if (status != STORE_OK)
        return status;
    status = store_rules(store, fixture_rules, RULE_COUNT);
    if (status == STORE_OK)
        status = store_find_capture(store, "abc", &id, &found);
    if (status == STORE_OK && (id == 0 || found != STORE_COMPLETE)) {
        status = store_capture_begin(store, &capture, &id);
        for (int i = 0; status == STORE_OK && i < LOGINS; i++) {
            struct store_connection connection = fixture_connection(id, "192.0.2.1", "192.0.2.143");
            struct imap_login login = fixture_login("ali*ce", IMAP_FORM_ATOM, IMAP_RESULT_NO);
            int64_t connection_id = 0, login_id;

            fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
            status = store_connection_add(store, &connection, &connection_id);
            if (status == STORE_OK)
                status = store_login_add(store, connection_id, id, &login, &login_id);
            if (status == STORE_OK && i % COMMIT_EVERY == COMMIT_EVERY - 1)
                status = store_commit(store);
        }
        capture.state = STORE_COMPLETE;
        if (status == STORE_OK)
            status = store_capture_update(store, id, &capture);
    }
    closed = store_close(store, fixture->why, sizeof fixture->why);
    return status != STORE_OK ? status : closed;
}

/* What integrity_check says, how many rows foreign_key_check finds, the state of the capture and the rows of
 * each table. */
static const char *content(struct fixture *fixture)
{
    return fixture_ask(
        fixture->path,
        "SELECT (SELECT group_concat(integrity_check) FROM pragma_integrity_check) || ' ' ||"
        " (SELECT count(*) FROM pragma_foreign_key_check) || ' ' || coalesce((SELECT state FROM captures),"
        " 'nothing') || ' ' || (SELECT count(*) FROM connections) || ' ' ||"
        " (SELECT count(*) FROM logins) || ' ' || (SELECT count(*) FROM violations)");
}

/* The file must be sound, honest about what is whole, and complete after one more run. */
static void check(struct fixture *fixture, const char *when, int number)
{
    if (fixture_exists(fixture->path)) {
        const char *found = content(fixture);

        if (strcmp(found, "error: no such table: captures") != 0 &&
            strcmp(found, SOUND "complete" WHOLE) != 0 && strcmp(found, SOUND "nothing 0 0 0") != 0 &&
            strncmp(found, SOUND "running ", sizeof SOUND "running" - 1) != 0 &&
            strncmp(found, SOUND "failed ", sizeof SOUND "failed" - 1) != 0)
            fail_msg("%s %d: left %s", when, number, found);
    }
    if (record(fixture, false) != STORE_OK)
        fail_msg("%s %d: cannot be completed: %s", when, number, fixture->why);
    if (strcmp(content(fixture), SOUND "complete" WHOLE) != 0)
        fail_msg("%s %d: completed to %s", when, number, content(fixture));
}

static void start_again(struct fixture *fixture)
{
    static const char *const names[] = {"test.db-journal", "test.db-wal", "test.db-shm"};

    (void)unlink(fixture->path);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unlink(fixture_file(fixture, names[i]));
}

/* A database in which the capture was left unfinished. */
static void leave_unfinished(struct fixture *fixture, bool live)
{
    assert_int_equal(record(fixture, live), STORE_OK);
    (void)fixture_ask(fixture->path, "UPDATE captures SET state = 'failed'");
}

/* Fails each operation in turn, until a run needs none of those that fail. With `again`, the run replaces a
 * capture that was left unfinished. */
static void fail_each(struct fixture *fixture, enum faulty_what what, bool live, bool lasting, bool again,
                      int code)
{
    for (int n = 1;; n += what == FAULTY_READS ? READ_EVERY : 1) {
        bool reached;
        int status;

        start_again(fixture);
        if (again)
            leave_unfinished(fixture, live);
        faulty_vfs_install();
        faulty_vfs.what = what;
        faulty_vfs.fail_at = n;
        faulty_vfs.code = code;
        faulty_vfs.lasting = lasting;
        status = record(fixture, live);
        reached = faulty_vfs.count >= n;
        faulty_vfs_remove();
        check(fixture, "operation", n);
        if (!reached) {
            assert_int_equal(status, STORE_OK);
            assert_true(n > 10); /* so many operations there are at least */
            return;
        }
    }
}

static void test_one_failing_operation_leaves_evidence_sound(void **state)
{
    fail_each(*state, FAULTY_WRITES, false, false, false, SQLITE_IOERR_WRITE);
}

static void test_pulled_plug_leaves_evidence_sound(void **state)
{
    fail_each(*state, FAULTY_WRITES, false, true, false, SQLITE_FULL);
}

static void test_pulled_plug_while_a_capture_is_replaced_leaves_evidence_sound(void **state)
{
    fail_each(*state, FAULTY_WRITES, false, true, true, SQLITE_IOERR_WRITE);
}

static void test_pulled_plug_in_a_live_capture_leaves_evidence_sound(void **state)
{
    fail_each(*state, FAULTY_WRITES, true, true, false, SQLITE_FULL);
}

static void test_one_failing_operation_in_a_live_capture_leaves_evidence_sound(void **state)
{
    fail_each(*state, FAULTY_WRITES, true, false, true, SQLITE_IOERR_WRITE);
}

static void test_one_failing_read_leaves_evidence_sound(void **state)
{
    fail_each(*state, FAULTY_READS, false, false, true, SQLITE_IOERR_READ);
    fail_each(*state, FAULTY_READS, true, false, true, SQLITE_IOERR_READ);
}

static void test_one_lock_that_is_held_leaves_evidence_sound(void **state)
{
    fail_each(*state, FAULTY_LOCKS, false, false, true, SQLITE_BUSY);
    fail_each(*state, FAULTY_LOCKS, true, false, true, SQLITE_BUSY);
}

static void test_locks_that_stay_held_leave_evidence_sound(void **state)
{
    fail_each(*state, FAULTY_LOCKS, false, true, false, SQLITE_BUSY);
}

/* The power goes at one write, sync or deletion after the other: in a process of its own, which ends then. */
static void cut_each(struct fixture *fixture, bool live, bool again)
{
    for (int n = 1;; n += CUT_EVERY) {
        int status;
        pid_t child;

        start_again(fixture);
        if (again)
            leave_unfinished(fixture, live);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            faulty_vfs_install();
            faulty_vfs.power_cut = true;
            faulty_vfs.fail_at = n;
            _exit(record(fixture, live) == STORE_OK ? 77 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        (void)unlink(fixture_file(fixture, "test.db-shm")); /* it was memory */
        check(fixture, "power cut", n);
        if (WEXITSTATUS(status) == 77) {
            assert_true(n > 20); /* so many operations there are at least */
            return;
        }
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static void test_power_cut_leaves_evidence_sound(void **state)
{
    cut_each(*state, false, false);
}

static void test_power_cut_while_a_capture_is_replaced_leaves_evidence_sound(void **state)
{
    cut_each(*state, false, true);
}

static void test_power_cut_in_a_live_capture_leaves_evidence_sound(void **state)
{
    cut_each(*state, true, true);
}

static void test_killed_process_leaves_evidence_sound(void **state)
{
    struct fixture *fixture = *state;
    int killed = 0;

    for (int i = 0; i < KILLS; i++) {
        struct timespec pause = {0, i * 400000L};
        int status;
        pid_t child;

        (void)unlink(fixture->path);
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(record(fixture, i % 2 == 1));
        (void)nanosleep(&pause, NULL);
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        killed += WIFSIGNALED(status);
        check(fixture, "kill", i);
    }
    assert_true(killed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_one_failing_operation_leaves_evidence_sound),
        FIXTURE_TEST(test_pulled_plug_leaves_evidence_sound),
        FIXTURE_TEST(test_pulled_plug_while_a_capture_is_replaced_leaves_evidence_sound),
        FIXTURE_TEST(test_pulled_plug_in_a_live_capture_leaves_evidence_sound),
        FIXTURE_TEST(test_one_failing_operation_in_a_live_capture_leaves_evidence_sound),
        FIXTURE_TEST(test_one_failing_read_leaves_evidence_sound),
        FIXTURE_TEST(test_one_lock_that_is_held_leaves_evidence_sound),
        FIXTURE_TEST(test_locks_that_stay_held_leave_evidence_sound),
        FIXTURE_TEST(test_power_cut_leaves_evidence_sound),
        FIXTURE_TEST(test_power_cut_while_a_capture_is_replaced_leaves_evidence_sound),
        FIXTURE_TEST(test_power_cut_in_a_live_capture_leaves_evidence_sound),
        FIXTURE_TEST(test_killed_process_leaves_evidence_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
