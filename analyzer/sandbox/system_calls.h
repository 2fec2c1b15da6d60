/*
 * The lists of system calls: which groups of them each process needs.
 */
#ifndef IMAPTAP_ANALYZER_SANDBOX_SYSTEM_CALLS_H
#define IMAPTAP_ANALYZER_SANDBOX_SYSTEM_CALLS_H

#include "analyzer/sandbox/filter.h"

#include <seccomp.h>
#include <stddef.h>

/* A call that is allowed when its argument is so. */
struct call_checked {
    int call;
    struct scmp_arg_cmp argument;
};

struct call_group {
    const int *calls;
    size_t count;
    const struct call_checked *checked;
    size_t checked_count;
    int refused; /* 0: these calls are allowed; else the errno that they fail with */
};

/* The groups of a process, up to one that is NULL. */
const struct call_group *const *calls_of(enum filter_role role);

#endif
