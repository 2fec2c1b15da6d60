/*
 * Addresses and prefixes.
 */
#include "db/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* The longest text: an IPv6 address with an IPv4 tail, "/128" and NUL. */
#define TEXT_OCTETS (INET6_ADDRSTRLEN + 4)

static bool parse_address(const char *text, struct network *network)
{
    network->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    network->prefix = network->family == AF_INET6 ? 128 : 32;
    return inet_pton(network->family, text, network->octets) == 1;
}

/* One to three digits, no sign, no space. */
static bool parse_prefix(const char *text, struct network *network)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long bits;

    if (digits == 0 || digits > 3 || text[digits] != '\0')
        return false;
    bits = strtoul(text, NULL, 10);
    if (bits > network->prefix)
        return false;
    network->prefix = (unsigned)bits;
    return true;
}

bool network_parse(const char *text, struct network *network)
{
    char address[TEXT_OCTETS];
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);

    memset(network, 0, sizeof *network);
    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    return parse_address(address, network) && (slash == NULL || parse_prefix(slash + 1, network));
}

bool network_holds(const struct network *network, const char *address)
{
    struct network other;
    unsigned whole = network->prefix / 8, rest = network->prefix % 8;

    memset(&other, 0, sizeof other);
    if (!parse_address(address, &other) || other.family != network->family ||
        memcmp(network->octets, other.octets, whole) != 0)
        return false;
    return rest == 0 || (network->octets[whole] ^ other.octets[whole]) >> (8 - rest) == 0;
}
