/*
 * Follows the logins of every connection. A connection is reported to the recorder before its first login, so
 * that a login can be kept as soon as its verdict came, and once more when it ended.
 */
#include "analyzer/pipeline/session_tracker.h"

#include "analyzer/pipeline/no_login.h"
#include "analyzer/pipeline/user_mask.h"
#include "analyzer/stream/detect.h"
#include "analyzer/stream/paths.h"
#include "dissector/shared.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tracked {
    struct session_tracker *tracker;
    struct connection *connection; /* valid while the table calls */
    struct imap_session *session;
    uint32_t slot;
    uint32_t text_changes; /* of the session, when the connection was last reported */
    bool reported, ended, two_sided;
    bool other;      /* another protocol, as its first octets show */
    bool done;       /* the session wants nothing more */
    bool awaits_tls; /* STARTTLS was accepted, and the client said nothing since */
    bool met[2];     /* by sender: octets were captured, or known to be lost */
    bool logins;     /* the session found one */
    struct tls_watch tls;
    struct tracked *next_free;
};

struct session_tracker {
    struct session_tracker_options options;
    struct event_ring *ring;
    struct imap_shared *shared; /* by all sessions */
    struct tracked **slots;     /* grows as needed; a slot's record stays where it is */
    uint32_t slot_count, slot_room;
    struct tracked *free_slots;
    struct event event;
    char alert[64]; /* the text of the alert that is reported */
    struct session_tracker_counts counts;
    bool heard;
};

static void send_event(struct session_tracker *tracker)
{
    if (tracker->heard && !event_ring_send(tracker->ring, &tracker->event))
        tracker->heard = false;
}

static void fill_identity(const struct connection *connection, struct event_connection *event)
{
    memcpy(event->client, connection_address(connection, STREAM_CLIENT), sizeof event->client);
    memcpy(event->server, connection_address(connection, STREAM_SERVER), sizeof event->server);
    event->client_port = connection_port(connection, STREAM_CLIENT);
    event->server_port = connection_port(connection, STREAM_SERVER);
    event->vlan = (int32_t)connection->key.vlan - 1;
    if (connection->tunnel_text != NULL)
        (void)snprintf(event->tunnel, sizeof event->tunnel, "%s", connection->tunnel_text);
    event->first_ns = connection->first_ns;
}

static void fill_texts(const struct imap_session_facts *facts, struct event_connection *event)
{
    event->greeting = facts->greeting;
    event->server_product = facts->server_product;
    event->server_host = facts->server_host;
    event->capabilities = facts->capabilities;
    event->client_ident = facts->client_ident;
    event->server_ident = facts->server_ident;
    event->origin_ip = facts->origin_ip;
    event->origin_source = facts->origin_source;
}

/* The words of the columns are those of these enums, in their order; the first of `end` is none. */
static_assert(CONNECTION_ENCRYPTION_WORDS == IMAP_ENCRYPTION_IMPLICIT + 1, "a word for each encryption");
static_assert(CONNECTION_STARTTLS_WORDS == (int)IMAP_STARTTLS_RESULTS,
              "a word for what came of each STARTTLS");
static_assert(CONNECTION_END_WORDS == CONNECTION_ENDS + 1, "a word for each end");
static_assert(CONNECTION_CLOSED_BY_WORDS == (int)CONNECTION_CLOSERS, "a word for whoever closes");
static_assert(CONNECTION_NO_LOGIN_WORDS == (int)NO_LOGIN_REASONS, "a word for each reason");

/* Neither side said anything of IMAP or TLS. The session knows that when it began at the beginning; where
 * that was not captured, both sides must have said something: of one side's octets alone nobody knows what
 * they are in the middle of. */
static bool is_not_imap(const struct tracked *tracked, const struct imap_session_facts *facts)
{
    const struct tls_side *tls = tracked->tls.sides;

    if (tracked->other || facts->not_imap)
        return true;
    if (!tracked->ended || tracked->logins || facts->spoken || facts->answered ||
        facts->encryption != IMAP_ENCRYPTION_NONE || tls[STREAM_CLIENT].speaks || tls[STREAM_SERVER].speaks)
        return false;
    return tracked->connection->midstream && tracked->met[STREAM_CLIENT] && tracked->met[STREAM_SERVER];
}

static struct no_login_facts no_login_facts(const struct tracked *tracked,
                                            const struct imap_session_facts *facts, enum connection_end how)
{
    const struct connection *connection = tracked->connection;

    return (struct no_login_facts){
        .session = facts,
        .tls = &tracked->tls,
        .logins = tracked->logins,
        .seen = {connection->directions[STREAM_CLIENT].seen, connection->directions[STREAM_SERVER].seen},
        .sent = {tracked->met[STREAM_CLIENT], tracked->met[STREAM_SERVER]},
        .midstream = connection->midstream,
        .lost = connection->lost_octets > 0,
        .server_port = connection_port(connection, STREAM_SERVER),
        .end = how,
        .closer = connection->closer,
    };
}

