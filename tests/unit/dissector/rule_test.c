/* The rules on exchanges and lengths, and the facts about secrets. */
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define CLEAR           "exposed password\n"
#define CHECK(cases)    check_conversations(cases, sizeof(cases) / sizeof *(cases))
#define GREET           S("* OK ready\r\n")
#define ANNOUNCED(list) S("* OK [CAPABILITY IMAP4rev1 " list "] hi\r\n")
#define PLAIN           "AGJvYgBzZWNyZXQ="
#define SAID            "AUTHENTICATE 1 @2 tag=a1 mechanism="
#define BOBS            " user=bob:sasl:3 password:sasl "

static void a_mechanism_is_announced(void **state)
{
    static const struct conversation cases[] = {
        {"another one is",
         {ANNOUNCED("AUTH=LOGIN"), C("a1 AUTHENTICATE PLAIN\r\n"), S("a1 BAD not support\r\n")},
         .rows = SAID "PLAIN BAD text=not support +1\n! mechanism-not-announced mechanism\n"},
        {"it is",
         {ANNOUNCED("AUTH=PLAIN"), C("a1 AUTHENTICATE plain\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "PLAIN NO text=no +1\n"},
        {"none is",
         {ANNOUNCED("IDLE"), C("a1 AUTHENTICATE PLAIN\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "PLAIN NO text=no +1\n! mechanism-not-announced mechanism\n"},
        {"LOGIN needs no announcement",
         {ANNOUNCED("IDLE"), C("a1 LOGIN bob secret\r\n"), S("a1 OK in\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom OK text=in +1\n" CLEAR},
        {"no list was seen",
         {GREET, C("a1 AUTHENTICATE PLAIN\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "PLAIN NO text=no +1\n"},
        {"it is an atom",
         {GREET, C("a1 AUTHENTICATE \"PLAIN\"\r\n"), S("a1 BAD no\r\n")},
         .rows = SAID "PLAIN BAD text=no +1\n! mechanism-not-atom mechanism\n"},
    };
    (void)state;
    CHECK(cases);
}

static void responses_are_judged(void **state)
{
    static const struct conversation cases[] = {
        {"not awaited",
         {GREET, C("a1 AUTHENTICATE PLAIN\r\n" PLAIN "\r\n"), S("+ \r\na1 OK in\r\n")},
         .rows = SAID "PLAIN" BOBS "OK text=in +1\n"
                      "! response-not-awaited response\n" CLEAR},
        {"of one side nobody knows",
         {C("a1 AUTHENTICATE PLAIN\r\n"), C(PLAIN "\r\n")},
         .rows = "AUTHENTICATE 1 @1 tag=a1 mechanism=PLAIN" BOBS "-\n" CLEAR},
        {"not UTF-8: the user name",
         {GREET, C("a1 AUTHENTICATE PLAIN AGL8YgBzZWNyZXQ=\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "PLAIN user=b\\xfcb:sasl:3 password:sasl NO text=no +1\n"
                      "! response-not-utf8 username\n" CLEAR},
        {"not UTF-8: the password",
         {GREET, C("a1 AUTHENTICATE PLAIN AGJvYgBzZWNyZXT8\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl:other NO text=no +1\n"
                      "! response-not-utf8 password\n" CLEAR},
        {"broken into lines",
         {GREET, C("a1 AUTHENTICATE XOAUTH2\r\n"), S("+ \r\n"),
          C("dXNlcj1hbEBnLmV4YW1wbGUBYXV0aD1CZWFyZXIgVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRU\r\nVFRUVFRUAQE="
            "\r\n"),
          S("a1 NO no\r\n* BAD what\r\n")},
         .secret = "TTTTTT",
         .rows = SAID "XOAUTH2 user=al@g.example:sasl:12 password:sasl NO text=no +1\n"
                      "! response-continued response\n" CLEAR},
        {"the user name of mechanism LOGIN is no base64",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), S("+ VXNlcm5hbWU6\r\n"), C("bob\r\n"), S("a1 BAD no\r\n")},
         .rows = SAID "LOGIN BAD text=no +1\n! bad-base64 username\n"},
        {"its password is none",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), S("+ VXNlcm5hbWU6\r\n"), C("Ym9i\r\n"),
          S("+ UGFzc3dvcmQ6\r\n"), C("secret!\r\n"), S("a1 BAD no\r\n")},
         .rows = SAID "LOGIN user=bob:sasl:3 BAD text=no +1\n! bad-base64 password\n"},
        {"PLAIN is sent bare",
         {GREET, C("a1 AUTHENTICATE PLAIN\r\n"), S("+ \r\n"), C("\0bob\0secret\r\n"), S("a1 BAD no\r\n")},
         .rows = SAID "PLAIN BAD text=no +1\n! bad-base64 response\n"},
        {"a part of PLAIN is missing: which one nobody knows",
         {GREET, C("a1 AUTHENTICATE PLAIN Ym9iAHNlY3JldAA=\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "PLAIN password:sasl NO text=no +1\n! missing-argument password\n" CLEAR},
        {"an empty user name of mechanism LOGIN, not awaited",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n\r\nc2VjcmV0\r\n"),
          S("+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\na1 NO no\r\n")},
         .rows = SAID "LOGIN password:sasl NO text=no +1\n"
                      "! response-not-awaited username\n! response-not-awaited password\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void lengths_spaces_and_states_are_judged(void **state)
{
    static const struct conversation cases[] = {
        {"a literal announced too short",
         {ANNOUNCED("LITERAL+"), C("a1 LOGIN {2+}\r\nbob secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bo:literal+:2 password:atom BAD text=no +1\n"
                 "! literal-length username\n" CLEAR},
        {"no space before a literal",
         {GREET, C("a1 LOGIN{3}\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:literal:-1 BAD text=no +1\n! bad-spacing command\n"},
        {"no space before a literal that the server takes",
         {GREET, C("a1 LOGIN{3}\r\n"), S("+ \r\n"), C("bob secret\r\n"), S("a1 OK in\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:atom OK text=in +1\n! bad-spacing "
                 "command\n" CLEAR},
        {"two spaces before a literal that is refused",
         {GREET, C("a1 LOGIN  {3}\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 password:literal BAD text=no +1\n! bad-spacing command\n"},
        {"two spaces before the second one",
         {GREET, C("a1 LOGIN bob  {6}\r\n"), S("+ \r\n"), C("secret\r\n"), S("a1 OK in\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:literal OK text=in +1\n! bad-spacing "
                 "command\n" CLEAR},
        {"a login behind a login",
         {GREET, C("a1 LOGIN bob secret\r\n"), S("a1 OK in\r\n"), C("a2 LOGIN eve secret\r\n"),
          S("a2 BAD already\r\n")},
         .rows =
             "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom OK text=in +1\n" CLEAR "AFTER 1 BAD already\n"
             "LOGIN 2 @4 tag=a2 user=eve:atom:3 password:atom BAD text=already +1\n"
             "! already-authenticated command\n" CLEAR},
        {"a login behind one that was refused",
         {GREET, C("a1 LOGIN bob secret\r\n"), S("a1 NO no\r\n"), C("a2 LOGIN eve secret\r\n"),
          S("a2 OK in\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom NO text=no +1\n" CLEAR
                 "LOGIN 2 @4 tag=a2 user=eve:atom:3 password:atom OK text=in +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void of_secrets_some_facts_are_kept(void **state)
{
    static const struct conversation cases[] = {
        {"an empty password",
         {GREET, C("m1 LOGIN \"na@i.example\" \"\"\r\n"), S("m1 BAD tag LOGIN username password\r\n")},
         .rows = "LOGIN 1 @2 tag=m1 user=na@i.example:quoted:12 password:quoted:empty BAD text=tag LOGIN "
                 "username "
                 "password +1\n" CLEAR},
        {"UTF-8",
         {GREET, C("a1 LOGIN bob {7}\r\n"), S("+ \r\n"), C("secr\xc3\xa9t\r\n"), S("a1 NO no\r\n")},
         .secret = "secr",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:literal:utf8 NO text=no +1\n" CLEAR},
        {"Latin-1",
         {GREET, C("a1 LOGIN bob {6}\r\n"), S("+ \r\n"), C("secr\xe9t\r\n"), S("a1 NO no\r\n")},
         .secret = "secr",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:literal:other NO text=no +1\n" CLEAR},
        {"written longer than needed",
         {GREET, C("a1 LOGIN bob {7}\r\n"), S("+ \r\n"), C("secre\xc1\xb4\r\n"), S("a1 NO no\r\n")},
         .secret = "secr",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:literal:other NO text=no +1\n" CLEAR},
        {"an empty one in PLAIN",
         {GREET, C("a1 AUTHENTICATE PLAIN AGJvYgA=\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl:empty NO text=no +1\n" CLEAR},
        {"why a token was refused",
         {GREET, C("a1 AUTHENTICATE XOAUTH2 dXNlcj1ib2IBYXV0aD1CZWFyZXIgc2VjcmV0AQE=\r\n"),
          S("+ "
            "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ=="
            "\r\n"),
          C("\r\n"), S("a1 NO [AUTHENTICATIONFAILED] Invalid\r\n")},
         .rows = SAID "XOAUTH2" BOBS
                      "NO oauth=401 https://mail.google.com/ code=AUTHENTICATIONFAILED text=Invalid "
                      "+1\n" CLEAR},
        {"a server that says the token for a scope: {\"status\":\"401\",\"scope\":\"secret\"}",
         {GREET, C("a1 AUTHENTICATE XOAUTH2 dXNlcj1ib2IBYXV0aD1CZWFyZXIgc2VjcmV0AQE=\r\n"),
          S("+ eyJzdGF0dXMiOiI0MDEiLCJzY29wZSI6InNlY3JldCJ9\r\n"), C("\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "XOAUTH2" BOBS "NO oauth=401 text=no +1\n" CLEAR},
        {"and for a status: {\"status\":\"secret\"}",
         {GREET, C("a1 AUTHENTICATE XOAUTH2 dXNlcj1ib2IBYXV0aD1CZWFyZXIgc2VjcmV0AQE=\r\n"),
          S("+ eyJzdGF0dXMiOiJzZWNyZXQifQ==\r\n"), C("\r\n"), S("a1 NO no\r\n")},
         .rows = SAID "XOAUTH2" BOBS "NO text=no +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mechanism_is_announced),
        cmocka_unit_test(responses_are_judged),
        cmocka_unit_test(lengths_spaces_and_states_are_judged),
        cmocka_unit_test(of_secrets_some_facts_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
