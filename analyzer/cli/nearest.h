/*
 * The known word that was probably meant.
 */
#ifndef IMAPTAP_ANALYZER_CLI_NEAREST_H
#define IMAPTAP_ANALYZER_CLI_NEAREST_H

#include <stddef.h>

/* How unlike `known` the word is: letters to insert, delete, replace, or swap with the next; 0 where `known`
 * only goes on longer. SIZE_MAX: too much to be meant (more than one, and one more for four letters), or the
 * word is longer than 40 octets. */
size_t nearest_distance(const char *word, const char *known);

/* The least unlike of `count` things of `size` octets, each of which begins with a pointer to its name; NULL:
 * none is meant. */
const char *nearest_word(const char *word, const void *things, size_t count, size_t size);

#endif
