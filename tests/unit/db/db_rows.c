/*
 * Connections, logins and violations: every field reaches its column, and nothing out of range gets in.
 */
#include "tests/unit/db/fixture.h"

#include <stdio.h>
#include <string.h>

/* The first row of `table`. */
static const char *row_of(struct fixture *fixture, const char *columns, const char *table)
{
    char sql[1024];

    (void)snprintf(sql, sizeof sql, "SELECT %s FROM %s", columns, table);
    return fixture_ask(fixture->path, sql);
}

static void test_all_columns_of_a_connection_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id = 0;
    struct store_connection connection = {.capture_id = capture,
                                          .client_ip = "2001:db8::1",
                                          .server_ip = "2001:db8::143",
                                          .client_port = 65535,
                                          .server_port = 143,
                                          .vlan = 0,
                                          .tunnel = "vxlan",
                                          .community_id = "1:abc=",
                                          .first_ns = 1,
                                          .last_ns = 2,
                                          .greeting = fixture_text("gr\xFC\xDF"),
                                          .server_product = fixture_text("p"),
                                          .capabilities = fixture_text("IMAP4rev1 IDLE"),
                                          .client_ident = fixture_text("(\"name\" \"x\")"),
                                          .server_ident = fixture_text(""),
                                          .origin_ip = fixture_text("203.0.113.9"),
                                          .origin_source = fixture_text("proxy"),
                                          .encryption = "starttls",
                                          .midstream = true,
                                          .one_sided = false,
                                          .not_imap = true,
                                          .lost_octets = 5,
                                          .end = "reset",
                                          .server_host = fixture_text("mail.example.org"),
                                          .starttls = "refused",
                                          .starttls_pipelined = true,
                                          .closed_by = "server",
                                          .closed_ns = 7};

    assert_int_equal(store_connection_add(store, &connection, &id), STORE_OK);
    assert_int_equal(store_commit(store), STORE_OK);
    assert_string_equal(
        row_of(fixture,
               "client_ip || '|' || client_port || '|' || server_ip || '|' || server_port || '|' || vlan"
               " || '|' || tunnel || '|' || community_id || '|' || first_ns || '|' || last_ns || '|' ||"
               " greeting || '|' || server_product || '|' || capabilities || '|' || client_ident || '|' ||"
               " server_ident || '|' || origin_ip || '|' || origin_source || '|' || encryption || '|' ||"
               " midstream || '|' || one_sided || '|' || not_imap || '|' || lost_octets || '|' || \"end\""
               " || '|' || server_host || '|' || starttls || '|' || starttls_pipelined || '|' || closed_by"
               " || '|' || closed_ns",
               "connections"),
        "2001:db8::1|65535|2001:db8::143|143|0|vxlan|1:abc=|1|2|gr\\xFC\\xDF|p|IMAP4rev1 IDLE|"
        "(\"name\" \"x\")||203.0.113.9|proxy|starttls|1|0|1|5|reset|mail.example.org|refused|1|server|7");
    connection.lost_octets = 77;
    connection.end = "fin";
    connection.one_sided = true;
    assert_int_equal(store_connection_update(store, id, &connection), STORE_OK);
    assert_int_equal(store_connection_update(store, id + 1, &connection), STORE_FAILED);
    fixture_close(fixture, store);
    assert_string_equal(row_of(fixture, "lost_octets || '|' || \"end\" || '|' || one_sided", "connections"),
                        "77|fin|1");
}

