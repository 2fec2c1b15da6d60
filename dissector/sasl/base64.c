/* Decodes base64. */
#include "dissector/sasl/base64.h"

static int value_of(uint8_t octet)
{
    if (octet >= 'A' && octet <= 'Z')
        return octet - 'A';
    if (octet >= 'a' && octet <= 'z')
        return octet - 'a' + 26;
    if (octet >= '0' && octet <= '9')
        return octet - '0' + 52;
    if (octet == '+')
        return 62;
    return octet == '/' ? 63 : -1;
}

bool base64_octet(struct base64 *base64, uint8_t octet, uint8_t *decoded)
{
    int value = value_of(octet);
    bool padding = octet == '=' && base64->digits + base64->padding < 4 && base64->digits >= 2;
    if (base64->bad || (value < 0 && !padding) || (value >= 0 && base64->padding)) {
        base64->bad = true;
        return false;
    }
    if (padding) {
        base64->padding++;
        return false;
    }
    if (base64->digits == 4)
        base64->digits = 0;
    base64->bits = base64->bits << 6 | (uint32_t)value;
    base64->digits++;
    if (base64->digits == 1)
        return false;
    *decoded = (uint8_t)(base64->bits >> (8 - 2 * base64->digits));
    return true;
}

bool base64_is_whole(const struct base64 *base64)
{
    return !base64->bad && (base64->digits == 0 || base64->digits + base64->padding == 4);
}
