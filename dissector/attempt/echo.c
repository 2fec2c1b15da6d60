/* Finds a credential in a response text. */
#include "dissector/attempt/echo.h"

#include <stdint.h>
#include <string.h>

/* So many octets in a row of a longer credential are as revealing as the whole. */
#define REVEALING_OCTETS 6
/* They are looked for at so many of its first octets: the time that a response takes stays bounded. */
#define REVEALING_STARTS 256
/* Encoded octets of a shorter piece would be found in any text. */
#define LEAST_BASE64 4
#define LEAST_WORD   3
/* No text that is kept is longer, so nothing longer can be repeated in it. */
#define MOST_OCTETS 2048

/* True when the octets are certainly not in the text, which is so of most. */
static inline bool lacks(const struct pairs *text, const char *octets, size_t length, bool cut)
{
    return !cut && length > 1 && !pairs_may_hold(text, octets);
}

static bool holds(const struct pairs *text, const char *octets, size_t length, bool cut)
{
    if (length == 0)
        return false;
    if (pairs_find(text, octets, length))
        return true;
    size_t most = text->text.length < length ? text->text.length : length - 1;
    for (size_t part = most; cut && part > 0; part--)
        if (memcmp(text->text.octets + text->text.length - part, octets, part) == 0)
            return true;
    return false;
}

/* The credential with `"` and `\` escaped. */
static bool holds_quoted(const struct pairs *text, struct imap_text credential, bool cut)
{
    char quoted[MOST_OCTETS];
    size_t length = 0;
    if (!memchr(credential.octets, '"', credential.length) &&
        !memchr(credential.octets, '\\', credential.length))
        return false;
    for (size_t i = 0; i < credential.length && length + 2 <= sizeof quoted; i++) {
        if (credential.octets[i] == '"' || credential.octets[i] == '\\')
            quoted[length++] = '\\';
        quoted[length++] = credential.octets[i];
    }
    bool found = holds(text, quoted, length, cut);
    explicit_bzero(quoted, length);
    return found;
}

/* The first bit of a credential in base64, after `ahead` octets, whose digit depends on it alone. */
static inline unsigned first_bit(unsigned ahead)
{
    return (ahead * 8 + 5) / 6 * 6;
}

/* The digit of base64 for the six bits from `bit` on of the credential after `ahead` octets. */
static inline char digit_at(struct imap_text credential, unsigned ahead, uint64_t bit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = (size_t)(bit / 8) - ahead;
    unsigned pair = (unsigned)(uint8_t)credential.octets[at] << 8;
    if (at + 1 < credential.length)
        pair |= (uint8_t)credential.octets[at + 1];
    return digits[(pair >> (10 - bit % 8)) & 63];
}

/* True when the text certainly lacks the credential in base64 after `ahead` octets. */
static inline bool lacks_base64(const struct pairs *text, struct imap_text credential, unsigned ahead,
                                bool cut)
{
    unsigned first = first_bit(ahead);
    if ((ahead + credential.length) * 8 < first + 6 * LEAST_BASE64)
        return true;
    return !cut && !pairs_may_hold_two(text, (uint8_t)digit_at(credential, ahead, first),
                                       (uint8_t)digit_at(credential, ahead, first + 6));
}

/* Base64 of the credential after `ahead` unknown octets, without the digits that depend on what surrounds
 * it. */
static bool holds_base64(const struct pairs *text, struct imap_text credential, unsigned ahead, bool cut)
{
    char encoded[MOST_OCTETS];
    size_t length = 0;
    uint64_t bits = (uint64_t)(ahead + credential.length) * 8;
    for (uint64_t bit = first_bit(ahead); bit + 6 <= bits && length < sizeof encoded; bit += 6)
        encoded[length++] = digit_at(credential, ahead, bit);
    bool found = holds(text, encoded, length, cut);
    explicit_bzero(encoded, length);
    return found;
}

static bool repeats_part(const struct pairs *text, struct imap_text credential, bool cut)
{
    for (size_t at = 0; at < REVEALING_STARTS && at + REVEALING_OCTETS <= credential.length; at++) {
        const char *part = credential.octets + at;
        bool cut_here = cut && at == 0;
        if (!lacks(text, part, REVEALING_OCTETS, cut_here) && holds(text, part, REVEALING_OCTETS, cut_here))
            return true;
    }
    return false;
}

bool echo_repeats(const struct pairs *text, struct imap_text credential, bool cut)
{
    if (credential.length == 0 || text->text.length == 0)
        return false;
    if (!lacks(text, credential.octets, credential.length, cut) &&
        holds(text, credential.octets, credential.length, cut))
        return true;
    /* what is escaped has a backslash, and an octet after it */
    if ((cut || pairs_may_begin(text, '\\')) && holds_quoted(text, credential, cut))
        return true;
    if ((!lacks_base64(text, credential, 0, cut) && holds_base64(text, credential, 0, cut)) ||
        (!lacks_base64(text, credential, 1, cut) && holds_base64(text, credential, 1, cut)) ||
        (!lacks_base64(text, credential, 2, cut) && holds_base64(text, credential, 2, cut)))
        return true;
    return repeats_part(text, credential, cut);
}

bool echo_repeats_word(const struct pairs *text, struct imap_text words, bool cut)
{
    while (words.length) {
        const char *space = memchr(words.octets, ' ', words.length);
        size_t length = space ? (size_t)(space - words.octets) : words.length;
        if (length >= LEAST_WORD && echo_repeats(text, (struct imap_text){words.octets, length}, cut))
            return true;
        size_t used = space ? length + 1 : length;
        words = (struct imap_text){words.octets + used, words.length - used};
    }
    return false;
}

bool echo_is_withheld(struct imap_text text)
{
    return text.length == sizeof ECHO_WITHHELD - 1 && memcmp(text.octets, ECHO_WITHHELD, text.length) == 0;
}