static void test_what_a_connection_lacks_is_null(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_connection connection = {.capture_id = fixture_begin(store, "a"),
                                          .client_ip = "a",
                                          .server_ip = "b",
                                          .vlan = -1,
                                          .encryption = "none"};
    int64_t id;

    assert_int_equal(store_connection_add(store, &connection, &id), STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(
        fixture_count(fixture->path,
                      "SELECT count(*) FROM connections WHERE vlan IS NULL AND tunnel IS NULL"
                      " AND community_id IS NULL AND greeting IS NULL AND server_product IS NULL"
                      " AND capabilities IS NULL AND client_ident IS NULL AND server_ident IS NULL"
                      " AND origin_ip IS NULL AND origin_source IS NULL AND \"end\" IS NULL"
                      " AND server_host IS NULL AND starttls IS NULL AND closed_by IS NULL"
                      " AND closed_ns IS NULL"),
        1);
}

static void test_all_columns_of_a_login_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t first = fixture_begin(store, "1"), second = fixture_begin(store, "2"), id = 0;
    int64_t connection = fixture_connect(store, first, "192.0.2.1", "192.0.2.143");
    struct imap_login login = {.begin = {.time_ns = 1700000000123456789, .frame = 4294967296, .capture = 9},
                               .command = IMAP_AUTHENTICATE,
                               .tag = fixture_text("A\x01"),
                               .mechanism = fixture_text("PLAIN"),
                               .username = {"us\0er\xFF", 6},
                               .username_form = IMAP_FORM_SASL,
                               .username_length = 9000,
                               .password_form = IMAP_FORM_SASL,
                               .password_length = 12,
                               .exposure = IMAP_EXPOSURE_PASSWORD,
                               .password_charset = IMAP_CHARSET_UTF8,
                               .oauth_error = fixture_text("401"),
                               .authzid = fixture_text("boss"),
                               .workstation = fixture_text("WS"),
                               .result = IMAP_RESULT_NO,
                               .response_code = fixture_text("AUTHENTICATIONFAILED"),
                               .response_text = fixture_text("Nein."),
                               .latency_ns = 0,
                               .incomplete = 5,
                               .initial_response = 1};

    assert_int_equal(store_login_add(store, connection, second, &login, &id), STORE_OK);
    assert_int_equal(store_login_after(store, id, IMAP_RESULT_BAD, fixture_text("after\xFF")), STORE_OK);
    assert_int_equal(store_login_after(store, id + 1, IMAP_RESULT_BAD, fixture_text("x")), STORE_FAILED);
    fixture_close(fixture, store);
    assert_string_equal(
        row_of(
            fixture,
            "connection_id || '|' || capture_id || '|' || time_ns || '|' || frame || '|' || tag || '|' ||"
            " command || '|' || mechanism || '|' || username || '|' || username_form || '|' ||"
            " username_length || '|' || password_form || '|' || password_length || '|' || exposure || '|' ||"
            " password_empty || '|' || password_charset || '|' || oauth_error || '|' || authzid || '|' "
            "|| workstation ||"
            " '|' || result || '|' || response_code || '|' || response_text || '|' || latency_ns ||"
            " '|' || after_result || '|' || after_text || '|' || incomplete || '|' || initial_response",
            "logins"),
        "1|2|1700000000123456789|4294967296|A\x01|AUTHENTICATE|PLAIN|us\\x00er\\xFF|sasl|9000|sasl|12|"
        "password|0|UTF-8|401|boss|WS|NO|AUTHENTICATIONFAILED|Nein.|0|BAD|after\\xFF|1|1");
}

static void test_what_a_login_lacks_is_null(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id = 0;
    struct imap_login login = {.username_length = -1,
                               .password_length = -1,
                               .password_empty = -1,
                               .latency_ns = -1,
                               .initial_response = -1};

    assert_int_equal(store_login_add(store, fixture_connect(store, capture, "a", "b"), capture, &login, &id),
                     STORE_OK);
    fixture_close(fixture, store);
    assert_int_equal(
        fixture_count(
            fixture->path,
            "SELECT count(*) FROM logins WHERE tag IS NULL AND mechanism IS NULL"
            " AND username IS NULL AND username_form IS NULL AND username_length IS NULL"
            " AND password_form IS NULL AND password_length IS NULL AND exposure IS NULL AND authzid IS NULL"
            " AND password_empty IS NULL AND password_charset IS NULL AND oauth_error IS NULL"
            " AND workstation IS NULL"
            " AND result IS NULL AND response_code IS NULL AND response_text IS NULL"
            " AND latency_ns IS NULL AND after_result IS NULL AND after_text IS NULL"
            " AND command = 'LOGIN' AND incomplete = 0 AND initial_response IS NULL"),
        1);
}

