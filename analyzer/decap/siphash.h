/*
 * SipHash-1-3 of a few octets. The attacker picks the addresses, so the hash is keyed; it stands in a header
 * because it is needed for every fragment.
 */
#ifndef IMAPTAP_ANALYZER_DECAP_SIPHASH_H
#define IMAPTAP_ANALYZER_DECAP_SIPHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t siphash_rotate(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static inline void siphash_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = siphash_rotate(v[1], 13) ^ v[0];
    v[3] = siphash_rotate(v[3], 16) ^ v[2];
    v[0] = siphash_rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = siphash_rotate(v[1], 17) ^ v[2];
    v[3] = siphash_rotate(v[3], 21) ^ v[0];
    v[2] = siphash_rotate(v[2], 32);
}

/* `words` 64-bit words at `data`, in the machine's own byte order: the value never leaves the process. */
static inline uint64_t siphash(const uint64_t key[2], const uint64_t *data, size_t words)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU, key[0] ^ 0x6c7967656e657261U,
                     key[1] ^ 0x7465646279746573U};
    uint64_t last = (uint64_t)words << 59;

    for (size_t i = 0; i < words; i++) {
        v[3] ^= data[i];
        siphash_round(v);
        v[0] ^= data[i];
    }
    v[3] ^= last;
    siphash_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        siphash_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
