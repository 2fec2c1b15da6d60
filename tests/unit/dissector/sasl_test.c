/* AUTHENTICATE: who logs in by each mechanism, and that nothing else is reported. */
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLEAR        "exposed password\n"
#define GUESSABLE    "exposed guessable\n"
#define CHECK(cases) check_conversations(cases, sizeof(cases) / sizeof *(cases))
#define GREET        S("* OK ready\r\n")
#define GO           S("+ \r\n")
#define YES          S("a1 OK yes\r\n")
#define SAID         "AUTHENTICATE 1 @2 tag=a1 mechanism="

/* Base64, with what it stands for. */
#define PLAIN         "AGJvYgBzZWNyZXQ="     /* \0bob\0secret */
#define PLAIN_AUTHZID "Ym9zcwBib2IAc2VjcmV0" /* boss\0bob\0secret */
#define PLAIN_ONE_NUL "Ym9iAHNlY3JldA=="     /* bob\0secret */
#define PLAIN_NUL     "AGJvYgBzZWNyZXQA"     /* \0bob\0secret\0 */
#define BOB           "Ym9i"
#define SECRET        "c2VjcmV0"
#define USER_PROMPT   S("+ VXNlcm5hbWU6\r\n")
#define PASS_PROMPT   S("+ UGFzc3dvcmQ6\r\n")

