/* Bounded, wiped buffers and the budget they are taken from. */
#include "dissector/bounded_text.h"
#include "dissector/octets.h"

#include <stdlib.h>
#include <string.h>

/* Most user names, passwords and tags fit. */
#define FIRST_CAPACITY 16

/* Not calloc, and nothing that the compiler makes it of: in the GNU library that passes by the cache of free
 * pieces. */
static void *take_fresh(size_t size)
{
    void *memory = malloc(size);
    if (memory)
        explicit_bzero(memory, size);
    return memory;
}

void *budget_take(struct budget *budget, size_t size)
{
    void *memory = NULL;
    if (size <= budget->limit - budget->used)
        memory = budget->pool ? pool_take(budget->pool, size) : take_fresh(size);
    if (memory)
        budget->used += size;
    else
        budget->failed = true;
    return memory;
}

void budget_give_some(struct budget *budget, void *memory, size_t size)
{
    budget->used -= size;
    if (budget->pool) {
        pool_give(budget->pool, memory, size);
        return;
    }
    explicit_bzero(memory, size);
    free(memory);
}

/* realloc would leave a copy behind that nobody wipes. */
static bool grow(struct bounded_text *kept, struct budget *budget, size_t wanted, size_t limit)
{
    size_t capacity = 2 * (size_t)kept->capacity;
    if (capacity < wanted)
        capacity = wanted;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    if (capacity > limit)
        capacity = limit;
    char *octets = budget_take(budget, capacity);
    if (!octets)
        return false;
    if (kept->octets)
        memcpy(octets, kept->octets, kept->count);
    budget_give(budget, kept->octets, kept->capacity);
    kept->octets = octets;
    kept->capacity = (uint32_t)capacity;
    return true;
}

/* What does not fit into the memory that there is. */
static __attribute__((noinline)) void append_more(struct bounded_text *kept, struct budget *budget,
                                                  const void *octets, size_t length, size_t limit)
{
    /* Once an octet was dropped, none that comes later may close the gap. */
    size_t room = kept->length == kept->count && kept->count < limit ? limit - kept->count : 0;
    size_t wanted = length < room ? length : room;
    if (wanted > kept->capacity - kept->count && !grow(kept, budget, kept->count + wanted, limit))
        wanted = kept->capacity - kept->count;
    if (wanted)
        octets_copy(kept->octets + kept->count, octets, wanted);
    kept->count += (uint32_t)wanted;
    kept->length += length;
}

void bounded_text_append(struct bounded_text *kept, struct budget *budget, const void *octets, size_t length,
                         size_t limit)
{
    uint32_t count = kept->count;
    if (length == 0)
        return;
    if (length > kept->capacity - count || kept->length != count || count + length > limit) {
        append_more(kept, budget, octets, length, limit);
        return;
    }
    kept->count = count + (uint32_t)length;
    kept->length += length;
    octets_copy(kept->octets + count, octets, length);
}

void bounded_text_clear(struct bounded_text *kept)
{
    bounded_text_cut(kept, 0);
}

void bounded_text_cut(struct bounded_text *kept, uint64_t length)
{
    if (length < kept->count) {
        octets_wipe(kept->octets + length, kept->count - (size_t)length);
        kept->count = (uint32_t)length;
    }
    if (length < kept->length)
        kept->length = length;
}

struct imap_text bounded_text_view(const struct bounded_text *kept)
{
    return (struct imap_text){kept->octets ? kept->octets : "", kept->count};
}
