/*
 * Writes a capture file of TCP segments: classic format, microseconds, Ethernet, IPv4, with right checksums.
 */
#ifndef IMAPTAP_TESTS_BENCH_WIRE_H
#define IMAPTAP_TESTS_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Octets of a full segment. */
#define WIRE_FULL 1460

enum { WIRE_FIN = 1, WIRE_SYN = 2, WIRE_PSH = 8, WIRE_ACK = 16 };

struct wire {
    FILE *out;
    uint64_t random;  /* state of wire_random */
    uint64_t frames;  /* written so far: the number of the last one */
    uint64_t time_us; /* of the last one */
    uint16_t identification;
};

/* One end of a connection: its address, its port and the number of its next octet. */
struct wire_end {
    uint32_t address;
    uint16_t port;
    uint32_t sequence;
};

/* The numbers that follow depend on the seed alone (splitmix64). */
uint64_t wire_random(struct wire *wire);
/* One of 0 .. below - 1. */
uint32_t wire_below(struct wire *wire, uint32_t below);
/* True in `share` of 100 cases. */
bool wire_chance(struct wire *wire, uint32_t share);

/* Writes the file's header. `out` stays the caller's; errors show in ferror(out). */
void wire_start(struct wire *wire, FILE *out, uint64_t seed);

/* Writes one segment, 10 to 29 microseconds after the last one, and counts the sender's number on. */
void wire_segment(struct wire *wire, struct wire_end *from, const struct wire_end *to, unsigned flags,
                  const void *payload, size_t length);

#endif
