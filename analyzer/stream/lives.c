/*
 * The lives of connections.
 */
#include "analyzer/stream/lives.h"

#include "analyzer/stream/pages.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
/* Connections are allocated in blocks, so that pointers to them stay: a small one, then large pages. */
#define FIRST_BLOCK 256
#define BLOCK       (PAGES_SIZE / sizeof(struct connection))

/* Closed connections are kept to know their stragglers. Of so many the oldest one is forgotten, however short
 * its time: an index that stays in the processor's cache is worth more. */
#define MAX_CLOSED 8192

/* Clients in IDLE say something every 29 minutes, so open ones may be silent for long. */
static const int64_t max_idle_ns[LISTS] = {
    [LIST_CLOSED] = 30 * SECOND,   [LIST_HALF_OPEN] = 60 * SECOND,  [LIST_SILENT] = 60 * SECOND,
    [LIST_CLOSING] = 120 * SECOND, [LIST_OPEN] = 4 * 3600 * SECOND,
};

static void leave_list(struct lives *lives, struct connection *connection)
{
    lives->lists[connection->list].count--;
    *(connection->previous ? &connection->previous->next : &lives->lists[connection->list].oldest) =
        connection->next;
    *(connection->next ? &connection->next->previous : &lives->lists[connection->list].newest) =
        connection->previous;
}

static void enter_list(struct lives *lives, struct connection *connection, enum lives_list list)
{
    lives->lists[list].count++;
    connection->list = (uint8_t)list;
    connection->previous = lives->lists[list].newest;
    connection->next = NULL;
    *(connection->previous ? &connection->previous->next : &lives->lists[list].oldest) = connection;
    lives->lists[list].newest = connection;
}

/* Who is discarded is old mostly, and so is the one behind it, which is next: nothing of that, and of its
 * place in the index, is in the processor's cache. */
static void fetch_next(const struct lives *lives, const struct connection *next)
{
    connection_index_fetch_place(&lives->index, next->hash);
    if (next->next != NULL)
        connection_index_fetch_connection(next->next);
}

void lives_discard(struct lives *lives, struct connection *connection)
{
    if (connection->next != NULL)
        fetch_next(lives, connection->next);
    connection_index_remove(&lives->index, connection);
    leave_list(lives, connection);
    free(connection->tunnel_text);
    connection->next = lives->unused;
    lives->unused = connection;
}

void lives_end(struct lives *lives, struct connection *connection, enum connection_end how)
{
    const struct direction *client = &connection->directions[STREAM_CLIENT];
    const struct direction *server = &connection->directions[STREAM_SERVER];

    if (connection->closed)
        return;
    ordering_flush(lives->ordering, connection);
    connection->closed = true;
    connection->wanted = false;
    /* when only one side was captured its FIN is all there can be */
    if ((how == CONNECTION_IDLE || how == CONNECTION_CAPTURE || how == CONNECTION_REPLACED) &&
        (client->fin_seen || server->fin_seen) && (client->fin_seen || !client->seen) &&
        (server->fin_seen || !server->seen))
        how = CONNECTION_FIN;
    if (connection->payload)
        lives->ordering->handler.ended(lives->ordering->user, connection, how);
    connection->user = NULL;
}

void lives_end_and_discard(struct lives *lives, struct connection *connection, enum connection_end how)
{
    lives_end(lives, connection, how);
    lives_discard(lives, connection);
}

void lives_touch(struct lives *lives, struct connection *connection, enum lives_list list)
{
    if (connection->list != list || lives->lists[list].newest != connection) {
        leave_list(lives, connection);
        enter_list(lives, connection, list);
    }
    if (lives->lists[list].count > lives->lists[list].most)
        lives_end_and_discard(lives, lives->lists[list].oldest, CONNECTION_EVICTED);
}

static void evict_one(struct lives *lives)
{
    for (int list = 0; list < LISTS; list++)
        if (lives->lists[list].oldest != NULL) {
            lives->evicted += list > LIST_HALF_OPEN;
            lives_end_and_discard(lives, lives->lists[list].oldest, CONNECTION_EVICTED);
            return;
        }
}

static bool add_block(struct lives *lives)
{
    size_t count = lives->block_count == 0 ? FIRST_BLOCK : BLOCK;
    struct connection **blocks =
        realloc(lives->blocks, (lives->block_count + 1) * sizeof(struct connection *));
    struct connection *block;

    if (blocks == NULL)
        return false;
    lives->blocks = blocks;
    block = lives->block_count == 0 ? malloc(count * sizeof *block) : pages_new(1);
    if (block == NULL)
        return false;
    blocks[lives->block_count++] = block;
    for (size_t i = count; i-- > 0;) {
        block[i].next = lives->unused;
        lives->unused = &block[i];
    }
    return true;
}

struct connection *lives_begin(struct lives *lives, const struct segment *segment,
                               const struct connection_key *key, uint32_t hash, enum stream_side from,
                               bool source_is_first)
{
    struct connection *connection;
    char *tunnel_text = NULL;

    if (lives->index.used >= lives->max_connections)
        evict_one(lives);
    if (!connection_index_has_room(&lives->index))
        evict_one(lives);
    if (lives->unused == NULL && !add_block(lives)) {
        evict_one(lives);
        if (lives->unused == NULL)
            return NULL;
    }
    if (segment->tunnel_text[0] != '\0') {
        tunnel_text = strdup(segment->tunnel_text);
        if (tunnel_text == NULL)
            return NULL;
    }
    connection = lives->unused;
    lives->unused = connection->next;
    memset(connection, 0, sizeof *connection);
    connection->tunnel_text = tunnel_text;
    connection->first_ns = connection->last_ns = segment->time_ns;
    connection->capture = segment->capture;
    connection->key = *key;
    connection->hash = hash;
    connection->reversed = (from == STREAM_CLIENT) != source_is_first;
    connection->wanted = true;
    connection_index_put(&lives->index, connection);
    enter_list(lives, connection, LIST_HALF_OPEN);
    return connection;
}

void lives_sweep(struct lives *lives, int64_t now_ns)
{
    for (int list = 0; list < LISTS; list++)
        while (lives->lists[list].oldest != NULL &&
               now_ns - lives->lists[list].oldest->last_ns > max_idle_ns[list])
            lives_end_and_discard(lives, lives->lists[list].oldest, CONNECTION_IDLE);
}

void lives_finish(struct lives *lives)
{
    for (int list = 0; list < LISTS; list++)
        while (lives->lists[list].oldest != NULL)
            lives_end_and_discard(lives, lives->lists[list].oldest, CONNECTION_CAPTURE);
}

int lives_start(struct lives *lives, uint32_t max_connections, uint32_t max_half_open,
                struct ordering *ordering)
{
    memset(lives, 0, sizeof *lives);
    lives->max_connections = max_connections;
    for (int list = 0; list < LISTS; list++)
        lives->lists[list].most = UINT32_MAX;
    lives->lists[LIST_CLOSED].most = MAX_CLOSED;
    lives->lists[LIST_HALF_OPEN].most = max_half_open;
    lives->ordering = ordering;
    return connection_index_start(&lives->index);
}

void lives_stop(struct lives *lives)
{
    for (int list = 0; list < LISTS; list++)
        for (struct connection *open = lives->lists[list].oldest; open != NULL; open = open->next) {
            ordering_forget(lives->ordering, open);
            free(open->tunnel_text);
        }
    for (size_t i = 0; i < lives->block_count; i++)
        free(lives->blocks[i]);
    free(lives->blocks);
    connection_index_stop(&lives->index);
}
