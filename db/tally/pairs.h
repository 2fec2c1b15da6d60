/*
 * Counts for each client and port of a server, in memory. The addresses come from the wire: what finds them
 * is a hash with a key of its own for each table.
 */
#ifndef IMAPTAP_DB_TALLY_PAIRS_H
#define IMAPTAP_DB_TALLY_PAIRS_H

#include "db/tally/texts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is counted; the view pair_counts in db/views.sql says of what. */
enum pair_count {
    PAIR_CONNECTIONS,
    PAIR_LOGINS,
    PAIR_REFUSED,
    PAIR_UNANSWERED,
    PAIR_BAD,
    PAIR_QUOTED,
    PAIR_QUOTED_LET_IN,
    PAIR_QUOTED_REFUSED,
    PAIR_BARE,
    PAIR_ENCRYPTED,
    PAIR_NOT_IMAP,
    PAIR_COUNTS
};

/* A client and a port of a server; what is counted is 0 or none at first. What each row of a pass touches
 * stands close together. */
struct pair {
    struct text product, login_product; /* pairs_larger */
    int64_t product_id, greeting_id;    /* 0: none */
    struct pair *next;                  /* of the same chain */
    uint32_t hash;
    int masked; /* 0, 1, or PAIR_UNKNOWN */
    uint32_t client_length, server_length;
    int64_t port, counts[PAIR_COUNTS];
    char addresses[]; /* the client's, then the server's */
};

#define PAIR_UNKNOWN (-1)

struct pairs;

/* An empty table; NULL: out of memory. pairs_free takes NULL too. */
struct pairs *pairs_new(void);
void pairs_free(struct pairs *pairs);

/* Forgets all pairs. */
void pairs_clear(struct pairs *pairs);

/* What a pair is found by: two texts, and the hash of all three by this table. */
struct pair_key {
    struct text client, server;
    int64_t port;
    uint32_t hash;
};
uint32_t pairs_hash(const struct pairs *pairs, const struct pair_key *key);

/* The table is larger than the processor's cache. These two, called for many keys before the first of them is
 * taken, fetch the place where a search begins, and then what stands there. */
void pairs_fetch_place(const struct pairs *pairs, const struct pair_key *key);
void pairs_fetch_pair(const struct pairs *pairs, const struct pair_key *key);

/* The pair of this key, which is added when it is not there yet. NULL: out of memory, or the table cannot
 * hold more. */
struct pair *pairs_take(struct pairs *pairs, const struct pair_key *key);

/* Keeps a copy of `text` in `kept` if nothing is there, or what sorts before it (as SQLite's BINARY does).
 * False: out of memory. */
bool pairs_larger(struct pairs *pairs, struct text *kept, struct text text);

/* Whether `more` pairs can be added; else it should be told and cleared. It holds 131,072 pairs, and counts
 * as full when their texts are more than 32 MiB. */
bool pairs_have_room(const struct pairs *pairs, size_t more);

/* They stand in the order in which they were added. */
size_t pairs_count(const struct pairs *pairs);
const struct pair *pairs_at(const struct pairs *pairs, size_t index);

#endif
