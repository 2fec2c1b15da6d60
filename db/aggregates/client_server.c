/*
 * A table of fixed size with chains. The memory is SQLite's, so that its limit holds for it too.
 */
#include "db/aggregates/client_server.h"

#include <sqlite3.h>
#include <string.h>

#define MOST_PAIRS  ((size_t)128 * 1024)
#define HEADS       (2 * MOST_PAIRS)
#define MOST_OCTETS ((size_t)32 * 1024 * 1024)

struct client_servers {
    uint64_t hash_key;
    size_t count, texts; /* octets of their texts */
    struct client_server *heads[HEADS];
    struct client_server *rows[MOST_PAIRS];
};

struct client_servers *client_servers_new(void)
{
    struct client_servers *pairs = sqlite3_malloc64(sizeof *pairs);

    if (pairs == NULL)
        return NULL;
    memset(pairs, 0, sizeof *pairs);
    pairs->hash_key = text_hash_key();
    return pairs;
}

void client_servers_clear(struct client_servers *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        sqlite3_free((void *)pairs->rows[i]->product.octets);
        sqlite3_free((void *)pairs->rows[i]->login_product.octets);
        sqlite3_free(pairs->rows[i]);
    }
    memset(pairs->heads, 0, sizeof pairs->heads);
    pairs->count = pairs->texts = 0;
}

void client_servers_free(struct client_servers *pairs)
{
    if (pairs != NULL)
        client_servers_clear(pairs);
    sqlite3_free(pairs);
}

uint32_t client_servers_hash(const struct client_servers *pairs, const struct client_server_key *key)
{
    uint32_t hash = text_hash(pairs->hash_key, (uint32_t)key->port, key->client);

    return text_hash(pairs->hash_key, hash, key->server);
}

void client_servers_fetch_place(const struct client_servers *pairs, const struct client_server_key *key)
{
    __builtin_prefetch(&pairs->heads[key->hash % HEADS]);
}

void client_servers_fetch_pair(const struct client_servers *pairs, const struct client_server_key *key)
{
    const struct client_server *pair = pairs->heads[key->hash % HEADS];

    if (pair == NULL)
        return;
    __builtin_prefetch(&pair->next);
    __builtin_prefetch(pair->addresses);
}

/* A pair with nothing counted yet, which is in no chain. */
static struct client_server *add(struct client_servers *pairs, const struct client_server_key *key)
{
    struct client_server *pair;

    if (!client_servers_have_room(pairs, 1))
        return NULL;
    pair = sqlite3_malloc64(sizeof *pair + key->client.length + key->server.length);
    if (pair == NULL)
        return NULL;
    *pair = (struct client_server){.hash = key->hash,
                                   .port = key->port,
                                   .masked = CLIENT_SERVER_UNKNOWN,
                                   .client_length = (uint32_t)key->client.length,
                                   .server_length = (uint32_t)key->server.length};
    memcpy(pair->addresses, key->client.octets, key->client.length);
    memcpy(pair->addresses + key->client.length, key->server.octets, key->server.length);
    pairs->texts += key->client.length + key->server.length;
    pairs->rows[pairs->count++] = pair;
    return pair;
}

static bool is_pair(const struct client_server *pair, const struct client_server_key *key)
{
    return pair->hash == key->hash && pair->port == key->port && pair->client_length == key->client.length &&
           pair->server_length == key->server.length &&
           memcmp(pair->addresses, key->client.octets, key->client.length) == 0 &&
           memcmp(pair->addresses + key->client.length, key->server.octets, key->server.length) == 0;
}

struct client_server *client_servers_take(struct client_servers *pairs, const struct client_server_key *key)
{
    struct client_server **head = &pairs->heads[key->hash % HEADS];
    struct client_server *pair = *head;

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

bool client_servers_larger(struct client_servers *pairs, struct text *kept, struct text text)
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

bool client_servers_have_room(const struct client_servers *pairs, size_t more)
{
    return MOST_PAIRS - pairs->count >= more && pairs->texts <= MOST_OCTETS;
}

size_t client_servers_count(const struct client_servers *pairs)
{
    return pairs->count;
}

const struct client_server *client_servers_at(const struct client_servers *pairs, size_t index)
{
    return pairs->rows[index];
}
