/* What a reply means: by its code, by a template, by its words; and which octets of it are the server's own.
 */
#include "dissector/replies/replies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HELD "\xe2\x80\xa6" /* what was withheld */

struct example {
    enum reply_status status;
    const char *code;
    const char *text;
    enum reply_cause cause;
};

static struct reply reply_of(enum reply_status status, const char *code, const char *text)
{
    return (struct reply){status, code, code ? strlen(code) : 0, text, text ? strlen(text) : 0};
}

static void check(const struct example *examples, size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct reply reply = reply_of(examples[i].status, examples[i].code, examples[i].text);
        struct reply_meaning meaning = replies_judge(&reply);
        if (meaning.cause == examples[i].cause)
            continue;
        printf("[%s] %s: %s by %s, not %s\n", examples[i].code ? examples[i].code : "", examples[i].text,
               reply_cause_name(meaning.cause), reply_source_name(meaning.source),
               reply_cause_name(examples[i].cause));
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

#define CHECK(examples) check(examples, sizeof(examples) / sizeof(examples)[0])

static void texts_that_no_template_knows_are_judged_by_their_words(void **state)
{
    static const struct example examples[] = {
        {REPLY_BAD, NULL, "Unexpected char", REPLY_SYNTAX},
        {REPLY_BAD, NULL, "Syntax error in command", REPLY_SYNTAX},
        {REPLY_BAD, NULL, "LOGIN: wildcard characters must be quoted", REPLY_SYNTAX},
        {REPLY_NO, NULL, "Illegal characters in user name", REPLY_SYNTAX},
        {REPLY_NO, NULL, "wrong number of arguments", REPLY_SYNTAX},
        {REPLY_BAD, NULL, "Could not parse arguments, password not checked", REPLY_SYNTAX},
        {REPLY_BAD, NULL, "bad command", REPLY_WEAK_SYNTAX},
        {REPLY_BAD, NULL, "protocol error", REPLY_WEAK_SYNTAX},
        {REPLY_BAD, NULL, "You are already logged in as somebody", REPLY_STATE},
        {REPLY_NO, NULL, "User has reached the maximum number of sessions", REPLY_LIMIT},
        {REPLY_NO, NULL, "Too many login failures, try again in 15 minutes", REPLY_LIMIT},
        {REPLY_NO, NULL, "Your account was temporarily locked due to repeated failures", REPLY_LIMIT},
        {REPLY_BAD, NULL, "Rate limit exceeded", REPLY_LIMIT},
        {REPLY_BYE, NULL, "Connection limit exceeded for your address", REPLY_LIMIT},
        {REPLY_NO, NULL, "Please use an app password instead of your account password", REPLY_POLICY},
        {REPLY_NO, NULL, "Two-factor authentication is on for this account", REPLY_POLICY},
        {REPLY_BAD, NULL, "Logins from your country are not accepted", REPLY_POLICY},
        {REPLY_NO, NULL, "Access denied", REPLY_POLICY},
        {REPLY_BAD, NULL, "Plain text logins need an encrypted connection", REPLY_PRIVACY},
        {REPLY_NO, NULL, "Use STARTTLS before logging in", REPLY_PRIVACY},
        {REPLY_NO, NULL, "Account is locked", REPLY_ACCOUNT},
        {REPLY_NO, NULL, "Your mailbox has been suspended", REPLY_ACCOUNT},
        {REPLY_NO, NULL, "Password has expired", REPLY_ACCOUNT},
        {REPLY_NO, NULL, "IMAP is not enabled for this user", REPLY_ACCOUNT},
        {REPLY_BAD, NULL, "user account disabled", REPLY_ACCOUNT},
        {REPLY_NO, NULL, "Directory backend did not answer", REPLY_UNAVAILABLE},
        {REPLY_NO, NULL, "authentication service is temporarily unavailable", REPLY_UNAVAILABLE},
        {REPLY_BYE, NULL, "System going down for maintenance", REPLY_UNAVAILABLE},
        {REPLY_NO, NULL, "That mechanism is not available here", REPLY_MECHANISM},
        {REPLY_NO, NULL, "Your name or password was not right: authentication failure", REPLY_CREDENTIALS},
        {REPLY_NO, NULL, "Unknown user or wrong password", REPLY_CREDENTIALS},
        {REPLY_NO, NULL, "Unable to open this mailbox", REPLY_MAILBOX},
        {REPLY_NO, NULL, "sorry, not today", REPLY_NONE},
        {REPLY_NO, NULL, "", REPLY_NONE},
        {REPLY_NO, NULL, NULL, REPLY_NONE},
    };
    (void)state;
    CHECK(examples);
}

static void other_languages_have_their_words(void **state)
{
    static const struct example examples[] = {
        {REPLY_NO, NULL, "Anmeldung fehlgeschlagen: Benutzername oder Passwort falsch", REPLY_CREDENTIALS},
        {REPLY_NO, NULL, "Ihr Konto ist GESPERRT", REPLY_ACCOUNT},
        {REPLY_NO, NULL, "Zu viele gleichzeitige Verbindungen", REPLY_LIMIT},
        {REPLY_BAD, NULL, "Ung\xc3\xbcltiges Zeichen", REPLY_SYNTAX},
        {REPLY_BAD, NULL,
         "\xc3\x9c"
         "berschritten",
         REPLY_LIMIT},
        {REPLY_NO, NULL, "Nom d'utilisateur ou mot de passe incorrect", REPLY_CREDENTIALS},
        {REPLY_NO, NULL, "Service temporairement indisponible", REPLY_UNAVAILABLE},
        {REPLY_NO, NULL, "Trop de connexions", REPLY_LIMIT},
        {REPLY_NO, NULL, "too\xe3\x80\x80many", REPLY_LIMIT}, /* an ideographic space */
        {REPLY_NO, NULL,
         "Usuario o contrase\xc3\xb1"
         "a incorrectos",
         REPLY_CREDENTIALS},
        {REPLY_NO, NULL, "Cuenta bloqueada", REPLY_ACCOUNT},
        {REPLY_NO, NULL, "\xe5\xaf\x86\xe7\xa0\x81\xe9\x94\x99\xe8\xaf\xaf", REPLY_CREDENTIALS},
        {REPLY_NO, NULL, "\xe8\xaf\xb7\xe4\xbd\xbf\xe7\x94\xa8\xe6\x8e\x88\xe6\x9d\x83\xe7\xa0\x81",
         REPLY_POLICY},
        {REPLY_NO, NULL, "\xe7\x99\xbb\xe5\xbd\x95\xe9\xa2\x91\xe7\xb9\x81", REPLY_LIMIT},
        {REPLY_BAD, NULL, "\xe8\xaf\xad\xe6\xb3\x95\xe9\x94\x99\xe8\xaf\xaf", REPLY_SYNTAX},
        {REPLY_NO, NULL,
         "\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89\xe3\x81\x8c\xe9\x81\x95\xe3\x81\x84",
         REPLY_CREDENTIALS},
        {REPLY_NO, NULL,
         "\xd0\x9d\xd0\xb5\xd0\xb2\xd0\xb5\xd1\x80\xd0\xbd\xd1\x8b\xd0\xb9 "
         "\xd0\x9f\xd0\x90\xd0\xa0\xd0\x9e\xd0\x9b\xd0\xac",
         REPLY_CREDENTIALS},
    };
    (void)state;
    CHECK(examples);
}

static void a_code_decides_unless_the_text_says_which_of_its_causes(void **state)
{
    static const struct example examples[] = {
        {REPLY_NO, "AUTHENTICATIONFAILED", "Something", REPLY_CREDENTIALS},
        {REPLY_NO, "authenticationfailed", NULL, REPLY_CREDENTIALS},
        {REPLY_NO, "AUTHENTICATIONFAILED", "Account locked", REPLY_ACCOUNT},
        {REPLY_NO, "AUTHENTICATIONFAILED", "Access denied", REPLY_CREDENTIALS},
        {REPLY_NO, "AUTHENTICATIONFAILED", "This was not permitted", REPLY_CREDENTIALS},
        {REPLY_NO, "AUTHENTICATIONFAILED", "Application password required", REPLY_POLICY},
        {REPLY_BAD, "LIMIT", "Syntax error", REPLY_LIMIT},
        {REPLY_BAD, "PRIVACYREQUIRED", "bad command", REPLY_PRIVACY},
        {REPLY_NO, "UNAVAILABLE", "User lookup failed", REPLY_UNAVAILABLE},
        {REPLY_NO, "UNAVAILABLE", "Too many failed logins", REPLY_LIMIT},
        {REPLY_NO, "CONTACTADMIN", "The database is broken", REPLY_UNAVAILABLE},
        {REPLY_NO, "CONTACTADMIN", "Call us", REPLY_ACCOUNT},
        {REPLY_NO, "ALERT", "Read the news page", REPLY_ALERT},
        {REPLY_NO, "ALERT", "Too many simultaneous connections. (Failure)", REPLY_LIMIT},
        {REPLY_NO, "ALERT", HELD, REPLY_ALERT},
        {REPLY_NO, "REFERRAL imap://alice@example.org/", "Go there", REPLY_STATE},
        {REPLY_NO, "CAPABILITY IMAP4rev1", "Account locked", REPLY_ACCOUNT},
        {REPLY_NO, "ACCOUNT-LOCKED", "No", REPLY_ACCOUNT},
        {REPLY_NO, "X-WHATEVER", "Invalid credentials", REPLY_CREDENTIALS},
        {REPLY_BAD, "CLIENTBUG", "Command refused", REPLY_SYNTAX},
    };
    (void)state;
    CHECK(examples);
}

static void a_code_alone_does_not_prove_a_wrong_password(void **state)
{
    struct reply reply = reply_of(REPLY_NO, "AUTHENTICATIONFAILED", "Authentication failed.");
    struct reply_meaning meaning = replies_judge(&reply);
    (void)state;
    assert_int_equal(meaning.certainty, REPLY_AMBIGUOUS);
    assert_int_equal(meaning.source, REPLY_BY_CODE);
    reply = reply_of(REPLY_NO, "AUTHENTICATIONFAILED", "Incorrect password");
    assert_int_equal(replies_judge(&reply).certainty, REPLY_SURE);
}

static void a_code_that_says_nothing_of_logins_is_no_source(void **state)
{
    struct reply reply = reply_of(REPLY_NO, "CAPABILITY IMAP4rev1", "hello");
    (void)state;
    assert_int_equal(replies_judge(&reply).source, REPLY_BY_NOTHING);
}

static void command_line_are_never_sure(void **state)
{
    struct reply reply = reply_of(REPLY_NO, NULL, "Your account has been locked by somebody");
    (void)state;
    assert_int_equal(replies_judge(&reply).certainty, REPLY_PROBABLE);
    assert_int_equal(replies_judge(&reply).source, REPLY_BY_WORDS);
}

static void a_text_that_names_a_wrong_password_or_another_cause_is_ambiguous(void **state)
{
    struct reply reply = reply_of(REPLY_NO, NULL, "Wrong password, or the account is suspended");
    struct reply_meaning meaning = replies_judge(&reply);
    (void)state;
    assert_int_equal(meaning.cause, REPLY_CREDENTIALS);
    assert_int_equal(meaning.certainty, REPLY_AMBIGUOUS);
}

static void what_stands_in_an_open_place_can_say_more_than_the_template(void **state)
{
    static const struct example examples[] = {
        {REPLY_NO, NULL, "Authentication failed: account is locked", REPLY_ACCOUNT},
        {REPLY_NO, NULL, "Authentication failed: nobody knows", REPLY_CREDENTIALS},
        {REPLY_BAD, NULL, "Server error: command parser failed", REPLY_SYNTAX},
        {REPLY_NO, NULL, "Login failed: -13", REPLY_CREDENTIALS},
    };
    (void)state;
    CHECK(examples);
}

static void an_ok_has_a_cause_only_by_a_template(void **state)
{
    static const struct example examples[] = {
        {REPLY_OK, NULL, "Logged in, but initialization failed.", REPLY_MAILBOX},
        {REPLY_OK, NULL, "Authentication credentials invalid.", REPLY_CREDENTIALS},
        {REPLY_OK, NULL, "Welcome, your password expires soon; TLS is recommended", REPLY_NONE},
        {REPLY_OK, "ALERT", "Account suspended from Monday", REPLY_NONE},
        {REPLY_PREAUTH, NULL, "Logged in as alice", REPLY_NONE},
    };
    (void)state;
    CHECK(examples);
}

static void what_was_withheld_matches_a_place_and_names_nothing(void **state)
{
    static const struct example examples[] = {
        {REPLY_NO, NULL,
         "Too many open connections (" HELD " of 5 from " HELD ", 3 of " HELD " for " HELD ")", REPLY_LIMIT},
        {REPLY_NO, NULL, "LOGIN failed for " HELD, REPLY_CREDENTIALS},
        {REPLY_NO, "ALERT", "Please log in via your web browser: " HELD " (Failure)", REPLY_POLICY},
        {REPLY_NO, NULL, "too " HELD " many", REPLY_NONE},
        {REPLY_NO, NULL, HELD, REPLY_NONE},
        {REPLY_NO, NULL, "[withheld: repeats a credential]", REPLY_NONE},
        {REPLY_NO, "AUTHENTICATIONFAILED", "[withheld: repeats a credential]", REPLY_CREDENTIALS},
    };
    (void)state;
    CHECK(examples);
}

static void check_spans(const char *text, const char *marks)
{
    struct reply_span spans[REPLY_SPANS];
    struct reply reply = reply_of(REPLY_NO, NULL, text);
    size_t count = replies_match(&reply, spans);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(spans[i].offset, at);
        assert_true(spans[i].length > 0);
        for (size_t octet = 0; octet < spans[i].length; octet++, at++)
            if (marks[at] != "L#_"[spans[i].kind])
                fail_msg("%s\n%s\noctet %zu is %c", text, marks, at, "L#_"[spans[i].kind]);
    }
    assert_int_equal(at, strlen(marks));
}

