/*
 * IPv4 by hand: inet_ntop goes through printf.
 */
#include "analyzer/recorder/address.h"

#include <arpa/inet.h>
#include <string.h>

bool address_is_ipv4(const uint8_t address[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return memcmp(address, mapped, sizeof mapped) == 0;
}

static void write_ipv4(const uint8_t address[4], char *text)
{
    for (int i = 0; i < 4; i++) {
        unsigned number = address[i];

        if (number >= 100)
            *text++ = (char)('0' + number / 100);
        if (number >= 10)
            *text++ = (char)('0' + number / 10 % 10);
        *text++ = (char)('0' + number % 10);
        *text++ = i < 3 ? '.' : '\0';
    }
}

void address_write(const uint8_t address[16], char text[ADDRESS_SIZE])
{
    if (address_is_ipv4(address))
        write_ipv4(address + 12, text);
    else
        inet_ntop(AF_INET6, address, text, ADDRESS_SIZE);
}
