/* Names of the protocol, compared without regard to case: with the length known beforehand, since every line
 * is. */
#ifndef IMAPTAP_DISSECTOR_NAME_H
#define IMAPTAP_DISSECTOR_NAME_H

#include "dissector/login.h"

#include <stdbool.h>
#include <stddef.h>

struct name {
    const char *octets;
    size_t length;
};

#define NAME(literal)                                                                                        \
    {                                                                                                        \
        (literal), sizeof(literal) - 1                                                                       \
    }

static inline unsigned name_capital(char octet)
{
    unsigned value = (unsigned char)octet;

    return value >= 'a' && value <= 'z' ? value - 'a' + 'A' : value;
}

/* Names are short, and mostly written as they are here: that takes less than a call of strncasecmp. */
static inline bool name_is(struct imap_text text, const struct name *name)
{
    if (text.length != name->length)
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (text.octets[i] != name->octets[i] &&
            name_capital(text.octets[i]) != name_capital(name->octets[i]))
            return false;
    return true;
}

#endif
