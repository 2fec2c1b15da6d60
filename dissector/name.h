/* Names of the protocol, compared without regard to case: with the length known beforehand, since every line
 * is. */
#ifndef IMAPTAP_DISSECTOR_NAME_H
#define IMAPTAP_DISSECTOR_NAME_H

#include "dissector/login.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

struct name {
    const char *octets;
    size_t length;
};

#define NAME(literal)                                                                                        \
    {                                                                                                        \
        (literal), sizeof(literal) - 1                                                                       \
    }

static inline bool name_is(struct imap_text text, const struct name *name)
{
    /* most differ in the first letter, of which 0x20 is the case */
    return text.length == name->length && ((*text.octets ^ *name->octets) & ~0x20) == 0 &&
           strncasecmp(text.octets, name->octets, name->length) == 0;
}

#endif
