/*
 * Warns of what a person should know while a live capture runs: that frames are dropped, with the setting
 * that helps, and that nothing, or only half, is seen (a dead tap looks like good news).
 */
#ifndef IMAPTAP_ANALYZER_LIVE_WARNINGS_H
#define IMAPTAP_ANALYZER_LIVE_WARNINGS_H

#include "analyzer/live/worker_pool.h"

/* Silence for so long after the start is a warning. */
#define WARNINGS_SILENCE_MS 60000
/* While the database cannot be written, what waits is reported so often. */
#define WARNINGS_TROUBLE_MS 60000

struct warnings_interface {
    uint64_t kernel_drops, interface_drops; /* when that was looked at last */
    int64_t kernel_ms, interface_ms;        /* when drops were last seen; 0: not lately */
};

struct warnings {
    const char *const *interfaces;
    size_t interface_count;
    uint32_t buffer_octets;
    const char *ports; /* where IMAP is looked for, as text */
    int64_t started_ms;
    bool silence_reported;
    uint64_t evicted;
    int64_t trouble_ms; /* when trouble was reported last; 0: there is none */
    struct warnings_interface states[EVENT_RING_INTERFACES];
};

/* Looks at the totals; call it every few seconds. Writes one warning into `text` and returns true, until
 * there is none: call it again with the same totals as long as it returns true. */
bool warnings_next(struct warnings *watch, int64_t now_ms, const struct worker_pool_totals *totals,
                   char *text, size_t size);

/* The same for the database: it can be `written` or not, so many events wait for that, and these are lost.
 * Call it once every few seconds. */
bool warnings_database(struct warnings *watch, int64_t now_ms, bool written, uint64_t waiting,
                       const struct live_store_lost *lost, char *text, size_t size);

#endif
