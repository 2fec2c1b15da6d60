/* What hostile octets can make a session hold: never more than it promises, and little when it is idle. */
#include "dissector/session_state.h"
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct imap_mark mark = {.time_ns = 1, .frame = 1, .capture = 1};

static void say(struct imap_session *session, enum imap_direction direction, const char *text)
{
    imap_session_feed(session, direction, text, strlen(text), &mark);
    assert_true(session->budget.used <= IMAP_SESSION_MAX_OCTETS);
}

static void say_many(struct imap_session *session, enum imap_direction direction, char octet, size_t count)
{
    char octets[512];
    memset(octets, octet, sizeof octets);
    for (; count > 0; count -= count < sizeof octets ? count : sizeof octets) {
        imap_session_feed(session, direction, octets, count < sizeof octets ? count : sizeof octets, &mark);
        assert_true(session->budget.used <= IMAP_SESSION_MAX_OCTETS);
    }
}

static unsigned logins;
static uint64_t last_username_length, last_username_kept;

static void count_login(void *user, const struct imap_login *login)
{
    (void)user;
    logins++;
    assert_int_equal(login->number, logins);
    last_username_length = (uint64_t)login->username_length;
    last_username_kept = login->username.length;
}

static struct imap_session *begin(void)
{
    const struct imap_session_handler handler = {.login = count_login};
    logins = 0;
    struct imap_session *session = imap_session_new(&(struct imap_session_options){0}, &handler, NULL);
    assert_non_null(session);
    say(session, IMAP_FROM_SERVER, "* OK ");
    say_many(session, IMAP_FROM_SERVER, 'g', 5000);
    say(session, IMAP_FROM_SERVER, "\r\n* CAPABILITY ");
    say_many(session, IMAP_FROM_SERVER, 'c', 5000);
    say(session, IMAP_FROM_SERVER, "\r\n* ID (");
    say_many(session, IMAP_FROM_SERVER, 'i', 5000);
    say(session, IMAP_FROM_SERVER, ")\r\n");
    say(session, IMAP_FROM_CLIENT, "a ID (");
    say_many(session, IMAP_FROM_CLIENT, 'i', 5000);
    say(session, IMAP_FROM_CLIENT, ")\r\n");
    return session;
}

static void end(struct imap_session *session)
{
    imap_session_end(session);
    imap_session_free(session);
}

static void many_long_logins_stay_within_the_limit(void **state)
{
    struct imap_session *session = begin();
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        say_many(session, IMAP_FROM_CLIENT, 't', 2000 + i);
        say(session, IMAP_FROM_CLIENT, " LOGIN \"");
        say_many(session, IMAP_FROM_CLIENT, 'u', 20000);
        say(session, IMAP_FROM_CLIENT, "\" ");
        say_many(session, IMAP_FROM_CLIENT, 'p', 20000);
        say(session, IMAP_FROM_CLIENT, " x y z\r\n");
        say(session, IMAP_FROM_SERVER, "* BAD ");
        say_many(session, IMAP_FROM_SERVER, 'b', 5000);
        say(session, IMAP_FROM_SERVER, "\r\n");
    }
    end(session);
    assert_int_equal(logins, 100);
    assert_int_equal(last_username_length, 20000);
    assert_int_equal(last_username_kept, IMAP_KEPT_OCTETS);
}

static void three_long_arguments_stay_within_the_limit(void **state)
{
    struct imap_session *session = begin();
    (void)state;
    say(session, IMAP_FROM_CLIENT, "LOGIN LOGIN ");
    for (unsigned i = 0; i < 3; i++) {
        say_many(session, IMAP_FROM_CLIENT, 'u', 20000);
        say(session, IMAP_FROM_CLIENT, " ");
    }
    say(session, IMAP_FROM_CLIENT, "\r\n");
    end(session);
    assert_int_equal(logins, 1);
}

static void many_commands_stay_within_the_limit(void **state)
{
    struct imap_session *session = begin();
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        say_many(session, IMAP_FROM_CLIENT, 't', 1000 + i);
        say(session, IMAP_FROM_CLIENT, " NOOP\r\n");
    }
    assert_true(session->commands <= MOST_COMMANDS);
    end(session);
}

static void the_oldest_of_many_pipelined_logins_is_given_up(void **state)
{
    struct imap_session *session = begin();
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        say(session, IMAP_FROM_CLIENT, "a LOGIN bob secret\r\n");
    assert_int_equal(logins, 20 - MOST_LOGINS);
    end(session);
    assert_int_equal(logins, 20);
}

static void an_idle_session_is_small(void **state)
{
    const struct imap_session_handler handler = {.login = count_login};
    struct imap_session *session = imap_session_new(&(struct imap_session_options){0}, &handler, NULL);
    (void)state;
    logins = 0;
    say(session, IMAP_FROM_SERVER, "* OK [CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN] Dovecot ready.\r\n");
    say(session, IMAP_FROM_CLIENT, "a1 LOGIN bob secret\r\n");
    assert_true(session->budget.used < 4096);
    say(session, IMAP_FROM_SERVER, "a1 OK done\r\n");
    say(session, IMAP_FROM_CLIENT, "a2 IDLE\r\n");
    assert_true(session->budget.used < 1024);
    say(session, IMAP_FROM_SERVER, "a2 OK done\r\n");
    assert_true(imap_session_done(session));
    assert_true(session->budget.used < 896);
    end(session);
}

static void a_text_that_is_cut_within_an_echo_is_withheld(void **state)
{
    static char octets[3000];
    struct transcript out;
    struct imap_session *session = transcript_begin(&out, &(struct imap_session_options){0});
    (void)state;
    say(session, IMAP_FROM_CLIENT, "a LOGIN bob secret\r\n");
    memset(octets, 'x', REPLY_OCTETS - 3);
    strcpy(octets + REPLY_OCTETS - 3, "secret\r\n");
    say(session, IMAP_FROM_SERVER, "a NO ");
    say(session, IMAP_FROM_SERVER, octets);
    assert_non_null(strstr(out.rows, "withheld"));
    end(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_long_logins_stay_within_the_limit),
        cmocka_unit_test(three_long_arguments_stay_within_the_limit),
        cmocka_unit_test(many_commands_stay_within_the_limit),
        cmocka_unit_test(the_oldest_of_many_pipelined_logins_is_given_up),
        cmocka_unit_test(an_idle_session_is_small),
        cmocka_unit_test(a_text_that_is_cut_within_an_echo_is_withheld),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
