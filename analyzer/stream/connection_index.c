/*
 * Finds connections by their addresses and ports: open addressing, linear probing, backward shift.
 */
#include "analyzer/stream/connection_index.h"

#include "analyzer/decap/segment.h"
#include "analyzer/stream/huge_pages.h"
#include "analyzer/stream/paths.h"

#include <assert.h>
#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define KEY_WORDS 6
/* What each segment needs of a connection, in octets, and those that are fetched together. */
#define CONNECTION_HOT offsetof(struct connection, first_ns)
#define CACHE_LINE     64

static_assert(sizeof(struct connection_key) == KEY_WORDS * sizeof(uint64_t), "the key has padding");
static_assert(sizeof((struct connection_index *)0)->secret == (1 + 2 * KEY_WORDS) * sizeof(uint64_t),
              "a secret number for each half of a word, and one more");
static_assert((sizeof(struct connection_entry) & (sizeof(struct connection_entry) - 1)) == 0,
              "a power of two of entries is one of octets");
static_assert(offsetof(struct connection_key, vlan) == offsetof(struct connection_key, port) + 4,
              "ports and VLAN are one word");

static uint64_t half_of(const uint8_t *address)
{
    uint64_t half;

    memcpy(&half, address, sizeof half);
    return be64toh(half);
}

/* True when the segment's source is to come first: the lower address, or the lower port of equal ones. */
static bool source_comes_first(const struct segment *segment)
{
    uint64_t source = half_of(segment->source), destination = half_of(segment->destination);

    if (source != destination)
        return source < destination;
    source = half_of(segment->source + 8);
    destination = half_of(segment->destination + 8);
    if (source != destination)
        return source < destination;
    return segment->source_port <= segment->destination_port;
}

/* Ports and VLAN, written as the word that they are hashed and compared as: a processor waits for what was
 * written in pieces and is read in one. */
static void put_ends(struct connection_key *key, uint16_t first, uint16_t second, uint32_t vlan)
{
    uint64_t word = first | (uint64_t)second << 16 | (uint64_t)vlan << 32;

    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        word = (uint64_t)first << 48 | (uint64_t)second << 32 | vlan;
    memcpy((uint8_t *)key + offsetof(struct connection_key, port), &word, sizeof word);
}

bool connection_index_key(const struct segment *segment, struct connection_key *key)
{
    bool source_is_first = source_comes_first(segment);

    memcpy(key->address[source_is_first ? 0 : 1], segment->source, 16);
    memcpy(key->address[source_is_first ? 1 : 0], segment->destination, 16);
    put_ends(key, source_is_first ? segment->source_port : segment->destination_port,
             source_is_first ? segment->destination_port : segment->source_port, segment->vlan);
    key->tunnel = segment->tunnel;
    return source_is_first;
}

static inline uint64_t word_of(const struct connection_key *key, size_t word)
{
    uint64_t value;

    memcpy(&value, (const uint8_t *)key + word * sizeof value, sizeof value);
    return value;
}

/* What a word of the key adds to the hash. */
static inline uint64_t share_of(const struct connection_index *index, const struct connection_key *key,
                                size_t word)
{
    const uint64_t *secret = index->secret + 1 + 2 * word;
    uint64_t value = word_of(key, word);

    return secret[0] * (uint32_t)value + secret[1] * (value >> 32);
}

/* Multilinear hashing (Lemire and Kaser, 2014): whatever addresses somebody chooses who does not know the
 * secret numbers, two keys collide as seldom as chance has it. And the multiplications do not wait for each
 * other. */
uint32_t connection_index_hash(const struct connection_index *index, const struct connection_key *key)
{
    uint64_t sum =
        index->secret[0] + share_of(index, key, 1) + share_of(index, key, 3) + share_of(index, key, 4);

    /* these are zero, and add nothing, but in IPv6 and in tunnels */
    if ((word_of(key, 0) | word_of(key, 2) | word_of(key, 5)) != 0)
        sum += share_of(index, key, 0) + share_of(index, key, 2) + share_of(index, key, 5);
    return (uint32_t)(sum >> 32);
}

static bool same_key(const struct connection_key *a, const struct connection_key *b)
{
    uint64_t differ = 0;

    for (size_t i = 0; i < KEY_WORDS; i++)
        differ |= word_of(a, i) ^ word_of(b, i);
    return differ == 0;
}

/* True when the key is the connection's but for the path, and that is another one of its paths. */
static __attribute__((noinline)) bool has_path(const struct connection *connection,
                                               const struct connection_key *key)
{
    const struct paths *paths = connection->paths;
    struct connection_key other = *key;

    other.vlan = connection->key.vlan;
    other.tunnel = connection->key.tunnel;
    if (!same_key(&connection->key, &other))
        return false;
    for (unsigned i = 1; i < paths->count; i++)
        if (paths->path[i].vlan == key->vlan && paths->path[i].tunnel == key->tunnel)
            return true;
    return false;
}

