/*
 * The pairs of neighbouring octets in a text. Most of what is looked for in a response begins with a pair
 * that it lacks, and this tells so at once; memmem prepares tables for every search.
 */
#ifndef IMAPTAP_DISSECTOR_PAIRS_H
#define IMAPTAP_DISSECTOR_PAIRS_H

#include "dissector/login.h"

#include <stdbool.h>
#include <string.h>

#define PAIRS 2048
/* In a text that is no longer, looking at each place costs less than memmem's tables. */
#define PAIRS_SHORT 256

struct pairs {
    struct imap_text text;
    uint64_t set[PAIRS / 64]; /* some pairs share a bit */
};

static inline unsigned pairs_bit(const char *octets)
{
    return ((unsigned)(uint8_t)octets[0] * 31U + (uint8_t)octets[1]) % PAIRS;
}

/* The octets of the text must stay. */
static inline void pairs_of(struct pairs *pairs, struct imap_text text)
{
    *pairs = (struct pairs){.text = text};
    for (size_t i = 0; i + 1 < text.length; i++) {
        unsigned bit = pairs_bit(text.octets + i);
        pairs->set[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

/* False when the text cannot hold what begins with these two octets. */
static inline bool pairs_may_hold(const struct pairs *pairs, const char *octets)
{
    unsigned bit = pairs_bit(octets);
    return pairs->set[bit / 64] >> bit % 64 & 1;
}

/* Where the octets, one at least, stand in the text first; NULL: nowhere. */
static inline const char *pairs_find(const struct pairs *pairs, const char *octets, size_t length)
{
    const char *at = pairs->text.octets, *end = at + pairs->text.length;
    if (length > 1 && !pairs_may_hold(pairs, octets))
        return NULL;
    if (pairs->text.length > PAIRS_SHORT)
        return memmem(at, pairs->text.length, octets, length);
    while ((size_t)(end - at) >= length &&
           (at = memchr(at, *octets, (size_t)(end - at) - length + 1)) != NULL) {
        if (memcmp(at, octets, length) == 0)
            return at;
        at++;
    }
    return NULL;
}

#endif
