/*
 * The judgement of rows made by hand: the cause of the first login, how sure it is, and of which rule. Whole
 * conversations are judged in tests/judgement.
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

/* The login that is judged, its user properly written, and another user. */
#define SENT   .username = "ali*ce", .rules = WILDCARD
#define SAME   .username = "ali*ce"
#define QUOTED SAME, .form = "quoted", .at_ms = 1000
#define CLEAN  .username = "bob", .at_ms = 60000
/* What a client sends to a proxy p, and what p sends to a server s. */
#define IN  .client = "c", .server = "p"
#define OUT .client = "p", .server = "s"

static const char cause_sql[] =
    "SELECT cause || ' ' || certainty || coalesce(' ' || rule, '') FROM causes WHERE login_id = 1";

static void test_accepted_login_has_no_cause(void **state)
{
    static const struct judged cases[] = {
        {"accepted", {{SENT, .result = "OK"}}, ""},
        {"accepted, and no mailbox",
         {{.username = "bob", .result = "OK", .after = "User is authenticated but not connected."}},
         "mailbox proved"},
        {"not answered, not closed", {{SENT}}, "unknown unknown"},
    };

    CHECK(cases, cause_sql);
}

static void test_bad_is_proved_by_the_same_user_without_the_fault(void **state)
{
    static const struct judged cases[] = {
        {"alone", {{SENT, .result = "BAD"}}, "syntax likely unquoted-wildcard"},
        {"quoted", {{SENT, .result = "BAD"}, {QUOTED, .result = "OK"}}, "syntax proved unquoted-wildcard"},
        {"quoted by another client",
         {{SENT, .result = "BAD"}, {QUOTED, .client = "d", .result = "OK"}},
         "syntax proved unquoted-wildcard"},
        {"quoted elsewhere",
         {{SENT, .result = "BAD"}, {QUOTED, .server = "t", .result = "OK"}},
         "syntax likely unquoted-wildcard"},
        {"quoted two days later",
         {{SENT, .result = "BAD"}, {SAME, .form = "quoted", .at_ms = 172800000, .result = "OK"}},
         "syntax likely unquoted-wildcard"},
        {"quoted, another product",
         {{SENT, .result = "BAD", .product = "A"}, {QUOTED, .product = "B", .result = "OK"}},
         "syntax likely unquoted-wildcard"},
        {"quoted and refused too", {{SENT, .result = "BAD"}, {QUOTED, .result = "BAD"}}, "unknown unknown"},
        {"taken from the same user",
         {{SENT, .result = "BAD"}, {SENT, .at_ms = 1000, .result = "OK"}},
         "unknown unknown"},
        {"taken from others",
         {{SENT, .result = "BAD"}, {.username = "b*b", .rules = WILDCARD, .result = "OK"}},
         "unknown unknown"},
        {"taken from others, and quoted",
         {{SENT, .result = "BAD"},
          {.username = "b*b", .rules = WILDCARD, .result = "OK"},
          {QUOTED, .result = "OK"}},
         "syntax likely unquoted-wildcard"},
        {"the same words to a clean login",
         {{SENT, .result = "BAD"}, {CLEAN, .result = "BAD"}},
         "unknown unknown"},
    };

    CHECK(cases, cause_sql);
}

static void test_of_two_rules_the_one_is_blamed_that_is_not_tolerated(void **state)
{
    static const struct judged cases[] = {
        {"the other is taken",
         {{SAME, .rules = WILDCARD ";unquoted-special password", .result = "BAD"},
          {.username = "b*b", .rules = WILDCARD, .result = "OK"},
          {QUOTED, .password_form = "quoted", .result = "OK"}},
         "syntax proved unquoted-special"},
        {"either",
         {{SAME, .rules = WILDCARD ";unquoted-special password", .result = "BAD"},
          {QUOTED, .password_form = "quoted", .result = "OK"}},
         "syntax proved unquoted-wildcard,unquoted-special"},
        {"a bare password proves nothing",
         {{SAME, .rules = "unquoted-wildcard password *", .form = "quoted", .result = "BAD"},
          {QUOTED, .result = "OK"}},
         "syntax likely unquoted-wildcard"},
    };

    CHECK(cases, cause_sql);
}

static void test_no_is_about_the_password_unless_something_says_otherwise(void **state)
{
    static const struct judged cases[] = {
        {"a code", {{SENT, .result = "NO", .code = "AUTHENTICATIONFAILED"}}, "credentials likely"},
        {"no reason", {{SENT, .result = "NO"}}, "unknown unknown"},
        {"no reason, quoted by the same client",
         {{SENT, .result = "NO"}, {QUOTED, .result = "OK"}},
         "syntax likely unquoted-wildcard"},
        {"no reason, quoted by another",
         {{SENT, .result = "NO"}, {QUOTED, .client = "d", .result = "OK"}},
         "unknown unknown"},
        {"no reason, quoted an hour later",
         {{SENT, .result = "NO"}, {SAME, .form = "quoted", .at_ms = 3600000, .result = "OK"}},
         "unknown unknown"},
        {"the same to a clean one", {{SENT, .result = "NO"}, {CLEAN, .result = "NO"}}, "credentials likely"},
        {"what the server must have read",
         {{SAME, .rules = "bad-spacing command", .result = "NO"}, {QUOTED, .result = "OK"}},
         "unknown unknown"},
        {"Dovecot's user names",
         {{SENT, .product = "Dovecot", .result = "NO"}, {QUOTED, .product = "Dovecot", .result = "OK"}},
         "unknown unknown"},
    };

    CHECK(cases, cause_sql);
}

