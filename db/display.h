/*
 * Text for people: what is safe to show on a terminal, and how many columns it takes there.
 */
#ifndef IMAPTAP_DB_DISPLAY_H
#define IMAPTAP_DB_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the character acts instead of showing: control characters, and those that reverse, hide or break a
 * line. */
bool display_acts(uint32_t point);

/* The text with everything escaped that a terminal would act on or not show: octets that are no UTF-8 and
 * control characters as \xNN, invisible and bidirectional controls as \uNNNN or \UNNNNNNNN. NUL-terminated,
 * *out_length octets; free it with free. NULL: out of memory. */
char *display_escape(const char *text, size_t length, size_t *out_length);

/* How many columns the (escaped) text takes. */
size_t display_width(const char *text, size_t length);

/* How many octets of the text fit `columns`; *taken is how many columns they take. */
size_t display_fit(const char *text, size_t length, size_t columns, size_t *taken);

#endif
