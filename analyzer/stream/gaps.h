/*
 * Where octets are missing in a direction. Used by in_order.c only.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_GAPS_H
#define IMAPTAP_ANALYZER_STREAM_GAPS_H

#include "analyzer/stream/connection.h"

/* An acknowledgment this far ahead of what was delivered is not believed. */
#define MAX_ACKED_GAP (1 << 26)

/* Octets that the other side acknowledged and nobody captured, up to the first that waits. A single one that
 * nothing waits for is most likely the FIN, and does not count. */
uint32_t gap_acked(const struct connection *connection, enum stream_side from);

/* Octets missing before the first segment that waits in libnids; 0: none waits. */
uint32_t gap_waiting(const struct connection *connection, enum stream_side from);

/* The same, up to the first segment that is held at the causality gate: that one was captured. */
uint32_t gap_missing(const struct connection *connection, enum stream_side from);

#endif
