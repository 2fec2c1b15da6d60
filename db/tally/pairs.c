/*
 * A table of fixed size with chains. The memory is SQLite's, so that its limit holds for it too.
 */
#include "db/tally/pairs.h"

#include <sqlite3.h>
#include <string.h>

#define MOST_PAIRS  ((size_t)128 * 1024)
#define HEADS       (2 * MOST_PAIRS)
#define MOST_OCTETS ((size_t)32 * 1024 * 1024)

/* The hash is a polynomial over this prime, the largest of 32 bits, at a point that nobody knows: two texts
 * of n words have one hash for n of all points at most. */
#define PRIME UINT64_C(4294967291)

struct pairs {
    uint64_t point;
    size_t count, texts; /* octets of their texts */
    struct pair *heads[HEADS];
    struct pair *rows[MOST_PAIRS];
};

struct pairs *pairs_new(void)
{
    struct pairs *pairs = sqlite3_malloc64(sizeof *pairs);

    if (pairs == NULL)
        return NULL;
    memset(pairs, 0, sizeof *pairs);
    sqlite3_randomness(sizeof pairs->point, &pairs->point);
    pairs->point %= PRIME;
    return pairs;
}

void pairs_clear(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        sqlite3_free((void *)pairs->rows[i]->product.octets);
        sqlite3_free((void *)pairs->rows[i]->login_product.octets);
        sqlite3_free(pairs->rows[i]);
    }
    memset(pairs->heads, 0, sizeof pairs->heads);
    pairs->count = pairs->texts = 0;
}

void pairs_free(struct pairs *pairs)
{
    if (pairs != NULL)
        pairs_clear(pairs);
    sqlite3_free(pairs);
}

static uint64_t hash_text(uint64_t hash, uint64_t point, struct text text)
{
    uint32_t word;
    size_t at = 0;

    for (; at + sizeof word <= text.length; at += sizeof word) {
        memcpy(&word, text.octets + at, sizeof word);
        hash = (hash * point + word) % PRIME;
    }
    /* the last octets, which can be none, and the length, so that "a" "bc" is not "ab" "c" */
    word = (uint32_t)text.length << 24;
    for (unsigned shift = 0; at < text.length; at++, shift += 8)
        word ^= (uint32_t)(unsigned char)text.octets[at] << shift;
    return (hash * point + word) % PRIME;
}

uint32_t pairs_hash(const struct pairs *pairs, const struct pair_key *key)
{
    uint64_t hash = hash_text((uint64_t)key->port % PRIME, pairs->point, key->client);

    return (uint32_t)hash_text(hash, pairs->point, key->server);
}

void pairs_fetch_place(const struct pairs *pairs, const struct pair_key *key)
{
    __builtin_prefetch(&pairs->heads[key->hash % HEADS]);
}

void pairs_fetch_pair(const struct pairs *pairs, const struct pair_key *key)
{
    const struct pair *pair = pairs->heads[key->hash % HEADS];

    if (pair == NULL)
        return;
    __builtin_prefetch(&pair->next);
    __builtin_prefetch(pair->addresses);
}

/* A pair with nothing counted yet, which is in no chain. */
static struct pair *add(struct pairs *pairs, const struct pair_key *key)
{
    struct pair *pair;

    if (!pairs_have_room(pairs, 1))
        return NULL;
    pair = sqlite3_malloc64(sizeof *pair + key->client.length + key->server.length);
    if (pair == NULL)
        return NULL;
    *pair = (struct pair){.hash = key->hash,
                          .port = key->port,
                          .masked = PAIR_UNKNOWN,
                          .client_length = (uint32_t)key->client.length,
                          .server_length = (uint32_t)key->server.length};
    memcpy(pair->addresses, key->client.octets, key->client.length);
    memcpy(pair->addresses + key->client.length, key->server.octets, key->server.length);
    pairs->texts += key->client.length + key->server.length;
    pairs->rows[pairs->count++] = pair;
    return pair;
}

static bool is_pair(const struct pair *pair, const struct pair_key *key)
{
    return pair->hash == key->hash && pair->port == key->port && pair->client_length == key->client.length &&
           pair->server_length == key->server.length &&
           memcmp(pair->addresses, key->client.octets, key->client.length) == 0 &&
           memcmp(pair->addresses + key->client.length, key->server.octets, key->server.length) == 0;
}

struct pair *pairs_take(struct pairs *pairs, const struct pair_key *key)
{
    struct pair **head = &pairs->heads[key->hash % HEADS];
    struct pair *pair = *head;

    while (pair != NULL && !is_pair(pair, key))
        pair = pair->next;
    if (pair == NULL && (pair = add(pairs, key)) != NULL) {
        pair->next = *head;
        *head = pair;
    }
    return pair;
}

static bool sorts_before(struct text first, struct text second)
{
    size_t shared = first.length < second.length ? first.length : second.length;
    int order = memcmp(first.octets, second.octets, shared);

    return order < 0 || (order == 0 && first.length < second.length);
}

bool pairs_larger(struct pairs *pairs, struct text *kept, struct text text)
{
    char *octets;

    if (kept->octets != NULL && !sorts_before(*kept, text))
        return true;
    octets = sqlite3_realloc64((void *)kept->octets, text.length + 1); /* of no octets it would free */
    if (octets == NULL)
        return false;
    memcpy(octets, text.octets, text.length);
    pairs->texts += text.length - kept->length;
    *kept = (struct text){octets, text.length};
    return true;
}

bool pairs_have_room(const struct pairs *pairs, size_t more)
{
    return MOST_PAIRS - pairs->count >= more && pairs->texts <= MOST_OCTETS;
}

size_t pairs_count(const struct pairs *pairs)
{
    return pairs->count;
}

const struct pair *pairs_at(const struct pairs *pairs, size_t index)
{
    return pairs->rows[index];
}