static void test_every_word_of_the_record_has_its_name(void **state)
{
    static const char *const forms[IMAP_FORMS] = {"NULL",     "atom",     "quoted", "literal",
                                                  "literal+", "literal8", "sasl"};
    static const char *const results[IMAP_RESULTS] = {"NULL", "OK", "NO", "BAD", "BYE"};
    static const char *const exposures[IMAP_EXPOSURES] = {"NULL", "guessable", "password"};
    static const char *const arguments[IMAP_ARGUMENTS] = {
        "tag", "username", "password", "mechanism", "initial-response", "command", "response"};
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a");
    int64_t connection = fixture_connect(store, capture, "192.0.2.1", "192.0.2.143");
    struct imap_login login = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK);

    for (int i = 0; i < IMAP_FORMS; i++) {
        login.username_form = login.password_form = (enum imap_form)i;
        (void)fixture_add(store, connection, capture, &login);
        assert_int_equal(store_commit(store), STORE_OK);
        assert_string_equal(
            fixture_ask(fixture->path, "SELECT username_form FROM logins ORDER BY id DESC LIMIT 1"),
            forms[i]);
        assert_string_equal(
            fixture_ask(fixture->path, "SELECT password_form FROM logins ORDER BY id DESC LIMIT 1"),
            forms[i]);
    }
    for (int i = 0; i < IMAP_RESULTS; i++) {
        login.result = (enum imap_result)i;
        (void)fixture_add(store, connection, capture, &login);
        assert_int_equal(store_commit(store), STORE_OK);
        assert_string_equal(fixture_ask(fixture->path, "SELECT result FROM logins ORDER BY id DESC LIMIT 1"),
                            results[i]);
    }
    for (int i = 0; i < IMAP_EXPOSURES; i++) {
        login.exposure = (enum imap_exposure)i;
        (void)fixture_add(store, connection, capture, &login);
        assert_int_equal(store_commit(store), STORE_OK);
        assert_string_equal(
            fixture_ask(fixture->path, "SELECT exposure FROM logins ORDER BY id DESC LIMIT 1"), exposures[i]);
    }
    for (int i = 0; i < IMAP_ARGUMENTS; i++) {
        login.violation_count = 0;
        fixture_violate(&login, RULE_SPACING, (enum imap_argument)i);
        (void)fixture_add(store, connection, capture, &login);
        assert_int_equal(store_commit(store), STORE_OK);
        assert_string_equal(
            fixture_ask(fixture->path, "SELECT argument FROM violations ORDER BY id DESC LIMIT 1"),
            arguments[i]);
    }
    fixture_close(fixture, store);
}

static void test_violation_names_its_octets(void **state)
{
    static const struct {
        uint8_t octets[IMAP_VIOLATION_OCTETS];
        uint8_t count;
        const char *text;
    } cases[] = {
        {"", 0, "NULL"},
        {"*%", 2, "*%"},
        {"(\"\\{", 4, "(\"\\{"},
        {{0xC3, 0xBC}, 2, "\\xC3\\xBC"}, /* single octets, never a character */
        {{0, ' ', 0x7F, 0x1F}, 4, "\\x00\\x20\\x7F\\x1F"},
        {{255, 254, 253, 252, 251, 250, 249, 248, 247, 246, 245, 244, 243, 242, 241, 240},
         16,
         "\\xFF\\xFE\\xFD\\xFC\\xFB\\xFA\\xF9\\xF8\\xF7\\xF6\\xF5\\xF4\\xF3\\xF2\\xF1\\xF0"},
    };
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a");
    int64_t connection = fixture_connect(store, capture, "192.0.2.1", "192.0.2.143");

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct imap_login login = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK);

        fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
        memcpy(login.violations[0].octets, cases[i].octets, IMAP_VIOLATION_OCTETS);
        login.violations[0].octet_count = cases[i].count;
        login.violations[0].position = (int64_t)i - 1;
        login.violations[0].count = (int64_t)i - 1;
        (void)fixture_add(store, connection, capture, &login);
        assert_int_equal(store_commit(store), STORE_OK);
        assert_string_equal(
            fixture_ask(fixture->path, "SELECT octets FROM violations ORDER BY id DESC LIMIT 1"),
            cases[i].text);
        if (i == 0)
            assert_int_equal(
                fixture_count(fixture->path, "SELECT position IS NULL AND count IS NULL FROM violations"), 1);
        else
            assert_int_equal(
                fixture_count(fixture->path, "SELECT position FROM violations ORDER BY id DESC LIMIT 1"),
                i - 1);
    }
    fixture_close(fixture, store);
}