/* Which alert broke the handshake off, and who sent it. */
static struct imap_text alert_text(struct session_tracker *tracker, const struct tls_watch *tls)
{
    enum stream_side side = tls->sides[STREAM_CLIENT].alerted ? STREAM_CLIENT : STREAM_SERVER;
    const char *name = tls_alert_name(tls->sides[side].alert);

    (void)snprintf(tracker->alert, sizeof tracker->alert, "%s: %s (%u)",
                   side == STREAM_CLIENT ? "client" : "server", name != NULL ? name : "alert",
                   (unsigned)tls->sides[side].alert);
    return (struct imap_text){tracker->alert, strlen(tracker->alert)};
}

/* What is known only when the connection is over: why there was no login, and whether what began as TLS came
 * to be it. */
static void fill_ending(const struct tracked *tracked, const struct imap_session_facts *facts,
                        enum connection_end how, struct event_connection *event)
{
    struct no_login_facts ending = no_login_facts(tracked, facts, how);

    if (!no_login_is_encrypted(&ending))
        event->encryption = IMAP_ENCRYPTION_NONE;
    if (event->not_imap)
        return;
    event->no_login = no_login_reason(&ending);
    tracked->tracker->counts.no_login += no_login_is_known(event->no_login);
    if (event->no_login == NO_LOGIN_NONE)
        return;
    if (tracked->tls.sides[STREAM_CLIENT].alerted || tracked->tls.sides[STREAM_SERVER].alerted)
        event->no_login_text = alert_text(tracked->tracker, &tracked->tls);
    else if (no_login_is_known(event->no_login) && event->no_login != NO_LOGIN_BYE_GREETING)
        event->no_login_text = facts->refusal;
}

/* Where the directions came, when not on the same path. */
static void fill_paths(const struct connection *connection, struct event_connection *event)
{
    const struct paths *paths = connection->paths;
    const struct path *client, *server;

    event->server_vlan = -1;
    if (paths == NULL)
        return;
    event->copied_packets = (int64_t)paths->copies;
    if (!paths->begun[STREAM_CLIENT] || !paths->begun[STREAM_SERVER] ||
        paths->first[STREAM_CLIENT] == paths->first[STREAM_SERVER])
        return;
    client = &paths->path[paths->first[STREAM_CLIENT]];
    server = &paths->path[paths->first[STREAM_SERVER]];
    event->vlan = (int32_t)client->vlan - 1;
    (void)snprintf(event->tunnel, sizeof event->tunnel, "%s", client->tunnel_text ? client->tunnel_text : "");
    event->server_vlan = server->vlan == 0 ? 0 : (int64_t)server->vlan - 1;
    event->server_tunnel.octets = server->tunnel_text != NULL ? server->tunnel_text : "";
    event->server_tunnel.length = strlen(event->server_tunnel.octets);
}

static void report_connection(struct tracked *tracked, bool ended, enum connection_end how)
{
    struct session_tracker *tracker = tracked->tracker;
    const struct connection *connection = tracked->connection;
    struct event_connection *event = &tracker->event.connection;
    struct imap_session_facts facts;

    imap_session_facts(tracked->session, &facts);
    memset(event, 0, sizeof *event);
    tracker->event.kind = EVENT_CONNECTION;
    event->slot = tracked->slot;
    event->capture = connection->capture;
    event->again = tracked->reported && !tracker->options.report_again;
    if (!event->again)
        fill_identity(connection, event);
    fill_paths(connection, event);
    event->last_ns = connection->last_ns;
    event->same_texts = event->again && facts.text_changes == tracked->text_changes;
    tracked->text_changes = facts.text_changes;
    if (!event->same_texts)
        fill_texts(&facts, event);
    event->encryption = facts.encryption;
    event->starttls = facts.starttls;
    event->starttls_pipelined = facts.starttls_pipelined;
    event->midstream = connection->midstream;
    event->one_sided = connection_is_one_sided(connection);
    event->not_imap = is_not_imap(tracked, &facts);
    event->lost_octets = (int64_t)connection->lost_octets;
    event->ended = ended;
    event->end = ended ? (uint32_t)how + 1 : 0;
    event->closed_by = connection->closer;
    event->closed_ns = connection->closed_ns;
    if (ended)
        fill_ending(tracked, &facts, how, event);
    tracked->reported = true;
    send_event(tracker);
}

/* On a port that nobody named, a greeting alone may be part of anything, and so may lines that read like
 * logins: uploaded text, say. There both sides must speak IMAP, or, when all is over, the one that was
 * captured. */
