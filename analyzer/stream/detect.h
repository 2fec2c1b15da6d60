/*
 * Recognises IMAP by what a segment says, for connections on ports that nobody named.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_DETECT_H
#define IMAPTAP_ANALYZER_STREAM_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum detected {
    DETECTED_NOTHING,
    DETECTED_GREETING, /* the server's first line: "* OK ", "* PREAUTH " or "* BYE " (RFC 3501 section 7.1) */
    DETECTED_COMMAND   /* a whole line that is LOGIN or AUTHENTICATE with a tag and an argument */
};

/* True when the payload begins as only another protocol's does: "250 2.0.0 ..." (SMTP, NNTP, FTP), "+OK" or
 * "-ERR" (POP3, Redis), HTTP, SSH, IRC, Telnet, ManageSieve, ACAP, MUPDATE. A number before a word of one
 * case may be a tag. */
bool detect_other(const uint8_t *payload, size_t captured);

/* True when the payload begins like a server's line: "* " or "+ " (no client's tag holds them). */
bool detect_server(const uint8_t *payload, size_t captured);

/* Looks at the start of a segment's payload; looks at no octet beyond its first 512. */
enum detected detect_imap(const uint8_t *payload, size_t captured);

#endif
