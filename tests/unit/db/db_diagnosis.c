/*
 * What a person reads: the sentence for each client and server, and the canned queries of the judgement.
 */
#include "tests/unit/db/hand_made.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 4

struct expected {
    struct hand_made rows[MOST_ROWS];
    size_t count;
    const char *expected;
};

static void check(struct fixture *fixture, const struct expected *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hand_made_put(fixture, cases[i].rows, cases[i].count);
        assert_string_equal(fixture_ask(fixture->path, "SELECT verdict || ': ' || diagnosis FROM diagnosis"
                                                       " WHERE server_ip = 's' AND client_ip IN ('c', 'p')"),
                            cases[i].expected);
    }
}

#define CHECK(cases) check(*state, cases, sizeof(cases) / sizeof *(cases))

#define BARE  .username = "ali*ce", .rules = WILDCARD
#define SAME  .username = "ali*ce", .form = "quoted"
#define OTHER .username = "bob"
#define IN    .client = "c", .server = "p"
#define OUT   .client = "p", .at_ms = 5

static void test_not_seen_is_not_no_finding(void **state)
{
    static const struct expected cases[] = {
        {{{.encryption = "implicit"}},
         1,
         "not seen: No login was seen from c to s: the connection was encrypted."},
        {{{.encryption = "implicit"}, {.encryption = "starttls"}},
         2,
         "not seen: No login was seen from c to s: all 2 connections were encrypted."},
        {{{.product = "Dovecot"}}, 1, "not seen: No login was seen from c to s (Dovecot) on 1 connection."},
        {{{.encryption = "starttls"}, {0}},
         2,
         "not seen: No login was seen from c to s on 2 connections, 1 of them encrypted."},
        {{{.not_imap = 1}},
         1,
         "not seen: No login was seen from c to s: what the connection carried was no IMAP."},
        {{{.not_imap = 1}, {.not_imap = 1}},
         2,
         "not seen: No login was seen from c to s: what the 2 connections carried was no IMAP."},
        {{{OTHER, .result = "OK"}},
         1,
         "no finding: No finding in 1 login of c to s; no * or % that needs quotes was seen, so whether it "
         "quotes them is "
         "not known."},
        {{{OTHER, .result = "OK"}, {.encryption = "starttls"}},
         2,
         "no finding: No finding in 1 login of c to s; no * or % that needs quotes was seen, so whether it "
         "quotes "
         "them is not known. What 1 of 2 connections encrypted was not seen."},
        {{{.username = "user-0123456789abcdef", .result = "OK"}},
         1,
         "no finding: No finding in 1 login of c to s; the user names are masked, so whether it quotes * and "
         "% is not "
         "known."},
        {{{OTHER, .form = "quoted", .password_form = "literal", .result = "OK"}},
         1,
         "no finding: No finding in 1 login of c to s; all arguments were quoted, literals or in SASL, so "
         "that * and % "
         "would be safe."},
    };

    CHECK(cases);
}

static void test_sender_that_quotes(void **state)
{
    static const struct expected cases[] = {
        {{{SAME, .result = "OK"}}, 1, "no finding: c quotes * and % in 1 login to s: accepted."},
        {{{SAME, .result = "OK"}, {SAME, .result = "OK"}},
         2,
         "no finding: c quotes * and % in 2 logins to s: accepted."},
    };

    CHECK(cases);
}

static void test_sentence_says_who_what_how_sure_and_what_to_do(void **state)
{
    static const struct expected cases[] = {
        {{{BARE, .result = "BAD"}, {SAME, .at_ms = 9, .result = "OK"}, {.encryption = "implicit"}},
         3,
         "proved: c sends * in the user name without quotes, and s refuses it (BAD in frame 1). Proved: the "
         "same "
         "user was let in there without that (frame 2). c must send it as a quoted string or a literal. "
         "Until "
         "then a name or password without such characters works. What 1 of 3 connections encrypted was not "
         "seen."},
        {{{BARE, .product = "Exchange 2003", .result = "BAD"}},
         1,
         "likely: c sends * in the user name without quotes, and s (Exchange 2003) refuses it (BAD in frame "
         "1). "
         "Likely: no login without that was seen for comparison. c must send it as a quoted string or a "
         "literal. "
         "Until then a name or password without such characters works."},
        {{{OTHER, .result = "BAD", .rules = "bad-tag tag"}, {OTHER, .at_ms = 9, .result = "OK"}},
         2,
         "proved: c sends a tag that is none, and s refuses it (BAD in frame 1). Proved: the same user was "
         "let in "
         "there without that (frame 2). c must send a tag of letters and digits."},
        {{{BARE, .result = "OK"}},
         1,
         "tolerated: c sends * or % unquoted, and s takes it (1 login): it works there, and fails at a "
         "strict "
         "server. Quote it before that."},
        {{{OTHER, .result = "NO", .code = "LIMIT"}},
         1,
         "unrelated: s refuses the login of c (NO in frame 1, [LIMIT]) and says why: there are too many "
         "connections or "
         "attempts. Use fewer at a time, wait, or raise the limit; how the login is written is not the "
         "reason."},
        {{{IN, SAME, .result = "NO", .latency_ms = 9}, {OUT, BARE, .result = "BAD"}},
         2,
         "proved: p sends * in the user name without quotes, and s refuses it (BAD in frame 2). Proved: it "
         "came in "
         "without that (frame 1). p must send it as a quoted string or a literal. Until then a name or "
         "password "
         "without such characters works."},
    };

    CHECK(cases);
}

