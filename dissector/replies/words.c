/* Texts as words: folding, where a word ends, its place in an index. */
#include "dissector/replies/words.h"

#include <string.h>

static bool continues(uint8_t octet)
{
    return (octet & 0xc0) == 0x80;
}

void command_line_fold(uint8_t *to, const char *from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t octet = (uint8_t)from[i];
        to[i] = octet;
        if (octet >= 'A' && octet <= 'Z')
            to[i] = (uint8_t)(octet + 32);
        if (i == 0 || !continues(octet))
            continue;
        uint8_t lead = (uint8_t)from[i - 1];
        if (lead == 0xc3 && octet <= 0x9e &&
            octet != 0x97) { /* A grave to thorn, but not the multiplication sign */
            to[i] = (uint8_t)(octet + 32);
        } else if (lead == 0xd0 && octet >= 0x90 &&
                   octet <= 0x9f) { /* the first half of the Cyrillic capitals */
            to[i] = (uint8_t)(octet + 32);
        } else if (lead == 0xd0 && octet >= 0xa0 && octet <= 0xaf) { /* the second: small in the next row */
            to[i - 1] = 0xd1;
            to[i] = (uint8_t)(octet - 32);
        }
    }
}

/* How many octets the letter or digit of an alphabet has that stands at the beginning; 0: none does. */
static size_t letter_length(const uint8_t *octets, size_t length)
{
    uint8_t first = octets[0];
    if ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || (first >= '0' && first <= '9'))
        return 1;
    if (first >= 0xc3 && first <= 0xdf && length > 1 && continues(octets[1]))
        return 2;
    return 0;
}

/* Three octets that are punctuation: U+2000 to U+2FFF, U+3000 to U+303F, and what has full or half width. */
static bool is_punctuation(const uint8_t *octets)
{
    return octets[0] == 0xe2 || (octets[0] == 0xe3 && octets[1] == 0x80) ||
           (octets[0] == 0xef && octets[1] >= 0xb8);
}

size_t command_line_length(const uint8_t *octets, size_t length, size_t *skip)
{
    size_t used = 0;
    *skip = 1;
    while (used < length) {
        size_t letter = letter_length(octets + used, length - used);
        if (letter == 0)
            break;
        used += letter;
    }
    if (used > 0 || length < 3 || octets[0] < 0xe0 || octets[0] > 0xef)
        return used;
    if (!continues(octets[1]) || !continues(octets[2]))
        return 0;
    *skip = 3;
    if (memcmp(octets, WORDS_WITHHELD, WORDS_WITHHELD_OCTETS) == 0)
        return 3;
    return is_punctuation(octets) ? 0 : 3;
}

unsigned command_line_place(const uint8_t *word, size_t length)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ word[i]) * 16777619U;
    return (hash ^ hash >> 16) % WORDS_PLACES;
}
