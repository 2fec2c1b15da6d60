/*
 * A file that is written whole or not at all.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_OUTPUT_FILE_H
#define IMAPTAP_ANALYZER_REPORT_OUTPUT_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct output_file {
    FILE *stream;             /* write here */
    char path[PATH_MAX];      /* where it shall stand */
    char temporary[PATH_MAX]; /* where it stands until then; "": `path` is no plain file and is written at
                                 once */
};

/* Begins a file, mode 0600, beside `path`; what stands there stays until output_file_keep. A device or a pipe
 * is written as it is, and so is standard output, which "-" names. False: `why` holds a sentence that names
 * the path. */
bool output_file_open(struct output_file *file, const char *path, char *why, size_t why_size);

/* Puts it in its place, on the disk. False: there is no such file; `why` as above. */
bool output_file_keep(struct output_file *file, char *why, size_t why_size);

/* Removes what was written. */
void output_file_drop(struct output_file *file);

/* Whether both name the same file, and it is there. */
bool output_file_is(const char *path, const char *other);

/* All of it: opens the file, lets `write` fill it, and keeps it, or drops it when that returns false (and
 * sets errno). */
bool output_file_make(const char *path, bool (*write)(const void *what, FILE *out), const void *what,
                      char *why, size_t why_size);

#endif
