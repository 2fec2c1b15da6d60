/*
 * The pairs of neighbouring octets in a text. Most of what is looked for in a response begins with a pair
 * that it lacks, and this shows it at once; memmem prepares tables for every search.
 */
#ifndef IMAPTAP_DISSECTOR_PAIRS_H
#define IMAPTAP_DISSECTOR_PAIRS_H

#include "dissector/login.h"

#include <stdbool.h>
#include <string.h>

/* Rows of the set, of 64 bits each: some pairs share a bit. */
#define PAIRS_ROWS 32
/* In a text that is no longer, looking at each place costs less than memmem's tables. */
#define PAIRS_SHORT 256

struct pairs {
    struct imap_text text;
    uint64_t set[PAIRS_ROWS]; /* a row for the first octet, a bit of it for the second */
};

/* The octets of the text must stay. */
static inline void pairs_of(struct pairs *pairs, struct imap_text text)
{
    *pairs = (struct pairs){.text = text};
    for (size_t i = 0; i + 1 < text.length; i++)
        pairs->set[(uint8_t)text.octets[i] % PAIRS_ROWS] |= UINT64_C(1) << (uint8_t)text.octets[i + 1] % 64;
}

/* False when no pair of the text begins with this octet. */
static inline bool pairs_may_begin(const struct pairs *pairs, uint8_t octet)
{
    return pairs->set[octet % PAIRS_ROWS] != 0;
}

/* False when the text cannot hold these two octets behind each other. */
static inline bool pairs_may_hold_two(const struct pairs *pairs, uint8_t first, uint8_t second)
{
    return pairs->set[first % PAIRS_ROWS] >> second % 64 & 1;
}

/* False when the text cannot hold what begins with these two octets. */
static inline bool pairs_may_hold(const struct pairs *pairs, const char *octets)
{
    return pairs_may_hold_two(pairs, (uint8_t)octets[0], (uint8_t)octets[1]);
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
