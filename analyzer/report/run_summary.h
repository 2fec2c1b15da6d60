/*
 * What `read` and `live` end with: what was read and what was missed first, then who sends unquoted wildcards
 * to whom, why logins failed, and which users were refused.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_RUN_SUMMARY_H
#define IMAPTAP_ANALYZER_REPORT_RUN_SUMMARY_H

#include "analyzer/live/live.h"
#include "analyzer/recorder/recorder.h"

#include <stdio.h>

/* What `live` watched. */
struct run_summary_live {
    const char *const *interfaces;
    size_t interface_count;
    const struct live_result *result;
};

struct run_summary_facts {
    const char *database;
    /* of `read`: both */
    const struct inputs *inputs;
    const struct recorder_result *result;
    const struct run_summary_live *live; /* NULL: it is `read` */
    const struct event_finished *missed;
    const char *ports; /* where it was looked for, as text */
};

/* Writes the report; *broken (logins that broke the grammar) is for the exit status. Returns 0, or -1 with a
 * sentence in `why`. */
int run_summary_write(const struct run_summary_facts *facts, FILE *out, int64_t *broken, char *why,
                      size_t why_size);

#endif
