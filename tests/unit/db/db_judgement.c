/*
 * The judgement: which logins are the two legs of a proxy, and what each violation had to do with the answer.
 */
#include "tests/unit/db/hand_made.h"

#include <string.h>

#define MOST_ROWS 4

struct judged {
    const char *what;
    struct hand_made rows[MOST_ROWS];
    const char *expected;
};

static size_t rows_of(const struct judged *judged)
{
    size_t count = 0;

    while (count < MOST_ROWS && judged->rows[count].username != NULL)
        count++;
    return count;
}

static void check(struct fixture *fixture, const struct judged *cases, size_t count, const char *sql)
{
    for (size_t i = 0; i < count; i++) {
        const char *answer;

        hand_made_put(fixture, cases[i].rows, rows_of(&cases[i]));
        answer = fixture_ask(fixture->path, sql);
        if (strcmp(answer, cases[i].expected) != 0)
            fail_msg("%s: %s instead of %s", cases[i].what, answer, cases[i].expected);
    }
}

#define CHECK(cases, sql) check(*state, cases, sizeof(cases) / sizeof *(cases), sql)

/* What a client sends to a proxy p, and what p sends to a server s. */
#define IN  .client = "c", .server = "p"
#define OUT .client = "p", .server = "s"

static void test_login_that_is_passed_on_is_paired(void **state)
{
    static const struct judged cases[] = {
        {"at once",
         {{IN, .username = "u", .result = "OK", .latency_ms = 9}, {OUT, .at_ms = 5, .username = "u"}},
         "1-2"},
        {"after 10 s, without a verdict",
         {{IN, .username = "u"}, {OUT, .at_ms = 10000, .username = "u"}},
         "1-2"},
        {"later, without a verdict", {{IN, .username = "u"}, {OUT, .at_ms = 10001, .username = "u"}}, ""},
        {"later, within the inbound login",
         {{IN, .username = "u", .result = "NO", .latency_ms = 30000}, {OUT, .at_ms = 29000, .username = "u"}},
         "1-2"},
        {"after the inbound one was accepted",
         {{IN, .username = "u", .result = "OK"}, {OUT, .at_ms = 5000, .username = "u"}},
         "1-2"},
        {"after the inbound one was refused",
         {{IN, .username = "u", .result = "NO"}, {OUT, .at_ms = 5000, .username = "u"}},
         ""},
        {"after literals, which take their time",
         {{IN, .username = "u", .form = "literal", .result = "NO"}, {OUT, .at_ms = 500, .username = "u"}},
         "1-2"},
        {"after a SASL exchange, which takes its time",
         {{IN, .username = "u", .form = "sasl", .mechanism = "PLAIN", .result = "NO"},
          {OUT, .at_ms = 500, .username = "u"}},
         "1-2"},
        {"after a literal as password",
         {{IN, .username = "u", .password_form = "literal+", .result = "NO"},
          {OUT, .at_ms = 500, .username = "u"}},
         "1-2"},
        {"before the inbound login", {{IN, .at_ms = 5, .username = "u"}, {OUT, .username = "u"}}, ""},
        {"another user", {{IN, .username = "u"}, {OUT, .at_ms = 5, .username = "U"}}, ""},
        {"a domain is not guessed", {{IN, .username = "D\\u"}, {OUT, .at_ms = 5, .username = "u"}}, ""},
        {"nobody", {{IN, .username = ""}, {OUT, .at_ms = 5, .username = ""}}, ""},
        {"another host", {{IN, .username = "u"}, {.client = "q", .at_ms = 5, .username = "u"}}, ""},
        {"the same server again",
         {{IN, .username = "u"}, {.client = "p", .server = "p", .at_ms = 5, .username = "u"}},
         ""},
    };

    CHECK(cases, "SELECT inbound_login_id || '-' || outbound_login_id FROM proxied");
}

