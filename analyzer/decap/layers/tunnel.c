/*
 * Which tunnel a segment was found in: a name for people, and a number that distinguishes tunnels.
 */
#include "analyzer/decap/layers/layers.h"

#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
    return hash ^ hash >> 32;
}

/* The decimal digits of `number` at the end of `room`; returns the first. */
static const char *digits(int64_t number, char room[21])
{
    char *at = room + 20;

    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return at;
}

/* Adds the tunnel to the text, after those around it; a text that is full stays as it is. */
static void add_text(char *text, size_t size, const char *kind, int64_t identifier)
{
    char room[21];
    const char *number = identifier == TUNNEL_ANY ? "" : digits(identifier, room);
    size_t used = strlen(text), kind_length = strlen(kind), number_length = strlen(number);

    if (used + 2 + kind_length + 1 + number_length >= size)
        return;
    if (used > 0) {
        text[used++] = ',';
        text[used++] = ' ';
    }
    memcpy(text + used, kind, kind_length + 1);
    used += kind_length;
    if (number_length > 0) {
        text[used++] = ' ';
        memcpy(text + used, number, number_length + 1);
    }
}

void tunnel_name(struct decapsulation *decapsulation, const char *kind)
{
    add_text(decapsulation->segment->tunnel_text, sizeof decapsulation->segment->tunnel_text, kind,
             TUNNEL_ANY);
}

void tunnel_enter(struct decapsulation *decapsulation, const char *kind, int64_t identifier)
{
    struct segment *segment = decapsulation->segment;
    uint64_t hash = mix(segment->tunnel, (uint64_t)identifier);

    for (const char *at = kind; *at != '\0'; at++)
        hash = mix(hash, (uint8_t)*at);
    segment->tunnel = hash == 0 ? 1 : hash;
    add_text(segment->tunnel_text, sizeof segment->tunnel_text, kind, identifier);
}
