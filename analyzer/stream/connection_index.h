/*
 * Finds connections by their addresses and ports. The hash depends on secret numbers, because an attacker
 * picks the addresses.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_CONNECTION_INDEX_H
#define IMAPTAP_ANALYZER_STREAM_CONNECTION_INDEX_H

#include "analyzer/stream/connection.h"

struct segment;

struct connection_entry {
    uint32_t hash;
    struct connection *connection; /* NULL: free */
};

struct connection_index {
    uint64_t secret[13]; /* random */
    struct connection_entry *entries;
    uint32_t mask;  /* entries - 1 */
    uint32_t used;  /* entries */
    uint32_t paths; /* of them, those that name a connection once more, by another path */
};

/* Makes it empty, with random secret numbers. Returns 0, or -1 when memory or randomness is not available. */
int connection_index_start(struct connection_index *index);

/* Fills the key of the connection that the segment belongs to; true when the segment's source comes first in
 * it. */
bool connection_index_key(const struct segment *segment, struct connection_key *key);

uint32_t connection_index_hash(const struct connection_index *index, const struct connection_key *key);

/* Fetch into the processor's cache what connection_index_find will look at first: the place of this hash, and
 * then, once that is there, the connection that it names. */
void connection_index_fetch_place(const struct connection_index *index, uint32_t hash);
void connection_index_fetch(const struct connection_index *index, uint32_t hash);

/* Fetches what each segment needs of this connection. */
void connection_index_fetch_connection(const struct connection *connection);

/* `hash` is the key's. NULL: there is none. */
struct connection *connection_index_find(const struct connection_index *index,
                                         const struct connection_key *key, uint32_t hash);

/* Sees to room for one more. False: out of memory; then one must be removed first. */
bool connection_index_has_room(struct connection_index *index);

/* Puts in a connection whose key is not there yet; there must be room. */
void connection_index_put(struct connection_index *index, struct connection *connection);

/* Puts a connection in once more, under the hash of its key on another path; there must be room. */
void connection_index_put_path(struct connection_index *index, struct connection *connection, uint32_t hash);

/* Takes that out again. */
void connection_index_remove_path(struct connection_index *index, const struct connection *connection,
                                  uint32_t hash);

/* How many connections there are. */
static inline uint32_t connection_index_count(const struct connection_index *index)
{
    return index->used - index->paths;
}

/* Takes out a connection that is there. */
void connection_index_remove(struct connection_index *index, const struct connection *connection);

void connection_index_stop(struct connection_index *index);

#endif
