/*
 * The VLANs and tunnels that one connection was captured in. A span port may show a connection twice, before
 * and behind a router, or each of its directions in a VLAN or tunnel of its own. Segments of another path
 * belong to a connection when addresses, ports, and both the sequence and the acknowledgment number fit: two
 * customers with the same addresses do not share numbers.
 *
 * HOW IT WORKS: a connection is found by its whole key, path and all, so that it costs nothing where there is
 * one path. Only when there is no such connection, others are tried: the path of the table's first
 * connection, and those in which the newest connections with these addresses and ports began. What fits is
 * entered in the index a second time, under the path's key. All lists are short and of fixed size: what does
 * not fit into them stays a connection of its own. When a path turns out to carry other octets at the same
 * numbers, it is taken off the connection again. Used by the connection table only.
 */
#ifndef IMAPTAP_ANALYZER_STREAM_PATHS_H
#define IMAPTAP_ANALYZER_STREAM_PATHS_H

#include "analyzer/decap/segment.h"
#include "analyzer/stream/connection_index.h"

/* Paths of one connection, and connections with more than one, at a time. */
#define PATHS_OF_ONE          4
#define PATHS_MAX_CONNECTIONS 32768

struct path {
    uint32_t vlan; /* as in the key */
    uint64_t tunnel;
    uint32_t hash;     /* of the connection's key with this path */
    char *tunnel_text; /* NULL: none. Of the first path it is the connection's */
};

struct paths {
    struct path path[PATHS_OF_ONE]; /* the first is that of the connection's key */
    uint8_t count;
    uint8_t first[2];   /* by sender: where the first segment of this direction came */
    uint8_t leading[2]; /* by sender: where octets came last that had not come before */
    bool begun[2];      /* by sender: `first` means something */
    uint64_t copies;    /* segments with octets that had all come on another path */
};

struct path_hint {
    uint32_t ends; /* hash of addresses and ports alone */
    uint32_t vlan;
    uint64_t tunnel;
};

/* What the table remembers of paths. */
struct path_memory {
    bool any, several; /* connections began; not all of them on one path */
    uint32_t vlan;     /* of the first one of all */
    uint64_t tunnel;
    struct path_hint *hints; /* where connections began on other paths; NULL: none yet, or out of memory */
    uint32_t connections;    /* that have paths */
};

/* Whether the segment, of the connection's addresses and ports but on another path, belongs to it. Pure. */
bool path_fits(const struct connection *connection, enum stream_side from, const struct segment *segment);

/* A connection began: notes on which path. */
void paths_note(struct path_memory *memory, const struct connection_index *index,
                const struct connection_key *key);

/* Puts the keys that are worth a look, those of `key` on other paths, into `keys`; returns how many. */
#define PATHS_TRIED 5
unsigned paths_to_try(const struct path_memory *memory, const struct connection_index *index,
                      const struct connection_key *key, struct connection_key keys[PATHS_TRIED]);

/* Adds the segment's path, of which `hash` is the key's, to the connection. False: there is no room for it.
 */
bool paths_add(struct path_memory *memory, struct connection_index *index, struct connection *connection,
               const struct segment *segment, uint32_t hash);

/* The number of the segment's path among those of the connection, which has several. */
unsigned paths_number(const struct connection *connection, const struct segment *segment);

/* True when the segment came on a path of its connection, which has several, that shows other octets than the
 * rest of them. */
bool paths_differ(const struct connection *connection, enum stream_side from, const struct segment *segment);

/* Whether all octets of the segment, of a connection with several paths, came before and on another one:
 * counts it then. To be called before it is taken, for each. */
bool paths_is_copy(struct connection *connection, enum stream_side from, const struct segment *segment);

/* Takes one path off a connection, which has several. */
void paths_drop(struct connection_index *index, struct connection *connection, unsigned number);

/* Forgets all paths but the first. */
void paths_forget(struct path_memory *memory, struct connection_index *index, struct connection *connection);

void paths_stop(struct path_memory *memory);

#endif
