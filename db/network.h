/*
 * A network as people write it: an address, or an address and the length of its prefix.
 */
#ifndef IMAPTAP_DB_NETWORK_H
#define IMAPTAP_DB_NETWORK_H

#include <stdbool.h>

struct network {
    int family;               /* AF_INET or AF_INET6 */
    unsigned char octets[16]; /* the first 4 or 16 */
    unsigned prefix;          /* bits that must agree */
};

/* Reads "192.0.2.7", "192.0.2.0/24", "2001:db8::/32". False: it is none. */
bool network_parse(const char *text, struct network *network);

/* Whether `address`, the text of an address, lies in it. False for what is no address. An IPv4 address lies
 * in no IPv6 network. */
bool network_holds(const struct network *network, const char *address);

#endif
