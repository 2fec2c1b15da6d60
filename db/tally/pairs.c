/*
 * A table of fixed size with chains. The memory is SQLite's, so that its limit holds for it too.
 */
#include "db/tally/pairs.h"

#include <sqlite3.h>
#include <string.h>

#define MOST_PAIRS  ((size_t)128 * 1024)
#define HEADS       (2 * MOST_PAIRS)
#define MOST_OCTETS ((size_t)32 * 1024 * 1024)

struct pairs {
    uint64_t hash_key;
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
    pairs->hash_key = text_hash_key();
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

uint32_t pairs_hash(const struct pairs *pairs, const struct pair_key *key)
{
    uint32_t hash = text_hash(pairs->hash_key, (uint32_t)key->port, key->client);

    return text_hash(pairs->hash_key, hash, key->server);
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
