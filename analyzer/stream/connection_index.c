/*
 * Finds connections by their addresses and ports: open addressing, linear probing, backward shift.
 */
#include "analyzer/stream/connection_index.h"

#include "analyzer/stream/siphash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* An IPv4 address stands in the last four octets (RFC 4291 section 2.5.5.2). */
static bool is_ipv4(const uint8_t address[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return memcmp(address, mapped, sizeof mapped) == 0;
}

uint32_t connection_index_hash(const struct connection_index *index, const struct connection_key *key)
{
    uint64_t words[6];
    size_t count = 0;

    words[count++] = (uint64_t)key->port[0] << 48 | (uint64_t)key->port[1] << 32 | key->vlan;
    if (is_ipv4(key->address[0]) && is_ipv4(key->address[1])) {
        memcpy(&words[count], key->address[0] + 12, 4);
        memcpy((uint8_t *)&words[count++] + 4, key->address[1] + 12, 4);
    } else {
        memcpy(&words[count], key->address, 32);
        count += 4;
    }
    if (key->tunnel != 0)
        words[count++] = key->tunnel;
    return (uint32_t)siphash(index->key, words, count);
}

static bool same_key(const struct connection_key *a, const struct connection_key *b)
{
    return memcmp(a->address, b->address, sizeof a->address) == 0 && a->port[0] == b->port[0] &&
           a->port[1] == b->port[1] && a->vlan == b->vlan && a->tunnel == b->tunnel;
}

struct connection *connection_index_find(const struct connection_index *index,
                                         const struct connection_key *key, uint32_t hash)
{
    for (uint32_t at = hash & index->mask; index->entries[at].connection != NULL; at = (at + 1) & index->mask)
        if (index->entries[at].hash == hash && same_key(&index->entries[at].connection->key, key))
            return index->entries[at].connection;
    return NULL;
}

static void put_entry(struct connection_entry *entries, uint32_t mask, struct connection *connection)
{
    uint32_t at = connection->hash & mask;

    while (entries[at].connection != NULL)
        at = (at + 1) & mask;
    entries[at] = (struct connection_entry){connection->hash, connection};
}

static bool grow(struct connection_index *index)
{
    uint32_t size = (index->mask + 1) * 2;
    struct connection_entry *entries = calloc(size, sizeof *entries);

    if (entries == NULL)
        return false;
    for (uint32_t at = 0; at <= index->mask; at++)
        if (index->entries[at].connection != NULL)
            put_entry(entries, size - 1, index->entries[at].connection);
    free(index->entries);
    index->entries = entries;
    index->mask = size - 1;
    return true;
}

void connection_index_remove(struct connection_index *index, const struct connection *connection)
{
    uint32_t mask = index->mask;
    uint32_t hole = connection->hash & mask;

    while (index->entries[hole].connection != connection)
        hole = (hole + 1) & mask;
    for (uint32_t at = (hole + 1) & mask; index->entries[at].connection != NULL; at = (at + 1) & mask) {
        uint32_t home = index->entries[at].hash & mask;

        /* it may move into the hole when its home is not between the two */
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            index->entries[hole] = index->entries[at];
            hole = at;
        }
    }
    index->entries[hole].connection = NULL;
    index->used--;
}

bool connection_index_has_room(struct connection_index *index)
{
    return index->used * 4 < (index->mask + 1) * 3 || grow(index);
}

void connection_index_put(struct connection_index *index, struct connection *connection)
{
    put_entry(index->entries, index->mask, connection);
    index->used++;
}

int connection_index_start(struct connection_index *index)
{
    memset(index, 0, sizeof *index);
    index->mask = 1023;
    index->entries = calloc(index->mask + 1, sizeof *index->entries);
    if (index->entries != NULL && getrandom(index->key, sizeof index->key, 0) == sizeof index->key)
        return 0;
    connection_index_stop(index);
    return -1;
}

void connection_index_stop(struct connection_index *index)
{
    free(index->entries);
    index->entries = NULL;
}