static void test_client_of_a_proxy_is_not_at_fault(void **state)
{
    static const struct hand_made rows[] = {{IN, SAME, .result = "NO", .latency_ms = 9},
                                            {OUT, BARE, .result = "BAD"}};
    struct fixture *fixture = *state;

    hand_made_put(fixture, rows, 2);
    assert_string_equal(
        fixture_ask(fixture->path,
                    "SELECT verdict || ': ' || diagnosis FROM diagnosis WHERE client_ip = 'c'"),
        "unrelated: c is not at fault: p passed the login of c (frame 1) on to s, which refused it (frame 2; "
        "cause: syntax). See what is said of the login there.");
}

static void check_query(struct fixture *fixture, const char *name, const struct hand_made *rows, size_t count,
                        const char *expected)
{
    struct query_options options = {.format = QUERY_CSV};
    enum query_status status;
    const char *answer;
    char *text;

    hand_made_put(fixture, rows, count);
    text = fixture_query(fixture, query_find(name)->sql, &options, &status);
    assert_string_equal(fixture->why, "");
    answer = strchr(text, '\n'); /* after the names of the columns */
    assert_non_null(answer);
    assert_string_equal(answer + 1, expected);
    free(text);
}

static void test_proxied_shows_broken_legs_first(void **state)
{
    static const struct hand_made rows[] = {
        {IN, OTHER, .result = "OK", .latency_ms = 9},
        {OUT, OTHER, .result = "OK"},
        {IN, SAME, .at_ms = 20, .result = "NO", .latency_ms = 9},
        {.client = "p", .at_ms = 22, BARE, .result = "BAD"},
        {IN, .at_ms = 30, .username = "eve", .form = "sasl", .password_form = "sasl", .mechanism = "PLAIN"},
        {.client = "p", .at_ms = 33, .username = "eve", .form = "literal+", .password_form = "literal+"},
    };

    check_query(
        *state, "proxied", rows, 6,
        "ali*ce,c,NO,syntax,2.0,\"p received a quoted string and an atom, sent an atom to s: BAD, "
        "unquoted-wildcard (username)\"\r\n"
        "eve,c,,unknown,3.0,\"p received a SASL response, sent a literal+ to s: no verdict was seen\"\r\n");
}

static void test_guessing_takes_ten_refusals_in_ten_minutes(void **state)
{
    struct hand_made rows[44] = {0};

    for (int i = 0; i < 11; i++) { /* a guesser that succeeds in the end */
        rows[i] = (struct hand_made){
            .client = "guesser", .username = i % 2 == 0 ? "root" : "admin", .at_ms = i * 100};
        rows[i].result = i == 10 ? "OK" : "NO";
    }
    for (int i = 0; i < 9; i++) /* too few */
        rows[11 + i] = (struct hand_made){.client = "forgetful", OTHER, .result = "NO"};
    for (int i = 0; i < 24; i++) /* a webmail: many, and most of them let in */
        rows[20 + i] = (struct hand_made){.client = "webmail", OTHER, .result = i < 11 ? "NO" : "OK"};
    check_query(*state, "guessing", rows, sizeof rows / sizeof *rows,
                "guesser,11,10,2,1,10,2023-11-14T22:13:20Z,2023-11-14T22:13:20Z,1\r\n");
}

static void test_cleartext_with_starttls(void **state)
{
#define READABLE .exposure = "password"
    static const struct hand_made rows[] = {
        {OTHER, READABLE, .capabilities = "IMAP4rev1 STARTTLS LITERAL+"},
        {OTHER, .capabilities = "STARTTLS"},
        {.client = "d", OTHER, READABLE, .capabilities = "IMAP4rev1 XSTARTTLS"},
        {.client = "e", OTHER, READABLE},
    };

    check_query(*state, "cleartext-with-starttls", rows, 4,
                "c,s,143,1,1,2023-11-14T22:13:20Z,2023-11-14T22:13:20Z\r\n");
}

static void test_backslash_in_quotes(void **state)
{
    static const struct hand_made rows[] = {
        {.username = "CORP\\ann", .form = "quoted", .result = "OK"},
        {.username = "CORPbob", .form = "quoted", .result = "NO", .rules = "bad-quoted username \\ 5"},
        {.username = "CORP\\carl", .result = "OK"},
        {.username = "caf\\xE9", .form = "quoted", .result = "OK"},
        {.username = "dora", .form = "quoted", .result = "BAD", .rules = "bad-quoted password"},
        {.username = "eve", .form = "quoted", .result = "BAD", .rules = "bad-quoted username x 4"},
    };

    check_query(*state, "backslash-in-quotes", rows, 6,
                "CORPbob,username,NO,unknown,c,s,,2023-11-14T22:13:20Z,a.pcap,2\r\n"
                "dora,password,BAD,syntax,c,s,,2023-11-14T22:13:20Z,a.pcap,5\r\n"
                "CORP\\ann,,OK,,c,s,,2023-11-14T22:13:20Z,a.pcap,1\r\n");
}