/* L: the template's, #: a number, _: a place. */
static void a_match_says_which_octets_are_the_servers_own(void **state)
{
    (void)state;
    check_spans("Login failed.", "LLLLLLLLLLLLL");
    check_spans("Too many open connections (3 of 20 from 192.0.2.7, 3 of 3 for alice).",
                "LLLLLLLLLLLLLLLLLLLLLLLLLLL#LLLL##LLLLLL_________LL#LLLL#LLLLL_____LL");
    check_spans("LOGIN failed for j smith", "LLLLLLLLLLLLLLLLL_______");
    check_spans("AUTHENTICATE bad username or password", "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL");
    check_spans("Please log in via your web browser: http://x/ (Failure)",
                "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL_________LLLLLLLLLL");
    check_spans("Error in IMAP command LOGIN: Unknown command (0.001 + 12.5 secs).",
                "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL#####LLL####LLLLLLL");
    check_spans("Server Unavailable. 15.", "LLLLLLLLLLLLLLLLLLLL##L");
    check_spans("Server Unavailable. 1.2.3", "");
    check_spans("LOGIN failed for", "");
    check_spans("Unexpected char at position 1234567890123", "");
    check_spans("Unexpected char at position Sesam", "");
    check_spans("anything else", "");
    check_spans("", "");
}

