/*
 * The plain record of one login attempt: what the dissector finds and the database keeps.
 *
 * This header has no functions and needs nothing but the list of its fields and the C library, so that the
 * dissector and the database can share it without knowing each other. No field ever holds an octet of a
 * password, a SASL response or a token; a secret is described by its form and, for the wildcard rule alone,
 * by which of `*` and `%` it held.
 */
#ifndef IMAPTAP_DISSECTOR_LOGIN_H
#define IMAPTAP_DISSECTOR_LOGIN_H

#include "dissector/login.def"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of a user name, a tag and so on that are kept; what comes beyond is counted, not kept. */
#define IMAP_KEPT_OCTETS 8192

/* Octets as they came from the wire: any value, NUL included, not terminated. octets == NULL means "missing".
 */
struct imap_text {
    const char *octets;
    size_t length;
};

enum imap_command { IMAP_LOGIN, IMAP_AUTHENTICATE, IMAP_COMMANDS };

/* How an argument was written (RFC 3501 section 4, RFC 7888, RFC 3516). IMAP_FORM_NONE: it is missing. */
enum imap_form {
    IMAP_FORM_NONE,
    IMAP_FORM_ATOM,
    IMAP_FORM_QUOTED,
    IMAP_FORM_LITERAL,      /* {n}: the client waits for "+" */
    IMAP_FORM_LITERAL_PLUS, /* {n+}: it does not */
    IMAP_FORM_LITERAL8,     /* ~{n}, of the BINARY extension */
    IMAP_FORM_SASL,         /* inside a SASL response */
    IMAP_FORMS
};

/* The server's verdict. IMAP_RESULT_NONE: none was seen. */
enum imap_result {
    IMAP_RESULT_NONE,
    IMAP_RESULT_OK,
    IMAP_RESULT_NO,
    IMAP_RESULT_BAD,
    IMAP_RESULT_BYE,
    IMAP_RESULTS
};

/* What somebody on the path could take from the login; of two, the greater is kept. dissector/exposures.h
 * says what each one means. IMAP_EXPOSURE_NONE: nothing that was seen. */
enum imap_exposure {
    IMAP_EXPOSURE_NONE,
    IMAP_EXPOSURE_GUESSABLE, /* its password can be guessed offline from what was sent */
    IMAP_EXPOSURE_PASSWORD,  /* a secret that can be used again was readable */
    IMAP_EXPOSURES
};

/* What the octets of a password are. IMAP_CHARSET_NONE: not all of them were seen. */
enum imap_charset {
    IMAP_CHARSET_NONE,
    IMAP_CHARSET_ASCII,
    IMAP_CHARSET_UTF8,
    IMAP_CHARSET_OTHER,
    IMAP_CHARSETS
};

/* What part of the command a violation is about. */
enum imap_argument {
    IMAP_ARG_TAG,
    IMAP_ARG_USERNAME,
    IMAP_ARG_PASSWORD,
    IMAP_ARG_MECHANISM,
    IMAP_ARG_INITIAL_RESPONSE,
    IMAP_ARG_COMMAND,
    IMAP_ARG_RESPONSE, /* of a SASL exchange, to a challenge of the server */
    IMAP_ARGUMENTS
};

/* The rules a login can break; dissector/rules.h says what each one means. The order is the order of the
 * table. */
enum imap_rule {
    IMAP_RULE_UNQUOTED_WILDCARD,
    IMAP_RULE_UNQUOTED_SPECIAL,
    IMAP_RULE_EIGHT_BIT_OCTET,
    IMAP_RULE_BAD_QUOTED,
    IMAP_RULE_NUL_OCTET,
    IMAP_RULE_LITERAL8_ARGUMENT,
    IMAP_RULE_LITERAL_NOT_AWAITED,
    IMAP_RULE_UNADVERTISED_LITERAL,
    IMAP_RULE_OVERSIZED_LITERAL,
    IMAP_RULE_UNADVERTISED_INITIAL_RESPONSE,
    IMAP_RULE_BAD_BASE64,
    IMAP_RULE_MISSING_ARGUMENT,
    IMAP_RULE_EXTRA_ARGUMENT,
    IMAP_RULE_BAD_SPACING,
    IMAP_RULE_BAD_LINE_END,
    IMAP_RULE_BAD_TAG,
    IMAP_RULE_STARTTLS_PIPELINED,
    IMAP_RULE_LOGIN_DISABLED,
    IMAP_RULE_MECHANISM_NOT_ANNOUNCED,
    IMAP_RULE_MECHANISM_NOT_ATOM,
    IMAP_RULE_RESPONSE_NOT_AWAITED,
    IMAP_RULE_RESPONSE_NOT_UTF8,
    IMAP_RULE_RESPONSE_CONTINUED,
    IMAP_RULE_LITERAL_LENGTH,
    IMAP_RULE_ALREADY_AUTHENTICATED,
    IMAP_RULES
};

/* Distinct offending octets that a violation names. */
#define IMAP_VIOLATION_OCTETS 16

/* At most one a login, rule and argument. */
struct imap_violation {
    enum imap_rule rule;
    enum imap_argument argument;
    int64_t position; /* of the first offending octet: from 0, in the argument's octets as sent, an opening
                         quote counted; -1: has none, or is not reported (passwords) */
    int64_t count;    /* how many offending octets; -1: is not reported */
    uint8_t octets[IMAP_VIOLATION_OCTETS]; /* the distinct ones, in order of first appearance */
    uint8_t octet_count;                   /* of octets[]; 0: none is reported */
};

/* Room for one violation of each rule and argument would be far too much; no login can collect more than
 * this. */
#define IMAP_MAX_VIOLATIONS 40

/* Where an octet was captured. */
struct imap_mark {
    int64_t time_ns;  /* nanoseconds since 1970 UTC */
    uint64_t frame;   /* from 1 within the capture, numbered as Wireshark does */
    uint32_t capture; /* which capture: the caller's number, not interpreted here */
};

/* A field of dissector/login.def. A text is valid only as long as the function that hands out the record
 * says.
 */
#define IMAP_MEMBER_TEXT(name, detail)        struct imap_text name;
#define IMAP_MEMBER_ENUM_TYPE(type, limit)    enum imap_##type
#define IMAP_MEMBER_ENUM(name, detail)        IMAP_MEMBER_ENUM_TYPE detail name;
#define IMAP_MEMBER_LENGTH(name, detail)      int64_t name;
#define IMAP_MEMBER_TRUTH(name, detail)       int name;
#define IMAP_MEMBER_TIME(name, detail)        int64_t name;
#define IMAP_MEMBER_FLAG(name, detail)        bool name;
#define IMAP_MEMBER(NAME, name, kind, detail) IMAP_MEMBER_##kind(name, detail)

struct imap_login {
    uint32_t number;        /* the ordinal number of the login in its connection, from 1 */
    struct imap_mark begin; /* of the command's first octet */
    IMAP_LOGIN_FIELDS(IMAP_MEMBER)
    unsigned violation_count;
    struct imap_violation violations[IMAP_MAX_VIOLATIONS]; /* the others are not set */
};

#endif
