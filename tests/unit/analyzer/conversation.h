/*
 * A TCP conversation for tests of the connection table: makes segments by hand, and writes down what the
 * table reports as one line of text that a test can compare, e.g. "C:hello S:ok !S3 .fin" (client said hello,
 * server said ok, three octets of the server were lost, ended by FIN; "~C" is a client met in its middle).
 */
#ifndef IMAPTAP_TESTS_CONVERSATION_H
#define IMAPTAP_TESTS_CONVERSATION_H

#include "analyzer/stream/connection_table.h"

struct conversation {
    struct connection_table *table;
    struct segment segment; /* the next one: the helpers fill it, a test may change it before `take` */
    uint32_t next[2];       /* sequence numbers, by side */
    uint32_t vlan[2];       /* by sender: as struct segment has it */
    int64_t now_ns;
    uint64_t frame;
    char text[8192];
    size_t length;
    enum stream_side last_side;
    uint64_t last_frame;           /* of the last mark */
    enum connection_closer closer; /* of the connection that ended last, and when */
    int64_t closed_ns;
    unsigned silent; /* connections that were opened and on which nothing was sent */
    bool through_nids, stop_after_octets;
    uint32_t max_connections, max_half_open; /* of the table; 0: its default */
    uint16_t other_port;                     /* a second port that is named; 0: none */
};

/* A client 10.0.0.1:40000 and a server 10.0.0.2:143; the numbers begin at `client` and `server`. */
void conversation_start(struct conversation *c, uint32_t client, uint32_t server);

/* SYN, SYN-ACK, ACK. */
void conversation_handshake(struct conversation *c);

/* A segment of `side` with `text` at its next number (which moves on), acknowledging all of the other side.
 */
void conversation_say(struct conversation *c, enum stream_side side, const char *text);

/* Like _say, but at `offset` octets from the next number, which does not move; acknowledges `acked` octets
 * more than the other side's next number says. */
void conversation_say_at(struct conversation *c, enum stream_side side, int32_t offset, const char *text,
                         int32_t acked);

/* A segment without payload: flags of segment.h. */
void conversation_flags(struct conversation *c, enum stream_side side, uint8_t flags);

/* Gives c->segment to the table. */
void conversation_take(struct conversation *c);

/* Ends everything and returns what was reported, in words one blank apart. */
const char *conversation_end(struct conversation *c);

#endif
