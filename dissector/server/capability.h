/* What a server has announced in CAPABILITY (RFC 3501 section 7.2.1), wherever it said so. */
#ifndef IMAPTAP_DISSECTOR_SERVER_CAPABILITY_H
#define IMAPTAP_DISSECTOR_SERVER_CAPABILITY_H

#include "dissector/bounded_text.h"

/* Octets of a list that are kept. */
#define CAPABILITY_OCTETS 2048

enum {
    CAPABILITY_LITERAL_PLUS = 1 << 0,
    CAPABILITY_LITERAL_MINUS = 1 << 1,
    CAPABILITY_IMAP4REV2 = 1 << 2,
    CAPABILITY_SASL_IR = 1 << 3,
    CAPABILITY_LOGINDISABLED = 1 << 4,
    CAPABILITY_STARTTLS = 1 << 5,
    CAPABILITY_UNAUTHENTICATE = 1 << 6
};

struct capabilities {
    bool seen;
    bool stale;   /* octets of the server were lost since: another list may be among them */
    bool partial; /* the list was too long to be kept: what is not in flags may have been announced */
    unsigned flags;
    struct bounded_text text; /* separated by one space */
};

/* Takes a new list, in the place of the last one: names separated by spaces. `partial`: the list went on.
 * Returns its flags. */
unsigned capabilities_set(struct capabilities *capabilities, struct budget *budget, struct imap_text list,
                          bool partial);
/* The same for a list of which all is known: its names have one space between them, and none around. */
void capabilities_set_known(struct capabilities *capabilities, struct budget *budget, struct imap_text list,
                            unsigned flags);
/* The flags of the names in a list. */
unsigned capability_flags(struct imap_text list);
/* True when a list was seen that still holds, and all of the flags are known to be missing from it. */
bool capabilities_lack(const struct capabilities *capabilities, unsigned flags);
bool capabilities_have(const struct capabilities *capabilities, unsigned flag);
/* True when a whole list was seen in which AUTH= does not name `mechanism`. */
bool capabilities_lack_mechanism(const struct capabilities *capabilities, struct imap_text mechanism);

/* The list of a response code "[CAPABILITY ...]" at the start of a response text; missing when there is none.
 * *partial is set when its end is not there. */
struct imap_text capability_code(struct imap_text text, bool *partial);

#endif
