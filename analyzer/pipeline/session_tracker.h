/*
 * Follows the logins of every connection: gives each connection an IMAP session and turns what the session
 * and the connection table report into events.
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_SESSION_TRACKER_H
#define IMAPTAP_ANALYZER_PIPELINE_SESSION_TRACKER_H

#include "analyzer/ipc/event_ring.h"
#include "analyzer/stream/connection.h"
#include "dissector/session.h"

struct user_mask;
struct session_tracker;

struct session_tracker_options {
    bool password_shape;
    const struct user_mask *mask; /* NULL: user names are kept as they are */
    uint32_t slots;               /* connections with a session at a time, at most */
    bool report_again;            /* a connection is reported before each of its logins, not only the first */
};

struct session_tracker_counts {
    uint64_t connections, logins;
    uint64_t no_login;  /* of the connections that ended: without a login, and it was seen why */
    uint64_t two_sided; /* of the connections: segments of both directions were captured */
};

/* The options are copied; the event ring must outlive the tracker. NULL: out of memory. */
struct session_tracker *session_tracker_new(const struct session_tracker_options *options,
                                            struct event_ring *ring);

/* The handler to give to the connection table, with the tracker as its user. */
extern const struct connection_handler session_tracker_handler;

struct session_tracker_counts session_tracker_counts(const struct session_tracker *tracker);

/* False once an event could not be sent: the recorder is gone. */
bool session_tracker_is_heard(const struct session_tracker *tracker);

void session_tracker_free(struct session_tracker *tracker);

#endif
