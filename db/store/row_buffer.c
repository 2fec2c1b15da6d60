/*
 * Keeps rows, and their texts in blocks.
 */
#include "db/store/row_buffer.h"

#include "dissector/octets.h"

#include <stdlib.h>
#include <string.h>

/* Texts are kept in blocks of so many octets. */
#define BLOCK ((size_t)64 * 1024)

struct block {
    struct block *next;
    size_t room, used;
    char octets[];
};

struct row_buffer {
    unsigned columns;
    size_t room, count;
    struct row_buffer_value *values;
    struct block *blocks; /* the one that is filled comes first */
    size_t texts;         /* octets of them */
    size_t most_texts;    /* with more of them the rows count as full */
};

struct row_buffer *row_buffer_new(unsigned columns, size_t rows, size_t octets)
{
    struct row_buffer *pending = calloc(1, sizeof *pending);

    if (pending == NULL)
        return NULL;
    pending->columns = columns;
    pending->room = rows;
    pending->most_texts = octets;
    pending->values = calloc(rows * columns, sizeof *pending->values);
    if (pending->values == NULL) {
        free(pending);
        return NULL;
    }
    return pending;
}

size_t row_buffer_count(const struct row_buffer *pending)
{
    return pending->count;
}

bool row_buffer_is_full(const struct row_buffer *pending)
{
    return pending->count == pending->room || row_buffer_is_heavy(pending);
}

bool row_buffer_is_heavy(const struct row_buffer *pending)
{
    return pending->texts > pending->most_texts;
}

struct row_buffer_value *row_buffer_row(struct row_buffer *pending, size_t row)
{
    return &pending->values[row * pending->columns];
}

struct row_buffer_value *row_buffer_add(struct row_buffer *pending)
{
    struct row_buffer_value *values = row_buffer_row(pending, pending->count++);

    memset(values, 0, pending->columns * sizeof *values);
    return values;
}

static struct block *add_block(struct row_buffer *pending, size_t length)
{
    size_t room = length > BLOCK ? length : BLOCK;
    struct block *block = malloc(sizeof *block + room);

    if (block == NULL)
        return NULL;
    block->next = pending->blocks;
    block->room = room;
    block->used = 0;
    pending->blocks = block;
    return block;
}

const char *row_buffer_keep(struct row_buffer *pending, const char *text, size_t length)
{
    struct block *block = pending->blocks;
    char *kept;

    if (block == NULL || block->room - block->used < length)
        block = add_block(pending, length);
    if (block == NULL)
        return NULL;
    kept = block->octets + block->used;
    octets_copy(kept, text, length);
    block->used += length;
    pending->texts += length;
    return kept;
}

void row_buffer_clear(struct row_buffer *pending)
{
    while (pending->blocks != NULL) {
        struct block *block = pending->blocks;

        pending->blocks = block->next;
        free(block);
    }
    pending->count = 0;
    pending->texts = 0;
}

void row_buffer_free(struct row_buffer *pending)
{
    if (pending == NULL)
        return;
    row_buffer_clear(pending);
    free(pending->values);
    free(pending);
}
