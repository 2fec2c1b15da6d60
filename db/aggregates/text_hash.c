/*
 * A polynomial over a prime at a point that nobody knows.
 */
#include "db/aggregates/text_hash.h"

#include <sqlite3.h>
#include <string.h>

/* The largest prime of 32 bits: two texts of n words have one hash for n of all points at most. */
#define PRIME UINT64_C(4294967291)

uint64_t text_hash_key(void)
{
    uint64_t key;

    sqlite3_randomness(sizeof key, &key);
    return key % PRIME;
}

uint32_t text_hash(uint64_t key, uint64_t hash, struct text text)
{
    uint32_t word;
    size_t at = 0;

    for (; at + sizeof word <= text.length; at += sizeof word) {
        memcpy(&word, text.octets + at, sizeof word);
        hash = (hash * key + word) % PRIME;
    }
    /* the last octets, which can be none, and the length, so that "a" "bc" is not "ab" "c" */
    word = (uint32_t)text.length << 24;
    for (unsigned shift = 0; at < text.length; at++, shift += 8)
        word ^= (uint32_t)(unsigned char)text.octets[at] << shift;
    return (uint32_t)((hash * key + word) % PRIME);
}
