/*
 * What attackers send: a SYN flood, lines without an end, literals of 4 GiB, and one octet a segment. Their
 * addresses are of 198.18.0.0/15 (RFC 2544); nobody promised what rows they yield.
 */
#ifndef IMAPTAP_TESTS_BENCH_HOSTILE_H
#define IMAPTAP_TESTS_BENCH_HOSTILE_H

#include "tests/bench/wire.h"

struct hostile;

/* The full size is 1,000,000 SYNs, 1,000,000 one-octet segments and 100,000 full segments. NULL: out of
 * memory. */
struct hostile *hostile_new(struct wire *wire, double scale);

/* Segments that are still to come, nearly. */
uint64_t hostile_left_of(const struct hostile *hostile);

/* Writes one, or one and its answer. */
void hostile_step(struct hostile *hostile, struct wire *wire);

void hostile_free(struct hostile *hostile);

#endif
