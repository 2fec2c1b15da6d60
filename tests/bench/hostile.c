/*
 * Each kind of attack has a number of connections, and a number of segments that they share.
 */
#include "tests/bench/hostile.h"

#include <stdlib.h>
#include <string.h>

#define ATTACKERS 50

enum attack {
    FLOOD,        /* a SYN each, from ever new addresses */
    LONG_COMMAND, /* a LOGIN whose line never ends */
    LONG_ANSWER,  /* a greeting whose line never ends */
    LITERAL,      /* {4294967295} and what belongs to it */
    LITERAL_PLUS, /* the same without waiting */
    OCTETS,       /* commands, one octet a segment */
    SWAPPED,      /* the same with every two segments swapped */
    ATTACKS
};

struct attacker {
    struct wire_end client, server;
    uint32_t said; /* segments */
};

struct hostile {
    uint64_t left[ATTACKS];
    uint32_t flooded;
    struct attacker attackers[ATTACKS][ATTACKERS];
};

static void begin(struct attacker *attacker, struct wire *wire, uint32_t address)
{
    attacker->client = (struct wire_end){address, 30000, (uint32_t)wire_random(wire)};
    attacker->server = (struct wire_end){0x0ac80001, 143, (uint32_t)wire_random(wire)};
    wire_segment(wire, &attacker->client, &attacker->server, WIRE_SYN, "", 0);
    wire_segment(wire, &attacker->server, &attacker->client, WIRE_SYN | WIRE_ACK, "", 0);
    wire_segment(wire, &attacker->client, &attacker->server, WIRE_ACK, "", 0);
}

static void from_client(struct attacker *attacker, struct wire *wire, const char *octets, size_t length)
{
    wire_segment(wire, &attacker->client, &attacker->server, WIRE_PSH | WIRE_ACK, octets, length);
}

static void from_server(struct attacker *attacker, struct wire *wire, const char *octets, size_t length)
{
    wire_segment(wire, &attacker->server, &attacker->client, WIRE_PSH | WIRE_ACK, octets, length);
}

static void greet(struct attacker *attacker, struct wire *wire)
{
    static const char greeting[] = "* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n";

    from_server(attacker, wire, greeting, sizeof greeting - 1);
}

struct hostile *hostile_new(struct wire *wire, double scale)
{
    static const uint32_t sizes[ATTACKS] = {
        [FLOOD] = 1000000,      [LONG_COMMAND] = 25000, [LONG_ANSWER] = 25000, [LITERAL] = 25000,
        [LITERAL_PLUS] = 25000, [OCTETS] = 800000,      [SWAPPED] = 200000,
    };
    struct hostile *hostile = calloc(1, sizeof *hostile);

    if (hostile == NULL)
        return NULL;
    for (unsigned attack = 0; attack < ATTACKS; attack++) {
        hostile->left[attack] = 1 + (uint64_t)(sizes[attack] * scale);
        for (unsigned i = 0; attack != FLOOD && i < ATTACKERS; i++) {
            struct attacker *attacker = &hostile->attackers[attack][i];

            begin(attacker, wire, 0xc6120000 + attack * 256 + i);
            if (attack != LONG_ANSWER)
                greet(attacker, wire);
        }
    }
    return hostile;
}

uint64_t hostile_left_of(const struct hostile *hostile)
{
    uint64_t left = 0;

    for (unsigned attack = 0; attack < ATTACKS; attack++)
        left += hostile->left[attack];
    return left;
}

static void flood(struct hostile *hostile, struct wire *wire)
{
    struct wire_end client = {0xc6130000 + (hostile->flooded & 0xffff),
                              (uint16_t)(1024 + (hostile->flooded >> 16)), (uint32_t)wire_random(wire)};
    const struct wire_end server = {0x0ac80001, 143, 0};

    hostile->flooded++;
    wire_segment(wire, &client, &server, WIRE_SYN, "", 0);
}

/* The next octet of "a1 NOOP ... " without end. */
static const char *octet_of(uint32_t number)
{
    static const char commands[] = "a1 NOOP\r\na2 LOGIN \"user\" {5}\r\n12345\r\n";

    return &commands[number % (sizeof commands - 1)];
}

static void say_octet(struct attacker *attacker, struct wire *wire)
{
    from_client(attacker, wire, octet_of(attacker->said), 1);
}

/* Two octets, the later one first. */
static void say_swapped(struct attacker *attacker, struct wire *wire)
{
    attacker->client.sequence++;
    from_client(attacker, wire, octet_of(attacker->said + 1), 1);
    attacker->client.sequence -= 2;
    from_client(attacker, wire, octet_of(attacker->said), 1);
    attacker->client.sequence++;
}

void hostile_step(struct hostile *hostile, struct wire *wire)
{
    static const char *const beginnings[ATTACKS] = {
        [LONG_COMMAND] = "a1 LOGIN \"",
        [LONG_ANSWER] = "* OK ",
        [LITERAL] = "a1 LOGIN {4294967295}\r\n",
        [LITERAL_PLUS] = "a1 LOGIN {4294967295+}\r\n",
    };
    static char filler[WIRE_FULL];
    uint64_t drawn = wire_random(wire) % hostile_left_of(hostile);
    unsigned attack = 0;
    struct attacker *attacker;

    memset(filler, 'x', sizeof filler);
    while (drawn >= hostile->left[attack])
        drawn -= hostile->left[attack++];
    hostile->left[attack]--;
    attacker = &hostile->attackers[attack][wire_below(wire, ATTACKERS)];
    if (attack == FLOOD) {
        flood(hostile, wire);
    } else if (attack == OCTETS) {
        say_octet(attacker, wire);
        attacker->said++;
    } else if (attack == SWAPPED) {
        say_swapped(attacker, wire);
        attacker->said += 2;
        hostile->left[attack] -= hostile->left[attack] > 0;
    } else if (attacker->said++ == 0) {
        if (attack == LONG_ANSWER)
            from_server(attacker, wire, beginnings[attack], strlen(beginnings[attack]));
        else
            from_client(attacker, wire, beginnings[attack], strlen(beginnings[attack]));
        if (attack == LITERAL)
            from_server(attacker, wire, "+ go ahead\r\n", 12);
    } else if (attack == LONG_ANSWER) {
        from_server(attacker, wire, filler, sizeof filler);
    } else {
        from_client(attacker, wire, filler, sizeof filler);
    }
}

void hostile_free(struct hostile *hostile)
{
    free(hostile);
}
