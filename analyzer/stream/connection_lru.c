/*
 * The lives of connections.
 */
#include "analyzer/stream/connection_lru.h"

#include "analyzer/stream/huge_pages.h"
#include "analyzer/stream/tcp_state.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
/* Connections are allocated in blocks, so that pointers to them stay: a small one, then large pages. */
#define FIRST_BLOCK 256
#define BLOCK       (HUGE_PAGES_SIZE / sizeof(struct connection))

/* Closed connections are kept to know their stragglers. Of so many the oldest one is forgotten, however short
 * its time: an index that stays in the processor's cache is worth more. */
#define MAX_CLOSED 8192

/* Clients in IDLE say something every 29 minutes, so open ones may be silent for long. */
static const int64_t max_idle_ns[LISTS] = {
    [LIST_CLOSED] = 30 * SECOND,   [LIST_HALF_OPEN] = 60 * SECOND,  [LIST_SILENT] = 60 * SECOND,
    [LIST_CLOSING] = 120 * SECOND, [LIST_OPEN] = 4 * 3600 * SECOND,
};

static void leave_list(struct connection_lru *lru, struct connection *connection)
{
    lru->lists[connection->list].count--;
    *(connection->previous ? &connection->previous->next : &lru->lists[connection->list].oldest) =
        connection->next;
    *(connection->next ? &connection->next->previous : &lru->lists[connection->list].newest) =
        connection->previous;
}

static void enter_list(struct connection_lru *lru, struct connection *connection,
                       enum connection_lru_list list)
{
    lru->lists[list].count++;
    connection->list = (uint8_t)list;
    connection->previous = lru->lists[list].newest;
    connection->next = NULL;
    *(connection->previous ? &connection->previous->next : &lru->lists[list].oldest) = connection;
    lru->lists[list].newest = connection;
}

/* Who is discarded is old mostly, and so is the one after it, which is next: nothing of that, and of its
 * place in the index, is in the processor's cache. */
static void fetch_next(const struct connection_lru *lru, const struct connection *next)
{
    connection_index_fetch_place(&lru->index, next->hash);
    if (next->next != NULL)
        connection_index_fetch_connection(next->next);
}

void connection_lru_discard(struct connection_lru *lru, struct connection *connection)
{
    if (connection->next != NULL)
        fetch_next(lru, connection->next);
    if (connection->paths != NULL)
        paths_forget(&lru->paths, &lru->index, connection);
    connection_index_remove(&lru->index, connection);
    leave_list(lru, connection);
    free(connection->tunnel_text);
    connection->next = lru->unused;
    lru->unused = connection;
}

void connection_lru_end(struct connection_lru *lru, struct connection *connection, enum connection_end how)
{
    const struct direction *client = &connection->directions[STREAM_CLIENT];
    const struct direction *server = &connection->directions[STREAM_SERVER];

    if (connection->closed)
        return;
    in_order_flush(lru->in_order, connection);
    connection->closed = true;
    connection->wanted = false;
    /* when only one side was captured its FIN is all there can be */
    if ((how == CONNECTION_IDLE || how == CONNECTION_CAPTURE || how == CONNECTION_REPLACED) &&
        (client->fin_seen || server->fin_seen) && (client->fin_seen || !client->seen) &&
        (server->fin_seen || !server->seen))
        how = CONNECTION_FIN;
    if (connection->payload)
        lru->in_order->handler.ended(lru->in_order->user, connection, how);
    else if (lru->in_order->handler.silent != NULL && how != CONNECTION_EVICTED &&
             tcp_state_of_silence(connection))
        lru->in_order->handler.silent(lru->in_order->user, connection, how);
    connection->user = NULL;
}

void connection_lru_end_and_discard(struct connection_lru *lru, struct connection *connection,
                                    enum connection_end how)
{
    connection_lru_end(lru, connection, how);
    connection_lru_discard(lru, connection);
}

void connection_lru_touch(struct connection_lru *lru, struct connection *connection,
                          enum connection_lru_list list)
{
    if (connection->list != list || lru->lists[list].newest != connection) {
        leave_list(lru, connection);
        enter_list(lru, connection, list);
    }
    if (lru->lists[list].count > lru->lists[list].most)
        connection_lru_end_and_discard(lru, lru->lists[list].oldest, CONNECTION_EVICTED);
}

