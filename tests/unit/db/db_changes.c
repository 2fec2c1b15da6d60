/*
 * Rows that change after they were given, rows that are taken back, and the table of rules.
 */
#include "db/store/store_internal.h"
#include "tests/unit/db/fixture.h"

#include <stdio.h>
#include <string.h>

static void test_of_two_changes_of_a_row_the_later_one_counts(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), first = fixture_connect(store, capture, "a", "b");
    int64_t second = fixture_connect(store, capture, "a", "b");
    struct store_connection connection = fixture_connection(capture, "a", "b");

    assert_int_equal(store_commit(store), STORE_OK);
    for (connection.last_ns = 1; connection.last_ns <= 9; connection.last_ns++) {
        assert_int_equal(store_connection_update(store, second, &connection), STORE_OK);
        assert_int_equal(store_connection_update(store, first, &connection), STORE_OK);
    }
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM connections WHERE last_ns = 9"), 2);
}

static void test_change_of_a_row_that_another_process_removed_is_reported(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id = fixture_connect(store, capture, "a", "b");
    struct store_connection connection = fixture_connection(capture, "a", "b");

    (void)fixture_connect(store, capture, "a", "b");
    assert_int_equal(store_commit(store), STORE_OK);
    (void)fixture_ask(fixture->path, "DELETE FROM connections WHERE id = 1");
    assert_int_equal(store_connection_update(store, id, &connection), STORE_OK);
    assert_int_equal(store_commit(store), STORE_FAILED);
    assert_non_null(strstr(store_error(store), "there is no connection 1"));
    store_rollback(store);
    fixture_close(fixture, store);
}

/* Rows wait to be inserted together: more of them than can wait are inserted meanwhile, and either kind can
 * be changed. */
static void test_rows_can_be_changed_whether_they_still_wait_or_not(void **state)
{
    enum { ROWS = 3000 };
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), ids[ROWS], logins[ROWS];
    struct store_connection connection = fixture_connection(capture, "192.0.2.1", "192.0.2.143");
    struct imap_login login = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK);

    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(store_connection_add(store, &connection, &ids[i]), STORE_OK);
        assert_int_equal(store_login_add(store, ids[i], capture, &login, &logins[i]), STORE_OK);
    }
    for (int i = 0; i < ROWS; i++) {
        connection.last_ns = ids[i];
        assert_int_equal(store_connection_update(store, ids[i], &connection), STORE_OK);
        assert_int_equal(
            store_login_after(store, logins[i], IMAP_RESULT_BAD, (struct imap_text){"a longer text", 13}),
            STORE_OK);
    }
    assert_int_equal(store_connection_update(store, ids[ROWS - 1] + 1, &connection), STORE_FAILED);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM connections WHERE last_ns = id"),
                     ROWS);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM logins WHERE after_result = 'BAD'"
                                                  " AND after_text = 'a longer text' AND connection_id = id"),
                     ROWS);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(DISTINCT login_id) FROM violations"), ROWS);
}

/* An update that says so leaves the texts of a row as they are, whether that waits or not, and when another
 * change of it waits too. */
static void test_texts_that_are_the_same_stay(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id;
    struct store_connection connection = fixture_connection(capture, "a", "b"), same = connection;

    connection.greeting = fixture_text("first");
    connection.capabilities = fixture_text("IMAP4rev1");
    connection.origin_ip = fixture_text("192.0.2.9");
    connection.origin_source = fixture_text("ID");
    same.same_texts = true;
    same.encryption = "starttls";
    same.last_ns = 8;
    assert_int_equal(store_connection_add(store, &connection, &id), STORE_OK);
    assert_int_equal(store_connection_update(store, id, &same), STORE_OK);
    assert_int_equal(store_commit(store), STORE_OK);
    assert_int_equal(fixture_count(fixture->path,
                                   "SELECT count(*) FROM connections WHERE greeting = 'first' AND"
                                   " capabilities = 'IMAP4rev1' AND origin_ip = '192.0.2.9' AND"
                                   " origin_source = 'ID' AND encryption = 'starttls' AND last_ns = 8"),
                     1);
    connection.greeting = fixture_text("second");
    same.last_ns = 9;
    same.end = "fin";
    assert_int_equal(store_connection_update(store, id, &connection), STORE_OK);
    assert_int_equal(store_connection_update(store, id, &same), STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path,
                                   "SELECT count(*) FROM connections WHERE greeting = 'second' AND"
                                   " capabilities = 'IMAP4rev1' AND origin_ip = '192.0.2.9' AND"
                                   " origin_source = 'ID' AND encryption = 'starttls' AND last_ns = 9"
                                   " AND \"end\" = 'fin'"),
                     1);
}

