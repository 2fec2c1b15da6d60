/* The table of rules. */
#include "dissector/rules.h"

static const struct imap_rule_info rules[IMAP_RULES] = {
    [IMAP_RULE_UNQUOTED_WILDCARD] =
        {"unquoted-wildcard", "error", "The wildcard * or % stands in an argument without quotes",
         "RFC 2060, 3501 and 9051, section 9 (astring, ATOM-CHAR, list-wildcards)",
         "Send the argument as a quoted string or a literal: A1 LOGIN \"ali*ce\" \"<password>\"", "yes",
         "yes", "yes"},
    [IMAP_RULE_UNQUOTED_SPECIAL] =
        {"unquoted-special", "error",
         "A special character (parenthesis, brace, quote, backslash or control) stands in an argument "
         "without quotes",
         "RFC 2060, 3501 and 9051, section 9 (astring, atom-specials)",
         "Send the argument as a quoted string, with \" and \\ escaped by \\, or as a literal: "
         "A1 LOGIN \"al(ice\" \"<password>\"",
         "yes", "yes", "yes"},
    [IMAP_RULE_EIGHT_BIT_OCTET] =
        {"eight-bit-octet", "error", "An octet over 127 stands in an atom or a quoted string",
         "RFC 3501 section 4.3 and section 9 (CHAR, TEXT-CHAR); RFC 9051 section 9 (QUOTED-CHAR)",
         "Send the UTF-8 octets as a literal: A1 LOGIN {6}, wait for the line that begins with +, then the "
         "six octets of "
         "the name, a space and \"<password>\"; or log in with AUTHENTICATE PLAIN, which is UTF-8",
         "yes", "yes", "conditional"},
    [IMAP_RULE_BAD_QUOTED] =
        {"bad-quoted", "error",
         "A quoted string is not closed, is broken by octets behind it, or escapes wrongly",
         "RFC 2060, 3501 and 9051, section 9 (quoted, QUOTED-CHAR)",
         "Close the quoted string, put a space behind it, and \\ before each \" and \\ in it and nowhere "
         "else; CR and LF "
         "need a literal: A1 LOGIN \"CORP\\\\alice\" \"<password>\"",
         "yes", "yes", "yes"},
    [IMAP_RULE_NUL_OCTET] =
        {"nul-octet", "error", "An argument holds the octet NUL",
         "RFC 3501 section 9 (CHAR, CHAR8) and RFC 9051 section 9, note 3; in SASL PLAIN RFC 4616 section 2",
         "Strip the NUL; it is usually a string's terminator that was counted in its length: A1 LOGIN "
         "\"alice\" \"<password>\", or {5} for alice as a literal, not {6}",
         "yes", "yes", "yes"},
    [IMAP_RULE_LITERAL8_ARGUMENT] =
        {"literal8-argument", "error", "LOGIN's argument is a literal8, which only APPEND and the like allow",
         "RFC 3516; RFC 9051 section 9 (login, literal8)",
         "Send a plain literal, {5} instead of ~{5}, or a quoted string: A1 LOGIN \"alice\" \"<password>\"",
         "yes", "yes", "yes"},
    [IMAP_RULE_LITERAL_NOT_AWAITED] =
        {"literal-not-awaited", "error",
         "A synchronizing literal was sent before the server's continuation request",
         "RFC 3501 section 4.3; RFC 9051 section 4.3",
         "Send A1 LOGIN {5}, wait for the line that begins with +, and only then send alice \"<password>\"; "
         "or use {5+} where the server announces LITERAL+ or LITERAL-, or a quoted string: A1 LOGIN "
         "\"alice\" \"<password>\"",
         "yes", "yes", "yes"},
    [IMAP_RULE_UNADVERTISED_LITERAL] =
        {"unadvertised-literal", "error",
         "A non-synchronizing literal {n+} was sent to a server that does not announce it",
         "RFC 7888 section 3; RFC 9051 section 4.3",
         "Send A1 LOGIN {5}, wait for the line that begins with +, then send alice \"<password>\"; {5+} "
         "needs a server that announces LITERAL+, LITERAL- or IMAP4rev2",
         "yes", "yes", "conditional"},
    [IMAP_RULE_OVERSIZED_LITERAL] =
        {"oversized-literal", "error",
         "A non-synchronizing literal has more than 4096 octets where only LITERAL- or IMAP4rev2 allow it",
         "RFC 7888 section 5; RFC 9051 section 4.3",
         "Send a synchronizing literal when it is that long: A1 LOGIN {5000}, wait for the line that begins "
         "with +, then the 5000 octets of the name, a space and \"<password>\"",
         "conditional", "conditional", "yes"},
    [IMAP_RULE_UNADVERTISED_INITIAL_RESPONSE] =
        {"unadvertised-initial-response", "error",
         "AUTHENTICATE carries an initial response though the server announces neither SASL-IR nor IMAP4rev2",
         "RFC 4959 section 3; RFC 9051 section 6.2.2",
         "Send A1 AUTHENTICATE PLAIN alone, wait for the line that begins with +, then send the base64 of "
         "NUL, alice, NUL and <password> as a line of its own",
         "yes", "yes", "conditional"},
    [IMAP_RULE_BAD_BASE64] = {"bad-base64", "error", "A SASL response is no valid base64",
                              "RFC 3501 section 9 (base64); RFC 4648 section 4",
                              "Encode the whole response as one base64 string, with padding and without line "
                              "breaks: A1 AUTHENTICATE PLAIN, wait for the line that begins with +, then the "
                              "base64 of NUL, alice, NUL and <password>",
                              "yes", "yes", "yes"},
    [IMAP_RULE_MISSING_ARGUMENT] =
        {"missing-argument", "error", "An argument is missing; an empty one was perhaps sent without quotes",
         "RFC 3501 section 6.2.2 and 6.2.3",
         "Send an empty argument as \"\", or do not send the command: A1 LOGIN \"\" \"<password>\"", "yes",
         "yes", "yes"},
    [IMAP_RULE_EXTRA_ARGUMENT] =
        {"extra-argument", "error",
         "The command has too many arguments; one with a space was perhaps sent without quotes",
         "RFC 3501 section 6.2.2 and 6.2.3",
         "Send an argument that holds a space as a quoted string: A1 LOGIN \"alice smith\" \"<password>\"",
         "yes", "yes", "yes"},
    [IMAP_RULE_BAD_SPACING] =
        {"bad-spacing", "error",
         "The parts of the command are not separated by exactly one space, or a space ends the line",
         "RFC 3501 section 9 (command, login) and RFC 9051 section 9, note 2",
         "Separate tag, command and arguments by exactly one space, without tabs, and end the line right "
         "behind "
         "the last argument: A1 LOGIN \"alice\" \"<password>\"",
         "yes", "yes", "yes"},
    [IMAP_RULE_BAD_LINE_END] = {"bad-line-end", "error", "The command line does not end with CR LF",
                                "RFC 3501 section 2.2 and section 9 (CRLF)",
                                "End every line with exactly CR LF (octets 13 and 10), and send neither "
                                "alone: A1 LOGIN \"alice\" \"<password>\" and CR LF",
                                "yes", "yes", "yes"},
    [IMAP_RULE_BAD_TAG] =
        {"bad-tag", "error", "The tag is missing or holds an octet that a tag must not hold",
         "RFC 3501 section 2.2.1 and section 9 (tag)",
         "Begin each command with a fresh tag of letters and digits: A1 LOGIN \"alice\" \"<password>\"",
         "yes", "yes", "yes"},
    [IMAP_RULE_STARTTLS_PIPELINED] =
        {"starttls-pipelined", "error",
         "A login was sent in plain text behind STARTTLS, before its answer or in the place of TLS",
         "RFC 3501 section 6.2.1; RFC 9051 section 6.2.1",
         "Send A1 STARTTLS and nothing more until its OK came and the TLS handshake is complete; then, "
         "encrypted, A2 LOGIN \"alice\" \"<password>\"",
         "no", "yes", "yes"},
    [IMAP_RULE_LOGIN_DISABLED] =
        {"login-disabled", "error", "LOGIN was sent although the server had announced LOGINDISABLED",
         "RFC 3501 section 6.2.3; RFC 2595 section 3.2",
         "Use STARTTLS first: A1 STARTTLS, and when TLS is complete A2 LOGIN \"alice\" \"<password>\"; or "
         "AUTHENTICATE with a mechanism that the server announces",
         "no", "yes", "yes"},
    [IMAP_RULE_MECHANISM_NOT_ANNOUNCED] =
        {"mechanism-not-announced", "error",
         "AUTHENTICATE names a mechanism that the server does not announce",
         "RFC 3501 section 6.1.1 and section 7.2.1 (AUTH=); RFC 4422 section 3.2",
         "Choose among the AUTH= items of the server's CAPABILITY, or where LOGINDISABLED is not announced "
         "send A1 LOGIN \"alice\" \"<password>\"",
         "conditional", "conditional", "conditional"},
    [IMAP_RULE_MECHANISM_NOT_ATOM] = {"mechanism-not-atom", "error",
                                      "The mechanism of AUTHENTICATE is a quoted string or a literal",
                                      "RFC 3501 and 9051, section 9 (authenticate, auth-type: an atom)",
                                      "Send the mechanism's name bare: A1 AUTHENTICATE PLAIN, wait for the "
                                      "line that begins with +, then the "
                                      "base64 of NUL, alice, NUL and <password>",
                                      "yes", "yes", "yes"},
    [IMAP_RULE_RESPONSE_NOT_AWAITED] =
        {"response-not-awaited", "error", "A SASL response was sent before the server's continuation request",
         "RFC 3501 section 6.2.2 and section 7.5; RFC 9051 section 6.2.2",
         "Send A1 AUTHENTICATE PLAIN, wait for the line that begins with +, and only then send the base64 of "
         "NUL, alice, NUL and <password>; or send it with the command where the server announces SASL-IR",
         "yes", "yes", "yes"},
    [IMAP_RULE_RESPONSE_NOT_UTF8] =
        {"response-not-utf8", "error", "The user name or the password in SASL PLAIN is not UTF-8",
         "RFC 4616 section 2",
         "Convert user name and password to UTF-8 before they are encoded: A1 AUTHENTICATE PLAIN, wait for "
         "the "
         "line that begins with +, then the base64 of NUL, alice, NUL and <password>",
         "yes", "yes", "yes"},
    [IMAP_RULE_RESPONSE_CONTINUED] = {"response-continued", "error",
                                      "The base64 of a SASL response is broken into several lines",
                                      "RFC 3501 section 9 (authenticate, base64); RFC 4648 section 3.1",
                                      "Encode without line breaks, whatever the length: A1 AUTHENTICATE "
                                      "PLAIN, wait for the line that begins "
                                      "with +, then the base64 of NUL, alice, NUL and <password> as one line",
                                      "yes", "yes", "yes"},
    [IMAP_RULE_LITERAL_LENGTH] =
        {"literal-length", "error",
         "More octets follow a literal than its announcement allows: it was announced too short",
         "RFC 3501 section 4.3 and section 9 (literal); RFC 9051 section 4.3",
         "Count the octets, not the characters, of what is sent: A1 LOGIN {5}, wait for the line that begins "
         "with "
         "+, then alice, a space and \"<password>\"",
         "yes", "yes", "yes"},
    [IMAP_RULE_ALREADY_AUTHENTICATED] =
        {"already-authenticated", "error", "A login was sent on a connection that is already logged in",
         "RFC 3501 section 3 and section 6.2; RFC 9051 section 3",
         "Log in once a connection; for another user open another one: A1 LOGIN \"alice\" \"<password>\"",
         "yes", "yes", "yes"},
};

const struct imap_rule_info *imap_rule_info(enum imap_rule rule)
{
    return &rules[rule];
}
