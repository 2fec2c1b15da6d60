/*
 * Octets that are kept for a while: a buffer that grows within a limit, counts what comes beyond it, and is
 * wiped whenever it lets go of memory, since any of it may have been a password. All memory of a session is
 * taken from one budget, so that a session cannot outgrow IMAP_SESSION_MAX_OCTETS.
 */
#ifndef IMAPTAP_DISSECTOR_BOUNDED_TEXT_H
#define IMAPTAP_DISSECTOR_BOUNDED_TEXT_H

#include "dissector/login.h"
#include "dissector/pool.h"

#include <stdbool.h>

/* Heap of one session, in octets. */
struct budget {
    size_t used;
    size_t limit;
    struct pool *pool; /* where its memory comes from and goes to; NULL: malloc and free */
    bool failed;       /* something could not be kept */
};

/* Zeroed memory, or NULL when the budget or the heap is exhausted. */
void *budget_take(struct budget *budget, size_t size);
/* Wipes and frees what is there. */
void budget_give_some(struct budget *budget, void *memory, size_t size);
/* Wipes and frees; `size` as it was taken. NULL is allowed: most of what a session may have, it has not. */
static inline void budget_give(struct budget *budget, void *memory, size_t size)
{
    if (memory)
        budget_give_some(budget, memory, size);
}

/* All zero is an empty one. */
struct bounded_text {
    char *octets;
    uint32_t count;    /* octets that are kept */
    uint32_t capacity; /* of octets */
    uint64_t length;   /* octets that were appended, also those not kept */
};

/* Appends; beyond `limit` kept octets, or without memory, octets are only counted. */
void bounded_text_append(struct bounded_text *kept, struct budget *budget, const void *octets, size_t length,
                         size_t limit);
/* Empties it and wipes what it held, but keeps the memory for the next use. */
void bounded_text_clear(struct bounded_text *kept);
/* Cuts it to its first `length` octets and forgets that there were more. */
void bounded_text_cut(struct bounded_text *kept, uint64_t length);
static inline void bounded_text_free(struct bounded_text *kept, struct budget *budget)
{
    budget_give(budget, kept->octets, kept->capacity);
    *kept = (struct bounded_text){0};
}
/* What is kept, never missing (octets is not NULL); valid until the next change. */
struct imap_text bounded_text_view(const struct bounded_text *kept);

#endif