static bool is_imap(const struct tracked *tracked)
{
    struct imap_session_facts facts;

    if (!tracked->connection->detected)
        return true;
    if (tracked->other)
        return false;
    imap_session_facts(tracked->session, &facts);
    return facts.spoken &&
           (facts.answered || (tracked->ended && connection_is_one_sided(tracked->connection)));
}

static void on_login(void *user, const struct imap_login *login)
{
    struct tracked *tracked = user;
    struct session_tracker *tracker = tracked->tracker;
    struct imap_login *event = &tracker->event.login.login;
    struct user_mask_text username, authzid, workstation;

    if (tracked->other || (!tracked->reported && !is_imap(tracked)))
        return;
    tracked->logins = true;
    if (!tracked->reported || tracker->options.report_again)
        report_connection(tracked, false, CONNECTION_CAPTURE);
    tracker->event.kind = EVENT_LOGIN;
    tracker->event.login.slot = tracked->slot;
    memcpy(event, login,
           offsetof(struct imap_login, violations) + login->violation_count * sizeof *login->violations);
    if (tracker->options.mask != NULL) {
        event->username = user_mask_apply(tracker->options.mask, "user", login->username, &username);
        event->authzid = user_mask_apply(tracker->options.mask, "user", login->authzid, &authzid);
        event->workstation = user_mask_apply(tracker->options.mask, "host", login->workstation, &workstation);
        event->username_length = -1;
    }
    tracker->counts.logins++;
    send_event(tracker);
}

static void on_after(void *user, uint32_t number, enum imap_result result, struct imap_text text)
{
    struct tracked *tracked = user;
    struct session_tracker *tracker = tracked->tracker;

    tracker->event.kind = EVENT_AFTER;
    tracker->event.after = (struct event_after){tracked->slot, number, result, text};
    send_event(tracker);
}

static const struct imap_session_handler session_handler = {on_login, on_after};

/* A record that is not in use; NULL when all slots are, or memory is short. */
static struct tracked *take_slot(struct session_tracker *tracker)
{
    struct tracked *tracked = tracker->free_slots;

    if (tracked != NULL) {
        tracker->free_slots = tracked->next_free;
        return tracked;
    }
    if (tracker->slot_count == tracker->options.slots)
        return NULL;
    if (tracker->slot_count == tracker->slot_room) {
        uint32_t room = tracker->slot_room ? tracker->slot_room * 2 : 256;
        struct tracked **larger = realloc(tracker->slots, room * sizeof(struct tracked *));

        if (larger == NULL)
            return NULL;
        tracker->slots = larger;
        tracker->slot_room = room;
    }
    tracked = calloc(1, sizeof *tracked);
    if (tracked == NULL)
        return NULL;
    tracked->slot = tracker->slot_count;
    tracker->slots[tracker->slot_count++] = tracked;
    return tracked;
}

static void give_slot_back(struct tracked *tracked)
{
    struct session_tracker *tracker = tracked->tracker;

    imap_session_free(tracked->session);
    tracked->session = NULL;
    tracked->next_free = tracker->free_slots;
    tracker->free_slots = tracked;
}

static struct tracked *tracked_of(struct session_tracker *tracker, struct connection *connection)
{
    struct imap_session_options options = {.password_shape = tracker->options.password_shape,
                                           .hide_users = tracker->options.mask != NULL,
                                           .shared = tracker->shared};
    struct tracked *tracked = connection->user;

    if (tracked == NULL) {
        tracked = take_slot(tracker);
        if (tracked == NULL)
            return NULL;
        tracked->tracker = tracker;
        tracked->reported = tracked->ended = tracked->two_sided = tracked->other = tracked->done =
            tracked->awaits_tls = false;
        tracked->met[STREAM_CLIENT] = tracked->met[STREAM_SERVER] = tracked->logins = false;
        tracked->tls = (struct tls_watch){0};
        tracked->session = imap_session_new(&options, &session_handler, tracked);
        if (tracked->session == NULL) {
            give_slot_back(tracked);
            return NULL;
        }
        connection->user = tracked;
        tracker->counts.connections++;
    }
    if (!tracked->two_sided && !connection_is_one_sided(connection)) {
        tracked->two_sided = true;
        tracker->counts.two_sided++;
    }
    tracked->connection = connection;
    return tracked;
}

static enum imap_direction direction_of(enum stream_side from)
{
    return from == STREAM_CLIENT ? IMAP_FROM_CLIENT : IMAP_FROM_SERVER;
}

/* Whether these octets are another protocol's. An IMAP server's first ones, at a port that was named, are
 * "* OK", "* PREAUTH" or "* BYE" (RFC 9051, section 7.1); a client's may hold a number for a tag. */
