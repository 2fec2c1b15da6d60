/*
 * A file system for SQLite that fails on demand: the operation of a given number, counted over all files.
 */
#ifndef IMAPTAP_TESTS_DB_FAULTY_VFS_H
#define IMAPTAP_TESTS_DB_FAULTY_VFS_H

#include <stdbool.h>

/* Which operations are counted and fail. */
enum faulty_what {
    FAULTY_WRITES, /* writes, truncations, syncs and deletions */
    FAULTY_READS,
    FAULTY_LOCKS
};

struct faulty_vfs {
    enum faulty_what what;
    int count;      /* such operations so far */
    int fail_at;    /* the number, from 1, of the one that fails; 0: none */
    int code;       /* what it fails with, e.g. SQLITE_FULL */
    bool lasting;   /* all that come after it fail, too: the plug was pulled */
    bool power_cut; /* instead of failing, the power goes: the process ends, and what was not synced may be
                       lost */
};

extern struct faulty_vfs faulty_vfs;

/* Makes it SQLite's file system for all connections opened from now on; faulty_vfs_remove brings the real one
 * back. */
void faulty_vfs_install(void);
void faulty_vfs_remove(void);

#endif
