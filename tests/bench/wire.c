/*
 * Composes segments. The checksums are right because libnids, and so dsniff, drop what has wrong ones.
 */
#include "tests/bench/wire.h"

#include <string.h>

#define HEADERS  (14 + 20 + 20)
#define START_US (UINT64_C(1767225600) * 1000000) /* 2026-01-01 */

uint64_t wire_random(struct wire *wire)
{
    uint64_t z = wire->random += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

uint32_t wire_below(struct wire *wire, uint32_t below)
{
    return (uint32_t)(((wire_random(wire) >> 32) * below) >> 32);
}

bool wire_chance(struct wire *wire, uint32_t share)
{
    return wire_below(wire, 100) < share;
}

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value & 0xffff);
}

/* The sum of 16-bit words in the machine's order (RFC 1071: the order does not matter), `length` even. */
static uint64_t sum(const uint8_t *octets, size_t length)
{
    uint64_t total = 0;

    for (; length >= 4; octets += 4, length -= 4) {
        uint32_t word;

        memcpy(&word, octets, 4);
        total += word;
    }
    if (length > 0) {
        uint16_t word;

        memcpy(&word, octets, 2);
        total += word;
    }
    return total;
}

static void put_checksum(uint8_t *to, uint64_t total)
{
    uint16_t folded;

    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    folded = (uint16_t)~total;
    memcpy(to, &folded, 2);
}

void wire_start(struct wire *wire, FILE *out, uint64_t seed)
{
    const uint32_t header[6] = {0xa1b2c3d4, 4U << 16 | 2, 0, 0, 65535, 1};

    *wire = (struct wire){.out = out, .random = seed, .time_us = START_US};
    (void)fwrite(header, sizeof header, 1, out);
}

void wire_segment(struct wire *wire, struct wire_end *from, const struct wire_end *to, unsigned flags,
                  const void *payload, size_t length)
{
    static const uint8_t ethernet[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    struct {
        uint32_t seconds, microseconds, captured, length;
        uint8_t octets[HEADERS + WIRE_FULL + 1];
    } record;
    uint8_t *ip = record.octets + 14, *tcp = ip + 20;
    uint8_t pseudo[4] = {0, 6};

    wire->frames++;
    wire->time_us += 10 + wire_below(wire, 20);
    record.seconds = (uint32_t)(wire->time_us / 1000000);
    record.microseconds = (uint32_t)(wire->time_us % 1000000);
    record.captured = record.length = (uint32_t)(HEADERS + length);
    memset(ip, 0, 40);
    memcpy(record.octets, ethernet, sizeof ethernet);
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)(40 + length));
    put16(ip + 4, wire->identification++);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, from->address);
    put32(ip + 16, to->address);
    put_checksum(ip + 10, sum(ip, 20));
    put16(tcp, from->port);
    put16(tcp + 2, to->port);
    put32(tcp + 4, from->sequence);
    put32(tcp + 8, flags & WIRE_ACK ? to->sequence : 0);
    tcp[12] = 5 << 4;
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, 64000);
    memcpy(tcp + 20, payload, length);
    tcp[20 + length] = 0;
    put16(pseudo + 2, (uint32_t)(20 + length));
    put_checksum(tcp + 16, sum(ip + 12, 8) + sum(pseudo, 4) + sum(tcp, 20 + length + (length & 1)));
    (void)fwrite(&record, 16 + HEADERS + length, 1, wire->out);
    from->sequence += (uint32_t)length + (flags & (WIRE_SYN | WIRE_FIN) ? 1 : 0);
}
