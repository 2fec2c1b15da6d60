/*
 * A hash of texts that come from the wire: it has a key of its own for each table, so that nobody can send
 * many texts of one hash.
 */
#ifndef IMAPTAP_DB_AGGREGATES_TEXT_HASH_H
#define IMAPTAP_DB_AGGREGATES_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

struct text {
    const char *octets; /* NULL: there is none */
    size_t length;
};

/* A key for text_hash that nobody knows. */
uint64_t text_hash_key(void);

/* The hash of a text, or of several one after the other: `hash` is that of those before it, which is less
 * than 2^32; 0 at first. */
uint32_t text_hash(uint64_t key, uint64_t hash, struct text text);

#endif
