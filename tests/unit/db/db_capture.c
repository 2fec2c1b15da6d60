/*
 * Captures: known by their fingerprint, never counted twice, replaced whole when they did not finish.
 */
#include "tests/unit/db/fixture.h"

#include <string.h>

/* A capture with a connection, a login and a violation in it. */
static int64_t fill(struct store *store, const char *fingerprint, const char *username)
{
    int64_t capture = fixture_begin(store, fingerprint);
    int64_t connection = fixture_connect(store, capture, "192.0.2.1", "192.0.2.143");
    struct imap_login login = fixture_login(username, IMAP_FORM_ATOM, IMAP_RESULT_NO);

    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    (void)fixture_add(store, connection, capture, &login);
    return capture;
}

/* How many rows the four tables hold, as "captures connections logins violations". */
static const char *rows(struct fixture *fixture)
{
    return fixture_ask(fixture->path,
                       "SELECT (SELECT count(*) FROM captures) || ' ' ||"
                       " (SELECT count(*) FROM connections) || ' ' ||"
                       " (SELECT count(*) FROM logins) || ' ' || (SELECT count(*) FROM violations)");
}

static void test_all_columns_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture capture = {.source = "eth\xFFi",
                                    .kind = STORE_LIVE,
                                    .link_types = "EN10MB,LINUX_SLL2",
                                    .packets = 1,
                                    .bytes = 2,
                                    .kernel_drops = 3,
                                    .interface_drops = 4,
                                    .first_ns = 5,
                                    .last_ns = 6,
                                    .state = STORE_COMPLETE, /* not used: it begins "running" */
                                    .error = NULL};
    int64_t id = 0;

    assert_int_equal(store_capture_begin(store, &capture, &id), STORE_OK);
    assert_int_equal(store_commit(store), STORE_OK);
    assert_string_equal(
        fixture_ask(fixture->path,
                    "SELECT source || '|' || kind || '|' || coalesce(fingerprint, 'NULL') || '|' ||"
                    " link_types || '|' || packets || '|' || bytes || '|' || kernel_drops || '|' ||"
                    " interface_drops || '|' || first_ns || '|' || last_ns || '|' || state || '|' ||"
                    " coalesce(error, 'NULL') FROM captures"),
        "eth\\xFFi|live|NULL|EN10MB,LINUX_SLL2|1|2|3|4|5|6|running|NULL");
    capture.state = STORE_BROKEN;
    capture.error = "frame 7: cut short";
    capture.fingerprint = "abc";
    capture.packets = 70;
    assert_int_equal(store_capture_update(store, id, &capture), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(fixture_ask(fixture->path,
                                    "SELECT state || '|' || error || '|' || fingerprint || '|' || packets"
                                    " FROM captures"),
                        "failed|frame 7: cut short|abc|70");
}