static inline bool is_of(const struct connection *connection, const struct connection_key *key)
{
    return same_key(&connection->key, key) || (connection->paths != NULL && has_path(connection, key));
}

struct connection *connection_index_find(const struct connection_index *index,
                                         const struct connection_key *key, uint32_t hash)
{
    const struct connection_entry *entries = index->entries;
    uint32_t mask = index->mask;

    for (uint32_t at = hash & mask; entries[at].connection != NULL; at = (at + 1) & mask)
        if (entries[at].hash == hash && is_of(entries[at].connection, key))
            return entries[at].connection;
    return NULL;
}

void connection_index_fetch_connection(const struct connection *connection)
{
    for (size_t at = 0; at < CONNECTION_HOT; at += CACHE_LINE)
        __builtin_prefetch((const char *)connection + at);
    __builtin_prefetch((const char *)connection + CONNECTION_HOT - 1); /* it may begin within a line */
}

void connection_index_fetch_place(const struct connection_index *index, uint32_t hash)
{
    __builtin_prefetch(&index->entries[hash & index->mask]);
}

void connection_index_fetch(const struct connection_index *index, uint32_t hash)
{
    const struct connection_entry *entry = &index->entries[hash & index->mask];

    if (entry->connection != NULL && entry->hash == hash)
        connection_index_fetch_connection(entry->connection);
}

static void put_entry(struct connection_entry *entries, uint32_t mask, struct connection_entry entry)
{
    uint32_t at = entry.hash & mask;

    while (entries[at].connection != NULL)
        at = (at + 1) & mask;
    entries[at] = entry;
}

static struct connection_entry *new_entries(uint32_t size)
{
    size_t octets = size * sizeof(struct connection_entry);
    struct connection_entry *entries;

    if (octets < HUGE_PAGES_SIZE)
        return calloc(size, sizeof *entries);
    entries = huge_pages_new(octets / HUGE_PAGES_SIZE);
    if (entries != NULL)
        memset(entries, 0, octets);
    return entries;
}

static bool grow(struct connection_index *index)
{
    uint32_t size = (index->mask + 1) * 2;
    struct connection_entry *entries = new_entries(size);

    if (entries == NULL)
        return false;
    for (uint32_t at = 0; at <= index->mask; at++)
        if (index->entries[at].connection != NULL)
            put_entry(entries, size - 1, index->entries[at]);
    free(index->entries);
    index->entries = entries;
    index->mask = size - 1;
    return true;
}

static inline void remove_entry(struct connection_index *index, const struct connection *connection,
                                uint32_t hash)
{
    uint32_t mask = index->mask;
    uint32_t gap = hash & mask;

    while (index->entries[gap].connection != connection || index->entries[gap].hash != hash)
        gap = (gap + 1) & mask;
    for (uint32_t at = (gap + 1) & mask; index->entries[at].connection != NULL; at = (at + 1) & mask) {
        uint32_t home = index->entries[at].hash & mask;

        /* it may move into the hole when its home is not between the two */
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            index->entries[gap] = index->entries[at];
            gap = at;
        }
    }
    index->entries[gap].connection = NULL;
    index->used--;
}

void connection_index_remove(struct connection_index *index, const struct connection *connection)
{
    remove_entry(index, connection, connection->hash);
}

void connection_index_remove_path(struct connection_index *index, const struct connection *connection,
                                  uint32_t hash)
{
    remove_entry(index, connection, hash);
    index->paths--;
}

bool connection_index_has_room(struct connection_index *index)
{
    return index->used * 4 < (index->mask + 1) * 3 || grow(index);
}

void connection_index_put(struct connection_index *index, struct connection *connection)
{
    put_entry(index->entries, index->mask, (struct connection_entry){connection->hash, connection});
    index->used++;
}

void connection_index_put_path(struct connection_index *index, struct connection *connection, uint32_t hash)
{
    put_entry(index->entries, index->mask, (struct connection_entry){hash, connection});
    index->used++;
    index->paths++;
}

int connection_index_start(struct connection_index *index)
{
    memset(index, 0, sizeof *index);
    index->mask = 1023;
    index->entries = calloc(index->mask + 1, sizeof *index->entries);
    if (index->entries != NULL && getrandom(index->secret, sizeof index->secret, 0) == sizeof index->secret)
        return 0;
    connection_index_stop(index);
    return -1;
}

void connection_index_stop(struct connection_index *index)
{
    free(index->entries);
    index->entries = NULL;
}
