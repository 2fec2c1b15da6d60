/*
 * Counts for each client and port of a server, in memory. The addresses come from the wire: what finds them
 * is a hash with a key of its own for each table.
 */
#ifndef IMAPTAP_DB_AGGREGATES_CLIENT_SERVER_H
#define IMAPTAP_DB_AGGREGATES_CLIENT_SERVER_H

#include "db/aggregates/text_hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is counted; the view pair_counts in db/views.sql says of what. */
enum client_server_count {
    CLIENT_SERVER_CONNECTIONS,
    CLIENT_SERVER_LOGINS,
    CLIENT_SERVER_REFUSED,
    CLIENT_SERVER_UNANSWERED,
    CLIENT_SERVER_BAD,
    CLIENT_SERVER_QUOTED,
    CLIENT_SERVER_QUOTED_LET_IN,
    CLIENT_SERVER_QUOTED_REFUSED,
    CLIENT_SERVER_BARE,
    CLIENT_SERVER_ENCRYPTED,
    CLIENT_SERVER_NOT_IMAP,
    CLIENT_SERVER_COUNTS
};

/* A client and a port of a server; what is counted is 0 or none at first. What each row of a pass touches
 * stands close together. */
struct client_server {
    struct text product, login_product; /* client_servers_larger */
    int64_t product_id, greeting_id;    /* 0: none */
    struct client_server *next;         /* of the same chain */
    uint32_t hash;
    int masked; /* 0, 1, or CLIENT_SERVER_UNKNOWN */
    uint32_t client_length, server_length;
    int64_t port, counts[CLIENT_SERVER_COUNTS];
    char addresses[]; /* the client's, then the server's */
};

#define CLIENT_SERVER_UNKNOWN (-1)

struct client_servers;

/* An empty table; NULL: out of memory. client_servers_free takes NULL too. */
struct client_servers *client_servers_new(void);
void client_servers_free(struct client_servers *pairs);

/* Forgets all pairs. */
void client_servers_clear(struct client_servers *pairs);

/* What a pair is found by: two texts, and the hash of all three by this table. */
struct client_server_key {
    struct text client, server;
    int64_t port;
    uint32_t hash;
};
uint32_t client_servers_hash(const struct client_servers *pairs, const struct client_server_key *key);

/* The table is larger than the processor's cache. These two, called for many keys before the first of them is
 * taken, fetch the place where a search begins, and then what stands there. */
void client_servers_fetch_place(const struct client_servers *pairs, const struct client_server_key *key);
void client_servers_fetch_pair(const struct client_servers *pairs, const struct client_server_key *key);

/* The pair of this key, which is added when it is not there yet. NULL: out of memory, or the table cannot
 * hold more. */
struct client_server *client_servers_take(struct client_servers *pairs, const struct client_server_key *key);

/* Keeps a copy of `text` in `kept` if nothing is there, or what sorts before it (as SQLite's BINARY does).
 * False: out of memory. */
bool client_servers_larger(struct client_servers *pairs, struct text *kept, struct text text);

/* Whether `more` pairs can be added; else it should be read and cleared. It holds 131,072 pairs, and counts
 * as full when their texts are more than 32 MiB. */
bool client_servers_have_room(const struct client_servers *pairs, size_t more);

/* They stand in the order in which they were added. */
size_t client_servers_count(const struct client_servers *pairs);
const struct client_server *client_servers_at(const struct client_servers *pairs, size_t index);

#endif