static void test_each_outbound_login_has_the_latest_inbound_login(void **state)
{
    static const struct judged cases[] = {
        {"two tries",
         {{IN, .username = "u", .result = "NO", .latency_ms = 100},
          {OUT, .at_ms = 50, .username = "u", .result = "NO"},
          {IN, .at_ms = 2000, .username = "u", .result = "OK", .latency_ms = 100},
          {OUT, .at_ms = 2050, .username = "u", .result = "OK"}},
         "1-2,3-4"},
        {"a second server after the first",
         {{IN, .username = "u", .result = "OK", .latency_ms = 4000},
          {OUT, .at_ms = 5, .username = "u", .result = "BYE"},
          {.client = "p", .server = "t", .at_ms = 3000, .username = "u", .result = "OK"}},
         "1-2,1-3"},
        {"a proxy behind a proxy",
         {{IN, .username = "u"},
          {.client = "p", .server = "q", .at_ms = 5, .username = "u"},
          {.client = "q", .at_ms = 9, .username = "u"}},
         "1-2,2-3"},
        {"a coarse clock: the frame decides", {{IN, .username = "u"}, {OUT, .username = "u"}}, "1-2"},
        {"a coarse clock, the other way round", {{OUT, .username = "u"}, {IN, .username = "u"}}, "NULL"},
    };

    CHECK(cases, "SELECT group_concat(pair) FROM (SELECT inbound_login_id || '-' || outbound_login_id AS pair"
                 " FROM proxied ORDER BY outbound_login_id)");
}

static void test_on_one_host_the_outbound_login_lies_within_the_inbound_one(void **state)
{
#define LOCAL .client = "::1", .server = "::1"
    static const struct judged cases[] = {
        {"a proxy",
         {{LOCAL, .port = 1143, .username = "u", .result = "OK", .latency_ms = 9},
          {LOCAL, .at_ms = 5, .username = "u", .result = "OK"}},
         "1-2"},
        {"a client of two servers",
         {{LOCAL, .port = 1143, .username = "u", .result = "OK", .latency_ms = 9},
          {LOCAL, .at_ms = 50, .username = "u", .result = "OK"}},
         ""},
        {"a client of one server",
         {{LOCAL, .username = "u", .result = "OK", .latency_ms = 9},
          {LOCAL, .at_ms = 5, .username = "u", .result = "OK"}},
         ""},
    };

    CHECK(cases, "SELECT inbound_login_id || '-' || outbound_login_id FROM proxied");
}

static void test_pair_tells_both_legs(void **state)
{
    static const struct hand_made rows[] = {
        {IN, .product = "Exchange 2007", .username = "ali*ce", .form = "quoted", .password_form = "literal",
         .result = "NO", .latency_ms = 9, .exposure = "password"},
        {OUT, .product = "Exchange 2003", .at_ms = 5, .username = "ali*ce", .result = "BAD",
         .exposure = "password", .rules = WILDCARD ";unquoted-wildcard password %"}};
    struct fixture *fixture = *state;

    hand_made_put(fixture, rows, 2);
    assert_string_equal(
        fixture_ask(
            fixture->path,
            "SELECT username || '|' || client_ip || '|' || proxy_ip || '|' || proxy_product || '|' ||"
            " server_ip || '|' || server_port || '|' || server_product || '|' || username_form_in ||"
            " '|' || username_form_out || '|' || password_form_in || '|' || password_form_out || '|' ||"
            " coalesce(rules_in, '-') || '|' || rules_out || '|' || result_in || '|' || result_out ||"
            " '|' || delay_ms || '|' || time FROM proxied"),
        "ali*ce|c|p|Exchange 2007|s|143|Exchange 2003|quoted|atom|literal|atom|-|"
        "unquoted-wildcard (password), unquoted-wildcard (username)|NO|BAD|5.0|2023-11-14T22:13:20.000000Z");
}

/* The login that is judged, with its answer. */
#define SENT .username = "ali*ce", .rules = WILDCARD
/* The sender's other users. */
#define CLEAN .username = "bob", .at_ms = 60000
/* The same user, properly written. */
#define SAME   .username = "ali*ce"
#define QUOTED SAME, .form = "quoted"

static const char verdict_sql[] = "SELECT verdict FROM verdicts WHERE login_id = 1 AND argument <> 'command'";

