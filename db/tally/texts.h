/*
 * Texts, and a set of them in which each has a number. They come from the wire: what finds them is a hash
 * with a key of its own for each set.
 */
#ifndef IMAPTAP_DB_TALLY_TEXTS_H
#define IMAPTAP_DB_TALLY_TEXTS_H

#include <stddef.h>
#include <stdint.h>

struct text {
    const char *octets; /* NULL: there is none */
    size_t length;
};

/* A key for text_hash that nobody knows. */
uint64_t text_hash_key(void);

/* The hash of a text, or of several one after the other: what comes before is told by `hash`, which is less
 * than 2^32; 0 at first. */
uint32_t text_hash(uint64_t key, uint64_t hash, struct text text);

struct texts;

/* An empty set; NULL: out of memory. texts_free takes NULL too. */
struct texts *texts_new(void);
void texts_free(struct texts *texts);

/* No text has this number. */
#define TEXTS_NONE UINT32_MAX

/* The number of a text, which is told apart from the same one in another group, and is added (as a copy) when
 * it is not there yet; they count from 0. TEXTS_NONE: the set is full (1,048,576 texts of 32 MiB together),
 * or out of memory. */
uint32_t texts_number(struct texts *texts, uint32_t group, struct text text);

/* The number of a text; TEXTS_NONE: it is not there. */
uint32_t texts_find(const struct texts *texts, uint32_t group, struct text text);

/* How many have a number. */
uint32_t texts_count(const struct texts *texts);

#endif
