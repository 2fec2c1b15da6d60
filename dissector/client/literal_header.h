/*
 * Recognises the announcement of a literal at the end of a line: {n}, {n+}, ~{n} and ~{n+} (RFC 3501
 * section 4.3, RFC 7888, RFC 3516). All zero is the start of a line.
 */
#ifndef IMAPTAP_DISSECTOR_CLIENT_LITERAL_HEADER_H
#define IMAPTAP_DISSECTOR_CLIENT_LITERAL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No announcement is longer: what comes earlier in a line cannot matter. */
#define LITERAL_HEADER_MAX_OCTETS 32

struct literal_header {
    uint8_t state;
    uint8_t length; /* octets of the announcement so far */
    uint8_t digits;
    bool tilde;
    bool plus;
    uint64_t size; /* octets announced; UINT64_MAX when the number is beyond that */
};

void literal_header_octet(struct literal_header *brace, uint8_t octet);
/* As literal_header_octet for each of them, but looks only at the last ones. */
void literal_header_octets(struct literal_header *brace, const uint8_t *octets, size_t length);
/* True when the octets so far end with the beginning of an announcement, or with all of it. */
bool literal_header_is_begun(const struct literal_header *brace);
/* True when the octets so far end with an announcement. */
bool literal_header_is_closed(const struct literal_header *brace);

#endif