static void test_what_was_not_answered_or_was_accepted(void **state)
{
    static const struct judged cases[] = {
        {"no verdict", {{SENT}, {QUOTED, .result = "OK"}}, "unknown"},
        {"OK", {{SENT, .result = "OK"}}, "tolerated"},
        {"no verdict of what was disabled", {{SAME, .rules = "login-disabled username"}}, "unknown"},
        {"exposure alone", {{.username = "bob", .result = "NO", .exposure = "password"}}, ""},
    };

    CHECK(cases, verdict_sql);
}

static void test_refusal_is_likely_where_clean_logins_pass(void **state)
{
    static const struct judged cases[] = {
        {"BAD", {{SENT, .result = "BAD"}}, "likely"},
        {"BAD, clean passes", {{SENT, .result = "BAD"}, {CLEAN, .result = "OK"}}, "likely"},
        {"BAD, clean is refused", {{SENT, .result = "BAD"}, {CLEAN, .result = "NO"}}, "likely"},
        {"BAD to all", {{SENT, .result = "BAD"}, {CLEAN, .result = "BAD"}}, "unknown"},
        {"NO", {{SENT, .result = "NO"}}, "unknown"},
        {"NO, clean passes", {{SENT, .result = "NO"}, {CLEAN, .result = "OK"}}, "likely"},
        {"BYE, clean passes", {{SENT, .result = "BYE"}, {CLEAN, .result = "OK"}}, "likely"},
        {"NO, clean is refused", {{SENT, .result = "NO"}, {CLEAN, .result = "NO"}}, "unknown"},
        {"NO, clean of another client passes",
         {{SENT, .result = "NO"}, {CLEAN, .client = "d", .result = "OK"}},
         "unknown"},
        {"NO, clean passes elsewhere",
         {{SENT, .result = "NO"}, {CLEAN, .server = "t", .result = "OK"}},
         "unknown"},
        {"NO, the other that passes is not clean",
         {{SENT, .result = "NO"}, {CLEAN, .result = "OK", .rules = "bad-tag tag"}},
         "unknown"},
        {"NO, exposure leaves clean",
         {{SENT, .result = "NO"}, {CLEAN, .result = "OK", .exposure = "password"}},
         "likely"},
        {"the code explains it",
         {{SENT, .result = "NO", .code = "AUTHENTICATIONFAILED"}, {CLEAN, .result = "OK"}},
         "unknown"},
        {"the code does not", {{SENT, .result = "NO", .code = "ALERT"}, {CLEAN, .result = "OK"}}, "likely"},
        {"the mailbox is refused",
         {{SENT, .result = "OK", .after = "User is authenticated but not connected."},
          {CLEAN, .result = "OK"}},
         "unknown"},
    };

    CHECK(cases, verdict_sql);
}

static void test_same_user_let_in_when_quoted_is_a_proof(void **state)
{
    static const struct judged cases[] = {
        {"quoted", {{SENT, .result = "BAD"}, {QUOTED, .result = "OK"}}, "proved"},
        {"a literal", {{SENT, .result = "NO"}, {SAME, .form = "literal", .result = "OK"}}, "proved"},
        {"SASL",
         {{SENT, .result = "NO"}, {SAME, .form = "sasl", .mechanism = "PLAIN", .result = "OK"}},
         "proved"},
        {"code or no code",
         {{SENT, .result = "NO", .code = "AUTHENTICATIONFAILED"}, {QUOTED, .result = "OK"}},
         "proved"},
        {"the mailbox was refused",
         {{SENT, .result = "OK", .after = "User is authenticated but not connected."},
          {QUOTED, .result = "OK"}},
         "proved"},
        {"refused too", {{SENT, .result = "NO"}, {QUOTED, .result = "NO"}}, "unknown"},
        {"by another client", {{SENT, .result = "NO"}, {QUOTED, .client = "d", .result = "OK"}}, "unknown"},
        {"elsewhere", {{SENT, .result = "NO"}, {QUOTED, .server = "t", .result = "OK"}}, "unknown"},
        {"with another violation",
         {{SENT, .result = "NO"}, {QUOTED, .result = "OK", .rules = "bad-tag tag"}},
         "unknown"},
        {"the password, quoted",
         {{.username = "bob", .result = "BAD", .rules = "unquoted-wildcard password *"},
          {CLEAN, .password_form = "quoted", .result = "OK"}},
         "proved"},
        {"the password, in an atom",
         {{.username = "bob", .result = "NO", .rules = "unquoted-wildcard password *"},
          {CLEAN, .form = "quoted", .result = "OK"}},
         "likely"},
        {"an atom, where the literal was the fault",
         {{.username = "bob", .form = "literal+", .result = "BAD", .rules = "unadvertised-literal username"},
          {CLEAN, .result = "OK"}},
         "proved"},
        {"the tag",
         {{.username = "bob", .result = "BAD", .rules = "bad-tag tag"}, {CLEAN, .result = "OK"}},
         "proved"},
    };

    CHECK(cases, verdict_sql);
}

