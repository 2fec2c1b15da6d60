/*
 * Text for the database: octets from the wire as valid UTF-8.
 */
#ifndef IMAPTAP_DB_TEXT_H
#define IMAPTAP_DB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character at the front of `octets` (length > 0). Returns how many octets it takes and sets
 * *point, or 0 when they are not valid UTF-8 (RFC 3629: no overlong form, no surrogate, nothing over
 * U+10FFFF). */
size_t text_decode(const char *octets, size_t length, uint32_t *point);

/* Whether the octets can stand in the database as they are: valid UTF-8 without NUL. */
bool text_is_plain(const char *octets, size_t length);

/* The octets with each that is not valid UTF-8, and NUL, written as \xNN: NUL-terminated, *out_length octets
 * long. Free it with sqlite3_free. NULL: out of memory. */
char *text_escape(const char *octets, size_t length, size_t *out_length);

#endif
