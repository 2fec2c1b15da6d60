/*
 * One analyzer process of a live capture, from the fork to its end.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_LIVE_ANALYZER_H
#define IMAPTAP_ANALYZER_LIVE_LIVE_ANALYZER_H

#include "analyzer/live/launcher.h"

struct live_analyzer {
    const struct launcher_options *options;
    unsigned worker;
    uint32_t interfaces;       /* which of them to open */
    int memory, sender, leash; /* descriptors */
    const struct event_ring_ends *skipped;
    size_t skipped_count;
    pid_t launcher; /* its parent: when it dies, so does the analyzer */
};

/* Opens the interfaces, gives up all rights, and reads until it is to stop. */
_Noreturn void live_analyzer_run(const struct live_analyzer *analyzer);

/* What the launcher gives up: all descriptors but these two and standard error, all rights but to open
 * interfaces; it becomes `user` (NULL: it stays who it is), and ends with the recorder. Returns 0, or -1 with
 * errno set. */
int live_launcher_hold(const struct rights_user *user, pid_t recorder, int fd, int signals);

#endif
