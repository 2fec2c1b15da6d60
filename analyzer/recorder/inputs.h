/*
 * The captures that were asked for: names and folders become open descriptors. The recorder opens them,
 * because the analyzer may not; it never looks into them beyond the first octets of a folder's files, to
 * leave out what is none.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_INPUTS_H
#define IMAPTAP_ANALYZER_RECORDER_INPUTS_H

#include "analyzer/capture/digest.h"
#include "analyzer/capture/fingerprint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct input {
    char *name;                                 /* as given, or found in a folder; "-" for standard input */
    int fd;                                     /* -1: closed again */
    bool is_standard;                           /* standard input */
    bool is_pipe;                               /* its end is not known */
    bool grows;                                 /* it is fed to the analyzer as it is written */
    uint64_t octets;                            /* 0 for a pipe; of one that grows, those fed */
    struct timespec modified;                   /* a file's time of change when it was opened */
    char fingerprint[CAPTURE_FINGERPRINT_SIZE]; /* of the file as it lies on disk; "" for a pipe, and for one
                                                   that grows */
    bool packed;              /* a compressed file: the capture's own fingerprint is another one */
    char sha256[DIGEST_TEXT]; /* of the whole file, once it is known; "" before, and for a pipe */
};

/* What a stream should be; whoever sends it knows. */
struct expectation {
    int64_t octets;     /* 0: not known */
    const char *sha256; /* as digest_finish writes it; NULL: not known */
};

struct inputs {
    struct expectation expected; /* of standard input */
    const char *standard_name;   /* of it; NULL: "-" */
    struct input *items;
    size_t count, room;
    size_t failed;  /* names that could not be opened: each was reported on `errors` */
    size_t foreign; /* files that are no captures: each was reported on `errors` */
    size_t skipped; /* files of folders that are no captures */
    size_t grown;   /* files of a followed folder that had more after their end */
};

/* Adds the file, FIFO, standard input ("-") or every capture below the folder `name`. What cannot be opened,
 * and a file that is no capture, is reported on `errors`, a sentence each. Returns 0, or -1 when out of
 * memory.
 */
int inputs_add(struct inputs *inputs, const char *name, FILE *errors);

/* Adds the capture `name` that grows, and takes `fd` over. Returns 0, or -1 when out of memory. */
int inputs_add_growing(struct inputs *inputs, const char *name, int fd);

/* True when the file begins like a capture, or like a compressed file. */
bool inputs_is_capture(int fd);

/* Closes and frees all of them. */
void inputs_free(struct inputs *inputs);

/* Whether one of them is a pipe, which can be read only once. */
bool inputs_have_pipe(const struct inputs *inputs);

#endif
