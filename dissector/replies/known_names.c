/* Names that are known: response codes are in replies.c, here are capabilities and ordinary words. */
#include "dissector/replies/replies.h"

#include "dissector/replies/words.h"
#include "word_index.h" /* made by make_index.c: word_text */

#include <string.h>
#include <strings.h>

enum kind { CAPABILITY, NUMBERED, VALUED, MECHANISM };

static const struct {
    enum kind kind;
    const char *name;
} names[] = {
#define CAPABILITY(name) {CAPABILITY, name},
#define NUMBERED(name)   {NUMBERED, name},
#define VALUED(name)     {VALUED, name},
#define MECHANISM(name)  {MECHANISM, name},
#include "dissector/replies/capabilities.def"
#undef CAPABILITY
#undef NUMBERED
#undef VALUED
#undef MECHANISM
};

/* Digits of a number that may stay. */
#define NUMBER_DIGITS 10

static bool is_name(enum kind kind, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].kind == kind && strlen(names[i].name) == length &&
            strncasecmp(names[i].name, name, length) == 0)
            return true;
    return false;
}

static bool is_number(const char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (octets[i] < '0' || octets[i] > '9')
            return false;
    return length > 0 && length <= NUMBER_DIGITS;
}

bool replies_mechanism_is_known(const char *name, size_t length)
{
    return is_name(MECHANISM, name, length);
}

size_t replies_capability_known(const char *capability, size_t length)
{
    if (is_name(CAPABILITY, capability, length) || is_name(NUMBERED, capability, length))
        return length;
    const char *equals = length > 0 ? memchr(capability, '=', length) : NULL;
    if (!equals)
        return 0;
    size_t key = (size_t)(equals - capability);
    const char *value = equals + 1;
    size_t value_length = length - key - 1;
    if (is_name(NUMBERED, capability, key))
        return is_number(value, value_length) ? length : key + 1;
    if (!is_name(VALUED, capability, key))
        return 0;
    bool is_mechanism = key == strlen("AUTH") && strncasecmp(capability, "AUTH", key) == 0 &&
                        replies_mechanism_is_known(value, value_length);
    return is_mechanism ? length : key + 1;
}

bool replies_word_is_known(const char *word, size_t length)
{
    uint8_t folded[WORDS_LONGEST];
    if (length == 0 || length > sizeof folded)
        return false;
    command_line_fold(folded, word, length);
    size_t first = 0;
    size_t last = sizeof word_text / sizeof word_text[0];
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        size_t common = strlen(word_text[middle]);
        int order = memcmp(word_text[middle], folded, common < length ? common : length);
        if (order == 0 && common == length)
            return true;
        if (order < 0 || (order == 0 && common < length))
            first = middle + 1;
        else
            last = middle;
    }
    return false;
}
