/*
 * A row as a block: a line a column. Nothing is shortened.
 */
#ifndef IMAPTAP_DB_QUERY_BLOCK_H
#define IMAPTAP_DB_QUERY_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The line above row `row` (from 1). */
void block_begin(FILE *out, uint64_t row);

/* Writes a column: its name, and its value (escaped) behind `indent` columns, broken at spaces to fit
 * `width`; 0: no limit. With `whole` it is not broken. What is too long for that has a line of its own, and
 * may be longer than `width`. */
void block_cell(FILE *out, const char *name, const char *value, size_t indent, size_t width, bool whole);

/* How many columns the longest word takes. */
size_t block_longest_word(const char *text);

/* The first line of the text, broken at a space so that it takes at most `width` columns (0: no limit; a
 * longer word is not broken): *length octets. Returns what follows it; NULL: nothing. */
const char *block_line(const char *text, size_t width, size_t *length);

#endif