static void plain(void **state)
{
    static const struct conversation cases[] = {
        {"with an initial response",
         {GREET, C("a1 AUTHENTICATE PLAIN " PLAIN "\r\n"), YES},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl OK text=yes +1\n" CLEAR},
        {"without one",
         {GREET, C("a1 authenticate plain\r\n"), GO, C(PLAIN_AUTHZID "\r\n"), YES},
         .options = {.password_shape = true},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl:6 authzid=boss OK text=yes +1\n" CLEAR},
        {"with one NUL nobody knows which part is the password",
         {GREET, C("a1 AUTHENTICATE PLAIN " PLAIN_ONE_NUL "\r\n"), S("a1 NO secret\r\n")},
         .rows = SAID "PLAIN password:sasl NO text=[withheld: repeats a credential] +1\n" CLEAR},
        {"with one NUL, and the server repeats what may be a short password",
         {GREET, C("a1 AUTHENTICATE PLAIN Ym9iAHB3MTI=\r\n"), S("a1 NO pw12\r\n")},
         .secret = "pw12",
         .rows = SAID "PLAIN password:sasl NO text=[withheld: repeats a credential] +1\n" CLEAR},
        {"without any",
         {GREET, C("a1 AUTHENTICATE PLAIN " SECRET "\r\n"), YES},
         .rows = SAID "PLAIN password:sasl OK text=yes +1\n" CLEAR},
        {"with one too many",
         {GREET, C("a1 AUTHENTICATE PLAIN " PLAIN_NUL "\r\n"), YES},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl OK text=yes +1\n! nul-octet password\n" CLEAR},
        {"the server repeats the response",
         {GREET, C("a1 AUTHENTICATE PLAIN " PLAIN "\r\n"), S("a1 NO " PLAIN "\r\n")},
         .rows =
             SAID "PLAIN user=bob:sasl:3 password:sasl NO text=[withheld: repeats a credential] +1\n" CLEAR},
        {"cancelled",
         {GREET, C("a1 AUTHENTICATE PLAIN\r\n"), GO, C("*\r\n"), S("a1 BAD cancelled\r\n"),
          C("a2 LOGIN bob secret\r\n"), S("a2 OK yes\r\n")},
         .rows = SAID "PLAIN BAD text=cancelled +1\n"
                      "LOGIN 2 @6 tag=a2 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"an empty initial response, then the real one",
         {GREET, C("a1 AUTHENTICATE PLAIN =\r\n"), GO, C(PLAIN "\r\n"), YES},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl OK text=yes +1\n" CLEAR},
        {"refused before the response, which comes all the same",
         {GREET, C("a1 AUTHENTICATE PLAIN\r\n"), S("a1 NO not here\r\n"), C(PLAIN "\r\na2 NOOP\r\n")},
         .undamaged = true,
         .rows = SAID "PLAIN NO text=not here +1\n"},
        {"a response that is not waited for",
         {GREET, C("a1 AUTHENTICATE PLAIN\r\n" PLAIN "\r\na2 NOOP\r\n"), GO, YES},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl OK text=yes +2\n"
                      "! response-not-awaited response\n" CLEAR},
        {"the client's side alone",
         {C("a1 AUTHENTICATE PLAIN\r\n" PLAIN "\r\na2 LOGIN bob secret\r\n")},
         .rows = "AUTHENTICATE 1 @1 tag=a1 mechanism=PLAIN user=bob:sasl:3 password:sasl -\n" CLEAR
                 "LOGIN 2 @1 tag=a2 user=bob:atom:3 password:atom -\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void bad_base64_is_a_finding_and_no_guess(void **state)
{
    static const struct conversation cases[] = {
        {"an octet that is none",
         {GREET, C("a1 AUTHENTICATE PLAIN AGJvYgBz*WNyZXQ=\r\n"), YES},
         .rows = SAID "PLAIN OK text=yes +1\n! bad-base64 initial-response\n"},
        {"padding that is missing",
         {GREET, C("a1 AUTHENTICATE PLAIN\r\n"), GO, C("AGJvYgBzZWNyZXQ\r\n"), YES},
         .secret = "AGJv",
         .rows = SAID "PLAIN OK text=yes +1\n! bad-base64 response\n"},
        {"padding in the middle",
         {GREET, C("a1 AUTHENTICATE PLAIN AGI=AGI=\r\n"), YES},
         .rows = SAID "PLAIN OK text=yes +1\n! bad-base64 initial-response\n"},
        {"padding alone",
         {GREET, C("a1 AUTHENTICATE PLAIN ====\r\n"), YES},
         .rows = SAID "PLAIN OK text=yes +1\n! bad-base64 initial-response\n"},
        {"the bare password, and the server repeats it",
         {GREET, C("a1 AUTHENTICATE PLAIN\r\n"), GO, C("bob secret\r\n"), S("a1 BAD no base64: secret\r\n")},
         .rows = SAID "PLAIN BAD text=[withheld: repeats a credential] +1\n! bad-base64 response\n"},
        {"quoted",
         {GREET, C("a1 AUTHENTICATE PLAIN \"" PLAIN "\"\r\n"), YES},
         .rows = SAID "PLAIN OK text=yes +1\n! bad-base64 initial-response\n"},
        {"mechanism LOGIN: the password does not become the user name",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), USER_PROMPT, C("bob\r\n"), PASS_PROMPT, C(SECRET "\r\n"),
          YES},
         .rows = SAID "LOGIN password:sasl OK text=yes +1\n! bad-base64 username\n" CLEAR},
        {"mechanism LOGIN, the password is not waited for",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), USER_PROMPT, C("bob\r\n" SECRET "\r\n"), PASS_PROMPT, YES},
         .rows = SAID "LOGIN password:sasl OK text=yes +2\n! bad-base64 username\n"
                      "! response-not-awaited password\n" CLEAR},
        {"mechanism LOGIN, without prompts",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), GO, C("bob\r\n"), GO, C(SECRET "\r\n"), YES},
         .rows = SAID "LOGIN password:sasl OK text=yes +1\n! bad-base64 username\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void login(void **state)
{
    static const struct conversation cases[] = {
        {"with prompts",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), USER_PROMPT, C(BOB "\r\n"), PASS_PROMPT, C(SECRET "\r\n"),
          YES},
         .options = {.password_shape = true},
         .rows = SAID "LOGIN user=bob:sasl:3 password:sasl:6 OK text=yes +1\n" CLEAR},
        {"the initial response is the user, so the next line is the password",
         {GREET, C("a1 AUTHENTICATE LOGIN " BOB "\r\n"), PASS_PROMPT, C(SECRET "\r\n"), YES},
         .rows = SAID "LOGIN user=bob:sasl:3 password:sasl OK text=yes +1\n" CLEAR},
        {"without waiting",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n" BOB "\r\n" SECRET "\r\n"), USER_PROMPT, PASS_PROMPT, YES},
         .rows = SAID "LOGIN user=bob:sasl:3 password:sasl OK text=yes +3\n"
                      "! response-not-awaited username\n! response-not-awaited password\n" CLEAR},
        {"an empty initial response: only the prompt says",
         {GREET, C("a1 AUTHENTICATE LOGIN =\r\n"), USER_PROMPT, C(BOB "\r\n"), PASS_PROMPT, C(SECRET "\r\n"),
          YES},
         .rows = SAID "LOGIN user=bob:sasl:3 password:sasl OK text=yes +1\n" CLEAR},
        {"an empty initial response, and no prompt",
         {GREET, C("a1 AUTHENTICATE LOGIN =\r\n"), GO, C(SECRET "\r\n"), YES},
         .rows = SAID "LOGIN password:sasl OK text=yes +1\n" CLEAR},
        {"the password is asked for first",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), PASS_PROMPT, C(SECRET "\r\n"), YES},
         .undamaged = true,
         .rows = SAID "LOGIN password:sasl OK text=yes +1\n" CLEAR},
        {"an empty user name",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), USER_PROMPT, C("\r\n"), PASS_PROMPT, C(SECRET "\r\n"), YES},
         .rows = SAID "LOGIN user=:sasl:0 password:sasl OK text=yes +1\n" CLEAR},
        {"cut off before the password",
         {GREET, C("a1 AUTHENTICATE LOGIN\r\n"), USER_PROMPT, C(BOB "\r\n"), S("* BYE gone\r\n")},
         .rows = SAID "LOGIN user=bob:sasl:3 BYE text=gone +1\n"},
    };
    (void)state;
    CHECK(cases);
}

