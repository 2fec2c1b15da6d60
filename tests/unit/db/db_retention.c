/*
 * The sweep of a database that is written to all the time: what goes, what stays, and that no step is long.
 */
#include "tests/unit/db/fixture.h"

#include "db/upkeep/retention.h"

#include <string.h>

#define DAY_NS  (INT64_C(86400) * 1000000000)
#define NOW_NS  INT64_C(1800000000000000000)
#define KEEP_NS (90 * DAY_NS)
#define OLD_NS  (NOW_NS - 100 * DAY_NS)
#define NEW_NS  (NOW_NS - 1 * DAY_NS)

static const struct store_run_facts facts = {
    .uuid = "01234567-89ab-4cde-8f01-23456789abcd",
    .imaptap_version = "0.1.0",
    .libpcap_version = "libpcap 1.10",
    .libnids_version = "1.26",
    .sqlite_version = "3.40.1",
    .command_line = "imaptap live -i eth1 --keep 90d",
    .host = "sensor",
    .user = "alice",
    .started_ns = OLD_NS,
};

/* A live capture that goes on since 100 days, in a run that does. */
static struct store *open_live(struct fixture *fixture, int64_t *capture_id)
{
    struct store *store = fixture_open(fixture, true);
    struct store_capture capture = {.source = "eth1",
                                    .kind = STORE_LIVE,
                                    .first_ns = OLD_NS,
                                    .last_ns = NEW_NS,
                                    .size = -1,
                                    .read_ns = OLD_NS};

    store_run_begin(store, &facts);
    assert_int_equal(store_capture_begin(store, &capture, capture_id), STORE_OK);
    return store;
}

/* A connection with one login; `end` NULL: it is still open. */
static void add(struct store *store, int64_t capture_id, const char *username, int64_t first_ns,
                int64_t last_ns, const char *end)
{
    struct store_connection connection = fixture_connection(capture_id, "192.0.2.1", "192.0.2.143");
    struct imap_login login = fixture_login(username, IMAP_FORM_ATOM, IMAP_RESULT_NO);
    int64_t id;

    connection.first_ns = first_ns;
    connection.last_ns = last_ns;
    connection.end = end;
    login.begin.time_ns = first_ns;
    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    assert_int_equal(store_connection_add(store, &connection, &id), STORE_OK);
    (void)fixture_add(store, id, capture_id, &login);
}

static void step(struct store *store, struct retention *sweep, struct purge_counts *counts)
{
    if (retention_step(store, sweep, counts) != STORE_OK)
        fail_msg("%s", store_error(store));
}

/* A whole sweep; returns in how many steps. */
static int retention_all(struct store *store, struct purge_counts *counts)
{
    struct retention sweep = {.before_ns = NOW_NS - KEEP_NS};
    int steps = 0;

    assert_int_equal(store_commit(store), STORE_OK);
    *counts = (struct purge_counts){0};
    for (; sweep.phase != RETENTION_OVER; steps++)
        step(store, &sweep, counts);
    return steps;
}

static void test_old_connections_of_a_capture_that_goes_on_go_and_the_rest_stays(void **state)
{
    struct fixture *fixture = *state;
    struct purge_counts counts;
    int64_t capture_id;
    struct store *store = open_live(fixture, &capture_id);

    add(store, capture_id, "old1", OLD_NS, OLD_NS + 1, "fin");
    add(store, capture_id, "long", OLD_NS, NEW_NS, "fin");
    add(store, capture_id, "old2", OLD_NS, OLD_NS + 1, "reset");
    add(store, capture_id, "new", NEW_NS, NEW_NS + 1, "fin");
    retention_all(store, &counts);
    assert_int_equal(counts.connections, 2);
    assert_int_equal(counts.logins, 3); /* that of the long connection by its own time */
    assert_int_equal(counts.violations, 3);
    assert_int_equal(counts.captures, 0);
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(username) FROM logins"), "new");
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM connections"), 2);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM violations"), 1);
    assert_string_equal(fixture_ask(fixture->path, "SELECT state FROM captures"), "running");
    fixture_close(fixture, store);
}

