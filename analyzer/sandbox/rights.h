/*
 * Capabilities, and whom a process of root becomes.
 */
#ifndef IMAPTAP_ANALYZER_SANDBOX_RIGHTS_H
#define IMAPTAP_ANALYZER_SANDBOX_RIGHTS_H

#include <stddef.h>
#include <sys/types.h>

struct rights_user {
    uid_t uid;
    gid_t gid;
    char name[64];
};

/* Looks up the user `name`; NULL: `imaptap` if there is one, else `nobody`. Opens files: call it before the
 * sandbox is entered. Returns 0, or -1 with errno set (ENOENT: there is no such user). */
int rights_find_user(const char *name, struct rights_user *user);

/* Keeps, of the capabilities (CAP_...) that the process has, only the `count` in `keep`, and none that a
 * program it starts could get back. Returns 0, or -1 with errno set. */
int rights_keep(const unsigned *keep, size_t count);

/* The same, and becomes `user`, in the user's own group alone. For root, or with CAP_SETUID and CAP_SETGID.
 * The kernel then forgets PR_SET_PDEATHSIG and PR_SET_DUMPABLE: set these after it. */
int rights_become(const struct rights_user *user, const unsigned *keep, size_t count);

#endif
