/*
 * The library's malloc, with a count of what SQLite has.
 */
#include "db/memory.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

static atomic_size_t taken;
static size_t most = SIZE_MAX;

static size_t count_of(void *memory)
{
    return memory == NULL ? 0 : malloc_usable_size(memory);
}

/* Whether there may be so many octets more. */
static int may_take(size_t octets)
{
    return octets <= most && atomic_load_explicit(&taken, memory_order_relaxed) <= most - octets;
}

static void *take(int size)
{
    void *memory = may_take((size_t)size) ? malloc((size_t)size) : NULL;

    atomic_fetch_add_explicit(&taken, count_of(memory), memory_order_relaxed);
    return memory;
}

static void give(void *memory)
{
    atomic_fetch_sub_explicit(&taken, count_of(memory), memory_order_relaxed);
    free(memory);
}

static void *take_again(void *memory, int size)
{
    size_t before = count_of(memory);
    void *larger;

    if ((size_t)size > before && !may_take((size_t)size - before))
        return NULL;
    larger = realloc(memory, (size_t)size);
    if (larger != NULL)
        atomic_fetch_add_explicit(&taken, count_of(larger) - before, memory_order_relaxed);
    return larger;
}

static int size_of(void *memory)
{
    return (int)count_of(memory);
}

static int round_up(int size)
{
    return (size + 7) & ~7;
}

static int start(void *user)
{
    (void)user;
    return SQLITE_OK;
}

static void stop(void *user)
{
    (void)user;
}

void memory_exclusive(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void memory_counted(void)
{
    static sqlite3_mem_methods methods = {take, give, take_again, size_of, round_up, start, stop, NULL};

    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

void memory_limit(size_t octets)
{
    most = octets;
}
