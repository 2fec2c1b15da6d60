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
    return text.length == name->length && strncasecmp(text.octets, name->octets, name->length) == 0;
}

#endif
