/*
 * The hash is a polynomial over a prime at a point that nobody knows; the set has chains, and all octets
 * stand in one array.
 */
#include "db/tally/texts.h"

#include "db/tally/array.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#define MOST_TEXTS  ((uint32_t)1024 * 1024)
#define MOST_OCTETS ((size_t)32 * 1024 * 1024)
#define FIRST_HEADS ((size_t)1024)

/* The largest prime of 32 bits: two texts of n words have one hash for n of all points at most. */
#define PRIME UINT64_C(4294967291)

struct entry {
    size_t at; /* where its octets begin */
    uint32_t length, hash, group;
    uint32_t next; /* of the same chain, or TEXTS_NONE */
};

struct texts {
    uint64_t key;
    struct entry *entries;
    uint32_t *heads; /* a power of two, at least as many as texts */
    char *octets;
    size_t entry_room, head_count, octet_room, octet_count;
    uint32_t count;
};

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

struct texts *texts_new(void)
{
    struct texts *texts = sqlite3_malloc64(sizeof *texts);

    if (texts != NULL)
        *texts = (struct texts){.key = text_hash_key()};
    return texts;
}

void texts_free(struct texts *texts)
{
    if (texts == NULL)
        return;
    sqlite3_free(texts->entries);
    sqlite3_free(texts->heads);
    sqlite3_free(texts->octets);
    sqlite3_free(texts);
}

/* Twice as many chains. */
static bool grow_heads(struct texts *texts)
{
    size_t count = texts->head_count == 0 ? FIRST_HEADS : texts->head_count * 2;
    uint32_t *heads = sqlite3_malloc64(count * sizeof *heads);

    if (heads == NULL)
        return false;
    memset(heads, 0xFF, count * sizeof *heads); /* TEXTS_NONE */
    for (uint32_t i = 0; i < texts->count; i++) {
        uint32_t *head = &heads[texts->entries[i].hash & (count - 1)];

        texts->entries[i].next = *head;
        *head = i;
    }
    sqlite3_free(texts->heads);
    texts->heads = heads;
    texts->head_count = count;
    return true;
}

/* Makes room for one more text. */
static bool make_room(struct texts *texts, size_t length)
{
    struct entry *entries;
    char *octets;

    if (texts->count == MOST_TEXTS || length > MOST_OCTETS - texts->octet_count)
        return false;
    entries = array_room(texts->entries, &texts->entry_room, texts->count + (size_t)1, sizeof *entries);
    if (entries == NULL)
        return false;
    texts->entries = entries;
    /* of an empty text too: it stands somewhere */
    octets = array_room(texts->octets, &texts->octet_room, texts->octet_count + length + 1, 1);
    if (octets == NULL)
        return false;
    texts->octets = octets;
    return texts->count < texts->head_count || grow_heads(texts);
}

static uint32_t add(struct texts *texts, uint32_t group, struct text text, uint32_t hash)
{
    uint32_t *head;

    if (!make_room(texts, text.length))
        return TEXTS_NONE;
    head = &texts->heads[hash & (texts->head_count - 1)];
    memcpy(texts->octets + texts->octet_count, text.octets, text.length);
    texts->entries[texts->count] = (struct entry){.at = texts->octet_count,
                                                  .length = (uint32_t)text.length,
                                                  .hash = hash,
                                                  .group = group,
                                                  .next = *head};
    texts->octet_count += text.length;
    *head = texts->count;
    return texts->count++;
}

static uint32_t find(const struct texts *texts, uint32_t group, struct text text, uint32_t hash)
{
    uint32_t at = texts->head_count == 0 ? TEXTS_NONE : texts->heads[hash & (texts->head_count - 1)];

    for (; at != TEXTS_NONE; at = texts->entries[at].next) {
        const struct entry *entry = &texts->entries[at];

        if (entry->hash == hash && entry->group == group && entry->length == text.length &&
            memcmp(texts->octets + entry->at, text.octets, text.length) == 0)
            break;
    }
    return at;
}

uint32_t texts_find(const struct texts *texts, uint32_t group, struct text text)
{
    return find(texts, group, text, text_hash(texts->key, group, text));
}

uint32_t texts_number(struct texts *texts, uint32_t group, struct text text)
{
    uint32_t hash = text_hash(texts->key, group, text);
    uint32_t at = find(texts, group, text, hash);

    return at != TEXTS_NONE ? at : add(texts, group, text, hash);
}

uint32_t texts_count(const struct texts *texts)
{
    return texts->count;
}
