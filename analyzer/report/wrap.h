/*
 * Sentences broken into lines for a terminal.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_WRAP_H
#define IMAPTAP_ANALYZER_REPORT_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes the words, escaped for a terminal, and a newline: lines of at most `columns` (but not below 30
 * behind the indent), the second and later ones behind `indent` spaces; `used` columns of the first are full
 * already. A word is not broken. False: out of memory. */
bool wrap_words(FILE *out, const char *words, size_t columns, size_t indent, size_t used);

/* Writes a text; which of those that it knows. */
typedef void words_say(const void *what, int which, FILE *out);

/* What it writes, as a string; free it with free. NULL: out of memory. */
char *words_of(words_say *say, const void *what, int which);

#endif
