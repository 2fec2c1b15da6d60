/* What the server says: verdicts, what becomes of a login afterwards, greeting, capabilities, and echoes. */
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLEAR        "exposed password\n"
#define CHECK(cases) check_conversations(cases, sizeof(cases) / sizeof *(cases))
#define GREET        S("* OK ready\r\n")
#define BOB(tag)     C(tag " LOGIN bob secret\r\n")
#define BOBS(n, tag) "LOGIN " n " @2 tag=" tag " user=bob:atom:3 password:atom "

static void the_tagged_response_is_the_verdict(void **state)
{
    static const struct conversation cases[] = {
        {"with a code",
         {GREET, BOB("a1"), S("a1 NO [AUTHENTICATIONFAILED] Wrong\r\n")},
         .rows = BOBS("1", "a1") "NO code=AUTHENTICATIONFAILED text=Wrong +1\n" CLEAR},
        {"with a code and nothing else",
         {GREET, BOB("a1"), S("a1 OK [READ-ONLY]\r\n")},
         .rows = BOBS("1", "a1") "OK code=READ-ONLY text= +1\n" CLEAR},
        {"without a text, ended by LF",
         {GREET, BOB("a1"), S("a1 BAD\n")},
         .rows = BOBS("1", "a1") "BAD text= +1\n" CLEAR},
        {"in another case",
         {GREET, BOB("a1"), S("A1 ok yes\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR},
        {"in another case, not unique",
         {GREET, C("ab LOGIN bob secret\r\naB LOGIN bob secret\r\n"), S("AB OK yes\r\n")},
         .undamaged = true,
         .rows = BOBS("1", "ab") "-\n" CLEAR BOBS("2", "aB") "-\n" CLEAR},
        {"exactly before any case",
         {GREET, C("ab LOGIN bob secret\r\naB LOGIN bob secret\r\n"), S("aB NO 2\r\n"), S("ab NO 1\r\n")},
         .rows = BOBS("2", "aB") "NO text=2 +1\n" CLEAR BOBS("1", "ab") "NO text=1 +2\n" CLEAR},
        {"not another command's",
         {GREET, C("A1 NOOP\r\na1 LOGIN bob secret\r\n"), S("A1 OK noop\r\n"), S("a1 NO login\r\n")},
         .rows = BOBS("1", "a1") "NO text=login +2\n" CLEAR},
        {"untagged OK and NO are none",
         {GREET, BOB("a1"), S("* OK still here\r\n* NO careful\r\n"), S("a1 OK yes\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +2\n" CLEAR},
        {"a text that looks like an announcement",
         {GREET, BOB("a1"), S("a1 NO {400}\r\n"), BOB("a2"), S("* OK {3}\r\na2 OK yes\r\n")},
         .rows = BOBS("1", "a1") "NO text={400} +1\n" CLEAR
                                 "LOGIN 2 @4 tag=a2 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"a literal that holds one",
         {GREET, C("l LIST \"\" *\r\na1 LOGIN bob secret\r\n"),
          S("* LIST () \"/\" {11}\r\na1 NO no\r\n1\r\na1 OK yes\r\n")},
         .undamaged = true,
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR},
        {"several attempts",
         {GREET, BOB("a1"), S("a1 NO 1\r\n"), BOB("a2"), S("a2 NO 2\r\n"), BOB("a3"), S("a3 OK 3\r\n")},
         .rows = BOBS("1", "a1") "NO text=1 +1\n" CLEAR
                                 "LOGIN 2 @4 tag=a2 user=bob:atom:3 password:atom NO text=2 +1\n" CLEAR
                                 "LOGIN 3 @6 tag=a3 user=bob:atom:3 password:atom OK text=3 +1\n" CLEAR},
        {"the same tag twice: in order",
         {GREET, C("a LOGIN bob secret\r\na LOGIN bob secret\r\n"), S("a NO 1\r\na OK 2\r\n")},
         .rows = BOBS("1", "a") "NO text=1 +1\n" CLEAR BOBS("2", "a") "OK text=2 +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void without_one_bye_or_an_untagged_bad_is_it(void **state)
{
    static const struct conversation cases[] = {
        {"untagged BAD",
         {GREET, BOB("a1"), S("* BAD [SYNTAX] Unexpected char\r\n")},
         .rows = BOBS("1", "a1") "BAD code=SYNTAX text=Unexpected char +1\n" CLEAR},
        {"untagged BAD, then the next command is answered",
         {GREET, BOB("a1"), S("* BAD what\r\n"), BOB("a2"), S("a2 NO no\r\n"), C("a3 LOGOUT\r\n")},
         .rows = BOBS("1", "a1") "BAD text=what +1\n" CLEAR
                                 "LOGIN 2 @4 tag=a2 user=bob:atom:3 password:atom NO text=no +1\n" CLEAR},
        {"BYE",
         {GREET, BOB("a1"), S("* BYE [UNAVAILABLE] gone\r\n")},
         .rows = BOBS("1", "a1") "BYE code=UNAVAILABLE text=gone +1\n" CLEAR},
        {"BYE is more than an untagged BAD",
         {GREET, BOB("a1"), S("* BAD what\r\n"), S("* BYE gone\r\n")},
         .rows = BOBS("1", "a1") "BYE text=gone +2\n" CLEAR},
        {"a tagged response is more than BYE",
         {GREET, BOB("a1"), S("* BYE gone\r\n"), S("a1 NO too many\r\n")},
         .rows = BOBS("1", "a1") "NO text=too many +2\n" CLEAR},
        {"an untagged BAD refuses a literal",
         {GREET, C("a1 LOGIN {900}\r\n"), S("* BAD long\r\n"), BOB("a2"), S("a2 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:literal:-1 BAD text=long +1\n"
                 "LOGIN 2 @4 tag=a2 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"an untagged BAD before the command is complete is another's",
         {GREET, C("a1 LOGIN bob sec"), S("* BAD what\r\n"), C("ret\r\n"), S("* BAD [X] you\r\n")},
         .rows = BOBS("1", "a1") "BAD code=X text=you +1\n" CLEAR},
        {"BYE before it is complete",
         {GREET, C("a1 LOGIN bob secret"), S("* BYE too slow\r\n")},
         .rows = BOBS("1", "a1") "BYE text=too slow incomplete\n" CLEAR},
        {"nothing", {GREET, BOB("a1")}, .rows = BOBS("1", "a1") "-\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void the_first_command_after_a_login_is_reported(void **state)
{
    static const struct conversation cases[] = {
        {"BAD",
         {GREET, BOB("a1"), S("a1 OK yes\r\n"), C("a2 SELECT inbox\r\n"),
          S("a2 BAD [X] User is authenticated but not connected.\r\n"), C("a3 LOGIN bob secret\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR
                                 "AFTER 1 BAD [X] User is authenticated but not connected.\n",
         .facts = "none done greeting=ready\n"},
        {"pipelined behind the login",
         {GREET, C("a1 LOGIN bob secret\r\na2 LIST\r\n"), S("a1 OK yes\r\na2 OK noop\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR "AFTER 1 OK noop\n",
         .facts = "none done greeting=ready\n"},
        {"answered before the login is",
         {GREET, C("a1 LOGIN bob secret\r\na2 NOOP\r\n"), S("a2 BAD secret\r\n"), S("a1 OK yes\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +2\n" CLEAR "AFTER 1 BAD [withheld: repeats a credential]\n",
         .facts = "none done greeting=ready\n"},
        {"not after a refused one",
         {GREET, BOB("a1"), S("a1 NO no\r\n"), C("a2 NOOP\r\n"), S("a2 OK noop\r\n")},
         .rows = BOBS("1", "a1") "NO text=no +1\n" CLEAR,
         .facts = "none open greeting=ready\n"},
        {"a second login is one",
         {GREET, BOB("a1"), S("a1 OK yes\r\n"), BOB("a2"), S("a2 BAD already\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR "AFTER 1 BAD already\n"
                                 "LOGIN 2 @4 tag=a2 user=bob:atom:3 password:atom BAD text=already +1\n"
                                 "! already-authenticated command\n" CLEAR,
         .facts = "none done greeting=ready\n"},
        {"UNAUTHENTICATE is offered: followed on",
         {S("* OK [CAPABILITY IMAP4rev1 UNAUTHENTICATE] hi\r\n"), BOB("a1"), S("a1 OK yes\r\n"),
          C("a2 UNAUTHENTICATE\r\n"), S("a2 OK out\r\n"), BOB("a3"), S("a3 NO no\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR "AFTER 1 OK out\n"
                                 "LOGIN 2 @6 tag=a3 user=bob:atom:3 password:atom NO text=no +1\n" CLEAR,
         .facts = "none open greeting=[CAPABILITY IMAP4rev1 UNAUTHENTICATE] hi capabilities=IMAP4rev1 "
                  "UNAUTHENTICATE\n"},
        {"another login still waits: followed on",
         {GREET, C("a1 LOGIN bob secret\r\na2 LIST\r\na3 LOGIN bob secret\r\n"),
          S("a1 OK yes\r\na2 OK noop\r\n"), S("a3 BAD already\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR
                                 "AFTER 1 OK noop\n" BOBS("2", "a3") "BAD text=already +2\n" CLEAR,
         .facts = "none done greeting=ready\n"},
    };
    (void)state;
    CHECK(cases);
}

static void an_echo_of_a_credential_is_withheld(void **state)
{
#define WITHHELD "text=[withheld: repeats a credential] +1\n"
    static const struct conversation cases[] = {
        {"the password; a known code is reported",
         {GREET, BOB("a1"), S("a1 NO [AUTHENTICATIONFAILED x] 'secret' is wrong\r\n")},
         .rows = BOBS("1", "a1") "NO code=AUTHENTICATIONFAILED " WITHHELD CLEAR},
        {"the password in another code",
         {GREET, BOB("a1"), S("a1 NO [WRONG secret] no\r\n")},
         .rows = BOBS("1", "a1") "NO " WITHHELD CLEAR},
        {"the command line",
         {GREET, C("a1 LOGIN bob \"se\\\"cret\"\r\n"), S("a1 BAD a1 LOGIN bob \"se\\\"cret\"\r\n")},
         .secret = "se\\\"cret",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:quoted BAD " WITHHELD CLEAR},
        {"in base64",
         {GREET, BOB("a1"), S("a1 NO c2VjcmV0 is wrong\r\n")},
         .rows = BOBS("1", "a1") "NO " WITHHELD CLEAR},
        {"in base64 behind another octet: \\0bob\\0secret",
         {GREET, BOB("a1"), S("a1 NO AGJvYgBzZWNyZXQ= is wrong\r\n")},
         .secret = "AGJvYgBzZWNyZXQ=",
         .rows = BOBS("1", "a1") "NO " WITHHELD CLEAR},
        {"in base64 behind two more: \\0bo\\0secret",
         {GREET, C("a1 LOGIN bo secret\r\n"), S("a1 NO AGJvAHNlY3JldA== is wrong\r\n")},
         .secret = "AGJvAHNlY3JldA==",
         .rows = "LOGIN 1 @2 tag=a1 user=bo:atom:2 password:atom NO " WITHHELD CLEAR},
        {"six octets from the middle of a longer one",
         {GREET, C("a1 LOGIN bob {8}verysecretpassword\r\n"), S("a1 BAD at ysecre\r\n")},
         .secret = "ysecre",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom BAD " WITHHELD
                 "! unquoted-special password\n" CLEAR},
        {"what a literal announced too short has spilt",
         {GREET, C("a1 LOGIN bob {3+}\r\nsecret\r\nspilled\r\n"), S("a1 BAD what is spilled?\r\n")},
         .secret = "spilled",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:literal+ BAD " WITHHELD
                 "! literal-length password\n" CLEAR},
        {"the end of a longer one",
         {GREET, C("a1 LOGIN bob (verysecretpassword\r\n"), S("a1 BAD at verysecretpassword\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom BAD " WITHHELD
                 "! unquoted-special password\n" CLEAR},
        {"words behind the password",
         {GREET, C("a1 LOGIN bob my secret word\r\n"), S("a1 BAD extra: secret\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom BAD " WITHHELD
                 "! extra-argument command\n" CLEAR},
        {"what followed a quote",
         {GREET, C("a1 LOGIN \"bob\"secret\r\n"), S("a1 BAD extra: secret\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 password:atom BAD " WITHHELD
                 "! bad-quoted username @5\n" CLEAR},
        {"what ran together with the user name",
         {GREET, C("a1 LOGIN \"bob secret\r\n"), S("a1 BAD bob secret\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 BAD " WITHHELD
                 "! bad-quoted username @0 x1 \"\n! missing-argument password\n"},
        {"untagged",
         {GREET, BOB("a1"), S("* BAD secret\r\n")},
         .rows = BOBS("1", "a1") "BAD " WITHHELD CLEAR},
        {"of a login that is not the one it answers",
         {GREET, C("a1 LOGIN bob other\r\na2 LOGIN bob secret\r\n"), S("a1 NO secret\r\na2 NO no\r\n")},
         .rows = BOBS("1", "a1") "NO " WITHHELD CLEAR BOBS("2", "a2") "NO text=no +1\n" CLEAR},
        {"a user name is no secret",
         {GREET, BOB("a1"), S("a1 NO bob is unknown\r\n")},
         .rows = BOBS("1", "a1") "NO text=bob is unknown +1\n" CLEAR},
        {"but where users are hidden",
         {GREET, BOB("a1"), S("a1 NO bob is unknown\r\n")},
         .options = {.hide_users = true},
         .rows = BOBS("1", "a1") "NO " WITHHELD CLEAR},
        {"also without its domain",
         {GREET, C("a1 LOGIN bob@example.org secret\r\na2 LOGIN \"EXAMPLE\\\\bob\" secret\r\n"),
          S("a1 NO bob is unknown\r\na2 NO bob is unknown\r\n")},
         .options = {.hide_users = true},
         .rows = "LOGIN 1 @2 tag=a1 user=bob@example.org:atom:15 password:atom NO " WITHHELD CLEAR
                 "LOGIN 2 @2 tag=a2 user=EXAMPLE\\bob:quoted:11 password:atom NO " WITHHELD CLEAR},
        {"an authorization identity",
         {GREET, C("a1 AUTHENTICATE PLAIN Ym9zcwBib2IAc2VjcmV0\r\n"), S("a1 NO you are not boss\r\n")},
         .options = {.hide_users = true},
         .rows = "AUTHENTICATE 1 @2 tag=a1 mechanism=PLAIN user=bob:sasl:3 password:sasl authzid=boss "
                 "NO " WITHHELD CLEAR},
        {"a short user name is in any text",
         {GREET, C("a1 LOGIN bo secret\r\n"), S("a1 NO bo is unknown\r\n")},
         .options = {.hide_users = true},
         .rows = "LOGIN 1 @2 tag=a1 user=bo:atom:2 password:atom NO text=bo is unknown +1\n" CLEAR},
        {"an empty password is in no text",
         {GREET, C("a1 LOGIN bob \"\"\r\n"), S("a1 NO empty\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:quoted:empty NO text=empty +1\n" CLEAR},
        {"a reply that repeats nothing",
         {GREET, C("a1 LOGIN bob swordfish\r\n"), S("a1 NO not for opensesame\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom NO text=not for opensesame +1\n" CLEAR,
         .secret = "swordfish"},
        {"the same one, when another's password is in it",
         {GREET, C("a1 LOGIN eve opensesame\r\n"), S("a1 NO not for opensesame\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=eve:atom:3 password:atom NO text=[withheld: repeats a credential] "
                 "+1\n" CLEAR,
         .secret = "opensesame"},
        {"and the first one again",
         {GREET, C("a1 LOGIN bob swordfish\r\n"), S("a1 NO not for opensesame\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom NO text=not for opensesame +1\n" CLEAR,
         .secret = "swordfish"},
    };
    (void)state;
    CHECK(cases);
}

static void capabilities_and_idents_are_kept(void **state)
{
    static const struct conversation cases[] = {
        {"the last list before the login",
         {S("* OK [CAPABILITY A] hi\r\n"), C("a0 CAPABILITY\r\n"),
          S("* CAPABILITY  IMAP4rev1   B \r\na0 OK\r\n"), BOB("a1"), S("a1 OK [CAPABILITY C] yes\r\n")},
         .rows = "LOGIN 1 @4 tag=a1 user=bob:atom:3 password:atom OK code=CAPABILITY C text=yes +1\n" CLEAR,
         .facts = "none open greeting=[CAPABILITY A] hi capabilities=IMAP4rev1 B\n"},
        {"a list while the login waits is of the time after it",
         {S("* OK [CAPABILITY A] hi\r\n"), BOB("a1"), S("* CAPABILITY B\r\na1 OK yes\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR,
         .facts = "none open greeting=[CAPABILITY A] hi capabilities=A\n"},
        {"unless the login fails",
         {S("* OK [CAPABILITY A] hi\r\n"), BOB("a1"), S("* CAPABILITY B\r\na1 NO no\r\n")},
         .rows = BOBS("1", "a1") "NO text=no +1\n" CLEAR,
         .facts = "none open greeting=[CAPABILITY A] hi capabilities=B\n"},
        {"UNAUTHENTICATE is offered only after the login",
         {GREET, BOB("a1"), S("* CAPABILITY UNAUTHENTICATE\r\na1 OK yes\r\n"), C("a2 LIST\r\n"),
          S("a2 OK\r\n")},
         .rows = BOBS("1", "a1") "OK text=yes +1\n" CLEAR "AFTER 1 OK \n",
         .facts = "none open greeting=ready\n"},
        {"one greeting", {GREET, S("* OK again\r\n")}, .rows = "", .facts = "none open greeting=ready\n"},
        {"ID of both sides",
         {GREET, C("a0 ID (\"name\" \"x\" \"version\" NIL)\r\n"),
          S("* ID (\"name\" \"Dovecot\")\r\na0 OK\r\n")},
         .rows = "",
         .facts = "none open greeting=ready client=(\"name\" \"x\" \"version\" NIL) server=(\"name\" "
                  "\"Dovecot\")\n"},
        {"literals in them",
         {GREET, C("a0 ID (\"name\" {4}\r\n"), S("+ \r\n"), C("a\"\\b \"os\" {2+}\r\nc\n)\r\n"),
          S("* ID (\"name\" {3}\r\nd\"e)\r\na0 OK\r\n")},
         .rows = "",
         .facts =
             "none open greeting=ready client=(\"name\" \"a\\\"\\\\b\" \"os\" \"c\\x0a\") server=(\"name\" "
             "\"d\\\"e\")\n"},
    };
    (void)state;
    CHECK(cases);
}

static void other_beginnings(void **state)
{
    static const struct conversation cases[] = {
        {"implicit TLS",
         {C("\x16\x03\x01\x02\x00\x01 a LOGIN bob secret\r\n")},
         .rows = "",
         .facts = "implicit open\n"},
        {"implicit TLS, of both sides",
         {C("\x16\x03\x01\x02\x00\x01 a LOGIN bob secret\r\n"), S("\x16\x03\x03\x02")},
         .rows = "",
         .facts = "implicit done\n"},
        {"implicit TLS, the server's side only",
         {S("\x16\x03\x03\x02\x00\x01\r\n")},
         .rows = "",
         .facts = "implicit done\n"},
        {"STARTTLS whose answer was not seen",
         {C("a CAPABILITY\r\nb STARTTLS\r\n"), C("\x16\x03\x01\x02\x00\x01\r\n")},
         .rows = "",
         .facts = "starttls done starttls:unanswered\n"},
        {"PREAUTH: what comes is judged all the same",
         {S("* PREAUTH hello\r\n"), BOB("a1"), S("a1 BAD already\r\n")},
         .rows = BOBS("1", "a1") "BAD text=already +1\n"
                                 "! already-authenticated command\n" CLEAR,
         .facts = "none open preauth greeting=hello\n"},
        {"PREAUTH: what is announced then is known",
         {S("* PREAUTH hello\r\n* CAPABILITY IMAP4rev1\r\n")},
         .rows = "",
         .facts = "none open preauth greeting=hello capabilities=IMAP4rev1\n"},
        {"BYE", {S("* BYE full\r\n")}, .rows = "", .facts = "none open bye-greeting greeting=full\n"},
        {"SMTP",
         {S("220 mail ESMTP\r\n"), C("EHLO x\r\n"), S("250-mail\r\n250-AUTH\r\n250 OK\r\n"),
          C("a LOGIN bob secret\r\n")},
         .rows = "",
         .facts = "none done not-imap\n"},
        {"HTTP, the client's side only",
         {C("GET / HTTP/1.1\r\nHost: a b\r\nAccept: x\r\nCookie: secret LOGIN\r\n\r\na LOGIN bob "
            "secret\r\n")},
         .rows = "",
         .facts = "none done not-imap\n"},
        {"COMPRESS",
         {GREET, C("a COMPRESS DEFLATE\r\n"), S("a OK go\r\n"), BOB("b")},
         .rows = "",
         .facts = "none done greeting=ready\n"},
    };
    (void)state;
    CHECK(cases);
}

static void octets_without_a_line_are_no_imap(void **state)
{
    static char octets[4200], words[4200];
    memset(octets, 'x', sizeof octets);
    memset(words, 'x', sizeof words);
    words[1] = words[3] = words[5] = ' ';
    words[sizeof words - 1] = '\n';
    const struct conversation cases[] = {
        {"the client's",
         {{IMAP_FROM_CLIENT, octets, sizeof octets}},
         .rows = "",
         .facts = "none done not-imap\n"},
        {"the server's",
         {{IMAP_FROM_SERVER, octets, sizeof octets}},
         .rows = "",
         .facts = "none done not-imap\n"},
        {"the client's, in words",
         {{IMAP_FROM_CLIENT, words, sizeof words}},
         .rows = "",
         .facts = "none done not-imap\n"},
        {"the server's, in words",
         {{IMAP_FROM_SERVER, words, sizeof words}},
         .rows = "",
         .facts = "none done not-imap\n"},
    };
    (void)state;
    CHECK(cases);
}

static void authenticate_is_a_login(void **state)
{
    static const struct conversation cases[] = {
        {"its responses are no commands",
         {GREET, C("a1 AUTHENTICATE X-MY\r\n"), S("+ \r\n"), C("a LOGIN b c\r\n"), S("+ \r\n"),
          C("LOGIN b c\r\n"), S("a1 NO no\r\n"), BOB("a2"), S("a2 OK yes\r\n")},
         .secret = "b c",
         .rows = "AUTHENTICATE 1 @2 tag=a1 mechanism=X-MY NO text=no +1\n"
                 "! bad-base64 response\n"
                 "LOGIN 2 @8 tag=a2 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"pipelined, without waiting for anything",
         {GREET, C("a1 authenticate x-my\r\nc2VjcmV0\r\na2 LOGIN bob secret\r\n"),
          S("+ \r\na1 NO no\r\na2 OK yes\r\n")},
         .rows =
             "AUTHENTICATE 1 @2 tag=a1 mechanism=X-MY NO text=no +1\n! response-not-awaited response\n" BOBS(
                 "2", "a2") "OK text=yes +1\n" CLEAR},
        {"a response that was asked for and never came",
         {GREET, C("a1 AUTHENTICATE X-MY\r\n"), S("+ \r\na1 NO no\r\n"),
          C("a2 AUTHENTICATE X-MY\r\na3 LOGIN bob secret\r\n"), S("a2 NO no\r\na3 OK yes\r\n")},
         .undamaged = true,
         .rows = "AUTHENTICATE 1 @2 tag=a1 mechanism=X-MY NO text=no +1\n"
                 "AUTHENTICATE 2 @4 tag=a2 mechanism=X-MY NO text=no +1\n"
                 "LOGIN 3 @4 tag=a3 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"a command behind the response that was asked for",
         {GREET, C("a1 AUTHENTICATE X-MY\r\n"), S("+ \r\n"), C("c2VjcmV0\r\na2 LOGIN bob secret\r\n"),
          S("a1 NO no\r\na2 OK yes\r\n")},
         .rows = "AUTHENTICATE 1 @2 tag=a1 mechanism=X-MY NO text=no +1\n"
                 "LOGIN 2 @4 tag=a2 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"an empty response",
         {GREET, C("a1 AUTHENTICATE GSSAPI\r\n"), S("+ \r\n"), C("\r\n"), S("+ YIIC\r\n"), C("\r\n"),
          S("a1 OK yes\r\n")},
         .rows = "AUTHENTICATE 1 @2 tag=a1 mechanism=GSSAPI OK text=yes +1\n"},
        {"what may be a response is no mechanism",
         {GREET, C("a1 AUTHENTICATE AGJvYgBzZWNyZXQ=\r\n"), S("a1 BAD no\r\n")},
         .secret = "AGJvYgBzZWNyZXQ",
         .rows = "AUTHENTICATE 1 @2 tag=a1 BAD text=no +1\n! missing-argument mechanism\n"},
        {"missing",
         {GREET, C("a1 AUTHENTICATE\r\n"), S("a1 BAD no\r\n")},
         .rows = "AUTHENTICATE 1 @2 tag=a1 BAD text=no +1\n! missing-argument mechanism\n"},
        {"a tag that is missing",
         {GREET, C("AUTHENTICATE LOGIN\r\n"), S("AUTHENTICATE BAD no\r\n"),
          C("AUTHENTICATE LOGIN bob secret\r\n"), S("AUTHENTICATE OK yes\r\n")},
         .undamaged = true,
         .rows = "AUTHENTICATE 1 @2 mechanism=LOGIN BAD text=no +1\n! bad-tag tag\n"
                 "LOGIN 2 @4 tag=AUTHENTICATE user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tagged_response_is_the_verdict),
        cmocka_unit_test(without_one_bye_or_an_untagged_bad_is_it),
        cmocka_unit_test(the_first_command_after_a_login_is_reported),
        cmocka_unit_test(an_echo_of_a_credential_is_withheld),
        cmocka_unit_test(capabilities_and_idents_are_kept),
        cmocka_unit_test(other_beginnings),
        cmocka_unit_test(octets_without_a_line_are_no_imap),
        cmocka_unit_test(authenticate_is_a_login),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
