/*
 * Pieces of memory that sessions gave back, kept by their size for the sessions that follow: most connections
 * are short and alike, and malloc and free take as long as all that is done with what they hand out. A piece
 * is all zero while it is here. What is kept is bounded.
 */
#ifndef IMAPTAP_DISSECTOR_POOL_H
#define IMAPTAP_DISSECTOR_POOL_H

#include <stddef.h>
#include <stdint.h>

/* Sizes are rounded up to units; larger pieces are not kept. */
#define POOL_UNIT       16
#define POOL_MOST_UNITS 128
/* Octets that are kept in all. */
#define POOL_MOST_OCTETS ((size_t)512 * 1024)

struct pool_piece {
    struct pool_piece *next;
};

/* All zero is an empty one. */
struct pool {
    size_t octets;
    struct pool_piece *pieces[POOL_MOST_UNITS + 1]; /* by units */
};

/* Zeroed memory; NULL: there is none. */
void *pool_take(struct pool *pool, size_t size);
/* Wipes and keeps or frees what pool_take gave for this size. */
void pool_give(struct pool *pool, void *memory, size_t size);
/* Frees all that is kept. */
void pool_empty(struct pool *pool);

#endif