static void test_login_with_a_field_out_of_range_is_refused_whole(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id = 0;
    int64_t connection = fixture_connect(store, capture, "192.0.2.1", "192.0.2.143");
    struct imap_login good = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK), bad[11];

    fixture_violate(&good, RULE_SPACING, IMAP_ARG_COMMAND);
    fixture_violate(&good, RULE_WILDCARD, IMAP_ARG_USERNAME);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        bad[i] = good;
    bad[0].violations[1].rule = (enum imap_rule)RULE_COUNT;
    bad[1].violations[1].rule = (enum imap_rule) - 1;
    bad[2].violations[1].argument = IMAP_ARGUMENTS;
    bad[3].violations[1].octet_count = IMAP_VIOLATION_OCTETS + 1;
    bad[4].violation_count = IMAP_MAX_VIOLATIONS + 1;
    bad[5].command = IMAP_COMMANDS;
    bad[6].username_form = IMAP_FORMS;
    bad[7].password_form = (enum imap_form) - 1;
    bad[8].result = IMAP_RESULTS;
    bad[9].begin.frame = UINT64_MAX;
    bad[10].exposure = IMAP_EXPOSURES;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(store_login_add(store, connection, capture, &bad[i], &id), STORE_FAILED);
        assert_int_equal(id, 0);
        assert_non_null(strstr(store_error(store), fixture->path));
    }
    assert_int_equal(store_login_after(store, 1, IMAP_RESULTS, fixture_text("x")), STORE_FAILED);
    /* The transaction goes on. */
    (void)fixture_add(store, connection, capture, &good);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM logins"), 1);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM violations"), 2);
}

static void test_connection_with_a_field_out_of_range_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a"), id = 0;
    struct store_connection good = fixture_connection(capture, "192.0.2.1", "192.0.2.143"), bad[5];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        bad[i] = good;
    bad[0].encryption = "ssl";
    bad[1].encryption = NULL;
    bad[2].starttls = "perhaps";
    bad[3].closed_by = "both";
    bad[4].lost_octets = -1;
    assert_int_equal(store_connection_add(store, &good, &id), STORE_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t none = 0;

        assert_int_equal(store_connection_add(store, &bad[i], &none), STORE_FAILED);
        assert_int_equal(none, 0);
        assert_int_equal(store_connection_update(store, id, &bad[i]), STORE_FAILED);
    }
    fixture_close(fixture, store);
    assert_int_equal(
        fixture_count(fixture->path, "SELECT count(*) FROM connections WHERE encryption = 'none'"), 1);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM connections"), 1);
}

static void test_capture_with_a_field_out_of_range_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct store_capture good = fixture_capture("a"), bad[4];
    int64_t id = 0;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        bad[i] = good;
    bad[0].packets = -1;
    bad[1].bytes = -1;
    bad[2].sha256 = "abc";
    bad[3].kind = (enum store_kind)2;
    assert_int_equal(store_capture_begin(store, &good, &id), STORE_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(store_capture_update(store, id, &bad[i]), STORE_FAILED);
        bad[i].fingerprint = "b";
        assert_int_equal(store_capture_begin(store, &bad[i], &(int64_t){0}), STORE_FAILED);
    }
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures WHERE packets = 10"), 1);
}

