/*
 * Copying and wiping of few octets, which is over before the C library has found out how few they are.
 */
#ifndef IMAPTAP_DISSECTOR_OCTETS_H
#define IMAPTAP_DISSECTOR_OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Beyond it the C library is as quick. */
#define OCTETS_FEW 32

/* As memcpy. */
static inline void octets_copy(void *to, const void *from, size_t length)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if (length > OCTETS_FEW) {
        memcpy(out, in, length);
    } else if (length >= 16) { /* both halves may take the same octets */
        memcpy(out, in, 16);
        memcpy(out + length - 16, in + length - 16, 16);
    } else if (length >= 8) {
        memcpy(out, in, 8);
        memcpy(out + length - 8, in + length - 8, 8);
    } else if (length >= 4) {
        memcpy(out, in, 4);
        memcpy(out + length - 4, in + length - 4, 4);
    } else if (length > 0) {
        out[0] = in[0];
        out[length / 2] = in[length / 2];
        out[length - 1] = in[length - 1];
    }
}

/* As explicit_bzero: is done although nobody reads the octets any more. */
static inline void octets_wipe(void *octets, size_t length)
{
    static const uint8_t zero[OCTETS_FEW];

    if (length > OCTETS_FEW) {
        explicit_bzero(octets, length);
        return;
    }
    octets_copy(octets, zero, length);
    __asm__ volatile("" : : "r"(octets) : "memory"); /* somebody may read them, for all the compiler knows */
}

#endif
