/* Wiped memory on its way from one session to the next. */
#include "dissector/pool.h"
#include "dissector/octets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, size)   ((void)(memory), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#endif

static size_t units_of(size_t size)
{
    return (size + POOL_UNIT - 1) / POOL_UNIT;
}

/* Whole units, and few of them mostly: cheaper one by one than by a call. */
static void wipe_units(uint8_t *memory, size_t units)
{
    if (units > 8) {
        explicit_bzero(memory, units * POOL_UNIT);
        return;
    }
    for (; units > 0; units--, memory += POOL_UNIT)
        octets_wipe(memory, POOL_UNIT);
}

/* AddressSanitizer is to let it be used. */
static void lend(struct pool_piece *piece, size_t units)
{
    ASAN_UNPOISON_MEMORY_REGION(piece, units * POOL_UNIT);
}

/* There is none of this size. */
static __attribute__((noinline)) void *take_fresh(size_t size)
{
    size_t units = units_of(size);
    uint8_t *memory = size <= SIZE_MAX - POOL_UNIT ? malloc(units * POOL_UNIT) : NULL;
    if (memory)
        wipe_units(memory, units);
    return memory;
}

void *pool_take(struct pool *pool, size_t size)
{
    size_t units = units_of(size);
    struct pool_piece *piece = units <= POOL_MOST_UNITS ? pool->pieces[units] : NULL;
    if (!piece)
        return take_fresh(size);
    lend(piece, units);
    pool->pieces[units] = piece->next;
    pool->octets -= units * POOL_UNIT;
    piece->next = NULL;
    return piece;
}

void pool_give(struct pool *pool, void *memory, size_t size)
{
    size_t units = units_of(size);
    struct pool_piece *piece = memory;
    wipe_units(memory, units);
    if (units == 0 || units > POOL_MOST_UNITS || pool->octets + units * POOL_UNIT > POOL_MOST_OCTETS) {
        free(memory);
        return;
    }
    piece->next = pool->pieces[units];
    pool->pieces[units] = piece;
    pool->octets += units * POOL_UNIT;
    /* who still writes there would be met by a later session */
    ASAN_POISON_MEMORY_REGION(piece + 1, units * POOL_UNIT - sizeof *piece);
}

void pool_empty(struct pool *pool)
{
    for (size_t units = 0; units <= POOL_MOST_UNITS; units++)
        while (pool->pieces[units]) {
            struct pool_piece *piece = pool->pieces[units];
            lend(piece, units);
            pool->pieces[units] = piece->next;
            free(piece);
        }
    pool->octets = 0;
}
