/* Reads the true client's address from the PROXY protocol and from ID. */
#include "dissector/client/origin.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* Checks the address and writes it in the usual form. */
static bool set_address(struct imap_text text, char origin[ORIGIN_OCTETS])
{
    char address[ORIGIN_OCTETS];
    unsigned char binary[16];
    if (text.length == 0 || text.length >= sizeof address)
        return false;
    memcpy(address, text.octets, text.length);
    address[text.length] = '\0';
    int family = memchr(text.octets, ':', text.length) ? AF_INET6 : AF_INET;
    return inet_pton(family, address, binary) == 1 && inet_ntop(family, binary, origin, ORIGIN_OCTETS);
}

bool origin_from_line(struct imap_text rest, char origin[ORIGIN_OCTETS])
{
    const char *space = rest.length ? memchr(rest.octets, ' ', rest.length) : NULL;
    return space && set_address((struct imap_text){rest.octets, (size_t)(space - rest.octets)}, origin);
}

size_t origin_header_rest(const char *header)
{
    return (size_t)(unsigned char)header[14] << 8 | (unsigned char)header[15];
}

bool origin_from_header(struct imap_text header, char origin[ORIGIN_OCTETS])
{
    enum { PROXY_COMMAND = 0x21, TCP4 = 0x11, TCP6 = 0x21 };
    const char *addresses = header.octets + PROXY_HEADER_OCTETS;
    size_t length = header.length - PROXY_HEADER_OCTETS;
    if (header.octets[12] != PROXY_COMMAND)
        return false;
    if (header.octets[13] == TCP4 && length >= 12)
        return inet_ntop(AF_INET, addresses, origin, ORIGIN_OCTETS) != NULL;
    return header.octets[13] == TCP6 && length >= 36 &&
           inet_ntop(AF_INET6, addresses, origin, ORIGIN_OCTETS) != NULL;
}

/* Cuts off the next string: quoted, or a bare word as old proxies send the field's name. False: there is
 * none. */
static bool cut_string(struct imap_text *rest, struct imap_text *string)
{
    while (rest->length && (*rest->octets == ' ' || *rest->octets == '('))
        *rest = (struct imap_text){rest->octets + 1, rest->length - 1};
    bool quoted = rest->length && *rest->octets == '"';
    const char *start = rest->octets + quoted;
    size_t length = 0, most = rest->length - quoted;
    while (length < most && !(quoted ? start[length] == '"' : start[length] == ' ' || start[length] == ')'))
        length += quoted && start[length] == '\\' && length + 1 < most ? 2 : 1;
    if (rest->length == 0 || (quoted && length == most))
        return false;
    size_t used = length + 2 * (size_t)quoted;
    *string = (struct imap_text){start, length};
    *rest = (struct imap_text){rest->octets + used, rest->length - used};
    return quoted || length > 0;
}

bool origin_from_ident(struct imap_text ident, char origin[ORIGIN_OCTETS])
{
    static const char field[] = "x-originating-ip";
    struct imap_text name, value;
    while (cut_string(&ident, &name) && cut_string(&ident, &value))
        if (name.length == sizeof field - 1 && strncasecmp(name.octets, field, name.length) == 0)
            return set_address(value, origin);
    return false;
}
