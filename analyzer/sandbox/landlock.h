/*
 * Landlock: which files a process can reach by name, and no network and no others' processes where the
 * kernel's version can deny them.
 */
#ifndef IMAPTAP_ANALYZER_SANDBOX_LANDLOCK_H
#define IMAPTAP_ANALYZER_SANDBOX_LANDLOCK_H

#include "analyzer/sandbox/sandbox.h"

/* The kernel's ABI version; 0: it has no Landlock, or has it switched off. */
int landlock_version(void);

/* From here on the process reaches only what lies below the `count` paths. `local`: it may still talk to
 * abstract UNIX sockets. The process must not be able to gain rights (PR_SET_NO_NEW_PRIVS). Returns 0, also
 * where the kernel has no Landlock, or -1 with errno set. */
int landlock_hold(const struct sandbox_path *paths, size_t count, bool local);

#endif