static void test_row_without_its_parent_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    struct imap_login login = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK);
    struct store_connection connection = fixture_connection(99, "192.0.2.1", "192.0.2.143");
    int64_t id;

    assert_int_equal(store_connection_add(store, &connection, &id), STORE_OK);
    assert_int_equal(store_commit(store), STORE_FAILED);
    assert_non_null(strstr(store_error(store), "gone"));
    store_rollback(store);
    assert_int_equal(store_login_add(store, 99, 99, &login, &id), STORE_OK);
    assert_int_equal(store_commit(store), STORE_FAILED);
    store_rollback(store);
    fixture_close(fixture, store);
}

static void test_columns_refuse_what_is_of_another_type(void **state)
{
    static const char *const wrong[] = {
        "UPDATE captures SET kind = 'disk'",
        "UPDATE captures SET state = 'done'",
        "UPDATE captures SET packets = 'many'",
        "UPDATE captures SET packets = -1",
        "UPDATE captures SET first_ns = 1.5",
        "UPDATE captures SET source = x'00'",
        "UPDATE captures SET source = NULL",
        "UPDATE connections SET client_port = 65536",
        "UPDATE connections SET server_port = 'imap'",
        "UPDATE connections SET encryption = 'ssl'",
        "UPDATE connections SET midstream = 2",
        "UPDATE connections SET lost_octets = -1",
        "UPDATE connections SET greeting = x'ff'",
        "UPDATE connections SET client_ip = x''",
        "UPDATE connections SET first_ns = 1.5",
        "UPDATE connections SET vlan = x'31'",
        "UPDATE logins SET command = 'NOOP'",
        "UPDATE logins SET username_form = 'bare'",
        "UPDATE logins SET password_form = 'bare'",
        "UPDATE logins SET exposure = 'readable'",
        "UPDATE logins SET result = 'ok'",
        "UPDATE logins SET after_result = 'PREAUTH'",
        "UPDATE logins SET time_ns = 'noon'",
        "UPDATE logins SET incomplete = NULL",
        "UPDATE violations SET argument = 'user'",
        "UPDATE violations SET position = 'first'",
        "UPDATE rules SET severity = 'fatal'",
        "UPDATE rules SET rfc3501 = 'maybe'",
        "INSERT INTO violations (login_id, rule, argument) SELECT login_id, rule, argument FROM violations",
        "PRAGMA foreign_keys = ON; UPDATE violations SET rule = 'unheard-of'",
        "PRAGMA foreign_keys = ON; UPDATE logins SET connection_id = 99",
    };
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a");
    struct imap_login login = fixture_login("u", IMAP_FORM_ATOM, IMAP_RESULT_OK);

    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    (void)fixture_add(store, fixture_connect(store, capture, "a", "b"), capture, &login);
    fixture_close(fixture, store);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (strstr(fixture_ask(fixture->path, wrong[i]), "constraint failed") == NULL)
            fail_msg("accepted: %s", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_all_columns_of_a_connection_are_kept),
        FIXTURE_TEST(test_what_a_connection_lacks_is_null),
        FIXTURE_TEST(test_all_columns_of_a_login_are_kept),
        FIXTURE_TEST(test_what_a_login_lacks_is_null),
        FIXTURE_TEST(test_every_word_of_the_record_has_its_name),
        FIXTURE_TEST(test_violation_names_its_octets),
        FIXTURE_TEST(test_login_with_a_field_out_of_range_is_refused_whole),
        FIXTURE_TEST(test_connection_with_a_field_out_of_range_is_refused),
        FIXTURE_TEST(test_capture_with_a_field_out_of_range_is_refused),
        FIXTURE_TEST(test_row_without_its_parent_is_refused),
        FIXTURE_TEST(test_columns_refuse_what_is_of_another_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