static void test_lost_backslash_is_put_back_where_that_is_exact(void **state)
{
    static const struct hand_made rows[] = {
        {.username = "CORPbob", .form = "quoted", .result = "NO", .rules = "bad-quoted username \\ 5"},
        {.username = "bob", .form = "quoted", .result = "NO", .rules = "bad-quoted username \\ 1"},
        {.username = "a\\bc", .form = "quoted", .rules = "bad-quoted username \\ 4"},
        {.username = "c\xC3\xBC"
                     "d",
         .form = "quoted",
         .rules = "bad-quoted username \\ 4"},
        {.username = "user-0123456789abcdef", .form = "quoted", .rules = "bad-quoted username \\ 5"},
        {.username = "eve", .form = "quoted", .rules = "bad-quoted username x 4"},
    };

    check_query(*state, "lost-backslash", rows, 6,
                "\"\"\"CORP\\bob\"\"\",CORPbob,NO,unknown,c,s,,2023-11-14T22:13:20Z,a.pcap,1\r\n"
                "\"\"\"\\bob\"\"\",bob,NO,unknown,c,s,,2023-11-14T22:13:20Z,a.pcap,2\r\n"
                ",a\\bc,,unknown,c,s,,2023-11-14T22:13:20Z,a.pcap,3\r\n"
                ",c\xC3\xBC"
                "d,,unknown,c,s,,2023-11-14T22:13:20Z,a.pcap,4\r\n"
                ",user-0123456789abcdef,,unknown,c,s,,2023-11-14T22:13:20Z,a.pcap,5\r\n");
}

static void test_non_ascii(void **state)
{
    static const struct hand_made rows[] = {
        {.username = "j\xC3\xBCrgen", .form = "literal", .result = "OK"},
        {.username = "j\\xFCrgen",
         .form = "quoted",
         .result = "BAD",
         .rules = "eight-bit-octet username \\xFC 2"},
        {.username = "bob", .result = "OK", .rules = "eight-bit-octet password"},
        {.username = "CORP\\bob", .result = "OK"},
    };

    check_query(*state, "non-ascii", rows, 4,
                "j\xC3\xBCrgen,literal,,UTF-8,OK,,c,s,,2023-11-14T22:13:20Z,a.pcap,1\r\n"
                "j\\xFCrgen,quoted,username,not UTF-8,BAD,syntax,c,s,,2023-11-14T22:13:20Z,a.pcap,2\r\n"
                "bob,atom,password,,OK,,c,s,,2023-11-14T22:13:20Z,a.pcap,3\r\n");
}

static void test_starttls_pipelined(void **state)
{
    static const struct hand_made rows[] = {
        {OTHER, .result = "OK", .encryption = "starttls", .rules = "starttls-pipelined command"},
        {OTHER, .result = "OK"}};

    check_query(*state, "starttls-pipelined", rows, 2,
                "bob,OK,,,starttls,c,s,143,,2023-11-14T22:13:20Z,a.pcap,1\r\n");
}

static void test_master_users_are_dovecots(void **state)
{
    static const struct hand_made rows[] = {
        {.username = "bob*admin", .product = "Dovecot", .result = "OK"},
        {.username = "bob*admin", .ident = "(\"name\" \"Dovecot\")", .form = "quoted", .result = "NO"},
        {.username = "bob*admin", .product = "Hoodiecrow"},
        {.username = "*admin", .product = "Dovecot"},
        {.username = "bob*", .product = "Dovecot"},
    };

    check_query(*state, "master-users", rows, 5,
                "bob,admin,atom,OK,,c,s,2023-11-14T22:13:20Z,a.pcap,1\r\n"
                "bob,admin,quoted,NO,credentials,c,s,2023-11-14T22:13:20Z,a.pcap,2\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_not_seen_is_not_no_finding),
        FIXTURE_TEST(test_sender_that_quotes),
        FIXTURE_TEST(test_sentence_says_who_what_how_sure_and_what_to_do),
        FIXTURE_TEST(test_client_of_a_proxy_is_not_at_fault),
        FIXTURE_TEST(test_proxied_shows_broken_legs_first),
        FIXTURE_TEST(test_guessing_takes_ten_refusals_in_ten_minutes),
        FIXTURE_TEST(test_cleartext_with_starttls),
        FIXTURE_TEST(test_backslash_in_quotes),
        FIXTURE_TEST(test_lost_backslash_is_put_back_where_that_is_exact),
        FIXTURE_TEST(test_non_ascii),
        FIXTURE_TEST(test_starttls_pipelined),
        FIXTURE_TEST(test_master_users_are_dovecots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
