/*
 * What became of an input: filled while it is read, and said in the summary.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_OUTCOME_H
#define IMAPTAP_ANALYZER_RECORDER_OUTCOME_H

#include "analyzer/ipc/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome_state {
    OUTCOME_PENDING, /* not read yet */
    OUTCOME_READ,
    OUTCOME_KNOWN,   /* its content was in the database already */
    OUTCOME_BROKEN,  /* cut short or corrupt: what came before is kept */
    OUTCOME_DIED,    /* the analyzer died in it: what came before is kept */
    OUTCOME_STOPPED, /* the user stopped the reading */
    OUTCOME_FOREIGN  /* it is no capture: nothing is kept of it */
};

/* What became of one input. */
struct outcome {
    enum outcome_state state;
    int64_t id; /* of its row in `captures`; 0: none */
    int64_t packets, bytes, first_ns, last_ns;
    int64_t lost_octets, evicted; /* of its IMAP connections; connections given up while it was read */
    bool settled;                 /* its row is what it will be */
    bool unhashed;                /* its row is kept, but without the SHA-256 of its file */
    char *error;                  /* one sentence; NULL: none */
};

/* Says why the input was not read whole. */
__attribute__((format(printf, 2, 3))) void outcome_set_error(struct outcome *outcome, const char *format,
                                                             ...);

/* What became of all inputs. */
struct recorder_result {
    struct outcome *outcomes; /* one an input */
    size_t count;             /* of them */
    struct event_finished missed;
    bool stopped;      /* by the user */
    bool store_failed; /* the database could not take what was found; `why` says why */
    char why[512];
};

#endif
