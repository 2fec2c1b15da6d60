/*
 * IP fragments (RFC 791, 3.2; RFC 8200, 4.5) become datagrams again, whatever order they come in.
 *
 * Where fragments overlap, the octet that was seen first stands; others are counted. Memory and age are
 * bounded: the oldest datagrams go first when there are too many, and none waits longer than
 * FRAGMENTS_MAX_AGE_NS of the capture's time.
 */
#ifndef IMAPTAP_ANALYZER_DECAP_FRAGMENTS_H
#define IMAPTAP_ANALYZER_DECAP_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* The most heap that incomplete datagrams take together, and how many there are at most. */
#define FRAGMENTS_MAX_OCTETS    (8U << 20)
#define FRAGMENTS_MAX_DATAGRAMS 4096
#define FRAGMENTS_MAX_AGE_NS    INT64_C(30000000000)

struct fragment {
    const uint8_t *source; /* addresses: 4 octets, or 16 */
    const uint8_t *destination;
    bool ipv6;
    uint8_t protocol; /* of the octets at offset 0 */
    uint32_t identification;
    uint32_t vlan; /* where it was found: fragments meet only in the same place */
    uint64_t tunnel;
    uint32_t offset; /* in the datagram's content, a multiple of 8 */
    bool more;       /* it is not the last one */
    const uint8_t *octets;
    uint32_t captured; /* octets there are */
    uint32_t length;   /* octets there were on the wire */
    int64_t time_ns;
};

/* A datagram's content. */
struct datagram {
    const uint8_t *octets;
    uint32_t captured; /* up to the first octet that a snapshot length cut off */
    uint32_t length;
    uint8_t protocol;
};

enum fragment_result {
    FRAGMENT_KEPT,     /* taken in (or seen before); the datagram is not whole */
    FRAGMENT_FIRST,    /* the same, and it is the datagram's beginning, seen for the first time */
    FRAGMENT_WHOLE,    /* the datagram is whole */
    FRAGMENT_MALFORMED /* it contradicts itself, or those that came before */
};

struct fragments;

/* NULL: out of memory. */
struct fragments *fragments_new(void);

/* Takes a fragment in. With FRAGMENT_WHOLE, *whole is filled: valid until fragments_release. */
enum fragment_result fragments_take(struct fragments *fragments, const struct fragment *fragment,
                                    struct datagram *whole);

/* Gives up the datagrams handed out. */
void fragments_release(struct fragments *fragments);

struct fragments_counts {
    uint64_t incomplete; /* datagrams of which something never came: given up, or still waiting */
    uint64_t differing;  /* octets that were others than what had been seen in their place */
};

struct fragments_counts fragments_counts(const struct fragments *fragments);

/* Octets of heap that incomplete datagrams take now. */
uint64_t fragments_octets(const struct fragments *fragments);

void fragments_free(struct fragments *fragments);

#endif