static void evict_one(struct connection_lru *lru)
{
    for (int list = 0; list < LISTS; list++)
        if (lru->lists[list].oldest != NULL) {
            lru->evicted += list > LIST_HALF_OPEN;
            connection_lru_end_and_discard(lru, lru->lists[list].oldest, CONNECTION_EVICTED);
            return;
        }
}

static bool add_block(struct connection_lru *lru)
{
    size_t count = lru->block_count == 0 ? FIRST_BLOCK : BLOCK;
    struct connection **blocks = realloc(lru->blocks, (lru->block_count + 1) * sizeof(struct connection *));
    struct connection *block;

    if (blocks == NULL)
        return false;
    lru->blocks = blocks;
    block = lru->block_count == 0 ? malloc(count * sizeof *block) : huge_pages_new(1);
    if (block == NULL)
        return false;
    blocks[lru->block_count++] = block;
    for (size_t i = count; i-- > 0;) {
        block[i].next = lru->unused;
        lru->unused = &block[i];
    }
    return true;
}

struct connection *connection_lru_begin(struct connection_lru *lru, const struct segment *segment,
                                        const struct connection_key *key, uint32_t hash,
                                        enum stream_side from, bool source_is_first)
{
    struct connection *connection;
    char *tunnel_text = NULL;

    if (connection_index_count(&lru->index) >= lru->max_connections)
        evict_one(lru);
    if (!connection_index_has_room(&lru->index))
        evict_one(lru);
    if (lru->unused == NULL && !add_block(lru)) {
        evict_one(lru);
        if (lru->unused == NULL)
            return NULL;
    }
    if (segment->tunnel_text[0] != '\0') {
        tunnel_text = strdup(segment->tunnel_text);
        if (tunnel_text == NULL)
            return NULL;
    }
    connection = lru->unused;
    lru->unused = connection->next;
    memset(connection, 0, sizeof *connection);
    connection->tunnel_text = tunnel_text;
    connection->first_ns = connection->last_ns = segment->time_ns;
    connection->capture = segment->capture;
    connection->key = *key;
    connection->hash = hash;
    connection->reversed = (from == STREAM_CLIENT) != source_is_first;
    connection->wanted = true;
    connection_index_put(&lru->index, connection);
    paths_note(&lru->paths, &lru->index, key);
    enter_list(lru, connection, LIST_HALF_OPEN);
    return connection;
}

void connection_lru_sweep(struct connection_lru *lru, int64_t now_ns)
{
    for (int list = 0; list < LISTS; list++)
        while (lru->lists[list].oldest != NULL &&
               now_ns - lru->lists[list].oldest->last_ns > max_idle_ns[list])
            connection_lru_end_and_discard(lru, lru->lists[list].oldest, CONNECTION_IDLE);
}

void connection_lru_finish(struct connection_lru *lru)
{
    for (int list = 0; list < LISTS; list++)
        while (lru->lists[list].oldest != NULL)
            connection_lru_end_and_discard(lru, lru->lists[list].oldest, CONNECTION_CAPTURE);
}

int connection_lru_start(struct connection_lru *lru, uint32_t max_connections, uint32_t max_half_open,
                         struct in_order *in_order)
{
    memset(lru, 0, sizeof *lru);
    lru->max_connections = max_connections;
    for (int list = 0; list < LISTS; list++)
        lru->lists[list].most = UINT32_MAX;
    lru->lists[LIST_CLOSED].most = MAX_CLOSED;
    lru->lists[LIST_HALF_OPEN].most = max_half_open;
    lru->in_order = in_order;
    return connection_index_start(&lru->index);
}

void connection_lru_stop(struct connection_lru *lru)
{
    for (int list = 0; list < LISTS; list++)
        for (struct connection *open = lru->lists[list].oldest; open != NULL; open = open->next) {
            in_order_forget(lru->in_order, open);
            if (open->paths != NULL)
                paths_forget(&lru->paths, &lru->index, open);
            free(open->tunnel_text);
        }
    for (size_t i = 0; i < lru->block_count; i++)
        free(lru->blocks[i]);
    free(lru->blocks);
    paths_stop(&lru->paths);
    connection_index_stop(&lru->index);
}
