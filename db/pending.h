/*
 * Rows of one table that wait to be inserted together (db/staged). Collected in memory, they can still be
 * changed.
 */
#ifndef IMAPTAP_DB_PENDING_H
#define IMAPTAP_DB_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum pending_kind { PENDING_NULL, PENDING_NUMBER, PENDING_TEXT };

struct pending_value {
    enum pending_kind kind;
    int length; /* of the text */
    union {
        int64_t number;
        const char *text;
    } as;
};

static inline struct pending_value pending_null(void)
{
    return (struct pending_value){.kind = PENDING_NULL};
}

static inline struct pending_value pending_number(int64_t number)
{
    return (struct pending_value){PENDING_NUMBER, 0, {.number = number}};
}

/* A short text that stays, such as a literal; NULL: NULL. */
static inline struct pending_value pending_word(const char *word)
{
    return word == NULL ? pending_null()
                        : (struct pending_value){PENDING_TEXT, (int)strlen(word), {.text = word}};
}

struct pending;

/* Room for `rows` rows of `columns` columns, and about `octets` octets of their texts. NULL: out of memory.
 */
struct pending *pending_new(unsigned columns, size_t rows, size_t octets);

size_t pending_count(const struct pending *pending);

/* True when the rows must be inserted, and cleared, before there can be another one: they are as many as
 * there may be, or their texts are long. */
bool pending_is_full(const struct pending *pending);

/* True when their texts alone are so long: what changes in them is better not added. */
bool pending_is_heavy(const struct pending *pending);

/* Adds a row of NULLs, unless they are full; returns its values. They stay where they are until
 * pending_clear. */
struct pending_value *pending_add(struct pending *pending);

/* The values of row number `row`, from 0. */
struct pending_value *pending_row(struct pending *pending, size_t row);

/* A copy of a text that stays until pending_clear. NULL: out of memory. */
const char *pending_keep(struct pending *pending, const char *text, size_t length);

void pending_clear(struct pending *pending);

void pending_free(struct pending *pending);

#endif