static void challenge_and_response(void **state)
{
    static const struct conversation cases[] = {
        {"CRAM-MD5",
         {GREET, C("a1 AUTHENTICATE CRAM-MD5\r\n"), S("+ PDE+\r\n"),
          C("Ym9iIHNtaXRoIDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm\r\n"), YES},
         .secret = "0123456789abcdef",
         .rows = SAID "CRAM-MD5 user=bob smith:sasl:9 password:sasl OK text=yes +1\n" GUESSABLE},
        {"CRAM-MD5 that is none",
         {GREET, C("a1 AUTHENTICATE CRAM-MD5\r\n"), S("+ PDE+\r\n"),
          C("Ym9iIHNlY3JldHNlY3JldHNlY3JldHNlY3JldHNlY3JldHNlY3JldHNlYw==\r\n"), YES},
         .rows = SAID "CRAM-MD5 OK text=yes +1\n"},
        {"DIGEST-MD5, with escapes in the name",
         {GREET, C("a1 AUTHENTICATE DIGEST-MD5\r\n"), S("+ cmVhbG09\r\n"),
          C("Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iYlwib2IiLHJlYWxtPSJyIixub25jZT0ieCIsbmM9MDAwMDAwMDEsY25vbmNlPSJz"
            "ZWNyZXQi"
            "LGRpZ2VzdC11cmk9ImltYXAvaCIscmVzcG9uc2U9MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYsYXV0aHppZD0i"
            "Ym9zcyI"
            "=\r\n"),
          S("+ cnNwYXV0aD0=\r\n"), C("\r\n"), YES},
         .rows = SAID "DIGEST-MD5 user=b\"ob:sasl:4 password:sasl authzid=boss OK text=yes +1\n" GUESSABLE},
        {"DIGEST-MD5 whose name is not closed",
         {GREET, C("a1 AUTHENTICATE DIGEST-MD5\r\n"), S("+ cmVhbG09\r\n"),
          C("cmVzcG9uc2U9c2VjcmV0LHVzZXJuYW1lPSJib2I=\r\n"), YES},
         .rows = SAID "DIGEST-MD5 password:sasl OK text=yes +1\n" GUESSABLE},
        {"NTLM in UTF-16",
         {GREET, C("a1 AUTHENTICATE NTLM\r\n"), GO,
          C("TlRMTVNTUAABAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n"), S("+ TlRMTVNTUAAC\r\n"),
          C("TlRMTVNTUAADAAAAGAAYAFYAAAAYABgAbgAAAAgACABAAAAACgAKAEgAAAAEAAQAUgAAAAAAAAAAAAAAAQAAAEMATwBSAFAA"
            "YgD8"
            "AD3YAN5iAFcAUwBzZWNyZXRzZWNyZXRzZWNyZXRzZWNyZXRzZWNyZXRzZWNyZXRzZWNyZXRzZWNyZXQ=\r\n"),
          YES},
         .rows = SAID "NTLM user=CORP\\b\\xc3\\xbc\\xf0\\x9f\\x98\\x80b:sasl:13 password:sasl workstation=WS "
                      "OK text=yes +1\n" GUESSABLE},
        {"NTLM in an OEM character set, without a domain",
         {GREET, C("a1 AUTHENTICATE NTLM\r\n"), GO,
          C("TlRMTVNTUAADAAAAGAAYAEUAAAAYABgAXQAAAAAAAABAAAAAAwADAEAAAAACAAIAQwAAAAAAAAAAAAAAAgAAAEJPQldTc2Vj"
            "cmV0c2Vj"
            "cmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\r\n"),
          YES},
         .rows = SAID "NTLM user=BOB:sasl:3 password:sasl workstation=WS OK text=yes +1\n" GUESSABLE},
        {"NTLM without flags",
         {GREET, C("a1 AUTHENTICATE NTLM\r\n"), GO,
          C("TlRMTVNTUAADAAAAGAAYAEYAAAAYABgAXgAAAAgACAA0AAAABgAGADwAAAAEAAQAQgAAAEMATwBSAFAAYgBvAGIAVwBTAHNl"
            "Y3JldHNl"
            "Y3JldHNlY3JldHNlY3JldHNlY3JldHNlY3JldHNlY3JldHNlY3JldA==\r\n"),
          YES},
         .rows = SAID "NTLM user=CORP\\bob:sasl:8 password:sasl workstation=WS OK text=yes +1\n" GUESSABLE},
        {"SCRAM-SHA-256",
         {GREET, C("a1 AUTHENTICATE SCRAM-SHA-256 bixhPWJvPTJDc3Msbj1iPTNEb2I9MkMscj1zZWNyZXRub25jZQ==\r\n"),
          S("+ cj0x\r\n"), C("Yz1iaXdzLHI9c2VjcmV0bm9uY2VYWSxwPWMyVmpjbVYwYzJWamNtVjA=\r\n"), S("+ dj0x\r\n"),
          C("\r\n"), YES},
         .rows =
             SAID "SCRAM-SHA-256 user=b=ob,:sasl:5 password:sasl authzid=bo,ss OK text=yes +1\n" GUESSABLE},
        {"SCRAM-SHA-1-PLUS",
         {GREET, C("a1 AUTHENTICATE SCRAM-SHA-1-PLUS cD10bHMtdW5pcXVlLCxuPWJvYixyPXg=\r\n"),
          S("a1 NO no\r\n")},
         .rows = SAID "SCRAM-SHA-1-PLUS user=bob:sasl:3 NO text=no +1\n"},
    };
    (void)state;
    CHECK(cases);
}