static void test_server_that_takes_the_same_from_others_weakens_the_verdict(void **state)
{
#define OTHER .client = "d", .username = "50*", .rules = WILDCARD, .result = "OK"
    static const struct judged cases[] = {
        {"NO", {{SENT, .result = "NO"}, {CLEAN, .result = "OK"}, {OTHER}}, "unknown"},
        {"BAD", {{SENT, .result = "BAD"}, {CLEAN, .result = "OK"}, {OTHER}}, "unknown"},
        {"NO, and quoted let in", {{SENT, .result = "NO"}, {QUOTED, .result = "OK"}, {OTHER}}, "likely"},
        {"BAD, and quoted let in", {{SENT, .result = "BAD"}, {QUOTED, .result = "OK"}, {OTHER}}, "proved"},
        {"the same user",
         {{SENT, .result = "BAD"}, {QUOTED, .result = "OK"}, {SENT, .at_ms = 9, .result = "OK"}},
         "unknown"},
        {"another octet",
         {{SENT, .result = "BAD"},
          {.username = "50%", .rules = "unquoted-wildcard username %", .result = "OK"}},
         "likely"},
        {"another server", {{SENT, .result = "BAD"}, {OTHER, .server = "t"}}, "likely"},
    };

    CHECK(cases, verdict_sql);
}

static void test_code_that_names_another_reason_makes_it_unrelated(void **state)
{
    static const char *const codes[] = {"UNAVAILABLE",     "EXPIRED", "LIMIT",     "LIMIT 5",
                                        "PRIVACYREQUIRED", "INUSE",   "SERVERBUG", "contactadmin"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const struct hand_made rows[] = {{SENT, .result = "NO", .code = codes[i]}, {QUOTED, .result = "OK"}};

        hand_made_put(fixture, rows, 2);
        assert_string_equal(fixture_ask(fixture->path, verdict_sql), "unrelated");
    }
}

static void test_login_that_was_disabled_explains_itself(void **state)
{
    static const struct hand_made row = {
        .username = "ali*ce", .result = "NO", .rules = WILDCARD ";login-disabled command"};
    struct fixture *fixture = *state;

    hand_made_put(fixture, &row, 1);
    assert_string_equal(fixture_ask(fixture->path,
                                    "SELECT group_concat(rule || ' ' || verdict) FROM (SELECT * FROM"
                                    " verdicts ORDER BY rule)"),
                        "login-disabled proved,unquoted-wildcard unrelated");
}

static void test_no_of_dovecot_proves_nothing(void **state)
{
#define DOVECOT .product = "Dovecot"
    static const struct judged cases[] = {
        {"NO", {{SENT, DOVECOT, .result = "NO"}, {CLEAN, DOVECOT, .result = "OK"}}, "unknown"},
        {"by its ID",
         {{SENT, .ident = "(\"name\" \"Dovecot\")", .result = "NO"}, {CLEAN, .result = "OK"}},
         "unknown"},
        {"quoted let in", {{SENT, DOVECOT, .result = "NO"}, {QUOTED, DOVECOT, .result = "OK"}}, "unknown"},
        {"BAD", {{SENT, DOVECOT, .result = "BAD"}, {CLEAN, DOVECOT, .result = "OK"}}, "likely"},
    };

    CHECK(cases, verdict_sql);
}

