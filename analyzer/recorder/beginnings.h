/*
 * Captures that a stream may begin with: what a stream left that was cut, and is replaced when the whole
 * comes.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_BEGINNINGS_H
#define IMAPTAP_ANALYZER_RECORDER_BEGINNINGS_H

#include "analyzer/capture/mark.h"
#include "analyzer/recorder/inputs.h"
#include "db/store.h"

struct beginnings {
    size_t count;
    struct mark marks[MARKS_MAX]; /* by their octets, in ascending order */
    int64_t ids[MARKS_MAX];       /* of their rows */
};

/* Lists them for the pipes among the inputs. Returns a store_status. */
int beginnings_find(struct beginnings *beginnings, struct store *store, const struct inputs *inputs);

/* Removes those that were met in a stream, a bit each, but not the row `own`. Returns a store_status. */
int beginnings_remove(const struct beginnings *beginnings, struct store *store, uint64_t met, int64_t own);

#endif
