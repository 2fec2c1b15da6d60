/*
 * What the analyzer process gives up before it looks at the first octet of a capture.
 */
#ifndef IMAPTAP_ANALYZER_ANALYSIS_WALLS_H
#define IMAPTAP_ANALYZER_ANALYSIS_WALLS_H

#include <stddef.h>

/* No memory image of this process, which sees credentials, may reach a disk, and nobody of the same user can
 * look into it. */
void walls_forbid_core_files(void);

/* Closes all descriptors but standard error and the `count` given (sorted in place). */
void walls_close_descriptors(int *keep, size_t count);

/* From here on the process can open nothing, write no file, start no process and leave no core file, and
 * nobody of the same user can look into it. `parent` is the recorder: when it dies, so does this process.
 * Returns 0, or -1 with errno set when one of these could not be had. */
int walls_raise(int parent);

#endif