static void test_what_does_not_apply_is_null(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture capture = {
        .source = "empty.pcap", .kernel_drops = -1, .interface_drops = -1, .first_ns = -1, .last_ns = -1};
    int64_t id;

    assert_int_equal(store_capture_begin(store, &capture, &id), STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(
        fixture_count(fixture->path,
                      "SELECT count(*) FROM captures WHERE fingerprint IS NULL AND link_types IS NULL"
                      " AND kernel_drops IS NULL AND interface_drops IS NULL AND first_ns IS NULL"
                      " AND last_ns IS NULL AND error IS NULL AND packets = 0"),
        1);
}

static void test_complete_capture_is_found_by_its_fingerprint(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    enum store_state found;
    int64_t capture = fill(store, "abc", "ali*ce"), id;

    fixture_complete(store, capture, "abc");
    assert_int_equal(store_find_capture(store, "abc", &id, &found), STORE_OK);
    assert_int_equal(id, capture);
    assert_int_equal(found, STORE_COMPLETE);
    assert_int_equal(store_find_capture(store, "other", &id, &found), STORE_OK);
    assert_int_equal(id, 0);
    fixture_close(fixture, store);
    store = fixture_open(fixture, false);
    assert_int_equal(store_find_capture(store, "abc", &id, &found), STORE_OK);
    assert_int_equal(id, capture);
    fixture_close(fixture, store);
}

/* The file's first 100 octets have the fingerprint "abc". */
static bool is_beginning(void *user, int64_t bytes, const char *fingerprint)
{
    ++*(int *)user;
    return bytes == 100 && strcmp(fingerprint, "abc") == 0;
}

static void test_capture_of_a_file_that_has_grown_is_found(void **state)
{
    static const struct {
        const char *name;
        int64_t bytes;
        bool found, asked;
    } cases[] = {{"a.pcap", 200, true, true},     {"a.pcap", 100, true, true},  {"a.pcap", 99, false, false},
                 {"aa.pcap", 200, false, false},  {".pcap", 200, false, false}, {"%", 200, false, false},
                 {"other.pcap", 200, false, true}};
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture capture = fixture_capture("abc");
    int64_t id, other, found;

    capture.source = "/evidence/a.pcap";
    capture.bytes = 100;
    assert_int_equal(store_capture_begin(store, &capture, &id), STORE_OK);
    capture.source = "other.pcap";
    capture.fingerprint = "def";
    assert_int_equal(store_capture_begin(store, &capture, &other), STORE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int asked = 0;

        assert_int_equal(store_find_grown(store, cases[i].name, cases[i].bytes, is_beginning, &asked, &found),
                         STORE_OK);
        assert_int_equal(found, cases[i].found ? id : 0);
        assert_int_equal(asked, cases[i].asked);
    }
    fixture_close(fixture, store);
}

static void test_complete_capture_is_never_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture again = fixture_capture("abc");
    int64_t id = fill(store, "abc", "ali*ce");

    fixture_complete(store, id, "abc");
    assert_int_equal(store_capture_begin(store, &again, &id), STORE_FAILED);
    assert_int_equal(id, 0);
    assert_non_null(strstr(store_error(store), "already"));
    fixture_close(fixture, store);
    assert_string_equal(rows(fixture), "1 1 1 1");
}

static void test_unfinished_capture_is_replaced_whole(void **state)
{
    static const enum store_state unfinished[] = {STORE_RUNNING, STORE_BROKEN};
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture capture = fixture_capture("abc");

    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++) {
        int64_t before = fill(store, "abc", "old"), after;

        capture.state = unfinished[i];
        assert_int_equal(store_capture_update(store, before, &capture), STORE_OK);
        assert_int_equal(store_commit(store), STORE_OK);
        after = fill(store, "abc", "new");
        assert_true(after > before); /* a number is never used again */
        assert_int_equal(store_commit(store), STORE_OK);
        assert_string_equal(rows(fixture), "1 1 1 1");
        assert_string_equal(fixture_ask(fixture->path, "SELECT username FROM logins"), "new");
    }
    fixture_close(fixture, store);
    assert_string_equal(fixture_ask(fixture->path, "PRAGMA foreign_key_check"), "");
}

static void test_replacing_takes_effect_with_the_commit_alone(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);

    (void)fill(store, "abc", "old");
    assert_int_equal(store_commit(store), STORE_OK);
    (void)fixture_begin(store, "abc");
    assert_string_equal(fixture_ask(fixture->path, "SELECT username FROM logins"), "old");
    store_rollback(store);
    fixture_close(fixture, store);
    assert_string_equal(fixture_ask(fixture->path, "SELECT username FROM logins"), "old");
}

static void test_others_rows_stay_when_one_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);

    fixture_complete(store, fill(store, "other", "kept"), "other");
    (void)fill(store, "abc", "old");
    (void)fixture_begin(store, "abc");
    fixture_close(fixture, store);
    assert_string_equal(rows(fixture), "2 1 1 1");
    assert_string_equal(fixture_ask(fixture->path, "SELECT username FROM logins"), "kept");
}

static void test_who_writes_alone_replaces_all_that_belongs_to_a_capture(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);

    (void)fill(store, "abc", "old");
    assert_int_equal(store_commit(store), STORE_OK);
    assert_int_equal(store_exclusive(store), STORE_OK);
    (void)fill(store, "abc", "new");
    fixture_close(fixture, store);
    assert_string_equal(rows(fixture), "1 1 1 1");
    assert_string_equal(fixture_ask(fixture->path, "SELECT username FROM logins"), "new");
}

