/*
 * Texts as words, for templates and vocabulary, and for the program that makes their index: the two must
 * agree.
 */
#ifndef IMAPTAP_DISSECTOR_REPLIES_WORDS_H
#define IMAPTAP_DISSECTOR_REPLIES_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_PLACES  256 /* of an index by a word */
#define WORDS_LONGEST 64  /* octets of a word of templates and vocabulary */

/* U+2026: stands for what was withheld. */
#define WORDS_WITHHELD        "\xe2\x80\xa6"
#define WORDS_WITHHELD_OCTETS 3

/* Copies `length` octets with capitals made small, of ASCII, Latin-1 and Cyrillic: the length stays. */
void command_line_fold(uint8_t *to, const char *from, size_t length);

/*
 * The length of the word at the beginning of `octets` (folded): a run of letters and digits; a character
 * beyond the alphabets (Chinese, Japanese, Korean) is one of its own, and so is WORDS_WITHHELD. 0: no word
 * begins here, `*skip` is how many octets belong to what stands here instead.
 */
size_t command_line_length(const uint8_t *octets, size_t length, size_t *skip);

/* The place of a word in an index, 0 to WORDS_PLACES - 1. */
unsigned command_line_place(const uint8_t *word, size_t length);

#endif
