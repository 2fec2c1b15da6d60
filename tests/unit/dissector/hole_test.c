/* What was never captured: holes, the middle of a stream, and a stream that ends too soon. */
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define CLEAR        "exposed password\n"
#define CHECK(cases) check_conversations(cases, sizeof(cases) / sizeof *(cases))
#define GREET        S("* OK ready\r\n")
#define BOB(tag)     C(tag " LOGIN bob secret\r\n")

static void a_login_with_a_hole_is_incomplete(void **state)
{
    static const struct conversation cases[] = {
        {"in the user name",
         {GREET, C("a1 LOGIN bo"), CLIENT_LOST(5), C("cret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:atom:-1 OK text=yes incomplete\n"},
        {"in the password",
         {GREET, C("a1 LOGIN b*b \"sec"), CLIENT_LOST(3), C("\"\r\n"), S("a1 OK yes\r\n"), C("a2 LIST\r\n"),
          S("a2 OK noop\r\n")},
         .secret = "sec",
         .rows = "LOGIN 1 @2 tag=a1 user=b*b:atom:3 password:quoted OK text=yes incomplete\n"
                 "! unquoted-wildcard username @1 x1 *\n" CLEAR},
        {"between the arguments",
         {GREET, C("a1 LOGIN bob "), CLIENT_LOST(8), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 OK text=yes incomplete\n"},
        {"in a literal: its end is known",
         {GREET, C("a1 LOGIN {9}\r\n"), S("+ \r\n"), C("abc"), CLIENT_LOST(4), C("de secret\r\n"),
          S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:literal:-1 password:atom OK text=yes +1 incomplete\n" CLEAR},
        {"at the start of a literal, of which nobody knows whether it was awaited",
         {GREET, C("a1 LOGIN {3}\r\n"), CLIENT_LOST(1), C("ob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:literal:-1 OK text=yes incomplete\n"},
        {"to the end of a literal",
         {GREET, C("a1 LOGIN bob {6}\r\n"), S("+ \r\n"), CLIENT_LOST(6), C("\r\n"), S("a1 OK yes\r\n")},
         .options = {.password_shape = true},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:literal:6 OK text=yes +1 incomplete\n" CLEAR},
        {"beyond a literal",
         {GREET, C("a1 LOGIN bob {6}\r\n"), S("+ \r\n"), CLIENT_LOST(7), C("\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:literal OK text=yes incomplete\n"},
        {"of the line feed alone",
         {GREET, C("a1 LOGIN bob secret\r"), CLIENT_LOST(1), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom OK text=yes +2\n" CLEAR},
        {"of the line feed and more",
         {GREET, C("a1 LOGIN bob secret\r"), CLIENT_LOST(9), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom OK text=yes +2\n" CLEAR},
        {"behind what may be the password",
         {GREET, C("a1 LOGIN  secret "), CLIENT_LOST(2), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 password:atom OK text=yes incomplete\n" CLEAR},
        {"in the command's name: nothing is known",
         {GREET, C("a1 LOG"), CLIENT_LOST(3), C("bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = ""},
        {"in a line whose tag may be missing: nothing is certain",
         {GREET, C("LOGIN bob sec"), CLIENT_LOST(3), C("\r\n"), S("LOGIN BAD no\r\n")},
         .rows = ""},
        {"in an exchange",
         {GREET, C("a1 AUTHENTICATE X-MY\r\n"), S("+ \r\n"), C("c2Vj"), CLIENT_LOST(6), S("a1 NO no\r\n"),
          BOB("a2"), S("a2 OK yes\r\n")},
         .rows = "AUTHENTICATE 1 @2 tag=a1 mechanism=X-MY NO text=no incomplete\n"
                 "LOGIN 2 @7 tag=a2 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void after_a_hole_only_certain_lines_count(void **state)
{
    static const struct conversation cases[] = {
        {"the client's",
         {GREET, C("x APPEND in {9"), CLIENT_LOST(99),
          C("LOGIN bob secret\r\nb{ LOGIN bob secret\r\nthe secret is\r\nx LOG IN b c\r\n"), BOB("a1"),
          S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @5 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"behind a certain line that the server answers all lines count again",
         {GREET, CLIENT_LOST(9), C("x NOOP\r\ny APPEND in {22}\r\n"), S("x OK\r\n+ \r\n"),
          C("a1 LOGIN bob secret\r\n1"), C("\r\nLOGIN bob secret\r\n")},
         .rows = "LOGIN 1 @6 user=bob:atom:3 password:atom -\n! bad-tag tag\n" CLEAR},
        {"where only the line feed was lost they never ceased to",
         {GREET, C("x NOOP\r"), CLIENT_LOST(1), C("LOGIN bob secret\r\n")},
         .rows = "LOGIN 1 @4 user=bob:atom:3 password:atom -\n! bad-tag tag\n" CLEAR},
        {"a literal's end is known",
         {GREET, C("x APPEND in {19}\r\n"), S("+ \r\n"), C("a LOG"), CLIENT_LOST(6), C("b c\r\n\r\n\r\n"),
          C("LOGIN bob secret\r\n"), S("LOGIN NO\r\n")},
         .rows = "LOGIN 1 @7 user=bob:atom:3 password:atom NO text= +1\n! bad-tag tag\n" CLEAR},
        {"the server's",
         {GREET, BOB("a1"), SERVER_LOST(10), S("lo\r\na1 OK* maybe\r\nb OK not awaited\r\n* 23 bottles\r\n"),
          S("* BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom -\n" CLEAR},
        {"the server's: what looks like an announcement is none",
         {GREET, BOB("a1"), SERVER_LOST(10), S("* x {30}\r\na1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom BAD text=no +2\n" CLEAR},
        {"the server's: a tag that is awaited",
         {GREET, BOB("a1"), SERVER_LOST(10), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom OK text=yes +2\n" CLEAR},
        {"a hole in the server's literal",
         {GREET, BOB("a1"), S("* LIST () \"/\" {20}\r\na1 "), SERVER_LOST(10),
          S("a1 BAD\r\n\r\na1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom OK text=yes +3\n" CLEAR},
        {"a verdict that was lost",
         {GREET, BOB("a1"), SERVER_LOST(10), C("a2 SELECT inbox\r\n"), S("* 3 EXISTS\r\na2 OK done\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom -\n" CLEAR,
         .facts = "none done greeting=ready\n"},
        {"a plus that was lost",
         {GREET, C("a1 LOGIN {3}\r\n"), SERVER_LOST(4), C("bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:atom OK text=yes +1\n" CLEAR},
        {"a plus is certain",
         {GREET, SERVER_LOST(4), C("a1 LOGIN {3}\r\n"), S("+ \r\n"), C("bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @3 tag=a1 user=bob:literal:3 password:atom OK text=yes +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void a_stream_may_begin_in_the_middle(void **state)
{
    static const struct conversation cases[] = {
        {"of anything",
         {CLIENT_LOST(0), SERVER_LOST(0), C("ello bob\r\n\r\n.secret\r\n"), S("yes {5}\r\n"), BOB("a1"),
          S("a1 OK yes\r\n"), C("a2 LIST\r\n"), S("a2 OK noop\r\n")},
         .count = 8,
         .rows = "LOGIN 1 @5 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR "AFTER 1 OK noop\n",
         .facts = "none done\n"},
        {"and still show the greeting",
         {SERVER_LOST(0), CLIENT_LOST(0), S("* OK Dovecot ready.\r\n"), BOB("a1"), S("a1 OK yes\r\n")},
         .count = 5,
         .rows = "LOGIN 1 @4 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR,
         .facts = "none open greeting=Dovecot ready. product=Dovecot\n"},
        {"and what comes before a login is the greeting",
         {SERVER_LOST(0), CLIENT_LOST(0), S("* OK at your service\r\n"), BOB("a1"),
          S("* OK Dovecot ready.\r\na1 OK yes\r\n")},
         .count = 5,
         .rows = "LOGIN 1 @4 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR,
         .facts = "none open greeting=at your service\n"},
        {"what it says after the client is no greeting",
         {SERVER_LOST(0), CLIENT_LOST(0), C("x\r\n"), S("* OK Dovecot ready.\r\n"), BOB("a1"),
          S("a1 OK yes\r\n")},
         .count = 6,
         .rows = "LOGIN 1 @5 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR,
         .facts = "none open\n"},
        {"what the server says in between is no greeting",
         {SERVER_LOST(0), CLIENT_LOST(0), S("* OK Still here\r\n"), C("DONE\r\n")},
         .count = 4,
         .rows = "",
         .facts = "none open\n"},
        {"of an open mailbox: the login phase is over",
         {CLIENT_LOST(0), SERVER_LOST(0), S("* 12 FETCH (FLAGS ())\r\n")},
         .count = 3,
         .rows = "",
         .facts = "none done\n"},
        {"behind a command that only works after a login",
         {CLIENT_LOST(0), SERVER_LOST(0), C("a UID FETCH 1\r\n"), S("a OK done\r\n")},
         .count = 4,
         .rows = "",
         .facts = "none done\n"},
        {"LOGIN is a tag",
         {CLIENT_LOST(0), C("LOGIN LOGIN bob secret\r\n"), S("LOGIN NO no\r\n"), C("LOGIN bob secret\r\n")},
         .count = 4,
         .rows = "LOGIN 1 @2 tag=LOGIN user=bob:atom:3 password:atom NO text=no +1\n" CLEAR
                 "LOGIN 2 @4 user=bob:atom:3 password:atom -\n! bad-tag tag\n" CLEAR},
        {"of the client's side alone: what looks like a login may be anything",
         {CLIENT_LOST(0), BOB("a1")},
         .count = 2,
         .rows = ""},
    };
    (void)state;
    CHECK(cases);
}

static void a_stream_may_end_anywhere(void **state)
{
    static const struct conversation cases[] = {
        {"in an argument",
         {GREET, C("a1 LOGIN bob secr")},
         .secret = "secr",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom - incomplete\n" CLEAR},
        {"in a literal",
         {GREET, C("a1 LOGIN {20+}\r\nbob")},
         .rows = "LOGIN 1 @2 tag=a1 user:literal+:-1 - incomplete\n"},
        {"in a literal of 4 GiB",
         {GREET, C("a1 LOGIN {4294967295}\r\n"), S("+ \r\n"), C("bob secret\r\na2 LOGIN bob secret\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:literal:-1 - incomplete\n"},
        {"behind a CR",
         {GREET, C("a1 LOGIN bob secret\r")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom -\n" CLEAR},
        {"in an exchange",
         {GREET, C("a1 AUTHENTICATE X-MY\r\n"), S("+ \r\n"), C("c2Vj")},
         .rows = "AUTHENTICATE 1 @2 tag=a1 mechanism=X-MY - incomplete\n"},
    };
    (void)state;
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_with_a_hole_is_incomplete),
        cmocka_unit_test(after_a_hole_only_certain_lines_count),
        cmocka_unit_test(a_stream_may_begin_in_the_middle),
        cmocka_unit_test(a_stream_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
