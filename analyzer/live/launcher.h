/*
 * The launcher: a small process that starts the analyzers of a live capture. Only it keeps the right to open
 * interfaces (CAP_NET_RAW), which a new analyzer needs for a moment; it reads nothing but the recorder's
 * requests, and no packet. So neither the recorder, which lives as long, nor an analyzer that reads packets
 * has any right, and yet an analyzer that died, or an interface that came back, can be started again.
 *
 * Analyzers are the launcher's children and end when it does; it ends when the recorder does.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_LAUNCHER_H
#define IMAPTAP_ANALYZER_LIVE_LAUNCHER_H

#include "analyzer/capture/live/interface.h"
#include "analyzer/ipc/event_ring.h"
#include "analyzer/pipeline/pipeline.h"

#include <sys/types.h>

/* Analyzers that run at a time. */
#define LAUNCHER_WORKERS 32
/* Connections that an analyzer leaves out. */
#define LAUNCHER_SKIPPED 8

/* What all analyzers have in common; the names must stay. */
struct launcher_options {
    const char *const *interfaces;
    size_t interface_count; /* at most EVENT_RING_INTERFACES */
    unsigned workers;       /* that share each interface; at most LAUNCHER_WORKERS */
    struct live_options live;
    struct pipeline_options pipeline;
    const struct rights_user *user; /* whom it and the analyzers become; NULL: they stay who they are */
};

struct launcher;

/* Starts the launcher. Call it before the database and anything else is open that it must not have. NULL: see
 * errno. */
struct launcher *launcher_new(const struct launcher_options *options);

/* Asks for an analyzer as number `worker` for the interfaces in `interfaces` (a bit each), with the sender's
 * side of `ring`; when the other end of `leash` is closed it is to stop. Returns 0, or -1 when the
 * launcher is gone. */
int launcher_start(struct launcher *launcher, unsigned worker, uint32_t interfaces,
                   const struct event_ring *ring, int leash, const struct event_ring_ends *skipped,
                   size_t skipped_count);

/* Ends an analyzer at once. */
void launcher_kill(struct launcher *launcher, unsigned worker);

enum launcher_news {
    LAUNCHER_QUIET,
    LAUNCHER_ENDED, /* the analyzer *worker is gone; *status is as of waitpid, or -1: it could not be started
                     */
    LAUNCHER_GONE   /* the launcher is */
};

/* To poll for reading. */
int launcher_fd(const struct launcher *launcher);
/* The next news; never waits. */
enum launcher_news launcher_news(struct launcher *launcher, unsigned *worker, int *status);

/* Ends the launcher, and all analyzers with it. */
void launcher_free(struct launcher *launcher);

#endif
