/*
 * Judges the octets of one argument as they pass: which break the grammar of its form, where the first one
 * was, how many there were and which distinct ones (RFC 3501 section 9; RFC 9051 section 9).
 */
#ifndef IMAPTAP_DISSECTOR_CLIENT_VALIDATOR_H
#define IMAPTAP_DISSECTOR_CLIENT_VALIDATOR_H

#include "dissector/login.h"

enum violation_class {
    VIOLATION_WILDCARD,
    VIOLATION_SPECIAL,
    VIOLATION_EIGHT_BIT,
    VIOLATION_QUOTED,
    VIOLATION_NUL,
    VIOLATION_CLASSES
};

/* count 0: none. The fields are those of struct imap_violation. */
struct violation {
    int64_t position;
    int64_t count;
    uint8_t octets[IMAP_VIOLATION_OCTETS];
    uint8_t octet_count;
};

struct validator {
    struct violation violations_noted[VIOLATION_CLASSES];
};

/* The rule that such octets break. */
enum imap_rule validator_rule(enum violation_class noted);

/* `position` is the octet's offset in the argument as sent. */
void validator_atom(struct validator *validator, uint8_t octet, uint64_t position);
/* An octet between the quotes of a quoted string; escapes are the caller's. */
void validator_quoted(struct validator *validator, uint8_t octet, uint64_t position);
void validator_literal(struct validator *validator, uint8_t octet, uint64_t position);

/* Notes one offending octet. */
void violation_note(struct violation *noted, uint8_t octet, uint64_t position);
/* A tag is 1*<any ASTRING-CHAR except "+">: notes what is not. */
void validator_tag(struct violation *noted, struct imap_text tag);

#endif
