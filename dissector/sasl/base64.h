/* Decodes the base64 of a SASL response (RFC 4648 section 4), octet by octet. */
#ifndef IMAPTAP_DISSECTOR_SASL_BASE64_H
#define IMAPTAP_DISSECTOR_SASL_BASE64_H

#include <stdbool.h>
#include <stdint.h>

/* All zero is the start. */
struct base64 {
    uint32_t bits;
    uint8_t digits;  /* of the current group of four */
    uint8_t padding; /* "=" in it */
    bool bad;        /* an octet that cannot stand there came */
};

/* Takes an encoded octet; true when it completes the decoded octet *decoded. */
bool base64_octet(struct base64 *base64, uint8_t octet, uint8_t *decoded);
/* True when what came is whole and valid. */
bool base64_is_whole(const struct base64 *base64);

#endif
