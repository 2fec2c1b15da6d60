/*
 * The captures that were asked for: names and folders become open descriptors. The recorder opens them,
 * because the analyzer may not; it never looks into them beyond the first octets of a folder's files, to
 * leave out what is none.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_INPUTS_H
#define IMAPTAP_ANALYZER_RECORDER_INPUTS_H

#include "analyzer/capture/fingerprint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct input {
    char *name; /* as given, or found in a folder; "-" for standard input */
    int fd;
    bool is_pipe;
    uint64_t octets;                            /* 0 for a pipe */
    char fingerprint[CAPTURE_FINGERPRINT_SIZE]; /* "" for a pipe */
};

struct inputs {
    struct input *items;
    size_t count, room;
    size_t failed;  /* names that could not be opened: each was told on `errors` */
    size_t skipped; /* files of folders that are no captures */
};

/* Adds the file, FIFO, standard input ("-") or every capture below the folder `name`. What cannot be opened
 * is told on `errors`, a sentence each. Returns 0, or -1 when out of memory. */
int inputs_add(struct inputs *inputs, const char *name, FILE *errors);

/* Closes and frees all of them. */
void inputs_free(struct inputs *inputs);

#endif
