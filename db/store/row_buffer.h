/*
 * Rows of one table that wait to be inserted together (db/bulk_insert.h). Collected in memory, they can still
 * be changed.
 */
#ifndef IMAPTAP_DB_STORE_ROW_BUFFER_H
#define IMAPTAP_DB_STORE_ROW_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum row_buffer_kind { ROW_BUFFER_NULL, ROW_BUFFER_NUMBER, ROW_BUFFER_TEXT };

struct row_buffer_value {
    enum row_buffer_kind kind;
    int length; /* of the text */
    union {
        int64_t number;
        const char *text;
    } as;
};

static inline struct row_buffer_value pending_null(void)
{
    return (struct row_buffer_value){.kind = ROW_BUFFER_NULL};
}

static inline struct row_buffer_value pending_number(int64_t number)
{
    return (struct row_buffer_value){ROW_BUFFER_NUMBER, 0, {.number = number}};
}

/* A short text that stays, such as a literal; NULL: NULL. */
static inline struct row_buffer_value pending_word(const char *word)
{
    return word == NULL ? pending_null()
                        : (struct row_buffer_value){ROW_BUFFER_TEXT, (int)strlen(word), {.text = word}};
}

struct row_buffer;

/* Room for `rows` rows of `columns` columns, and about `octets` octets of their texts. NULL: out of memory.
 */
struct row_buffer *row_buffer_new(unsigned columns, size_t rows, size_t octets);

size_t row_buffer_count(const struct row_buffer *pending);

/* True when the rows must be inserted, and cleared, before there can be another one: they are as many as
 * there may be, or their texts are long. */
bool row_buffer_is_full(const struct row_buffer *pending);

/* True when their texts alone are so long: what changes in them is better not added. */
bool row_buffer_is_heavy(const struct row_buffer *pending);

/* Adds a row of NULLs, unless they are full; returns its values. They stay where they are until
 * row_buffer_clear. */
struct row_buffer_value *row_buffer_add(struct row_buffer *pending);

/* The values of row number `row`, from 0. */
struct row_buffer_value *row_buffer_row(struct row_buffer *pending, size_t row);

/* A copy of a text that stays until row_buffer_clear. NULL: out of memory. */
const char *row_buffer_keep(struct row_buffer *pending, const char *text, size_t length);

void row_buffer_clear(struct row_buffer *pending);

void row_buffer_free(struct row_buffer *pending);

#endif
