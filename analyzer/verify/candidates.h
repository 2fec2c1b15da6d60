/*
 * Files among which a capture is searched by its content, whatever their names.
 */
#ifndef IMAPTAP_ANALYZER_VERIFY_CANDIDATES_H
#define IMAPTAP_ANALYZER_VERIFY_CANDIDATES_H

#include <stdint.h>
#include <stdio.h>

struct candidates;

/* NULL: out of memory. */
struct candidates *candidates_new(void);

/* Adds the file `name`, or every file below the folder. What cannot be looked into is reported on `errors`
 * and counted in *failed. Returns 0, or -1 when out of memory. */
int candidates_add(struct candidates *candidates, const char *name, FILE *errors, unsigned *failed);

/* The path of a file of this size and SHA-256; NULL: there is none. Only files of this size are read, each
 * once. */
const char *candidates_find(struct candidates *candidates, int64_t size, const char *sha256);

void candidates_free(struct candidates *candidates);

#endif
