/* Recognises the announcement of a literal at the end of a line. */
#include "dissector/client/literal_header.h"

#include <string.h>

/* Enough for 2^64 - 1. */
#define MAX_DIGITS 20

enum { OUTSIDE, TILDE, DIGITS, PLUS, CLOSED };

static void restart(struct literal_header *brace, uint8_t octet)
{
    bool tilde = brace->state == TILDE && octet == '{';
    *brace = (struct literal_header){.tilde = tilde};
    if (octet == '~') {
        brace->state = TILDE;
        brace->length = 1;
    } else if (octet == '{') {
        brace->state = DIGITS;
        brace->length = tilde ? 2 : 1;
    }
}

static void digit(struct literal_header *brace, uint8_t value)
{
    if (brace->size > (UINT64_MAX - value) / 10)
        brace->size = UINT64_MAX;
    else
        brace->size = brace->size * 10 + value;
    brace->digits++;
    brace->length++;
}

void literal_header_octet(struct literal_header *brace, uint8_t octet)
{
    if (brace->state == DIGITS && octet >= '0' && octet <= '9' && brace->digits < MAX_DIGITS) {
        digit(brace, (uint8_t)(octet - '0'));
    } else if (brace->state == DIGITS && octet == '+' && brace->digits > 0) {
        brace->state = PLUS;
        brace->plus = true;
        brace->length++;
    } else if ((brace->state == DIGITS || brace->state == PLUS) && octet == '}' && brace->digits > 0) {
        brace->state = CLOSED;
        brace->length++;
    } else if (brace->state != CLOSED || octet != '\r') { /* a CR belongs to the line end */
        restart(brace, octet);
    }
}

void literal_header_octets(struct literal_header *brace, const uint8_t *octets, size_t length)
{
    if (length >= LITERAL_HEADER_MAX_OCTETS) {
        octets += length - LITERAL_HEADER_MAX_OCTETS;
        length = LITERAL_HEADER_MAX_OCTETS;
        *brace = (struct literal_header){0};
    }
    /* what precedes the last one cannot matter, but for the ~ right before it */
    const uint8_t *last = memrchr(octets, '{', length);
    if (last > octets) {
        size_t skip = (size_t)(last - octets) - (last[-1] == '~');
        octets += skip;
        length -= skip;
        *brace = (struct literal_header){0};
    } else if (!last && brace->state == OUTSIDE && length > 0) {
        octets += length - 1;
        length = 1;
    }
    for (size_t i = 0; i < length; i++)
        literal_header_octet(brace, octets[i]);
}

bool literal_header_is_begun(const struct literal_header *brace)
{
    return brace->state != OUTSIDE;
}

bool literal_header_is_closed(const struct literal_header *brace)
{
    return brace->state == CLOSED;
}
