/*
 * Turns octets of any value into valid UTF-8, escaping what is not.
 */
#include "db/text.h"

#include <sqlite3.h>
#include <string.h>

/* The longest form of one octet: \xNN. */
#define ESCAPED_OCTET 4

size_t text_decode(const char *octets, size_t length, uint32_t *point)
{
    const unsigned char *in = (const unsigned char *)octets;
    uint32_t value = in[0], least;
    size_t size;

    if (value < 0x80) {
        *point = value;
        return 1;
    }
    if (value >= 0xC2 && value <= 0xDF) {
        size = 2, least = 0x80, value &= 0x1F;
    } else if ((value & 0xF0) == 0xE0) {
        size = 3, least = 0x800, value &= 0x0F;
    } else if (value >= 0xF0 && value <= 0xF4) {
        size = 4, least = 0x10000, value &= 0x07;
    } else {
        return 0;
    }
    if (length < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((in[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (in[i] & 0x3F);
    }
    if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *point = value;
    return size;
}

/* Whether one of eight octets is over 127, or 0, or behind a 0. */
static bool is_special(uint64_t eight)
{
    return ((eight | (eight - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) != 0;
}

/* How many octets at the front are ASCII without NUL, eight at a time. */
static size_t plain_ascii(const char *octets, size_t length)
{
    uint64_t eight;
    size_t at = 0;

    for (; length - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, octets + at, sizeof eight);
        if (is_special(eight))
            return at;
    }
    if (length >= sizeof eight) { /* what is left, and some octets before it once more */
        memcpy(&eight, octets + length - sizeof eight, sizeof eight);
        return is_special(eight) ? at : length;
    }
    while (at < length && (signed char)octets[at] > 0)
        at++;
    return at;
}

bool text_is_plain(const char *octets, size_t length)
{
    for (size_t i = plain_ascii(octets, length), size; i < length; i += size) {
        uint32_t point;

        size = text_decode(octets + i, length - i, &point);
        if (size == 0 || point == 0)
            return false;
    }
    return true;
}

char *text_escape(const char *octets, size_t length, size_t *out_length)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out;
    size_t at = 0;

    if (length > (SIZE_MAX - 1) / ESCAPED_OCTET)
        return NULL;
    out = sqlite3_malloc64(length * ESCAPED_OCTET + 1);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < length;) {
        uint32_t point;
        size_t size = text_decode(octets + i, length - i, &point);

        if (size == 0 || point == 0) {
            unsigned char octet = (unsigned char)octets[i++];

            out[at++] = '\\';
            out[at++] = 'x';
            out[at++] = digits[octet >> 4];
            out[at++] = digits[octet & 0x0F];
            continue;
        }
        while (size-- > 0)
            out[at++] = octets[i++];
    }
    out[at] = '\0';
    *out_length = at;
    return out;
}
