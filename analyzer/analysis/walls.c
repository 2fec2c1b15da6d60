/*
 * What the analyzer process gives up: descriptors, and by resource limits the right to get new ones.
 */
#include "analyzer/analysis/walls.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int by_number(const void *a, const void *b)
{
    const int *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

void walls_close_descriptors(int *keep, size_t count)
{
    unsigned next = 0;

    qsort(keep, count, sizeof *keep, by_number);
    for (size_t i = 0; i <= count; i++) {
        unsigned kept = i < count ? (unsigned)keep[i] : ~0U;

        /* around standard error too */
        if (next <= STDERR_FILENO && kept > STDERR_FILENO) {
            if (next < STDERR_FILENO)
                close_range(next, STDERR_FILENO - 1, 0);
            next = STDERR_FILENO + 1;
        }
        if (next < kept)
            close_range(next, kept - 1, 0);
        next = kept + 1;
    }
}

static int forbid(int resource)
{
    struct rlimit none = {0, 0};

    return setrlimit((__rlimit_resource_t)resource, &none);
}

void walls_forbid_core_files(void)
{
    (void)forbid(RLIMIT_CORE);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

int walls_raise(int parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return -1;
    if (getppid() != parent) {
        errno = ESRCH; /* it died before the line above */
        return -1;
    }
    if (forbid(RLIMIT_NOFILE) != 0 || forbid(RLIMIT_FSIZE) != 0 || forbid(RLIMIT_NPROC) != 0 ||
        forbid(RLIMIT_CORE) != 0)
        return -1;
    return prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -1 : 0;
}
