/*
 * Strings with numbers, and sets of numbers: what the judgement compares instead of texts. The texts come
 * from the wire, so hashes are keyed. All memory is SQLite's, so that its limit counts.
 */
#ifndef IMAPTAP_DB_JUDGEMENT_STRINGS_H
#define IMAPTAP_DB_JUDGEMENT_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With the hash beside the number, most other strings need not be looked at. */
struct strings_slot {
    uint32_t hash, number; /* number 0: the slot is empty */
};

/* Strings, each of which has one number from 1 on; the empty one and "none" are 0. Zeroed, it is empty. */
struct strings {
    char *octets;
    size_t used, room;
    size_t *begins; /* of each string, by its number; it ends with a NUL */
    uint32_t count, begin_room;
    struct strings_slot *slots;
    uint32_t slot_count;
    uint64_t key;
};

/* The number of a string, which is added (as a copy) when it is new. UINT32_MAX: out of memory. */
uint32_t strings_number(struct strings *strings, const char *octets, size_t length);

/* The same for a string that is not added; 0: it is not there. */
uint32_t strings_find(const struct strings *strings, const char *octets, size_t length);

/* A string by its number: NUL-terminated, valid until the next is added; "" for 0. */
const char *strings_text(const struct strings *strings, uint32_t number);
void strings_free(struct strings *strings);

/* Numbers of 64 bits with a value each. Zeroed, it is empty. */
struct numbers {
    uint64_t *keys;
    int64_t *values;
    size_t count, slots;
};

/* The value of a key, to be set; it is `absent` when the key is new. NULL: out of memory. */
int64_t *numbers_take(struct numbers *numbers, uint64_t key, int64_t absent);

/* The value of a key; `absent` when it is not there. */
int64_t numbers_find(const struct numbers *numbers, uint64_t key, int64_t absent);
void numbers_free(struct numbers *numbers);

/* One number of several, by a key: equal ones give the same, others not (but for one chance in 2^64). */
uint64_t numbers_mix(uint64_t key, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* Room for `needed` elements of `size` octets in an array that had *room. NULL: out of memory (it stays). */
void *judge_room(void *array, size_t *room, size_t needed, size_t size);

#endif