static void test_legs_of_a_proxy_are_a_proof(void **state)
{
#define SENT_ON OUT, .at_ms = 5, SENT
    static const struct judged cases[] = {
        {"quoted, then refused",
         {{SENT_ON, .result = "NO"}, {IN, QUOTED, .result = "NO", .latency_ms = 9}},
         "proved"},
        {"quoted, no verdict yet", {{SENT_ON, .result = "NO"}, {IN, QUOTED}}, "proved"},
        {"a literal, accepted",
         {{SENT_ON, .result = "BAD"}, {IN, SAME, .form = "literal", .result = "OK"}},
         "proved"},
        {"SASL", {{SENT_ON, .result = "NO"}, {IN, SAME, .form = "sasl", .mechanism = "PLAIN"}}, "proved"},
        {"bare already", {{SENT_ON, .result = "NO"}, {IN, SENT}}, "unknown"},
        {"not refused", {{SENT_ON, .result = "OK"}, {IN, QUOTED}}, "tolerated"},
        {"the password",
         {{OUT, .at_ms = 5, .username = "bob", .result = "NO", .rules = "unquoted-wildcard password *"},
          {IN, .username = "bob", .password_form = "quoted"}},
         "proved"},
        {"the password was bare already",
         {{OUT, .at_ms = 5, .username = "bob", .result = "NO", .rules = "unquoted-wildcard password *"},
          {IN, .username = "bob", .form = "quoted"}},
         "unknown"},
        {"Dovecot behind", {{SENT_ON, DOVECOT, .result = "NO"}, {IN, QUOTED}}, "unknown"},
    };

    CHECK(cases, verdict_sql);
}

static void test_judged_finding_names_the_login_that_proves_it(void **state)
{
    static const struct judged cases[] = {
        {"compared", {{SENT, .result = "BAD"}, {QUOTED, .result = "OK"}}, "proved 2 -"},
        {"legs", {{SENT_ON, .result = "BAD"}, {IN, QUOTED}}, "proved - 2"},
        {"tolerated",
         {{SENT, .result = "OK"}, {QUOTED, .result = "OK"}, {SENT, .result = "BAD"}},
         "tolerated - -"},
        {"passed on and tolerated", {{SENT_ON, .result = "OK"}, {IN, QUOTED}}, "tolerated - -"},
    };

    CHECK(
        cases,
        "SELECT verdict || ' ' || coalesce(accepted_login_id, '-') || ' ' || coalesce(inbound_login_id, '-')"
        " FROM judged_findings WHERE frame = 1 AND username = 'ali*ce' AND remedy = 'Quote it'");
}

static void test_senders_count_the_users_that_are_refused(void **state)
{
    static const struct hand_made rows[] = {{SENT, .result = "NO"},
                                            {SENT, .result = "BAD"},
                                            {CLEAN, .result = "NO"},
                                            {.username = "eve", .result = "OK"}};
    struct fixture *fixture = *state;

    hand_made_put(fixture, rows, 4);
    assert_string_equal(
        fixture_ask(fixture->path, "SELECT users_refused || ' ' || wildcard_users_refused FROM senders"),
        "2 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_login_that_is_passed_on_is_paired),
        FIXTURE_TEST(test_each_outbound_login_has_the_latest_inbound_login),
        FIXTURE_TEST(test_on_one_host_the_outbound_login_lies_within_the_inbound_one),
        FIXTURE_TEST(test_pair_tells_both_legs),
        FIXTURE_TEST(test_what_was_not_answered_or_was_accepted),
        FIXTURE_TEST(test_refusal_is_likely_where_clean_logins_pass),
        FIXTURE_TEST(test_same_user_let_in_when_quoted_is_a_proof),
        FIXTURE_TEST(test_server_that_takes_the_same_from_others_weakens_the_verdict),
        FIXTURE_TEST(test_code_that_names_another_reason_makes_it_unrelated),
        FIXTURE_TEST(test_login_that_was_disabled_explains_itself),
        FIXTURE_TEST(test_no_of_dovecot_proves_nothing),
        FIXTURE_TEST(test_legs_of_a_proxy_are_a_proof),
        FIXTURE_TEST(test_judged_finding_names_the_login_that_proves_it),
        FIXTURE_TEST(test_senders_count_the_users_that_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
