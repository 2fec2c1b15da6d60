/*
 * Where a connection really comes from, as a proxy in front of the server says: the PROXY protocol before the
 * first command, or ID's field x-originating-ip.
 */
#ifndef IMAPTAP_DISSECTOR_CLIENT_ORIGIN_H
#define IMAPTAP_DISSECTOR_CLIENT_ORIGIN_H

#include "dissector/login.h"

#include <stdbool.h>
#include <stdint.h>

/* What a header of the PROXY protocol, version 2, begins with, and its octets with the longest addresses that
 * are read. */
#define PROXY_SIGNATURE        "\r\n\r\n\0\r\nQUIT\n"
#define PROXY_SIGNATURE_OCTETS 12
#define PROXY_HEADER_OCTETS    16
#define PROXY_MOST_OCTETS      (PROXY_HEADER_OCTETS + 36)

/* Octets of an address in presentation form, with its NUL. */
#define ORIGIN_OCTETS 46

/* Version 1: the words after "PROXY TCP4 " or "PROXY TCP6 ". False: no address. */
bool origin_from_line(struct imap_text rest, char origin[ORIGIN_OCTETS]);
/* Version 2: the octets that follow the 16 of its header. */
size_t origin_header_rest(const char *header);
/* The header and what was kept of the rest. False: no address of a client. */
bool origin_from_header(struct imap_text header, char origin[ORIGIN_OCTETS]);
/* The arguments of ID. False: no such field, or no address in it. */
bool origin_from_ident(struct imap_text ident, char origin[ORIGIN_OCTETS]);

#endif