static void test_an_open_connection_stays_and_a_login_that_may_change(void **state)
{
    struct fixture *fixture = *state;
    struct purge_counts counts;
    int64_t capture_id, id;
    struct store *store = open_live(fixture, &capture_id);
    struct store_connection connection = fixture_connection(capture_id, "192.0.2.1", "192.0.2.143");
    struct imap_login login = fixture_login("idle", IMAP_FORM_ATOM, IMAP_RESULT_OK);

    connection.first_ns = connection.last_ns = login.begin.time_ns = OLD_NS;
    connection.end = NULL;
    assert_int_equal(store_connection_add(store, &connection, &id), STORE_OK);
    id = fixture_add(store, id, capture_id, &login);
    retention_all(store, &counts);
    assert_int_equal(counts.logins + counts.connections, 0);
    assert_int_equal(store_login_after(store, id, IMAP_RESULT_OK, fixture_text("done")), STORE_OK);
    retention_all(store, &counts);
    assert_int_equal(counts.logins, 1);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM connections"), 1);
    fixture_close(fixture, store);
}

static void test_a_capture_goes_when_nothing_rests_on_it_and_its_run_is_over(void **state)
{
    struct fixture *fixture = *state;
    struct purge_counts counts;
    int64_t capture_id;
    struct store *store = open_live(fixture, &capture_id);

    add(store, capture_id, "old", OLD_NS, OLD_NS + 1, "fin");
    assert_int_equal(store_commit(store), STORE_OK);
    (void)fixture_ask(fixture->path, "UPDATE captures SET last_ns = first_ns");
    retention_all(store, &counts);
    assert_int_equal(counts.connections, 1);
    assert_int_equal(counts.captures, 0);
    add(store, capture_id, "old", OLD_NS, OLD_NS + 1, NULL); /* its end will never be reported */
    assert_int_equal(store_run_end(store, OLD_NS + 2, true), STORE_OK);
    retention_all(store, &counts);
    assert_int_equal(counts.connections, 1);
    assert_int_equal(counts.captures, 1);
    assert_int_equal(counts.runs, 1);
    assert_int_equal(fixture_count(fixture->path, "SELECT (SELECT count(*) FROM logins)"
                                                  " + (SELECT count(*) FROM captures)"
                                                  " + (SELECT count(*) FROM runs)"),
                     0);
    fixture_close(fixture, store);
}

static void test_captures_of_files_go_as_wholes(void **state)
{
    struct fixture *fixture = *state;
    struct purge_counts counts;
    struct store *store = fixture_open(fixture, true);
    struct store_capture capture = fixture_capture("new");
    int64_t id;

    id = fixture_begin(store, "old"); /* of 2023 */
    add(store, id, "old", OLD_NS - 2 * DAY_NS, OLD_NS - DAY_NS, "fin");
    fixture_complete(store, id, "old");
    capture.first_ns = OLD_NS;
    capture.last_ns = NEW_NS;
    capture.state = STORE_COMPLETE;
    assert_int_equal(store_capture_begin(store, &capture, &id), STORE_OK);
    assert_int_equal(store_capture_update(store, id, &capture), STORE_OK);
    add(store, id, "in a new file", OLD_NS, OLD_NS + 1, "fin");
    retention_all(store, &counts);
    assert_int_equal(counts.captures, 1);
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(username) FROM logins"),
                        "in a new file");
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(state || fingerprint) FROM captures"),
                        "completenew");
    fixture_close(fixture, store);
}

