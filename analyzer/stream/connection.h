/*
 * One TCP connection as the connection table keeps it, and what the table reports about it.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_CONNECTION_H
#define IMAPTAP_ANALYZER_STREAM_CONNECTION_H

#include "analyzer/stream/reassembly.h"
#include "dissector/login.h"

/* How a connection ended. */
enum connection_end {
    CONNECTION_FIN,      /* both sides closed it */
    CONNECTION_RESET,    /* a RST that the other side had to believe */
    CONNECTION_REPLACED, /* a new connection took its addresses and ports */
    CONNECTION_IDLE,     /* no segment for hours */
    CONNECTION_EVICTED,  /* the table was full */
    CONNECTION_CAPTURE,  /* the capture ended first */
    CONNECTION_ENDS
};

/* Who closed it: sent the first FIN, or the RST. */
enum connection_closer { CLOSED_BY_NOBODY, CLOSED_BY_CLIENT, CLOSED_BY_SERVER, CONNECTION_CLOSERS };

/* What distinguishes connections: the lower (address, port) comes first, whoever is the client. Without
 * padding: it is compared and hashed in words of eight octets. Addresses are in network byte order, IPv4 as
 * ::ffff:a.b.c.d; `vlan` is the identifier + 1, or 0. */
struct connection_key {
    uint8_t address[2][16];
    uint16_t port[2];
    uint32_t vlan;
    uint64_t tunnel;
};

/* One direction of a connection; sequence numbers are the wire's. */
struct direction {
    uint32_t start;    /* number of the first octet of all, when from_start */
    uint32_t expected; /* number of the next octet to deliver */
    uint32_t acked;    /* the highest number that the other side acknowledged */
    uint32_t highest;  /* the highest number after an octet that was captured */
    uint32_t fin;      /* the number of the FIN: nothing comes after it */
    bool known;        /* `expected` means something */
    bool seen;         /* a segment of this direction was captured */
    bool acked_known;
    bool fin_seen;
    bool from_start; /* delivery began at the connection's first octet */
    bool reported;   /* the handler knows whether this direction began at its start */
};

struct paths;
struct recent;
struct reorder_buffer;

/* What each segment needs comes first, and together. Kept small: a flood makes as many as there may be. */
struct connection {
    struct connection_key key;
    uint32_t hash; /* of the key */
    uint8_t list;
    bool wanted;                        /* the handler wants octets */
    bool payload;                       /* an octet was seen: the handler knows the connection */
    bool closed;                        /* over, kept for a while to know its stragglers */
    struct connection *previous, *next; /* in the list by age */
    struct direction directions[2];     /* by enum stream_side, of the sender */
    bool reversed;                      /* the client is the second end of the key */
    bool pending[2];                    /* a SYN came that does not belong to this connection, by sender */
    bool midstream;                     /* its beginning was not captured */
    bool detected;                      /* on a port that nobody named: found by what it said */
    bool uncounted_syn;                 /* the SYN-ACK acknowledged the SYN's own number: SYNs take none */
    bool apart; /* another one has its addresses, ports and numbers, on another path */
    struct reorder_buffer *reorder_buffer; /* exists while something is out of order */
    struct recent *recent[2]; /* what was delivered last, by sender, to compare with what comes again */
    struct paths *paths;      /* exists when it was captured in several VLANs or tunnels */
    void *user;               /* the handler's */
    int64_t last_ns;

    int64_t first_ns;
    int64_t closed_ns;          /* time of the first FIN, or of the RST, when closer says whose */
    uint64_t lost_octets;       /* of both directions, as reported to the handler */
    char *tunnel_text;          /* as struct segment has it; NULL: none */
    uint32_t capture;           /* of the first segment */
    uint32_t pending_number[2]; /* the first number after that SYN */
    enum connection_closer closer;
};

/* Where a side stands in the key: 0 or 1. */
static inline int connection_place(const struct connection *connection, enum stream_side side)
{
    return (side == STREAM_SERVER) != connection->reversed;
}

/* The address of a side: 16 octets in network byte order, IPv4 as ::ffff:a.b.c.d. */
static inline const uint8_t *connection_address(const struct connection *connection, enum stream_side side)
{
    return connection->key.address[connection_place(connection, side)];
}

static inline uint16_t connection_port(const struct connection *connection, enum stream_side side)
{
    return connection->key.port[connection_place(connection, side)];
}

/* True when a segment of only one direction was captured. */
static inline bool connection_is_one_sided(const struct connection *connection)
{
    return connection->directions[STREAM_CLIENT].seen != connection->directions[STREAM_SERVER].seen;
}

/* Called by the table; `connection` is valid during the call, connection->user is the handler's. */
struct connection_handler {
    /* Octets in order; `mark` says when and where they were captured. The first call for a connection comes
     * with connection->user NULL. Returns false when nothing more is wanted of the connection but its end. */
    bool (*octets)(void *user, struct connection *connection, enum stream_side from, const uint8_t *octets,
                   size_t length, const struct imap_mark *mark);
    /* The next `length` octets were never captured; 0: the direction was met in its middle. Returns as octets
     * does. */
    bool (*lost)(void *user, struct connection *connection, enum stream_side from, uint64_t length,
                 const struct imap_mark *mark);
    /* The last call for a connection that octets or lost was called for. */
    void (*ended)(void *user, struct connection *connection, enum connection_end end);
    /* The only call for a connection that was opened and on which no octet was sent. NULL: nobody asks. */
    void (*silent)(void *user, struct connection *connection, enum connection_end end);
};

#endif
