/* What is met on real wires: halves of conversations, other protocols, servers and clients that break off. */
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define CLEAR              "exposed password\n"
#define CHECK(cases)       check_conversations(cases, sizeof(cases) / sizeof *(cases))
#define GREET              S("* OK ready\r\n")
#define BOB(tag)           C(tag " LOGIN bob secret\r\n")
#define HELLO              C("\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
#define ROW(n, frame, tag) "LOGIN " n " @" frame " tag=" tag " user=bob:atom:3 password:atom "

static void a_verdict_is_the_logins_own(void **state)
{
    static const struct conversation cases[] = {
        {"BYE answers LOGOUT, when the login's answer was lost",
         {GREET, BOB("a1"), C("a2 LOGOUT\r\n"), SERVER_LOST(10), S("* BYE bye\r\na2 OK bye\r\n")},
         .rows = ROW("1", "2", "a1") "-\n" CLEAR},
        {"BYE answers LOGOUT also where nothing was lost",
         {GREET, C("a1 LOGIN bob secret\r\na2 LOGOUT\r\n"), S("* BYE bye\r\na2 OK bye\r\n")},
         .undamaged = true,
         .rows = ROW("1", "2", "a1") "-\n" CLEAR},
        {"BYE of a timeout, when the login's answer was lost",
         {GREET, BOB("a1"), SERVER_LOST(10), S("* BYE Autologout; idle for too long\r\n")},
         .rows = ROW("1", "2", "a1") "-\n" CLEAR},
        {"BYE, when the command that it answers may have been lost",
         {GREET, BOB("a1"), CLIENT_LOST(11), S("* BYE bye\r\n")},
         .rows = ROW("1", "2", "a1") "-\n" CLEAR},
        {"BAD of a later command, when the login's answer was lost",
         {GREET, BOB("a1"), SERVER_LOST(10), C("a2 FOO\r\n"), S("* BAD what\r\n")},
         .rows = ROW("1", "2", "a1") "-\n" CLEAR},
        {"BAD of an earlier command",
         {GREET, C("a1 FOO\r\na2 LOGIN bob secret\r\n"), S("* BAD what\r\n")},
         .rows = ROW("1", "2", "a2") "-\n" CLEAR},
        {"what came before a hole may not have been the last word",
         {GREET, BOB("a1"), S("* BAD what\r\n"), SERVER_LOST(10)},
         .rows = ROW("1", "2", "a1") "-\n" CLEAR},
        {"a tag that is used again across a lost reply",
         {GREET, BOB("a"), SERVER_LOST(9), C("a LOGIN eve secret\r\n"), S("a OK yes\r\n")},
         .rows = ROW("1", "2", "a") "-\n" CLEAR "LOGIN 2 @4 tag=a user=eve:atom:3 password:atom -\n" CLEAR},
        {"cut behind the tag and NO, at the end",
         {GREET, BOB("a1"), S("a1 NO [AUTHENTICATIONFAI")},
         .rows = ROW("1", "2", "a1") "NO +1\n" CLEAR},
        {"cut behind the tag and OK, by a hole",
         {GREET, BOB("a1"), S("a1 OK [CAPABILITY IMAP4rev1 LIT"), SERVER_LOST(30), C("a2 SELECT inbox\r\n"),
          S("a2 BAD User is authent"), SERVER_LOST(20)},
         .rows = ROW("1", "2", "a1") "OK +1\n" CLEAR "AFTER 1 BAD \n"},
        {"cut before it is known",
         {GREET, BOB("a1"), S("a1 N"), SERVER_LOST(30)},
         .rows = ROW("1", "2", "a1") "-\n" CLEAR},
        {"a tag that counts is not used again",
         {GREET, C("a1 LOGIN bob"), SERVER_LOST(9), CLIENT_LOST(9), S("* OK\r\na1 NO no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:atom:-1 NO text=no incomplete\n"},
        {"right behind a hole a tag may be the end of another",
         {GREET, C("1 LOGIN bob secret\r\n"), SERVER_LOST(7), C("11 LOGIN eve secret\r\n"), SERVER_LOST(1),
          S("1 OK yes\r\n")},
         .rows = ROW("1", "2", "1") "-\n" CLEAR "LOGIN 2 @4 tag=11 user=eve:atom:3 password:atom -\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void what_the_server_said_in_a_hole_is_not_judged(void **state)
{
    static const struct conversation cases[] = {
        {"the answer to STARTTLS",
         {GREET, C("a0 STARTTLS\r\n"), BOB("a1"), SERVER_LOST(13), S("a1 OK in\r\n")},
         .rows = ROW("1", "3", "a1") "OK text=in +2\n" CLEAR,
         .facts = "none open starttls:unanswered greeting=ready\n"},
        {"a list of capabilities",
         {S("* OK [CAPABILITY IMAP4rev1] hi\r\n"), C("c0 CAPABILITY\r\n"),
          C("a1 LOGIN bob {6+}\r\nsecret\r\n"), SERVER_LOST(45), S("a1 OK in\r\n")},
         .rows = "LOGIN 1 @3 tag=a1 user=bob:atom:3 password:literal+ OK text=in +2\n" CLEAR},
        {"a list without SASL-IR, and a mechanism",
         {S("* OK [CAPABILITY IMAP4rev1 AUTH=X] hi\r\n"), SERVER_LOST(45), S("* OK\r\n"),
          C("a1 AUTHENTICATE PLAIN AGJvYgBzZWNyZXQ=\r\n"), S("a1 OK in\r\n")},
         .rows =
             "AUTHENTICATE 1 @4 tag=a1 mechanism=PLAIN user=bob:sasl:3 password:sasl OK text=in +1\n" CLEAR},
        {"LOGINDISABLED",
         {S("* OK [CAPABILITY LOGINDISABLED] hi\r\n"), SERVER_LOST(45), S("* OK\r\n"), BOB("a1"),
          S("a1 OK in\r\n")},
         .rows = ROW("1", "4", "a1") "OK text=in +1\n" CLEAR},
        {"a list behind the hole holds",
         {S("* OK [CAPABILITY IMAP4rev1] hi\r\n"), SERVER_LOST(45), S("* CAPABILITY LOGINDISABLED\r\n"),
          BOB("a1"), S("a1 NO no\r\n")},
         .rows = ROW("1", "4", "a1") "NO text=no +1\n"
                                     "! login-disabled command\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void what_was_cut_breaks_no_rule_that_its_end_could_mend(void **state)
{
    static const struct conversation cases[] = {
        {"an announcement, by the snapshot length",
         {GREET, C("1 LOGIN bob {7"), CLIENT_LOST(3), S("+ go\r\n"), C("secret7\r\n"), S("1 OK in\r\n")},
         .rows = "LOGIN 1 @2 tag=1 user=bob:atom:3 OK text=in incomplete\n"},
        {"an announcement, before its line end",
         {GREET, C("1 LOGIN {3}"), CLIENT_LOST(2), S("1 NO no\r\n")},
         .rows = "LOGIN 1 @2 tag=1 NO text=no incomplete\n"},
        {"an announcement, by the end", {GREET, C("1 LOGIN {3")}, .rows = "LOGIN 1 @2 tag=1 - incomplete\n"},
        {"a user name that may go on",
         {GREET, C("1 LOGIN \"bob sm")},
         .rows = "LOGIN 1 @2 tag=1 user:quoted:-1 - incomplete\n"},
        {"the client broke off",
         {GREET, C("RUBY0001 LOGIN ")},
         .rows = "LOGIN 1 @2 tag=RUBY0001 - incomplete\n"},
    };
    (void)state;
    CHECK(cases);
}

static void what_may_be_no_login_is_one_when_the_server_answers_it(void **state)
{
    static const struct conversation cases[] = {
        {"mid-stream, in the word AUTHENTICATE",
         {CLIENT_LOST(0), SERVER_LOST(0), C("ENTICATE LOGIN\r\n"), S("+ VXNlcm5hbWU6\r\n"), C("Ym9i\r\n"),
          S("+ UGFzc3dvcmQ6\r\n"), C("c2VjcmV0\r\n"), S("a1 NO no\r\n")},
         .count = 8,
         .rows = ""},
        {"in a mail",
         {CLIENT_LOST(0), SERVER_LOST(0), C("Hello,\r\nx LOGIN mallory p*w\r\nis what to type.\r\n\r\n"),
          S("a7 OK APPEND done\r\nx OK yes\r\n")},
         .count = 4,
         .secret = "mallory",
         .rows = ""},
        {"behind a hole, in an APPEND",
         {GREET, C("a1 APPEND in {24}\r\n"), CLIENT_LOST(3), C("x LOGIN mallory p*w\r\n"),
          S("a1 OK done\r\n")},
         .secret = "mallory",
         .rows = ""},
        {"behind a hole, and answered",
         {GREET, CLIENT_LOST(9), BOB("a1"), S("a1 NO no\r\n")},
         .rows = ROW("1", "3", "a1") "NO text=no +1\n" CLEAR},
        {"behind an APPEND that was not awaited, and refused",
         {GREET, C("a1 APPEND X {24}\r\n"), C("x LOGIN mallory s3same\r\n"), S("a1 NO no\r\nx BAD no\r\n"),
          C("a2 LOGIN bob \"secret\"\r\n"), S("a2 OK in\r\n")},
         .rows = "LOGIN 1 @3 tag=x user=mallory:atom:7 password:atom BAD text=no +1\n" CLEAR
                 "LOGIN 2 @5 tag=a2 user=bob:atom:3 password:quoted OK text=in +1\n" CLEAR},
        {"in an APPEND that was not awaited, and taken",
         {GREET, C("a1 APPEND X {24}\r\nx LOGIN mallory s3same\r\n\r\n"), S("+ \r\na1 OK done\r\n"),
          BOB("a2"), S("a2 NO no\r\n")},
         .secret = "mallory",
         .rows = ROW("1", "4", "a2") "NO text=no +1\n" CLEAR},
        {"a literal that was refused unseen, and the next command",
         {C("a1 LOGIN {3}\r\na2 LOGIN bob secret\r\n")},
         .rows = "LOGIN 1 @1 tag=a1 user:literal:-1 -\n" ROW("2", "1", "a2") "-\n" CLEAR},
        {"a literal that was refused unseen, and LOGOUT",
         {C("a1 LOGIN {3}\r\n"), C("a2 LOGOUT\r\n")},
         .rows = "LOGIN 1 @1 tag=a1 user:literal:-1 -\n"},
        {"a literal that was not awaited, and the next command",
         {GREET, C("a1 LOGIN {3}\r\na2 LOGIN bob secret\r\n"), S("a1 BAD no\r\na2 OK in\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:literal:-1 BAD text=no +1\n" ROW("2", "2",
                                                                          "a2") "OK text=in +1\n" CLEAR},
        {"a password that is a command's name",
         {C("a1 LOGIN {3}\r\nbob login\r\n")},
         .secret = "login",
         .rows = "LOGIN 1 @1 tag=a1 user=bob:literal:3 password:atom -\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void other_protocols_have_no_logins(void **state)
{
    static const struct conversation cases[] = {
        {"MUPDATE",
         {S("* AUTH \"PLAIN\" \"DIGEST-MD5\"\r\n* OK MUPDATE \"mup.example\" \"Cyrus\"\r\n"),
          C("A01 AUTHENTICATE \"PLAIN\" \"AHByb3h5AHNlY3JldA==\"\r\n"), S("A01 OK \"Authenticated\"\r\n")},
         .undamaged = true,
         .rows = "",
         .facts = "none done not-imap\n"},
        {"MUPDATE, whose greeting was not seen",
         {CLIENT_LOST(0), SERVER_LOST(0), C("A01 AUTHENTICATE \"PLAIN\" \"AHByb3h5AHNlY3JldA==\"\r\n"),
          S("A01 OK \"Authenticated\"\r\n")},
         .count = 4,
         .rows = "",
         .facts = "none done not-imap\n"},
        {"ACAP",
         {S("* ACAP (IMPLEMENTATION \"x\") (SASL \"PLAIN\")\r\n"), C("a AUTHENTICATE \"PLAIN\"\r\n"),
          S("a NO no\r\n")},
         .undamaged = true,
         .rows = "",
         .facts = "none done not-imap\n"},
        {"POP3",
         {S("+OK ready\r\n"), C("AUTH LOGIN\r\n"), S("+ VXNlcm5hbWU6\r\n"), C("Ym9i\r\n"),
          S("+ UGFzc3dvcmQ6\r\n"), C("c2VjcmV0\r\n"), S("-ERR no\r\n")},
         .rows = "",
         .facts = "none open not-imap\n"},
        {"POP3, the client's side", {C("AUTH LOGIN\r\nYm9i\r\nc2VjcmV0\r\nSTAT\r\n")}, .rows = ""},
        {"SMTP",
         {S("220 mail ESMTP\r\n"), C("EHLO x\r\n"), S("250 AUTH LOGIN\r\n"), C("AUTH LOGIN Ym9i\r\n"),
          S("334 UGFzc3dvcmQ6\r\n"), C("c2VjcmV0\r\n"), S("235 ok\r\n")},
         .rows = "",
         .facts = "none done not-imap\n"},
        {"FTP, whose server was taken for the client",
         {C("220 ready\r\n"), S("USER bob\r\n"), C("331 Password required\r\n"), S("PASS secret\r\n"),
          C("530 Login incorrect.\r\n")},
         .rows = "",
         .facts = "none open not-imap\n"},
        {"HTTP",
         {C("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
          S("HTTP/1.1 200 OK\r\n\r\nx LOGIN OK\r\n")},
         .rows = "",
         .facts = "none open not-imap\n"},
        {"SSH", {S("SSH-2.0-x\r\n"), C("SSH-2.0-y\r\n")}, .rows = "", .facts = "none open not-imap\n"},
        {"telnet",
         {S("\xff\xfd\x18host login: "), C("bob\r\n"), S("Password: "), C("secret\r\n"),
          S("Login incorrect\r\n")},
         .rows = "",
         .facts = "none open not-imap\n"},
        {"IRC",
         {C("NICK bob\r\nUSER bob 0 * :bob\r\n"), S(":irc NOTICE * :hello\r\n:irc 001 bob :hi\r\n")},
         .rows = "",
         .facts = "none open not-imap\n"},
        {"NNTP",
         {S("200 ready\r\n"), C("AUTHINFO USER bob\r\n"), S("381 more\r\n"), C("AUTHINFO PASS secret\r\n"),
          S("281 ok\r\n"), C("LIST\r\n")},
         .rows = "",
         .facts = "none open not-imap\n"},
        {"Redis",
         {C("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"), S("+OK\r\n")},
         .rows = "",
         .facts = "none done not-imap\n"},
        {"NFS",
         {C("\x80\0\0\x28\0\0\0\1\0\0\0\0\0\0\0\2\0\1\x86\xa3\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
            "\0"),
          S("\x80\0\0\x18\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
         .rows = "",
         .facts = "none open not-imap\n"},
        {"nothing at all is not another protocol", {C("")}, .rows = "", .facts = "none open\n"},
        {"nor is a command that was broken off",
         {GREET, C("a1 CAPAB")},
         .rows = "",
         .facts = "none open greeting=ready\n"},
    };
    (void)state;
    CHECK(cases);
}

static void why_there_was_no_login_is_known(void **state)
{
    static const struct conversation cases[] = {
        {"BYE in place of a greeting",
         {S("* BYE Connection refused: too many connections\r\n")},
         .rows = "",
         .facts = "none open bye-greeting greeting=Connection refused: too many connections\n"},
        {"LOGINDISABLED, and the client left",
         {S("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n"), C("a LOGOUT\r\n"), S("* BYE\r\na OK\r\n")},
         .rows = "",
         .facts = "none open login-disabled logout greeting=[CAPABILITY IMAP4rev1 LOGINDISABLED] hi "
                  "capabilities=IMAP4rev1 LOGINDISABLED\n"},
        {"STARTTLS without a tag",
         {GREET, C("STARTTLS\r\n"), S("STARTTLS BAD what\r\n")},
         .rows = "",
         .facts = "none open starttls:refused starttls-untagged greeting=ready\n"},
        {"STARTTLS refused without a tag",
         {GREET, C("a STARTTLS\r\n"), S("* BAD what\r\n")},
         .rows = "",
         .facts = "none open starttls:refused greeting=ready\n"},
        {"TLS spoken to a plain port: the greeting comes behind",
         {HELLO, S("* OK ready\r\n* BYE what\r\n")},
         .rows = "",
         .facts = "none open tls-to-plain greeting=ready\n"},
        {"TLS spoken to a plain port: the greeting comes first",
         {GREET, HELLO, S("* BAD what\r\n")},
         .rows = "",
         .facts = "none open tls-to-plain greeting=ready\n"},
        {"STARTTLS accepted, then TLS",
         {GREET, C("a STARTTLS\r\n"), S("a OK go\r\n"), HELLO},
         .rows = "",
         .facts = "starttls done starttls:accepted greeting=ready\n"},
        {"STARTTLS accepted, and plain text goes on",
         {GREET, C("a STARTTLS\r\n"), S("a OK go\r\n"), BOB("b"), S("b OK in\r\n")},
         .rows = ROW("1", "4", "b") "OK text=in +1\n! starttls-pipelined command\n" CLEAR,
         .facts = "none open starttls:accepted plain-after-starttls greeting=ready\n"},
        {"STARTTLS accepted, and what came then was lost",
         {GREET, C("a STARTTLS\r\n"), S("a OK go\r\n"), CLIENT_LOST(200), BOB("b")},
         .rows = "",
         .facts = "none done starttls:accepted greeting=ready\n"},
    };
    (void)state;
    CHECK(cases);
}

static void the_mailbox_speaks_behind_commands_that_say_nothing_of_it(void **state)
{
#define IN    BOB("a1"), S("a1 OK in\r\n")
#define OK_IN ROW("1", "2", "a1") "OK text=in +1\n" CLEAR
    static const struct conversation cases[] = {
        {"CAPABILITY",
         {GREET, IN, C("a2 CAPABILITY\r\n"), S("* CAPABILITY IMAP4\r\na2 OK x\r\n"), C("a3 SELECT INBOX\r\n"),
          S("a3 BAD User is authenticated but not connected.\r\n")},
         .rows = OK_IN "AFTER 1 BAD User is authenticated but not connected.\n"},
        {"several, pipelined",
         {GREET, IN, C("a2 ID NIL\r\na3 NOOP\r\na4 ENABLE X\r\na5 NAMESPACE\r\n"),
          S("a2 OK\r\na3 OK\r\na4 OK\r\na5 BAD not connected\r\n")},
         .rows = OK_IN "AFTER 1 BAD not connected\n"},
        {"all of them, pipelined behind the login",
         {GREET, C("a1 LOGIN bob secret\r\na2 CAPABILITY\r\na3 LIST \"\" *\r\n"),
          S("a1 OK in\r\na2 OK x\r\na3 OK done\r\n")},
         .rows = OK_IN "AFTER 1 OK done\n"},
        {"one that is refused says enough",
         {GREET, IN, C("a2 CAPABILITY\r\n"), S("a2 BAD not connected\r\n")},
         .rows = OK_IN "AFTER 1 BAD not connected\n"},
        {"LOGOUT says nothing", {GREET, IN, C("a2 LOGOUT\r\n"), S("* BYE\r\na2 OK\r\n")}, .rows = OK_IN},
        {"a command that was lost may have been the first",
         {GREET, IN, CLIENT_LOST(20), C("a3 LIST \"\" *\r\n"), S("a3 OK done\r\n")},
         .rows = OK_IN},
    };
    (void)state;
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_is_the_logins_own),
        cmocka_unit_test(what_the_server_said_in_a_hole_is_not_judged),
        cmocka_unit_test(what_was_cut_breaks_no_rule_that_its_end_could_mend),
        cmocka_unit_test(what_may_be_no_login_is_one_when_the_server_answers_it),
        cmocka_unit_test(other_protocols_have_no_logins),
        cmocka_unit_test(why_there_was_no_login_is_known),
        cmocka_unit_test(the_mailbox_speaks_behind_commands_that_say_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
