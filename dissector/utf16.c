/* UTF-16LE as UTF-8. */
#include "dissector/utf16.h"

static uint32_t unit(const char *octets)
{
    return (uint32_t)(uint8_t)octets[0] | (uint32_t)(uint8_t)octets[1] << 8;
}

static void append_code_point(struct bounded_text *to, struct budget *budget, uint32_t code, size_t limit)
{
    char octets[4];
    size_t length = 0;
    if (code < 0x80) {
        octets[length++] = (char)code;
    } else {
        if (code < 0x800) {
            octets[length++] = (char)(0xc0 | code >> 6);
        } else {
            if (code < 0x10000) {
                octets[length++] = (char)(0xe0 | code >> 12);
            } else {
                octets[length++] = (char)(0xf0 | code >> 18);
                octets[length++] = (char)(0x80 | (code >> 12 & 0x3f));
            }
            octets[length++] = (char)(0x80 | (code >> 6 & 0x3f));
        }
        octets[length++] = (char)(0x80 | (code & 0x3f));
    }
    bounded_text_append(to, budget, octets, length, limit);
}

void utf16_append(struct bounded_text *to, struct budget *budget, struct imap_text text, size_t limit)
{
    for (size_t i = 0; i + 2 <= text.length; i += 2) {
        uint32_t code = unit(text.octets + i);
        if (code >= 0xd800 && code <= 0xdbff && i + 4 <= text.length) {
            uint32_t low = unit(text.octets + i + 2);
            if (low >= 0xdc00 && low <= 0xdfff) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        append_code_point(to, budget, code >= 0xd800 && code <= 0xdfff ? 0xfffd : code, limit);
    }
}
