/*
 * What a segment's flags and numbers say about a connection's beginning and end, and whether they are to be
 * believed. Used by the connection table only.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_TCP_STATE_H
#define IMAPTAP_ANALYZER_STREAM_TCP_STATE_H

#include "analyzer/decap/segment.h"
#include "analyzer/stream/connection.h"

/* True when the segment begins a new connection in the place of `connection`. Notes a SYN that may. */
bool tcp_state_of_new(struct connection *connection, enum stream_side from, const struct segment *segment);

/* True when the SYN of `from`, until now taken for the server, shows that both sides open the connection at
 * once (RFC 9293, 3.5): then the handshake does not show who is the server. */
bool tcp_state_of_simultaneous_open(const struct connection *connection, enum stream_side from,
                                    const struct segment *segment);

/* True when the other side had to believe this RST: its number is one that it may have expected. */
bool tcp_state_reset_is_believed(const struct connection *connection, enum stream_side from,
                                 const struct segment *segment);

/* Notes a FIN that stands at the number `fin`. */
void tcp_state_take_fin(struct connection *connection, enum stream_side from, uint32_t fin);

/* True when either side has closed the connection. */
bool tcp_state_of_closing(const struct connection *connection);

/* True when the handshake was captured and completed, and no octet followed it. */
bool tcp_state_of_silence(const struct connection *connection);

/* True when both sides have, and everything before was delivered. */
bool tcp_state_of_end(const struct connection *connection);

#endif
