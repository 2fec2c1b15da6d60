/*
 * What a segment's flags and numbers say about a connection's beginning and end.
 */
#include "analyzer/stream/tcp_state.h"

/* A straggler of a closed connection is this near to its last octets. */
#define STRAGGLER_OCTETS (1 << 20)
/* A SYN is sent once more after 64 seconds at most (RFC 6298; six times on Linux): what comes after a longer
 * silence, with the same ports and number, is a capture played again, or a test suite. */
#define SYN_AGAIN_NS INT64_C(120000000000)

/* True when a segment shows that a SYN seen before, with other numbers than this connection's, was real. */
static bool confirms_pending(const struct connection *connection, enum stream_side from,
                             const struct segment *segment)
{
    enum stream_side other = side_across(from);

    if (segment->flags & SEGMENT_SYN)
        return (segment->flags & SEGMENT_ACK) && connection->pending[other] &&
               segment->acknowledgment == connection->pending_number[other];
    return connection->pending[from] && segment->sequence == connection->pending_number[from];
}

/* A SYN alone does not end a live connection: it may be forged, and then the next segments do not follow
 * from it. */
bool tcp_state_of_new(struct connection *connection, enum stream_side from, const struct segment *segment)
{
    const struct direction *direction = &connection->directions[from];
    uint32_t first = segment->sequence + 1;
    bool late = segment->time_ns - connection->last_ns > SYN_AGAIN_NS;

    if (connection->closed) {
        int32_t beyond = (int32_t)(segment->sequence - direction->highest);

        if (segment->flags & SEGMENT_SYN)
            return late || !(direction->from_start && first == direction->start);
        return segment->length > 0 && (beyond > STRAGGLER_OCTETS || beyond < -STRAGGLER_OCTETS);
    }
    if (confirms_pending(connection, from, segment))
        return true;
    if (!(segment->flags & SEGMENT_SYN) || !direction->seen)
        return false;
    if (!connection->payload)
        return (segment->flags & SEGMENT_ACK) == 0 && first != direction->expected;
    if (direction->from_start && first == direction->start)
        return late; /* else it is this connection's own SYN, once more */
    if (tcp_state_of_closing(connection))
        return true;
    connection->pending[from] = true;
    connection->pending_number[from] = first;
    return false;
}

bool tcp_state_reset_is_believed(const struct connection *connection, enum stream_side from,
                                 const struct segment *segment)
{
    const struct direction *direction = &connection->directions[from];

    return !direction->known || segment->sequence == direction->expected ||
           segment->sequence == direction->highest ||
           (direction->acked_known && segment->sequence == direction->acked);
}

bool tcp_state_of_end(const struct connection *connection)
{
    for (int side = 0; side < 2; side++) {
        const struct direction *direction = &connection->directions[side];

        if (!direction->fin_seen || (connection->wanted && direction->expected != direction->fin))
            return false;
    }
    return true;
}

void tcp_state_take_fin(struct connection *connection, enum stream_side from, uint32_t fin)
{
    struct direction *direction = &connection->directions[from];

    if (direction->fin_seen || (int32_t)(fin - direction->expected) < 0)
        return;
    direction->fin_seen = true;
    direction->fin = fin;
}

bool tcp_state_of_simultaneous_open(const struct connection *connection, enum stream_side from,
                                    const struct segment *segment)
{
    return (segment->flags & (SEGMENT_SYN | SEGMENT_ACK)) == SEGMENT_SYN && from == STREAM_SERVER &&
           !connection->directions[STREAM_SERVER].seen && !connection->payload &&
           connection->reorder_buffer == NULL;
}

bool tcp_state_of_silence(const struct connection *connection)
{
    const struct direction *client = &connection->directions[STREAM_CLIENT];
    const struct direction *server = &connection->directions[STREAM_SERVER];

    /* nothing that a side sent, or is said to have sent, but a FIN */
    return !connection->payload && client->seen && server->seen && client->from_start && server->from_start &&
           server->acked_known && client->acked_known && server->acked - server->start <= 1 &&
           client->acked - client->start <= 1 && client->highest - client->start <= 1 &&
           server->highest - server->start <= 1;
}

bool tcp_state_of_closing(const struct connection *connection)
{
    return connection->directions[STREAM_CLIENT].fin_seen || connection->directions[STREAM_SERVER].fin_seen;
}
