/*
 * What a server means when it refuses a login.
 *
 * A server says why in three ways: by a response code (RFC 5530), by a text that is known word for word, or
 * by a text in which some words name a reason. replies_judge() asks for them in this order. The known texts
 * are the templates of templates.def, the words are the phrases of vocabulary.def, the codes stand in
 * codes.def: to add one is to add a line (docs/replies.md).
 *
 * All functions are pure: no memory is allocated, nothing is kept. A call takes time linear in the length of
 * the text, whatever the text. Texts are octets, UTF-8 where they are text, and need no NUL at their end.
 * Upper and lower case are the same. Where something was withheld from a text, U+2026 stands in its place.
 */
#ifndef IMAPTAP_DISSECTOR_REPLIES_REPLIES_H
#define IMAPTAP_DISSECTOR_REPLIES_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer text matches no template, and no words are looked for beyond it. */
#define REPLY_TEXT_OCTETS 1024
/* A match has at most so many spans: of a template the build accepts no more. */
#define REPLY_SPANS 24

/* How it was said. A line without a status, or an untagged one that answers nothing, is REPLY_UNTAGGED. */
enum reply_status { REPLY_OK, REPLY_PREAUTH, REPLY_NO, REPLY_BAD, REPLY_BYE, REPLY_UNTAGGED, REPLY_STATUSES };

enum reply_cause {
    REPLY_NONE,        /* names no cause */
    REPLY_SYNTAX,      /* how the command was written */
    REPLY_WEAK_SYNTAX, /* may be that: "invalid command" is also said where TLS is demanded */
    REPLY_STATE,       /* where or when: logged in already, cancelled, another server is responsible */
    REPLY_LIMIT,       /* too many, too often, also an address that was banned for it */
    REPLY_POLICY,  /* application password, second factor, address, certificate, right to act for others */
    REPLY_PRIVACY, /* TLS is demanded */
    REPLY_ACCOUNT, /* locked, disabled, expired, protocol not switched on */
    REPLY_UNAVAILABLE, /* the server or what it needs is down */
    REPLY_MECHANISM,   /* this mechanism, or LOGIN, is not taken */
    REPLY_CREDENTIALS, /* wrong name or password */
    REPLY_MAILBOX,     /* the password was right, the mailbox cannot be opened */
    REPLY_LITERAL,     /* the size of a literal or of a line */
    REPLY_ALERT,       /* something that a human must read, and nothing more is known */
    REPLY_CAUSES
};

enum reply_certainty {
    REPLY_AMBIGUOUS, /* the same is said for other causes too */
    REPLY_PROBABLE,
    REPLY_SURE,
};

/* By what the cause is known. */
enum reply_source { REPLY_BY_NOTHING, REPLY_BY_CODE, REPLY_BY_TEMPLATE, REPLY_BY_WORDS };

struct reply {
    enum reply_status status;
    const char *code; /* what stands between the brackets, with its arguments; NULL when there was none */
    size_t code_length;
    const char *text; /* what follows the status and the code, without the line's end; NULL when empty */
    size_t length;
};

struct reply_meaning {
    enum reply_cause cause;
    enum reply_certainty certainty; /* REPLY_AMBIGUOUS where the cause is REPLY_NONE by nothing */
    enum reply_source source;
};

/*
 * The cause that a reply stands for.
 *
 * A code that names a cause decides, unless it is one that servers use for others too and the text says
 * which: AUTHENTICATIONFAILED "Account locked" is REPLY_ACCOUNT. AUTHENTICATIONFAILED alone is
 * REPLY_CREDENTIALS and never more than REPLY_AMBIGUOUS, for its RFC allows any cause that the server will
 * not say. Words give at most REPLY_PROBABLE. A text that names a wrong password *or* something else is
 * REPLY_CREDENTIALS, REPLY_AMBIGUOUS. An OK or PREAUTH has a cause only where a template says so ("Logged in,
 * but initialization failed").
 */
struct reply_meaning replies_judge(const struct reply *reply);

/* One piece of a text that matches a template. */
struct reply_span {
    uint16_t offset; /* octets from the beginning of the text */
    uint16_t length; /* octets, not 0 */
    enum reply_span_kind {
        REPLY_LITERAL_TEXT, /* is part of the template: the server's own words */
        REPLY_NUMBER,       /* a count or an error number; U+2026 where it was withheld */
        REPLY_PLACE,        /* a name, an address, a quotation: anything may stand here */
    } kind;
};

/*
 * Finds the template that the text of `reply` matches, the most literal one if there are several, and writes
 * which of its octets are the template's and which stand in its places: spans in order, without gaps, from
 * the first octet of the text to its last. Returns how many there are, 0 when no template matches.
 */
size_t replies_match(const struct reply *reply, struct reply_span spans[REPLY_SPANS]);

/* True when `code`, without brackets and arguments, is a registered response code or a known one (codes.def).
 */
bool replies_code_is_known(const char *code, size_t length);

/* True when `name` is a SASL mechanism that is registered or common. */
bool replies_mechanism_is_known(const char *name, size_t length);

/*
 * How many octets of `capability`, one word of a list of capabilities, are known: all of "IDLE", "AUTH=PLAIN"
 * and "APPENDLIMIT=35651584"; only the name and the "=" where a value follows that can be anything, as in
 * "AUTH=X" and "IMAPSIEVE=sieve://example.org"; 0 where not even the name is known (capabilities.def).
 */
size_t replies_capability_known(const char *capability, size_t length);

/*
 * True when `word` (letters and digits, without anything between) stands in a template or in the vocabulary:
 * servers say it, whatever the client sent. It can be somebody's password all the same: who keeps it must
 * know that the client did not send it. Numbers are no words.
 */
bool replies_word_is_known(const char *word, size_t length);

/* "syntax", "weak syntax", ...; "sure", ...; "code", ... Static strings. */
const char *reply_cause_name(enum reply_cause cause);
const char *reply_certainty_name(enum reply_certainty certainty);
const char *reply_source_name(enum reply_source source);

#endif