static void tokens(void **state)
{
    static const struct conversation cases[] = {
        {"XOAUTH2",
         {GREET,
          C("a1 AUTHENTICATE XOAUTH2 dXNlcj1ib2JAZXhhbXBsZS5jb20BYXV0aD1CZWFyZXIgc2VjcmV0dG9rZW4BAQ==\r\n"),
          S("+ eyJzdGF0dXMiOiI0MDAifQ==\r\n"), C("\r\n"), S("a1 NO secrettoken\r\n")},
         .rows =
             SAID "XOAUTH2 user=bob@example.com:sasl:15 password:sasl NO oauth=400 text=[withheld: repeats a "
                  "credential] +1\n" CLEAR},
        {"OAUTHBEARER",
         {GREET,
          C("a1 AUTHENTICATE OAUTHBEARER "
            "bixhPWJvYkBleGFtcGxlLmNvbSwBaG9zdD1oAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHNlY3JldHRva2VuAQE=\r\n"),
          YES},
         .rows = SAID "OAUTHBEARER user=bob@example.com:sasl:15 password:sasl OK text=yes +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void mechanisms_without_a_name(void **state)
{
    static const struct conversation cases[] = {
        {"EXTERNAL",
         {GREET, C("a1 AUTHENTICATE EXTERNAL " BOB "\r\n"), YES},
         .rows = SAID "EXTERNAL authzid=bob OK text=yes +1\n"},
        {"EXTERNAL, empty",
         {GREET, C("a1 AUTHENTICATE EXTERNAL =\r\n"), YES},
         .rows = SAID "EXTERNAL OK text=yes +1\n"},
        {"ANONYMOUS",
         {GREET, C("a1 AUTHENTICATE ANONYMOUS " SECRET "\r\n"), YES},
         .rows = SAID "ANONYMOUS OK text=yes +1\n"},
        {"GSSAPI",
         {GREET, C("a1 AUTHENTICATE GSSAPI\r\n"), GO, C(SECRET "\r\n"), S("+ YIIC\r\n"), C("\r\n"), YES},
         .rows = SAID "GSSAPI OK text=yes +1\n"},
        {"an unknown one",
         {GREET, C("a1 AUTHENTICATE X_NEW-2 " SECRET "\r\n"), YES},
         .rows = SAID "X_NEW-2 OK text=yes +1\n"},
        {"a name in mixed case may be a response",
         {GREET, C("a1 AUTHENTICATE c2VjcmV0\r\n"), YES},
         .rows = "AUTHENTICATE 1 @2 tag=a1 OK text=yes +1\n! missing-argument mechanism\n"},
        {"a name that is too long may be one too",
         {GREET, C("a1 AUTHENTICATE ABCDEFGHIJKLMNOPQRSTU\r\n"), YES},
         .rows = "AUTHENTICATE 1 @2 tag=a1 OK text=yes +1\n! missing-argument mechanism\n"},
        {"a name that is none",
         {GREET, C("a1 AUTHENTICATE \"PLAIN PLAIN\" " SECRET "\r\n"), YES},
         .rows = "AUTHENTICATE 1 @2 tag=a1 OK text=yes +1\n! missing-argument mechanism\n"
                 "! mechanism-not-atom mechanism\n"},
    };
    (void)state;
    CHECK(cases);
}

static void the_command_is_judged(void **state)
{
    static const struct conversation cases[] = {
        {"an initial response that is not offered",
         {S("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n"), C("a1 AUTHENTICATE PLAIN " PLAIN "\r\n"), YES},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl OK text=yes +1\n"
                      "! unadvertised-initial-response initial-response\n" CLEAR},
        {"an initial response that is offered",
         {S("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=plain] hi\r\n"),
          C("a1 AUTHENTICATE PLAIN " PLAIN "\r\n"), YES},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl OK text=yes +1\n" CLEAR},
        {"spacing, arguments and line ends",
         {GREET, C("a1 AUTHENTICATE  PLAIN " PLAIN " x\na2 AUTHENTICATE PLAIN \r\n"), GO, C(PLAIN "\n"),
          S("a1 NO 1\r\na2 NO 2\r\n")},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl NO text=1 +3\n"
                      "! extra-argument command\n! bad-spacing command\n! bad-line-end command\n" CLEAR
                      "AUTHENTICATE 2 @2 tag=a2 mechanism=PLAIN user=bob:sasl:3 password:sasl NO text=2 +1\n"
                      "! bad-spacing command\n! bad-line-end command\n" CLEAR},
        {"an initial response as a literal",
         {GREET, C("a1 AUTHENTICATE PLAIN {16}\r\n"), GO, C(PLAIN "\r\n"), YES},
         .rows = SAID "PLAIN OK text=yes +1\n! bad-base64 initial-response\n"},
        {"pipelined behind STARTTLS",
         {GREET, C("t STARTTLS\r\na1 AUTHENTICATE PLAIN " PLAIN "\r\n"), S("t OK go\r\n")},
         .rows = SAID "PLAIN user=bob:sasl:3 password:sasl -\n! starttls-pipelined command\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void note_initial_response(void *user, const struct imap_login *login)
{
    *(int *)user = login->initial_response;
}

/* -1: it does not apply, or was not seen; 2: there was no login. */
static int initial_response_of(const char *line)
{
    static const struct imap_mark mark = {.time_ns = 1, .frame = 1, .capture = 1};
    const struct imap_session_handler handler = {.login = note_initial_response};
    int noted = 2;
    struct imap_session *session = imap_session_new(&(struct imap_session_options){0}, &handler, &noted);

    assert_non_null(session);
    imap_session_feed(session, IMAP_FROM_SERVER, "* OK ready\r\n", 12, &mark);
    imap_session_feed(session, IMAP_FROM_CLIENT, line, strlen(line), &mark);
    imap_session_end(session);
    imap_session_free(session);
    return noted;
}

static void an_initial_response_is_noted(void **state)
{
    (void)state;
    assert_int_equal(initial_response_of("a1 AUTHENTICATE PLAIN " PLAIN "\r\n"), 1);
    assert_int_equal(initial_response_of("a1 AUTHENTICATE PLAIN =\r\n"), 1);
    assert_int_equal(initial_response_of("a1 AUTHENTICATE PLAIN\r\n"), 0);
    assert_int_equal(initial_response_of("a1 AUTHENTICATE PLAIN\r\n" PLAIN "\r\n"), 0);
    assert_int_equal(initial_response_of("a1 LOGIN bob secret\r\n"), -1);
    assert_int_equal(initial_response_of("a1 AUTHENTICATE PLAIN"), -1);
    assert_int_equal(initial_response_of("a1 AUTHENTICATE PLAIN AGJv"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(bad_base64_is_a_finding_and_no_guess),
        cmocka_unit_test(login),
        cmocka_unit_test(challenge_and_response),
        cmocka_unit_test(tokens),
        cmocka_unit_test(mechanisms_without_a_name),
        cmocka_unit_test(the_command_is_judged),
        cmocka_unit_test(an_initial_response_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
