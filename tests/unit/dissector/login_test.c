/* LOGIN in every form, and every rule on its arguments. */
#include "tests/unit/dissector/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLEAR        "exposed password\n"
#define CHECK(cases) check_conversations(cases, sizeof(cases) / sizeof *(cases))
#define GREET        S("* OK ready\r\n")
#define SHAPE        .options = {.password_shape = true}

static void forms_are_reported(void **state)
{
    static const struct conversation cases[] = {
        {"atoms",
         {GREET, C("a1 LOGIN alice secret\r\n"), S("a1 OK done\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=alice:atom:5 password:atom OK text=done +1\n" CLEAR},
        {"quoted strings",
         {GREET, C("a1 login \"ali*ce\" \"secret\"\r\n"), S("a1 OK done\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=ali*ce:quoted:6 password:quoted OK text=done +1\n" CLEAR},
        {"escapes are undone",
         {GREET, C("a1 Login \"a\\\"b\\\\c\" \"secret\"\r\n"), S("a1 OK done\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=a\"b\\c:quoted:5 password:quoted OK text=done +1\n" CLEAR},
        {"synchronizing literals",
         {GREET, C("a1 LOGIN {7}\r\n"), S("+ go\r\n"), C("al(*) e {6}\r\n"), S("+ \r\n"), C("secret\r\n"),
          S("a1 OK done\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=al(*) e:literal:7 password:literal OK text=done +1\n" CLEAR},
        {"non-synchronizing literals, which hold line ends",
         {S("* OK [CAPABILITY LITERAL+] hi\r\n"), C("a1 LOGIN {7+}\r\nal\r\nice {6+}\r\nsecret\r\n"),
          S("a1 OK done\r\n")},
         .rows =
             "LOGIN 1 @2 tag=a1 user=al\\x0d\\x0aice:literal+:7 password:literal+ OK text=done +1\n" CLEAR},
        {"empty ones",
         {GREET, C("a1 LOGIN \"\" {0}\r\n"), S("+ \r\n"), C("\r\n"), S("a1 NO no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=:quoted:0 password:literal:empty NO text=no +1\n" CLEAR},
        {"a closing bracket is an astring's",
         {GREET, C("a1 LOGIN a]b[c secret\r\n"), S("a1 OK done\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=a]b[c:atom:5 password:atom OK text=done +1\n" CLEAR},
        {"a brace that announces nothing",
         {GREET, C("a1 LOGIN {x} secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user={x}:atom:3 password:atom BAD text=no +1\n"
                 "! unquoted-special username @0 x1 {\n" CLEAR},
        {"an announcement that does not end its line",
         {GREET, C("a1 LOGIN {3} secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user={3}:atom:3 password:atom BAD text=no +1\n"
                 "! unquoted-special username @0 x1 {\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void wildcards_in_atoms_are_flagged(void **state)
{
    static const struct conversation cases[] = {
        {"user name",
         {GREET, C("a1 LOGIN *ali*c%e secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=*ali*c%e:atom:8 password:atom BAD text=no +1\n"
                 "! unquoted-wildcard username @0 x3 *%\n" CLEAR},
        {"password: only which of them",
         {GREET, C("a1 LOGIN alice se%cr*et%\r\n"), S("a1 BAD no\r\n")},
         .secret = "se%cr*et%",
         .rows = "LOGIN 1 @2 tag=a1 user=alice:atom:5 password:atom BAD text=no +1\n"
                 "! unquoted-wildcard password %*\n" CLEAR},
        {"password: with its shape",
         {GREET, C("a1 LOGIN alice se%cr*et%(\r\n"), S("a1 BAD no\r\n")},
         .secret = "se%cr*et%(",
         SHAPE,
         .rows = "LOGIN 1 @2 tag=a1 user=alice:atom:5 password:atom:10 BAD text=no +1\n"
                 "! unquoted-wildcard password @2 x3 %*\n! unquoted-special password @9 x1\n" CLEAR},
        {"both",
         {GREET, C("a1 LOGIN a* %secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=a*:atom:2 password:atom BAD text=no +1\n"
                 "! unquoted-wildcard username @1 x1 *\n! unquoted-wildcard password %\n" CLEAR},
        {"quoted and in a literal they are fine",
         {GREET, C("a1 LOGIN \"a*%\" {8}\r\n"), S("+\r\n"), C("%secret*\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=a*%:quoted:3 password:literal OK text=yes +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void specials_in_atoms_are_flagged(void **state)
{
    static const struct conversation cases[] = {
        {"each of them",
         {GREET, C("a1 LOGIN a(b)c{d\"e\\f\x01g\x7fh secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=a(b)c{d\"e\\f\\x01g\\x7fh:atom:15 password:atom BAD text=no +1\n"
                 "! unquoted-special username @1 x7 (){\"\\\\x01\\x7f\n" CLEAR},
        {"of a password not which",
         {GREET, C("a1 LOGIN alice secret(\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=alice:atom:5 password:atom BAD text=no +1\n"
                 "! unquoted-special password\n" CLEAR},
        {"a domain's backslash",
         {GREET, C("a1 LOGIN CORP\\bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=CORP\\bob:atom:8 password:atom OK text=yes +1\n"
                 "! unquoted-special username @4 x1 \\\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void octets_over_127_are_flagged(void **state)
{
    static const struct conversation cases[] = {
        {"in an atom",
         {GREET, C("a1 LOGIN b\xc3\xbc secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=b\\xc3\\xbc:atom:3 password:atom BAD text=no +1\n"
                 "! eight-bit-octet username @1 x2 \\xc3\\xbc\n" CLEAR},
        {"in a quoted string, the quote counted",
         {GREET, C("a1 LOGIN \"b\xfc\" \"secret\xfc\"\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=b\\xfc:quoted:2 password:quoted:other BAD text=no +1\n"
                 "! eight-bit-octet username @2 x1 \\xfc\n! eight-bit-octet password\n" CLEAR},
        {"not in a literal",
         {GREET, C("a1 LOGIN {2}\r\n"), S("+ \r\n"), C("b\xfc secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=b\\xfc:literal:2 password:atom OK text=yes +1\n" CLEAR},
        {"though UTF8=ACCEPT is enabled: that is for what follows the login",
         {S("* OK [CAPABILITY IMAP4rev1 ENABLE UTF8=ACCEPT] hi\r\n"), C("a0 ENABLE UTF8=ACCEPT\r\n"),
          S("* ENABLED UTF8=ACCEPT\r\na0 OK on\r\n"), C("a1 LOGIN \"b\xc3\xbc\" \"secret\"\r\n"),
          S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @4 tag=a1 user=b\\xc3\\xbc:quoted:3 password:quoted OK text=yes +1\n"
                 "! eight-bit-octet username @2 x2 \\xc3\\xbc\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void quoted_strings_are_judged(void **state)
{
    static const struct conversation cases[] = {
        {"a wrong escape",
         {GREET, C("a1 LOGIN \"CORP\\bob\" \"secret\"\r\n"), S("a1 NO no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=CORPbob:quoted:7 password:quoted NO text=no +1\n"
                 "! bad-quoted username @5 x1 \\\n" CLEAR},
        {"no closing quote: the rest may be the password",
         {GREET, C("a1 LOGIN \"bob secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 BAD text=no +1\n"
                 "! bad-quoted username @0 x1 \"\n! missing-argument password\n"},
        {"no closing quote behind the password",
         {GREET, C("a1 LOGIN bob \"secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:quoted BAD text=no +1\n"
                 "! bad-quoted password\n" CLEAR},
        {"an escape at the line's end",
         {GREET, C("a1 LOGIN bob \"secret\\\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:quoted BAD text=no +1\n"
                 "! bad-quoted password\n" CLEAR},
        {"octets behind the closing quote: Dovecot takes them for the password",
         {GREET, C("a1 LOGIN \"bob\"secret\r\n"), S("a1 NO no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 password:atom NO text=no +1\n"
                 "! bad-quoted username @5\n" CLEAR},
        {"a literal behind the closing quote",
         {GREET, C("a1 LOGIN \"bob\"{6}\r\n"), S("+ \r\n"), C("secret\r\n"), S("a1 NO no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 password:literal NO text=no +1\n"
                 "! bad-spacing command\n" CLEAR},
        {"octets behind the closing quote, and a password",
         {GREET, C("a1 LOGIN \"bob\"x secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 password:atom BAD text=no +1\n"
                 "! bad-quoted username @5\n" CLEAR},
        {"a quote inside the password",
         {GREET, C("a1 LOGIN \"bob\" \"sec\"ret\"\r\n"), S("a1 BAD no\r\n")},
         .secret = "sec\"ret",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 password:quoted BAD text=no +1\n"
                 "! bad-quoted password\n" CLEAR},
        {"a line end inside: two lines",
         {GREET, C("a1 LOGIN \"bob\" \"sec\r\nret\"\r\n"), S("a1 BAD no\r\n")},
         .secret = "ret",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 password:quoted BAD text=no +1\n"
                 "! bad-quoted password\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void what_may_be_the_password_is_no_user_name(void **state)
{
    static const struct conversation cases[] = {
        {"a literal of the wrong length behind an empty user name",
         {GREET, C("a1 LOGIN  {4+}\r\nsecret\r\n"), S("a1 BAD no\r\n")},
         .secret = "secr",
         .rows = "LOGIN 1 @2 tag=a1 user:literal+:-1 password:atom BAD text=no +1\n! bad-spacing "
                 "command\n"
                 "! literal-length username\n" CLEAR},
        {"a quoted string with octets behind it",
         {GREET, C("a1 LOGIN \"bob my\"secret\" pw\r\n"), S("a1 BAD no\r\n")},
         .secret = "my",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 password:atom BAD text=no +1\n"
                 "! bad-quoted username\n" CLEAR},
        {"an atom with a quote, alone",
         {GREET, C("a1 LOGIN bob\"se*cret\"\r\n"), S("a1 BAD no\r\n")},
         .secret = "se*cret",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 BAD text=no +1\n"
                 "! unquoted-special username @3 x1 \"\n! missing-argument password\n"},
        {"a password with a space in an atom with a quote",
         {GREET, C("a1 LOGIN bob\"my secret\"\r\n"), S("a1 BAD no\r\n")},
         .secret = "my",
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom BAD text=no +1\n"
                 "! unquoted-special username @3 x1 \"\n! unquoted-special password\n" CLEAR},
        {"a quoted string that holds both",
         {GREET, C("a1 LOGIN \"bob my secret\"\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:quoted:3 BAD text=no +1\n! missing-argument password\n"},
        {"a literal that holds both, and faults behind the doubt",
         {GREET, C("a1 LOGIN {14}\r\n"), S("+ \r\n"), C("bob my secret\0\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 BAD text=no +1\n! missing-argument password\n"},
        {"an empty user name without quotes",
         {GREET, C("a1 LOGIN  secret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 password:atom BAD text=no +1\n! missing-argument username\n" CLEAR},
        {"a literal that is announced too short",
         {GREET, C("a1 LOGIN {3}\r\n"), S("+ \r\n"), C("bobsecret\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:atom BAD text=no +1\n"
                 "! literal-length username\n" CLEAR},
        {"a password of several words",
         {GREET, C("a1 LOGIN bob my secret words\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom BAD text=no +1\n"
                 "! extra-argument command\n" CLEAR},
        {"a real quote in the user name is reported",
         {GREET, C("a1 LOGIN bob\"by \"secret\"\r\n"), S("a1 BAD no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob\"by:atom:6 password:quoted BAD text=no +1\n"
                 "! unquoted-special username @3 x1 \"\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void nul_is_flagged_everywhere(void **state)
{
    static const struct conversation cases[] = {
        {"in an atom, a quoted string and a literal",
         {GREET, C("a1 LOGIN b\0b secret\r\na2 LOGIN \"b\0\" \"secret\0\"\r\na3 LOGIN {2}\r\n"), S("+ \r\n"),
          C("b\0 secret\r\n"), S("a1 BAD 1\r\na2 BAD 2\r\na3 BAD 3\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=b\\x00b:atom:3 password:atom BAD text=1 +3\n"
                 "! nul-octet username @1 x1 \\x00\n" CLEAR
                 "LOGIN 2 @2 tag=a2 user=b\\x00:quoted:2 password:quoted BAD text=2 +3\n"
                 "! nul-octet username @2 x1 \\x00\n! nul-octet password\n" CLEAR
                 "LOGIN 3 @2 tag=a3 user=b\\x00:literal:2 password:atom BAD text=3 +1\n"
                 "! nul-octet username @1 x1 \\x00\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void literals_are_judged_by_what_was_announced(void **state)
{
    static const struct conversation cases[] = {
        {"nothing announced: not judged",
         {GREET, C("a1 LOGIN {3+}\r\nbob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal+:3 password:atom OK text=yes +1\n" CLEAR},
        {"one that waits needs no announcement",
         {S("* OK [CAPABILITY IMAP4rev1 IDLE] hi\r\n"), C("a1 LOGIN {3}\r\n"), S("+ \r\n"),
          C("bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:atom OK text=yes +1\n" CLEAR},
        {"announced without it",
         {S("* OK [CAPABILITY IMAP4rev1 IDLE] hi\r\n"), C("a1 LOGIN {3+}\r\nbob {6+}\r\nsecret\r\n"),
          S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal+:3 password:literal+ OK text=yes +1\n"
                 "! unadvertised-literal username\n! unadvertised-literal password\n" CLEAR},
        {"IMAP4rev2 has it",
         {GREET, C("a0 CAPABILITY\r\n"), S("* CAPABILITY IMAP4rev2\r\na0 OK\r\n"),
          C("a1 LOGIN {3+}\r\nbob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @4 tag=a1 user=bob:literal+:3 password:atom OK text=yes +1\n" CLEAR},
        {"the last announcement counts",
         {S("* OK [CAPABILITY LITERAL+] hi\r\n* CAPABILITY IMAP4rev1\r\n"),
          C("a1 LOGIN {3+}\r\nbob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal+:3 password:atom OK text=yes +1\n"
                 "! unadvertised-literal username\n" CLEAR},
        {"literal8",
         {GREET, C("a1 LOGIN ~{3}\r\n"), S("+ \r\n"), C("bob ~{6+}\r\nsecret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal8:3 password:literal8 OK text=yes +1\n"
                 "! literal8-argument username\n! literal8-argument password\n" CLEAR},
        {"octets that the server did not await",
         {GREET, C("a1 LOGIN {3}\r\nbob {0}\r\n\r\n"), S("+ \r\n+ \r\na1 NO no\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:literal:empty NO text=no +1\n"
                 "! literal-not-awaited username\n! literal-not-awaited password\n" CLEAR},
        {"a server that is slow to await them",
         {GREET, C("a1 LOGIN {3}\r\n"), S("* OK still here\r\n"), S("* OK be patient\r\n"), S("+ go\r\n"),
          C("bob {6}\r\n"), S("+ go\r\n"), C("secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:literal OK text=yes +1\n" CLEAR},
        {"a server that speaks of other things first does not await them",
         {GREET, C("a1 LOGIN {3}\r\n"), S("* OK still here\r\n"), C("bob secret\r\n"), S("+ go\r\n"),
          S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:atom OK text=yes +2\n"
                 "! literal-not-awaited username\n" CLEAR},
        {"without the server's octets nobody knows what it awaited",
         {C("a1 LOGIN {3}\r\nbob secret\r\n")},
         .rows = "LOGIN 1 @1 tag=a1 user=bob:literal:3 password:atom -\n" CLEAR},
        {"refused",
         {GREET, C("a1 LOGIN {3}\r\n"), S("a1 NO too long\r\n"), C("a2 LOGIN bob secret\r\n"),
          S("a2 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user:literal:-1 NO text=too long +1\n"
                 "LOGIN 2 @4 tag=a2 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"refused when the password was to come",
         {GREET, C("a1 LOGIN bob {3}\r\n"), S("a1 NO too long\r\n"), C("a2 NOOP\r\n"), S("a2 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:literal NO text=too long +1\n"},
    };
    (void)state;
    CHECK(cases);
}

static void a_literal_over_4096_octets_needs_literal_plus(void **state)
{
    static char octets[4200], rows[4400];
    size_t length = (size_t)sprintf(octets, "a1 LOGIN {4097+}\r\n");
    memset(octets + length, 'u', 4097);
    length += 4097;
    length += (size_t)sprintf(octets + length, " secret\r\n");
    sprintf(rows, "LOGIN 1 @2 tag=a1 user=%4097s:literal+:4097 password:atom OK text=yes +1\n%s" CLEAR, "",
            "! oversized-literal username\n");
    memset(strchr(rows, ' ') + sizeof "1 @2 tag=a1 user=", 'u', 4097);
    const struct conversation minus = {
        "LITERAL-",
        {S("* OK [CAPABILITY LITERAL-] hi\r\n"), {IMAP_FROM_CLIENT, octets, length}, S("a1 OK yes\r\n")},
        .rows = rows};
    (void)state;
    check_conversations(&minus, 1);
}

static void spacing_is_judged(void **state)
{
    static const struct conversation cases[] = {
        {"two spaces, a tab, none, one at the end",
         {GREET,
          C("a1  LOGIN bob secret\r\na2 LOGIN  bob secret\r\na3 LOGIN bob  secret\r\na4 LOGIN bob\tsecret\r\n"
            "a5 LOGIN \"bob\"\"secret\"\r\na6 LOGIN bob secret \r\na7\tLOGIN bob secret\r\n"
            " a8 LOGIN bob secret\r\na9 LOGIN\"bob\" secret\r\n"),
          S("a1 NO 1\r\na2 NO 2\r\na3 NO 3\r\na4 NO 4\r\na5 NO 5\r\na6 NO 6\r\na7 NO 7\r\na8 NO 8\r\na9 NO "
            "9\r\n")},
#define SPACED(n, form)                                                                                      \
    "LOGIN " n " @2 tag=a" n " user=bob:" form ":3 password:" form " NO text=" n                             \
    " +1\n! bad-spacing command\n" CLEAR
         .rows = SPACED("1", "atom") SPACED("2", "atom") SPACED("3", "atom") SPACED("4", "atom")
             SPACED("5", "quoted") SPACED("6", "atom") SPACED("7", "atom")
                 SPACED("8", "atom") "LOGIN 9 @2 tag=a9 user=bob:quoted:3 password:atom NO text=9 +1\n! "
                                     "bad-spacing command\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void missing_arguments_are_flagged(void **state)
{
    static const struct conversation cases[] = {
        {"one, and a space where the other was empty",
         {GREET, C("a1 LOGIN bob\r\na2 LOGIN bob \r\na3 LOGIN\r\na4 LOGIN  \r\n"),
          S("a1 NO 1\r\na2 NO 2\r\na3 NO 3\r\na4 NO 4\r\n")},
         .rows =
             "LOGIN 1 @2 tag=a1 user=bob:atom:3 NO text=1 +1\n! missing-argument password\n"
             "LOGIN 2 @2 tag=a2 user=bob:atom:3 NO text=2 +1\n! missing-argument password\n"
             "LOGIN 3 @2 tag=a3 NO text=3 +1\n! missing-argument username\n! missing-argument password\n"
             "LOGIN 4 @2 tag=a4 NO text=4 +1\n! missing-argument username\n! missing-argument password\n"},
    };
    (void)state;
    CHECK(cases);
}

static void line_ends_are_judged(void **state)
{
    static const struct conversation cases[] = {
        {"LF, CR CR LF, CR; and a CR behind which the LF may have been lost",
         {GREET,
          C("a1 LOGIN bob secret\na2 LOGIN bob secret\r\r\na3 LOGIN bob secret\ra4 LOGIN bob secret\r"),
          S("a1 NO 1\r\na2 NO 2\r\na3 NO 3\r\na4 NO 4\r\n")},
#define ENDED(n)                                                                                             \
    "LOGIN " n " @2 tag=a" n " user=bob:atom:3 password:atom NO text=" n " +1\n! bad-line-end "              \
    "command\n" CLEAR
         .undamaged = true,
         .rows = ENDED("1") ENDED("2")
             ENDED("3") "LOGIN 4 @2 tag=a4 user=bob:atom:3 password:atom NO text=4 +1\n" CLEAR},
        {"behind an announcement",
         {GREET, C("a1 LOGIN {3}\n"), S("+ \r\n"), C("bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:atom OK text=yes +1\n! bad-line-end "
                 "command\n" CLEAR},
        {"a CR alone behind an announcement",
         {GREET, C("a1 LOGIN {3}\r"), S("+ \r\n"), C("bob secret\r\n"), S("a1 OK yes\r\n")},
         .undamaged = true,
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:atom OK text=yes +1\n! bad-line-end "
                 "command\n" CLEAR},
        {"a LF that comes late",
         {GREET, C("a1 LOGIN {3}\r"), S("+ \r\n"), C("\nbob secret\r"), S("a1 OK yes\r\n"), C("\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:literal:3 password:atom OK text=yes +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void tags_are_judged(void **state)
{
    static const struct conversation cases[] = {
        {"octets that a tag must not hold",
         {GREET, C("a+1*\xfc LOGIN bob secret\r\n"), S("a+1*\xfc OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a+1*\\xfc user=bob:atom:3 password:atom OK text=yes +1\n"
                 "! bad-tag tag @1 x3 +*\\xfc\n" CLEAR},
        {"a bracket and a dot are fine",
         {GREET, C("a[.]/1 LOGIN bob secret\r\n"), S("a[.]/1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a[.]/1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"missing",
         {GREET, C("LOGIN bob secret\r\n"), S("LOGIN BAD no\r\n"), C("login \"b b\" {6}\r\n"), S("+ \r\n"),
          C("secret\r\n"), S("login BAD no\r\n")},
         .rows = "LOGIN 1 @2 user=bob:atom:3 password:atom BAD text=no +1\n! bad-tag tag\n" CLEAR
                 "LOGIN 2 @4 user=b b:quoted:3 password:literal BAD text=no +1\n! bad-tag tag\n" CLEAR},
        {"missing, and the user is called login",
         {GREET, C("LOGIN LOGIN secret\r\n"), S("LOGIN BAD no\r\n")},
         .rows = "LOGIN 1 @2 user=LOGIN:atom:5 password:atom BAD text=no +1\n! bad-tag tag\n" CLEAR},
        {"LOGIN is a tag too",
         {GREET, C("LOGIN LOGIN bob secret\r\n"), S("LOGIN OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=LOGIN user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"LOGIN is the tag of other commands",
         {GREET, C("LOGIN CAPABILITY\r\nlogin noop \r\na1 LOGIN bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"missing, and everything else",
         {GREET, C("LOGIN\r\n"), S("LOGIN BAD no\r\n")},
         .rows =
             "LOGIN 1 @2 BAD text=no +1\n! missing-argument username\n! missing-argument password\n! bad-tag "
             "tag\n"},
    };
    (void)state;
    CHECK(cases);
}

static void what_is_no_command_is_no_login(void **state)
{
    static const struct conversation cases[] = {
        {"commands that are almost one",
         {GREET, C("a LOGINX b c\r\na LOGI\"b c\r\na LOGIN\0 b c\r\n")},
         .rows = ""},
        {"DONE, empty lines, lonely words",
         {GREET, C("\r\nDONE\r\nc2VjcmV0\r\n*\r\na1 LOGIN bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"a mail that holds one",
         {GREET, C("x APPEND in {24}\r\n"), S("+ \r\n"), C("a LOGIN a b\r\na LOGIN a b\r\n"),
          C("\r\na1 LOGIN bob secret\r\n"), S("x OK\r\na1 OK yes\r\n")},
         .rows = "LOGIN 1 @5 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"several, with and without waiting",
         {GREET, C("x APPEND in (\\Seen) {5+}\r\na b c ~{9+}\r\na LOGIN b {0}\r\n"), S("+ \r\n"),
          C("\r\na1 LOGIN bob secret\r\n"), S("x OK\r\na1 OK yes\r\n")},

         .rows = "LOGIN 1 @4 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"a literal that the server refuses ends its command",
         {GREET, C("x APPEND in {24}\r\n"), S("x NO full\r\n"), C("a1 LOGIN bob secret\r\n"),
          S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @4 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
        {"one that is refused too late does not",
         {GREET, C("x APPEND in {24}\r\na LOG"), S("x NO full\r\n"),
          C("IN a bbbbb a LOGIN c\r\na1 LOGIN bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @4 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR},
    };
    (void)state;
    CHECK(cases);
}

static void login_is_judged_by_what_went_before(void **state)
{
    static const struct conversation cases[] = {
        {"LOGINDISABLED",
         {S("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n"), C("a1 LOGIN bob secret\r\n"),
          S("a1 NO tls\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom NO text=tls +1\n"
                 "! login-disabled command\n" CLEAR,
         .facts = "none open login-disabled greeting=[CAPABILITY IMAP4rev1 LOGINDISABLED] hi "
                  "capabilities=IMAP4rev1 "
                  "LOGINDISABLED\n"},
        {"behind STARTTLS",
         {GREET, C("t STARTTLS\r\na1 LOGIN bob secret\r\n"), S("t OK go\r\n")},
         .rows = "LOGIN 1 @2 tag=a1 user=bob:atom:3 password:atom -\n! starttls-pipelined command\n" CLEAR,
         .facts = "none open starttls:accepted pipelined greeting=ready\n"},
        {"another command behind STARTTLS is no login, but reported",
         {GREET, C("t STARTTLS\r\nc CAPABILITY\r\n"), S("t OK go\r\n")},
         .rows = "",
         .facts = "none open starttls:accepted pipelined greeting=ready\n"},
        {"STARTTLS alone",
         {GREET, C("c CAPABILITY\r\nt STARTTLS\r\n"), S("c OK\r\nt OK go\r\n"), C("\x16\x03\x01")},
         .rows = "",
         .facts = "starttls done starttls:accepted greeting=ready\n"},
        {"STARTTLS without an answer",
         {GREET, C("t STARTTLS\r\n")},
         .rows = "",
         .facts = "none open starttls:unanswered greeting=ready\n"},
        {"after STARTTLS was refused",
         {GREET, C("t STARTTLS\r\n"), S("t BAD what\r\n"), C("a1 LOGIN bob secret\r\n"), S("a1 OK yes\r\n")},
         .rows = "LOGIN 1 @4 tag=a1 user=bob:atom:3 password:atom OK text=yes +1\n" CLEAR,
         .facts = "none open starttls:refused greeting=ready\n"},
    };
    (void)state;
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_reported),
        cmocka_unit_test(wildcards_in_atoms_are_flagged),
        cmocka_unit_test(specials_in_atoms_are_flagged),
        cmocka_unit_test(octets_over_127_are_flagged),
        cmocka_unit_test(quoted_strings_are_judged),
        cmocka_unit_test(what_may_be_the_password_is_no_user_name),
        cmocka_unit_test(nul_is_flagged_everywhere),
        cmocka_unit_test(literals_are_judged_by_what_was_announced),
        cmocka_unit_test(a_literal_over_4096_octets_needs_literal_plus),
        cmocka_unit_test(spacing_is_judged),
        cmocka_unit_test(missing_arguments_are_flagged),
        cmocka_unit_test(line_ends_are_judged),
        cmocka_unit_test(tags_are_judged),
        cmocka_unit_test(what_is_no_command_is_no_login),
        cmocka_unit_test(login_is_judged_by_what_went_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
