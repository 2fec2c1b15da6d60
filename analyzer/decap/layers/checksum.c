/*
 * Checksums of IPv4 headers and of TCP segments with their pseudo header.
 */
#include "analyzer/decap/layers/layers.h"

#define PROTOCOL_TCP 6

uint32_t checksum_add(uint32_t sum, const uint8_t *octets, uint32_t length)
{
    uint64_t wide = sum;

    for (; length >= 2; octets += 2, length -= 2)
        wide += be16(octets);
    if (length == 1)
        wide += (uint32_t)octets[0] << 8;
    while (wide > 0xffff)
        wide = (wide >> 16) + (wide & 0xffff);
    return (uint32_t)wide;
}

bool checksum_of_tcp_holds(const struct decapsulation *decapsulation)
{
    uint32_t address = decapsulation->ipv6 ? 16 : 4;
    uint32_t sum = PROTOCOL_TCP + (decapsulation->length >> 16) + (decapsulation->length & 0xffff);

    sum = checksum_add(sum, decapsulation->source, address);
    sum = checksum_add(sum, decapsulation->destination, address);
    return checksum_add(sum, decapsulation->at, decapsulation->length) == 0xffff;
}
