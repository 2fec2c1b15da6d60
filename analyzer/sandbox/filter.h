/*
 * The system calls that each process needs: seccomp, through libseccomp.
 */
#ifndef IMAPTAP_ANALYZER_SANDBOX_FILTER_H
#define IMAPTAP_ANALYZER_SANDBOX_FILTER_H

#include <stdbool.h>

enum filter_role {
    FILTER_ANALYZER, /* of files */
    FILTER_LIVE_ANALYZER,
    FILTER_RECORDER, /* of files: it starts analyzers */
    FILTER_LIVE_RECORDER,
    FILTER_LAUNCHER /* of live analyzers */
};

/* True when the kernel has filters and the action that names a denied call (since Linux 4.14). */
bool filter_is_there(void);

/* Installs the filter. Filters add up: an analyzer's calls pass through the filter of who started it too.
 * `output`: an analyzer's, the only descriptor, besides standard error, that it may write to; else -1. Sets
 * PR_SET_NO_NEW_PRIVS. Returns 0, or -1 with errno set. */
int filter_install(enum filter_role role, int output);

#endif