static void test_server_says_why(void **state)
{
    static const struct judged cases[] = {
        {"limit", {{SENT, .result = "NO", .code = "LIMIT"}, {QUOTED, .result = "OK"}}, "limit proved"},
        {"expired", {{SENT, .result = "BAD", .code = "EXPIRED"}, {QUOTED, .result = "OK"}}, "account proved"},
        {"by its text",
         {{SENT, .result = "NO", .code = "ALERT", .said = "Too many simultaneous connections. (Failure)"}},
         "limit likely"},
        {"an alert", {{SENT, .result = "NO", .code = "ALERT", .said = "Hello"}}, "unknown unknown"},
        {"disabled",
         {{SAME, .rules = WILDCARD ";login-disabled command", .result = "NO"}},
         "privacy proved login-disabled"},
        {"disabled, but checked",
         {{SAME, .rules = "login-disabled command", .result = "NO", .code = "AUTHENTICATIONFAILED"}},
         "credentials likely"},
    };

    CHECK(cases, cause_sql);
}

static void test_form_and_mechanism(void **state)
{
    static const struct judged cases[] = {
        {"another form",
         {{.username = "bob", .result = "BAD"}, {.username = "bob", .form = "quoted", .result = "OK"}},
         "form proved"},
        {"this form was taken, too",
         {{.username = "bob", .result = "BAD"},
          {.username = "bob", .form = "quoted", .result = "OK"},
          {CLEAN, .result = "OK"}},
         "unknown unknown"},
        {"another mechanism",
         {{.username = "bob", .mechanism = "NTLM", .result = "NO"},
          {.username = "bob", .mechanism = "PLAIN", .result = "OK"}},
         "mechanism likely"},
        {"never announced",
         {{.username = "bob", .mechanism = "NTLM", .capabilities = "IMAP4rev1 AUTH=PLAIN", .result = "BAD"}},
         "mechanism proved"},
    };

    CHECK(cases, cause_sql);
}

static void test_legs_of_a_proxy(void **state)
{
    static const struct judged cases[] = {
        {"quoted in, bare out",
         {{OUT, SENT, .at_ms = 5, .result = "BAD"},
          {IN, SAME, .form = "quoted", .result = "NO", .latency_ms = 9}},
         "syntax proved unquoted-wildcard 1 2"},
        {"let in, but refused behind",
         {{OUT, SENT, .at_ms = 5, .result = "BAD"},
          {IN, SAME, .form = "quoted", .result = "OK", .latency_ms = 9}},
         "syntax likely unquoted-wildcard 1 -"},
        {"refused before",
         {{OUT, SENT, .at_ms = 500, .result = "BAD"},
          {IN, SAME, .form = "quoted", .result = "NO", .latency_ms = 9}},
         "syntax likely unquoted-wildcard 1 -"},
        {"bare in, bare out",
         {{OUT, SENT, .at_ms = 5, .result = "BAD"}, {IN, SENT, .result = "NO", .latency_ms = 9}},
         "syntax likely unquoted-wildcard 2 2"},
        {"two that differ",
         {{OUT, SENT, .at_ms = 5, .result = "BAD"},
          {IN, SAME, .form = "quoted", .result = "NO", .latency_ms = 9},
          {.client = "d", .server = "p", SENT, .at_ms = 1, .result = "NO", .latency_ms = 9}},
         "syntax likely unquoted-wildcard 1 -"},
        {"another name, without its domain",
         {{OUT, SENT, .at_ms = 5, .result = "BAD"},
          {IN, .username = "CORP\\Ali*ce", .form = "quoted", .result = "NO", .latency_ms = 9}},
         "syntax proved unquoted-wildcard 1 2"},
    };

    CHECK(cases, "SELECT cause || ' ' || certainty || ' ' || rule || ' ' || author_login_id || ' ' ||"
                 " coalesce(inbound_login_id, '-') FROM causes WHERE login_id = 1");
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
        FIXTURE_TEST(test_accepted_login_has_no_cause),
        FIXTURE_TEST(test_bad_is_proved_by_the_same_user_without_the_fault),
        FIXTURE_TEST(test_of_two_rules_the_one_is_blamed_that_is_not_tolerated),
        FIXTURE_TEST(test_no_is_about_the_password_unless_something_says_otherwise),
        FIXTURE_TEST(test_server_says_why),
        FIXTURE_TEST(test_form_and_mechanism),
        FIXTURE_TEST(test_legs_of_a_proxy),
        FIXTURE_TEST(test_senders_count_the_users_that_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
