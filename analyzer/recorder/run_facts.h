/*
 * What a run of the program is: which versions, which call, where and by whom.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_RUN_FACTS_H
#define IMAPTAP_ANALYZER_RECORDER_RUN_FACTS_H

#include "db/store.h"

/* Octets of a command line that are kept; what does not fit is counted. */
#define RUN_COMMAND_LINE 4096

struct run_facts {
    struct store_run_facts facts; /* points into the rest */
    char uuid[37], host[65], user[64];
    char command_line[RUN_COMMAND_LINE];
};

/* Collects the facts; the run begins now. `argv` is the subcommand's, from its name on. `filter` may be NULL
 * and must stay. Returns 0, or -1 with errno set when no random number is available. */
int run_facts_collect(struct run_facts *run, int argc, char **argv, const char *filter);

/* Nanoseconds since 1970. */
int64_t run_facts_now(void);

#endif
