/*
 * Addresses as text.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_ADDRESS_H
#define IMAPTAP_ANALYZER_RECORDER_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_SIZE 46

/* True for ::ffff:a.b.c.d, as which IPv4 addresses are kept; network byte order. */
bool address_is_ipv4(const uint8_t address[16]);

/* Writes the address as RFC 5952 wants it, IPv4 as a.b.c.d, terminated. */
void address_write(const uint8_t address[16], char text[ADDRESS_SIZE]);

#endif
