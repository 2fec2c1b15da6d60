/*
 * In which packet an analyzer died, and which connections are left out because of that: one whose packets
 * ended an analyzer twice. Nothing of a packet is kept but its time and the two ends of its connection.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LIVE_CULPRITS_H
#define IMAPTAP_ANALYZER_RECORDER_LIVE_CULPRITS_H

#include "analyzer/ipc/event_ring.h"

/* Connections that are remembered, and left out: the oldest give way. */
#define CULPRITS_SUSPECTS 16
#define CULPRITS_SKIPPED  8

struct culprits {
    struct event_ring_ends suspects[CULPRITS_SUSPECTS];
    size_t suspect_count;
    struct event_ring_ends skipped[CULPRITS_SKIPPED];
    size_t skipped_count;
};

/* An analyzer died, and these were its figures: writes where ("in the frame of ..."; "" when in none). */
void culprits_blame(struct culprits *culprits, const struct event_ring_figures *figures, char *place,
                    size_t size);

#endif
