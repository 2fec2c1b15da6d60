/*
 * Recognises the announcement of a literal at the end of a line: {n}, {n+}, ~{n} and ~{n+} (RFC 3501
 * section 4.3, RFC 7888, RFC 3516). All zero is the start of a line.
 */
#ifndef IMAPTAP_DISSECTOR_CLIENT_BRACE_H
#define IMAPTAP_DISSECTOR_CLIENT_BRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No announcement is longer: what stands further back in a line cannot matter. */
#define BRACE_MAX_OCTETS 32

struct brace {
    uint8_t state;
    uint8_t length; /* octets of the announcement so far */
    uint8_t digits;
    bool tilde;
    bool plus;
    uint64_t size; /* octets announced; UINT64_MAX when the number is beyond that */
};

void brace_octet(struct brace *brace, uint8_t octet);
/* As brace_octet for each of them, but looks only at the last ones. */
void brace_octets(struct brace *brace, const uint8_t *octets, size_t length);
/* True when the octets so far end with the beginning of an announcement, or with all of it. */
bool brace_is_begun(const struct brace *brace);
/* True when the octets so far end with an announcement. */
bool brace_is_closed(const struct brace *brace);

#endif
