/* Finds out what the octets of a text are. */
#include "dissector/charset.h"

/* Octets of the code point at the front; 0: it is none. */
static size_t code_point(const uint8_t *at, size_t length)
{
    size_t more = *at < 0x80 ? 0 : *at < 0xc2 ? 4 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : *at < 0xf5 ? 3 : 4;
    if (more == 4 || more >= length)
        return 0;
    for (size_t i = 1; i <= more; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) || (*at == 0xf0 && at[1] < 0x90) ||
        (*at == 0xf4 && at[1] > 0x8f))
        return 0;
    return more + 1;
}

enum imap_charset charset_of(struct imap_text text)
{
    enum imap_charset charset = IMAP_CHARSET_ASCII;
    uint8_t high = 0;
    for (size_t at = 0; at < text.length; at++)
        high |= (uint8_t)text.octets[at];
    if (high < 0x80)
        return charset;
    for (size_t at = 0; at < text.length;) {
        size_t length = code_point((const uint8_t *)text.octets + at, text.length - at);
        if (length == 0)
            return IMAP_CHARSET_OTHER;
        if (length > 1)
            charset = IMAP_CHARSET_UTF8;
        at += length;
    }
    return charset;
}
