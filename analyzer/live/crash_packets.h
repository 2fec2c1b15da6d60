/*
 * In which packet an analyzer died, and which connections are left out because of that: one whose packets
 * ended an analyzer twice. Nothing of a packet is kept but its time and the two ends of its connection.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_CRASH_PACKETS_H
#define IMAPTAP_ANALYZER_LIVE_CRASH_PACKETS_H

#include "analyzer/ipc/event_ring.h"

/* Connections that are remembered, and left out: the oldest give way. */
#define CRASH_PACKETS_SUSPECTS 16
#define CRASH_PACKETS_SKIPPED  8

struct crash_packets {
    struct event_ring_ends suspects[CRASH_PACKETS_SUSPECTS];
    size_t suspect_count;
    struct event_ring_ends skipped[CRASH_PACKETS_SKIPPED];
    size_t skipped_count;
};

/* An analyzer died, and these were its figures: writes where ("in the frame of ..."; "" when in none). */
void crash_packets_blame(struct crash_packets *crash_packets, const struct event_ring_figures *figures,
                         char *place, size_t size);

#endif