/* The fingerprint of a pipe is known at its end. */
static void test_pipe_that_turns_out_to_be_unfinished_replaces_it(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t pipe;

    (void)fill(store, "abc", "old");
    pipe = fill(store, NULL, "new");
    fixture_complete(store, pipe, "abc");
    fixture_close(fixture, store);
    assert_string_equal(rows(fixture), "1 1 1 1");
    assert_string_equal(fixture_ask(fixture->path, "SELECT username FROM logins"), "new");
}

static void test_pipe_that_turns_out_to_be_known_is_refused_and_can_be_removed(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture capture = fixture_capture("abc");
    int64_t pipe;

    fixture_complete(store, fill(store, "abc", "old"), "abc");
    pipe = fill(store, NULL, "new");
    capture.state = STORE_COMPLETE;
    assert_int_equal(store_capture_update(store, pipe, &capture), STORE_FAILED);
    assert_int_equal(store_capture_remove(store, pipe), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(rows(fixture), "1 1 1 1");
    assert_string_equal(fixture_ask(fixture->path, "SELECT username FROM logins"), "old");
}

static void test_fingerprint_once_known_is_not_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);

    fixture_complete(store, fixture_begin(store, "abc"), NULL);
    fixture_close(fixture, store);
    assert_string_equal(fixture_ask(fixture->path, "SELECT fingerprint FROM captures"), "abc");
}

/* A connection that began in the first file and logged in in the second. */
static void test_connection_that_spans_captures_stays_with_the_second(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t first = fixture_begin(store, "1"), second = fixture_begin(store, "2");
    int64_t connection = fixture_connect(store, first, "192.0.2.1", "192.0.2.143");
    struct imap_login early = fixture_login("early", IMAP_FORM_ATOM, IMAP_RESULT_NO);
    struct imap_login late = fixture_login("late", IMAP_FORM_ATOM, IMAP_RESULT_OK);

    (void)fixture_add(store, connection, first, &early);
    (void)fixture_add(store, connection, second, &late);
    (void)fixture_connect(store, first, "192.0.2.2", "192.0.2.143");
    fixture_complete(store, second, "2");
    assert_int_equal(store_capture_remove(store, first), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(rows(fixture), "1 1 1 0");
    assert_string_equal(fixture_ask(fixture->path, "SELECT username FROM logins"), "late");
    assert_int_equal(fixture_count(fixture->path, "SELECT capture_id FROM connections"), second);
    assert_string_equal(fixture_ask(fixture->path, "PRAGMA foreign_key_check"), "");
}

static void test_capture_that_is_not_there_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture capture = fixture_capture("abc");

    assert_int_equal(store_capture_update(store, 99, &capture), STORE_FAILED);
    assert_non_null(strstr(store_error(store), fixture->path));
    assert_int_equal(store_capture_remove(store, 99), STORE_FAILED);
    fixture_close(fixture, store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_all_columns_are_kept),
        FIXTURE_TEST(test_what_does_not_apply_is_null),
        FIXTURE_TEST(test_complete_capture_is_found_by_its_fingerprint),
        FIXTURE_TEST(test_capture_of_a_file_that_has_grown_is_found),
        FIXTURE_TEST(test_complete_capture_is_never_replaced),
        FIXTURE_TEST(test_unfinished_capture_is_replaced_whole),
        FIXTURE_TEST(test_replacing_takes_effect_with_the_commit_alone),
        FIXTURE_TEST(test_others_rows_stay_when_one_is_replaced),
        FIXTURE_TEST(test_who_writes_alone_replaces_all_that_belongs_to_a_capture),
        FIXTURE_TEST(test_pipe_that_turns_out_to_be_unfinished_replaces_it),
        FIXTURE_TEST(test_pipe_that_turns_out_to_be_known_is_refused_and_can_be_removed),
        FIXTURE_TEST(test_fingerprint_once_known_is_not_forgotten),
        FIXTURE_TEST(test_connection_that_spans_captures_stays_with_the_second),
        FIXTURE_TEST(test_capture_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
