/*
 * The truth of a capture: how many connections, logins and violations it must yield, and digests of the rows.
 * The generator writes it from what it put on the wire, bench_rows from what imaptap kept: the two texts must
 * be equal.
 *
 * Rows are written in the order of the frames that logins begin in; the violations of a login follow in the
 * order of their rules' and arguments' names.
 */
#ifndef IMAPTAP_TESTS_BENCH_TRUTH_H
#define IMAPTAP_TESTS_BENCH_TRUTH_H

#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>

/* One kind of rows. */
struct truth_rows {
    uint64_t count;
    struct sha256_ctx digest;
};

struct truth {
    uint64_t connections;
    struct truth_rows logins, violations;
    FILE *rows; /* takes every row as a line of its own; NULL: nobody wants them */
};

void truth_start(struct truth *truth, FILE *rows);

/* A row: its fields as text, NULL where the database has NULL. */
void truth_login(struct truth *truth, const char *const *fields, size_t count);
void truth_violation(struct truth *truth, const char *const *fields, size_t count);

/* Five lines: a name and a value each. */
void truth_write(struct truth *truth, FILE *out);

#endif
