/*
 * Escapes what a terminal must not get, and measures the rest.
 */
#include "db/display.h"
#include "db/text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* No octet becomes longer than \xNN; characters of two octets and more become at most \UNNNNNNNN. */
#define ESCAPED_OCTET 5

/* Columns of a character; negative: it has none to show. The user's own locale may know only ASCII, so that
 * of C.UTF-8 is asked. */
static int width_of(uint32_t point)
{
    static locale_t utf8;
    locale_t before;
    int width;

    if (point >= ' ' && point < 0x7F)
        return 1;
    if (utf8 == (locale_t)0)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8 == (locale_t)0)
        return 1;
    before = uselocale(utf8);
    width = wcwidth((wchar_t)point);
    (void)uselocale(before);
    return width;
}

bool display_acts(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0xAD || point == 0x61C ||
           point == 0x180E || point == 0x200B || point == 0x200E || point == 0x200F ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
           (point >= 0xFFF9 && point <= 0xFFFB) || (point >= 0xE0000 && point <= 0xE007F);
}

char *display_escape(const char *text, size_t length, size_t *out_length)
{
    size_t size, at = 0;
    char *out;

    if (length > (SIZE_MAX - 1) / ESCAPED_OCTET)
        return NULL;
    size = length * ESCAPED_OCTET + 1;
    out = malloc(size);
    if (out == NULL)
        return NULL;
    for (size_t i = 0, taken; i < length; i += taken) {
        uint32_t point;

        taken = text_decode(text + i, length - i, &point);
        if (taken <= 1 && (taken == 0 || display_acts(point))) {
            taken = 1;
            at += (size_t)snprintf(out + at, size - at, "\\x%02X", (unsigned char)text[i]);
        } else if (taken > 1 && (display_acts(point) || width_of(point) < 0)) {
            at += (size_t)snprintf(out + at, size - at, point <= 0xFFFF ? "\\u%04X" : "\\U%08X", point);
        } else {
            memcpy(out + at, text + i, taken);
            at += taken;
        }
    }
    out[at] = '\0';
    *out_length = at;
    return out;
}

size_t display_fit(const char *text, size_t length, size_t columns, size_t *taken)
{
    size_t at = 0;

    *taken = 0;
    while (at < length) {
        uint32_t point;
        size_t size = text_decode(text + at, length - at, &point);
        int width = size > 0 ? width_of(point) : 1;

        if (width > 0 && (size_t)width > columns - *taken)
            break;
        *taken += width > 0 ? (size_t)width : 0;
        at += size > 0 ? size : 1;
    }
    return at;
}

size_t display_width(const char *text, size_t length)
{
    size_t taken;

    (void)display_fit(text, length, SIZE_MAX, &taken);
    return taken;
}