/* A row that waits keeps what it was given each time: it does not wait for ever. */
static void test_long_texts_that_change_again_and_again_do_not_pile_up(void **state)
{
    static char greeting[65536];
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id = fixture_connect(store, capture, "a", "b");
    struct store_connection connection = fixture_connection(capture, "a", "b");

    memset(greeting, 'g', sizeof greeting);
    connection.greeting = (struct imap_text){greeting, sizeof greeting};
    for (int i = 0; i < 100; i++) {
        connection.last_ns = i;
        assert_int_equal(store_connection_update(store, id, &connection), STORE_OK);
    }
    assert_int_equal(row_buffer_count(store->pending[PENDING_CONNECTIONS]), 0);
    fixture_close(fixture, store);
    assert_int_equal(
        fixture_count(fixture->path,
                      "SELECT count(*) FROM connections WHERE last_ns = 99 AND length(greeting) = 65536"),
        1);
}

static void test_rollback_drops_what_was_not_committed(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);

    (void)fixture_begin(store, "a");
    assert_int_equal(store_commit(store), STORE_OK);
    (void)fixture_begin(store, "b");
    store_rollback(store);
    store_rollback(store); /* without a transaction: nothing to drop */
    (void)fixture_begin(store, "c");
    assert_int_equal(store_commit(store), STORE_OK);
    assert_int_equal(store_commit(store), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(fixture_ask(fixture->path, "SELECT group_concat(fingerprint) FROM captures"), "a,c");
}

static void test_rollback_drops_rows_that_wait(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), first, second;
    struct store_connection connection = fixture_connection(capture, "192.0.2.1", "192.0.2.143");

    assert_int_equal(store_commit(store), STORE_OK);
    assert_int_equal(store_connection_add(store, &connection, &first), STORE_OK);
    store_rollback(store);
    assert_int_equal(store_connection_add(store, &connection, &second), STORE_OK);
    assert_int_equal(second, first);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM connections"), 1);
}

/* Rows after a failed one would make a capture that looks whole and is not. */
static void test_nothing_is_written_after_a_failure_until_it_is_rolled_back(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id;
    struct store_connection connection = fixture_connection(capture, "192.0.2.1", "192.0.2.143");
    struct store_connection wrong = connection;

    assert_int_equal(store_commit(store), STORE_OK);
    wrong.capture_id = 99;
    assert_int_equal(store_connection_add(store, &connection, &id), STORE_OK);
    assert_int_equal(store_connection_add(store, &wrong, &id), STORE_OK);
    assert_int_equal(store_commit(store), STORE_FAILED);
    assert_int_equal(store_connection_add(store, &connection, &id), STORE_FAILED);
    assert_int_equal(id, 0);
    assert_int_equal(store_commit(store), STORE_FAILED);
    store_rollback(store);
    assert_int_equal(store_connection_add(store, &connection, &id), STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM connections"), 1);
}

static void test_rule_table_is_brought_up_to_date(void **state)
{
    struct store_rule changed[RULE_COUNT];
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a");
    struct imap_login login = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK);

    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    (void)fixture_add(store, fixture_connect(store, capture, "a", "b"), capture, &login);
    memcpy(changed, fixture_rules, sizeof changed);
    changed[RULE_WILDCARD].remedy = "Send a literal";
    assert_int_equal(store_rules(store, changed, RULE_COUNT), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(
        fixture_ask(fixture->path, "SELECT remedy FROM rules WHERE rule = 'unquoted-wildcard'"),
        "Send a literal");
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM rules"), RULE_COUNT);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM violations"), 1);
}

static void test_rules_outlive_a_rollback(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct imap_login login = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK);
    int64_t capture;

    store_rollback(store);
    capture = fixture_begin(store, "a");
    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    (void)fixture_add(store, fixture_connect(store, capture, "a", "b"), capture, &login);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM violations"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_of_two_changes_of_a_row_the_later_one_counts),
        FIXTURE_TEST(test_change_of_a_row_that_another_process_removed_is_reported),
        FIXTURE_TEST(test_texts_that_are_the_same_stay),
        FIXTURE_TEST(test_rows_can_be_changed_whether_they_still_wait_or_not),
        FIXTURE_TEST(test_long_texts_that_change_again_and_again_do_not_pile_up),
        FIXTURE_TEST(test_rollback_drops_what_was_not_committed),
        FIXTURE_TEST(test_rollback_drops_rows_that_wait),
        FIXTURE_TEST(test_nothing_is_written_after_a_failure_until_it_is_rolled_back),
        FIXTURE_TEST(test_rule_table_is_brought_up_to_date),
        FIXTURE_TEST(test_rules_outlive_a_rollback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