static void test_a_file_that_is_half_removed_would_be_read_again(void **state)
{
    struct fixture *fixture = *state;
    struct purge_counts counts = {0};
    struct retention sweep = {.before_ns = NOW_NS - KEEP_NS};
    struct store *store = fixture_open(fixture, true);
    int64_t id = fixture_begin(store, "old");

    for (int i = 0; i <= RETENTION_ROWS; i++)
        add(store, id, "old", OLD_NS, OLD_NS + 1, "fin");
    fixture_complete(store, id, "old");
    assert_int_equal(store_commit(store), STORE_OK);
    while (counts.logins == 0)
        step(store, &sweep, &counts);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM logins"), 1);
    assert_string_equal(fixture_ask(fixture->path, "SELECT state FROM captures"), "failed");
    fixture_close(fixture, store);
}

static void test_a_step_removes_few_rows(void **state)
{
    struct fixture *fixture = *state;
    struct purge_counts counts = {0};
    struct retention sweep = {.before_ns = NOW_NS - KEEP_NS};
    int64_t capture_id, rows = 3 * RETENTION_ROWS;
    struct store *store = open_live(fixture, &capture_id);

    for (int i = 0; i < rows; i++)
        add(store, capture_id, "old", OLD_NS, OLD_NS + 1, "fin");
    assert_int_equal(store_commit(store), STORE_OK);
    while (sweep.phase != RETENTION_OVER) {
        struct purge_counts before = counts;

        step(store, &sweep, &counts);
        assert_true(counts.logins - before.logins + counts.connections - before.connections <=
                    RETENTION_ROWS);
    }
    assert_int_equal(counts.connections, rows);
    fixture_close(fixture, store);
}

static void test_what_is_kept_costs_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct purge_counts counts;
    int64_t capture_id;
    struct store *store = open_live(fixture, &capture_id);

    for (int i = 0; i < 3 * RETENTION_ROWS; i++)
        add(store, capture_id, "new", NEW_NS, NEW_NS + 1, "fin");
    assert_true(retention_all(store, &counts) <= 6); /* to the capture, to its first row, beyond it; twice */
    fixture_close(fixture, store);
}

static void test_a_step_that_fails_changes_nothing_and_can_be_done_again(void **state)
{
    struct fixture *fixture = *state;
    struct purge_counts counts = {0};
    struct retention sweep = {.before_ns = NOW_NS - KEEP_NS}, before;
    int64_t capture_id;
    struct store *store = open_live(fixture, &capture_id);

    add(store, capture_id, "old1", OLD_NS, OLD_NS + 1, "fin");
    add(store, capture_id, "old2", OLD_NS, OLD_NS + 1, "fin");
    assert_int_equal(store_commit(store), STORE_OK);
    (void)fixture_ask(fixture->path, "CREATE TABLE needs (login_id INTEGER REFERENCES logins (id))");
    (void)fixture_ask(fixture->path, "INSERT INTO needs SELECT id FROM logins WHERE username = 'old2'");
    do
        before = sweep;
    while (retention_step(store, &sweep, &counts) == STORE_OK && sweep.phase != RETENTION_OVER);
    assert_memory_equal(&sweep, &before, sizeof sweep);
    assert_int_equal(counts.logins, 0);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM logins"), 2);
    (void)fixture_ask(fixture->path, "DROP TABLE needs");
    while (sweep.phase != RETENTION_OVER)
        step(store, &sweep, &counts);
    assert_int_equal(counts.logins, 2);
    fixture_close(fixture, store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_old_connections_of_a_capture_that_goes_on_go_and_the_rest_stays),
        FIXTURE_TEST(test_an_open_connection_stays_and_a_login_that_may_change),
        FIXTURE_TEST(test_a_capture_goes_when_nothing_rests_on_it_and_its_run_is_over),
        FIXTURE_TEST(test_captures_of_files_go_as_wholes),
        FIXTURE_TEST(test_a_file_that_is_half_removed_would_be_read_again),
        FIXTURE_TEST(test_a_step_removes_few_rows),
        FIXTURE_TEST(test_what_is_kept_costs_nothing),
        FIXTURE_TEST(test_a_step_that_fails_changes_nothing_and_can_be_done_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
