/*
 * Runs: what is kept of them, when they leave no trace, and what becomes of one that was killed.
 */
#include "tests/unit/db/fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct store_run_facts facts = {
    .uuid = "01234567-89ab-4cde-8f01-23456789abcd",
    .imaptap_version = "0.1.0",
    .libpcap_version = "libpcap 1.10",
    .libnids_version = "1.26",
    .sqlite_version = "3.40.1",
    .command_line = "imaptap read 'a b\xff.pcap'",
    .filter = NULL,
    .host = "sensor",
    .user = "alice",
    .started_ns = 1700000000000000000,
};

static struct store *open_run(struct fixture *fixture, const char *uuid)
{
    static struct store_run_facts named;
    struct store *store = fixture_open(fixture, false);

    named = facts;
    named.uuid = uuid;
    store_run_begin(store, &named);
    return store;
}

static void test_a_run_is_kept_with_its_captures(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_run(fixture, facts.uuid);

    fixture_complete(store, fixture_begin(store, "a"), "a");
    fixture_complete(store, fixture_begin(store, "b"), "b");
    assert_int_equal(store_run_end(store, 1700000009000000000, false), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(run_id || source) FROM captures"),
                        "1mail.pcap,1mail.pcap");
    assert_string_equal(
        fixture_ask(fixture->path,
                    "SELECT json_array(uuid, imaptap_version, libpcap_version, libnids_version,"
                    " sqlite_version, command_line, filter, host, user, started_ns, ended_ns, state)"
                    " FROM runs"),
        "[\"01234567-89ab-4cde-8f01-23456789abcd\",\"0.1.0\",\"libpcap 1.10\",\"1.26\",\"3.40.1\","
        "\"imaptap read 'a "
        "b\\\\xFF.pcap'\",null,\"sensor\",\"alice\",1700000000000000000,1700000009000000000,"
        "\"complete\"]");
}

static void test_a_run_without_a_capture_leaves_no_row(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_run(fixture, facts.uuid);
    int64_t id;

    assert_int_equal(store_run_end(store, 1, false), STORE_OK);
    store_run_begin(store, &facts);
    id = fixture_begin(store, NULL); /* a pipe, which turns out to be known */
    assert_int_equal(store_capture_remove(store, id), STORE_OK);
    assert_int_equal(store_run_end(store, 1, false), STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM runs"), 0);
}

static void test_a_run_that_is_stopped_is_aborted(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_run(fixture, facts.uuid);

    (void)fixture_begin(store, "a");
    assert_int_equal(store_run_end(store, 5, true), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(fixture_ask(fixture->path, "SELECT state || ended_ns FROM runs"), "aborted5");
}

static void test_captures_without_a_run_have_none(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);

    (void)fixture_begin(store, "a");
    assert_int_equal(store_run_end(store, 5, true), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(fixture_ask(fixture->path, "SELECT run_id FROM captures"), "NULL");
}

static void test_what_is_known_of_a_file_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture capture = fixture_capture("a");
    int64_t id = fixture_begin(store, "a");

    capture.state = STORE_COMPLETE;
    capture.size = 4711;
    capture.sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    capture.lost_octets = 3;
    capture.evicted = 2;
    capture.read_ns = -1;
    capture.events_waiting = 5;
    assert_int_equal(store_capture_update(store, id, &capture), STORE_OK);
    assert_int_equal(store_capture_lost(store, id, 4), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(
        fixture_ask(
            fixture->path,
            "SELECT json_array(size, sha256, lost_octets, evicted, read_ns, events_waiting) FROM captures"),
        "[4711,\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",7,2,"
        "1700000002000000000,5]");
}

/* Starts a run in a process of its own, which stays when it has committed; its number. */
static pid_t start_elsewhere(struct fixture *fixture)
{
    int ready[2];
    pid_t child;
    char octet;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = open_run(fixture, facts.uuid);

        (void)fixture_begin(store, "a");
        if (store_commit(store) == STORE_OK && write(ready[1], "x", 1) == 1)
            (void)pause();
        _exit(1);
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    (void)close(ready[0]);
    return child;
}

static void test_a_run_that_was_killed_is_aborted_when_the_next_one_opens(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    pid_t child = start_elsewhere(fixture);
    int status;

    assert_string_equal(fixture_ask(fixture->path, "SELECT state FROM runs"), "running");
    store = open_run(fixture, "11234567-89ab-4cde-8f01-23456789abcd");
    (void)fixture_begin(store, "b");
    assert_int_equal(store_commit(store), STORE_OK);
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(state) FROM runs"),
                        "running,running");
    assert_int_equal(store_run_end(store, 9, false), STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(state) FROM runs"),
                        "running,complete");
    fixture_close(fixture, fixture_open(fixture, false));
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(state) FROM runs"),
                        "aborted,complete");
    assert_string_equal(fixture_ask(fixture->path, "SELECT ended_ns FROM runs WHERE id = 1"), "NULL");
    assert_string_equal(fixture_ask(fixture->path, "SELECT state FROM captures WHERE run_id = 1"), "running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_a_run_is_kept_with_its_captures),
        FIXTURE_TEST(test_a_run_without_a_capture_leaves_no_row),
        FIXTURE_TEST(test_a_run_that_is_stopped_is_aborted),
        FIXTURE_TEST(test_captures_without_a_run_have_none),
        FIXTURE_TEST(test_what_is_known_of_a_file_is_kept),
        FIXTURE_TEST(test_a_run_that_was_killed_is_aborted_when_the_next_one_opens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