static bool speaks_other(const struct tracked *tracked, enum stream_side from, const uint8_t *octets,
                         size_t length)
{
    const struct direction *direction = &tracked->connection->directions[from];

    if (tracked->connection->detected)
        return detect_other(octets, length);
    return from == STREAM_SERVER && !tracked->met[from] && direction->from_start &&
           detect_other(octets, length);
}

/* The session wants nothing more: after a STARTTLS that was accepted TLS is to come. */
static void take_done(struct tracked *tracked, bool done)
{
    struct imap_session_facts facts;

    tracked->done = done;
    if (!done)
        return;
    imap_session_facts(tracked->session, &facts);
    tracked->awaits_tls = facts.starttls == IMAP_STARTTLS_ACCEPTED;
}

static bool wants_more(const struct tracked *tracked)
{
    return !tracked->done || tracked->awaits_tls || tls_watch_wants(&tracked->tls);
}

static bool on_octets(void *user, struct connection *connection, enum stream_side from, const uint8_t *octets,
                      size_t length, const struct imap_mark *mark)
{
    struct tracked *tracked = tracked_of(user, connection);

    if (tracked == NULL)
        return false;
    if (!tracked->reported && speaks_other(tracked, from, octets, length)) {
        tracked->other = true;
        return false;
    }
    tracked->met[from] = true;
    tls_watch_octets(&tracked->tls, from, octets, length);
    if (!tracked->done)
        take_done(tracked, !imap_session_feed(tracked->session, direction_of(from), octets, length, mark));
    else if (from == STREAM_CLIENT)
        tracked->awaits_tls = false; /* if these are not TLS, none will come */
    return wants_more(tracked);
}

static bool on_lost(void *user, struct connection *connection, enum stream_side from, uint64_t length,
                    const struct imap_mark *mark)
{
    struct tracked *tracked = tracked_of(user, connection);

    if (tracked == NULL)
        return false;
    if (length > 0) {
        tracked->met[from] = true;
        tls_watch_lost(&tracked->tls, from);
    }
    if (!tracked->done)
        take_done(tracked, !imap_session_lost(tracked->session, direction_of(from), length, mark));
    return wants_more(tracked);
}

static void on_ended(void *user, struct connection *connection, enum connection_end how)
{
    struct tracked *tracked = connection->user;

    (void)user;
    if (tracked == NULL)
        return;
    tracked->connection = connection;
    tracked->ended = true;
    imap_session_end(tracked->session);
    if (tracked->reported || is_imap(tracked))
        report_connection(tracked, true, how);
    give_slot_back(tracked);
    connection->user = NULL;
}

/* It has no session: all that is known of it is reported at once. */
static void on_silent(void *user, struct connection *connection, enum connection_end how)
{
    struct session_tracker *tracker = user;
    struct event_connection *event = &tracker->event.connection;
    struct tracked *tracked = take_slot(tracker);

    if (tracked == NULL)
        return;
    tracked->tracker = tracker;
    memset(event, 0, sizeof *event);
    tracker->event.kind = EVENT_CONNECTION;
    event->slot = tracked->slot;
    event->capture = connection->capture;
    fill_identity(connection, event);
    fill_paths(connection, event);
    event->last_ns = connection->last_ns;
    event->ended = true;
    event->end = (uint32_t)how + 1;
    event->closed_by = connection->closer;
    event->closed_ns = connection->closed_ns;
    event->no_login = NO_LOGIN_NOTHING_SENT;
    tracker->counts.connections++;
    tracker->counts.two_sided++;
    tracker->counts.no_login++;
    send_event(tracker);
    tracked->session = NULL;
    give_slot_back(tracked);
}

const struct connection_handler session_tracker_handler = {on_octets, on_lost, on_ended, on_silent};

struct session_tracker *session_tracker_new(const struct session_tracker_options *options,
                                            struct event_ring *ring)
{
    struct session_tracker *tracker = calloc(1, sizeof *tracker);

    if (tracker == NULL)
        return NULL;
    tracker->options = *options;
    tracker->ring = ring;
    tracker->heard = true;
    tracker->shared = imap_shared_new();
    if (tracker->shared == NULL) {
        free(tracker);
        return NULL;
    }
    return tracker;
}

struct session_tracker_counts session_tracker_counts(const struct session_tracker *tracker)
{
    return tracker->counts;
}

bool session_tracker_is_heard(const struct session_tracker *tracker)
{
    return tracker->heard;
}

void session_tracker_free(struct session_tracker *tracker)
{
    if (tracker == NULL)
        return;
    for (uint32_t i = 0; i < tracker->slot_count; i++) {
        imap_session_free(tracker->slots[i]->session);
        free(tracker->slots[i]);
    }
    imap_shared_free(tracker->shared);
    free(tracker->slots);
    free(tracker);
}
