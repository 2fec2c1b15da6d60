/*
 * Finds connections by their addresses and ports: open addressing, linear probing, backward shift.
 */
#include "analyzer/stream/connection_index.h"

#include "analyzer/stream/siphash.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define KEY_WORDS 6
/* The octets before an address of IPv4. */
#define MAPPED 0xffff

static_assert(sizeof(struct connection_key) == KEY_WORDS * sizeof(uint64_t), "the key has padding");

/* Addresses of IPv4 stand in the last four octets (RFC 4291 section 2.5.5.2): their words are put together.
 */
static size_t squeeze(const uint64_t words[KEY_WORDS], uint64_t squeezed[KEY_WORDS])
{
    size_t count = 0;

    squeezed[count++] = words[4]; /* ports and VLAN */
    if ((words[0] | words[2]) == 0 && be64toh(words[1]) >> 32 == MAPPED &&
        be64toh(words[3]) >> 32 == MAPPED) {
        squeezed[count++] = be64toh(words[1]) << 32 | (be64toh(words[3]) & UINT32_MAX);
    } else {
        memcpy(&squeezed[count], words, 4 * sizeof *words);
        count += 4;
    }
    if (words[5] != 0)
        squeezed[count++] = words[5]; /* the tunnel */
    return count;
}

uint32_t connection_index_hash(const struct connection_index *index, const struct connection_key *key)
{
    uint64_t words[KEY_WORDS], squeezed[KEY_WORDS];

    memcpy(words, key, sizeof words);
    return (uint32_t)siphash(index->key, squeezed, squeeze(words, squeezed));
}

static bool same_key(const struct connection_key *a, const struct connection_key *b)
{
    uint64_t left[KEY_WORDS], right[KEY_WORDS], differ = 0;

    memcpy(left, a, sizeof left);
    memcpy(right, b, sizeof right);
    for (size_t i = 0; i < KEY_WORDS; i++)
        differ |= left[i] ^ right[i];
    return differ == 0;
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