static void a_text_beyond_the_limit_matches_nothing_and_is_judged_by_its_beginning(void **state)
{
    char text[REPLY_TEXT_OCTETS + 64];
    struct reply_span spans[REPLY_SPANS];
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "Authentication failed: account locked ", 38);
    struct reply reply = {REPLY_NO, NULL, 0, text, sizeof text};
    assert_int_equal(replies_match(&reply, spans), 0);
    assert_int_equal(replies_judge(&reply).cause, REPLY_ACCOUNT);
}

static double seconds_for(const char *piece)
{
    char text[REPLY_TEXT_OCTETS];
    size_t length = strlen(piece);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = piece[i % length];
    struct reply reply = {REPLY_NO, NULL, 0, text, sizeof text};
    clock_t begin = clock();
    for (int i = 0; i < 200; i++)
        replies_judge(&reply);
    return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

/* What looks like the beginning of many templates and phrases, again and again. */
static void no_text_costs_much_more_than_another(void **state)
{
    static const char *const pieces[] = {"too many ",
                                         "login failed ",
                                         "login failed for account ",
                                         "account ",
                                         "(",
                                         "a",
                                         "imap ",
                                         "server ",
                                         "not ",
                                         HELD "x",
                                         "\xe5\xaf\x86"};
    (void)state;
    double plain = seconds_for("qwert zuiop ");
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        assert_true(seconds_for(pieces[i]) < 40 * plain + 0.05);
}

static void a_known_code_is_known_in_any_case(void **state)
{
    (void)state;
    assert_true(replies_code_is_known("ALERT", 5));
    assert_true(replies_code_is_known("uidnext", 7));
    assert_false(replies_code_is_known("SESAM", 5));
    assert_false(replies_code_is_known("", 0));
}

static void check_capability(const char *capability, size_t known)
{
    if (replies_capability_known(capability, strlen(capability)) != known)
        fail_msg("%s: %zu octets known", capability,
                 replies_capability_known(capability, strlen(capability)));
}

static void of_a_capability_the_name_is_known_and_of_its_value_what_cannot_be_a_secret(void **state)
{
    (void)state;
    check_capability("IMAP4rev1", 9);
    check_capability("idle", 4);
    check_capability("LITERAL+", 8);
    check_capability("AUTH=PLAIN", 10);
    check_capability("AUTH=scram-sha-256", 18);
    check_capability("AUTH=SESAM", 5);
    check_capability("AUTH=", 5);
    check_capability("COMPRESS=DEFLATE", 16);
    check_capability("COMPRESS=SESAM", 0);
    check_capability("APPENDLIMIT", 11);
    check_capability("APPENDLIMIT=35651584", 20);
    check_capability("APPENDLIMIT=35651584x", 12);
    check_capability("APPENDLIMIT=12345678901", 12);
    check_capability("IMAPSIEVE=sieve://alice@example.org", 10);
    check_capability("QUOTA=RES-STORAGE", 17);
    check_capability("QUOTA=SESAM", 6);
    check_capability("SESAM", 0);
    check_capability("=", 0);
    check_capability("", 0);
}

static bool is_word(const char *word)
{
    return replies_word_is_known(word, strlen(word));
}

static void command_line_that_servers_say_are_known(void **state)
{
    static const char *const known[] = {"password",
                                        "LOGIN",
                                        "Failed",
                                        "a",
                                        "throttled",
                                        "8bit",
                                        "\xc3\x9c"
                                        "berschritten",
                                        "\xe5\xaf\x86",
                                        "zu",
                                        "administratively",
                                        "BasicAuthBlocked"};
    static const char *const unknown[] = {
        "sesam",     "passwor",
        "passwordx", "4096",
        "",          "user name",
        HELD,        "{n}",
        "logonn",    "a-word-that-is-longer-than-any-word-of-templates-and-vocabulary-can-be"};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!is_word(known[i]))
            fail_msg("%s", known[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        if (is_word(unknown[i]))
            fail_msg("%s", unknown[i]);
}

static void mechanisms_are_known_by_their_whole_name(void **state)
{
    (void)state;
    assert_true(replies_mechanism_is_known("XOAUTH2", 7));
    assert_true(replies_mechanism_is_known("plain", 5));
    assert_false(replies_mechanism_is_known("PLAI", 4));
    assert_false(replies_mechanism_is_known("IDLE", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_no_template_knows_are_judged_by_their_words),
        cmocka_unit_test(other_languages_have_their_words),
        cmocka_unit_test(a_code_decides_unless_the_text_says_which_of_its_causes),
        cmocka_unit_test(a_code_alone_does_not_prove_a_wrong_password),
        cmocka_unit_test(a_code_that_says_nothing_of_logins_is_no_source),
        cmocka_unit_test(command_line_are_never_sure),
        cmocka_unit_test(a_text_that_names_a_wrong_password_or_another_cause_is_ambiguous),
        cmocka_unit_test(what_stands_in_an_open_place_can_say_more_than_the_template),
        cmocka_unit_test(an_ok_has_a_cause_only_by_a_template),
        cmocka_unit_test(what_was_withheld_matches_a_place_and_names_nothing),
        cmocka_unit_test(a_match_says_which_octets_are_the_servers_own),
        cmocka_unit_test(a_text_beyond_the_limit_matches_nothing_and_is_judged_by_its_beginning),
        cmocka_unit_test(no_text_costs_much_more_than_another),
        cmocka_unit_test(a_known_code_is_known_in_any_case),
        cmocka_unit_test(of_a_capability_the_name_is_known_and_of_its_value_what_cannot_be_a_secret),
        cmocka_unit_test(command_line_that_servers_say_are_known),
        cmocka_unit_test(mechanisms_are_known_by_their_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
