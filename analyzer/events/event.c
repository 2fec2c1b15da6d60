/*
 * Events to octets and back: each kind has a pair of functions that go through the fields in the same order.
 */
#include "analyzer/events/event.h"

#include "analyzer/events/wire.h"
#include "analyzer/stream/connection.h"
#include "dissector/session.h"

#include <assert.h>
#include <stddef.h>

/* Texts of a connection are bounded by the dissector's own limit for them. */
#define MAX_CONNECTION_TEXT 8192
#define MAX_RESPONSE_TEXT   IMAP_KEPT_OCTETS
#define MAX_WORKSTATION     1024
#define MAX_ORIGIN_IP       45
#define MAX_ORIGIN_SOURCE   64

/* What events need at most beside their texts; numbers take four or eight octets each. */
#define NUMBERS (40 * sizeof(int64_t))
#define CONNECTION_OCTETS                                                                                    \
    (6 * WIRE_TEXT(MAX_CONNECTION_TEXT) + WIRE_TEXT(MAX_ORIGIN_IP) + WIRE_TEXT(MAX_ORIGIN_SOURCE) +          \
     sizeof(struct event_connection))
#define LOGIN_OCTETS                                                                                         \
    (4 * WIRE_TEXT(IMAP_KEPT_OCTETS) + 2 * WIRE_TEXT(MAX_RESPONSE_TEXT) + WIRE_TEXT(MAX_WORKSTATION) +       \
     IMAP_MAX_VIOLATIONS * 2 * sizeof(struct imap_violation))

static_assert(CONNECTION_OCTETS + NUMBERS <= EVENT_MAX_OCTETS, "a connection may not fit");
static_assert(LOGIN_OCTETS + NUMBERS <= EVENT_MAX_OCTETS, "a login may not fit");
static_assert(WIRE_TEXT(MAX_RESPONSE_TEXT) + sizeof(struct event_finished) + NUMBERS <= EVENT_MAX_OCTETS,
              "what comes after a login, or the end, may not fit");
static_assert(2 * sizeof(struct event_capture) + NUMBERS <= EVENT_MAX_OCTETS, "a capture may not fit");

static void put_capture(struct wire_writer *out, const struct event_capture *capture, bool ended)
{
    wire_put_u32(out, capture->capture);
    if (!ended)
        return;
    wire_put_u32(out, capture->broken);
    wire_put_i64(out, capture->packets);
    wire_put_i64(out, capture->bytes);
    wire_put_i64(out, capture->first_ns);
    wire_put_i64(out, capture->last_ns);
    wire_put_i64(out, capture->evicted);
    wire_put_i64(out, capture->kernel_drops);
    wire_put_i64(out, capture->interface_drops);
    wire_put_string(out, capture->link_types, sizeof capture->link_types);
    wire_put_string(out, capture->fingerprint, sizeof capture->fingerprint);
    wire_put_string(out, capture->sha256, sizeof capture->sha256);
    wire_put_string(out, capture->error, sizeof capture->error);
}

static void get_capture(struct wire_reader *in, struct event_capture *capture, bool ended, uint32_t captures)
{
    memset(capture, 0, sizeof *capture);
    capture->capture = wire_get_below(in, captures);
    if (!ended)
        return;
    capture->broken = wire_get_below(in, 2);
    capture->packets = wire_get_i64(in);
    capture->bytes = wire_get_i64(in);
    capture->first_ns = wire_get_i64(in);
    capture->last_ns = wire_get_i64(in);
    capture->evicted = wire_get_i64(in);
    capture->kernel_drops = wire_get_i64(in);
    capture->interface_drops = wire_get_i64(in);
    wire_get_string(in, capture->link_types, sizeof capture->link_types);
    wire_get_string(in, capture->fingerprint, sizeof capture->fingerprint);
    wire_get_string(in, capture->sha256, sizeof capture->sha256);
    wire_get_string(in, capture->error, sizeof capture->error);
    if (capture->packets < 0 || capture->bytes < 0 || capture->evicted < 0 || capture->kernel_drops < 0 ||
        capture->interface_drops < 0)
        in->failed = true;
}

static void put_identity(struct wire_writer *out, const struct event_connection *connection)
{
    wire_put(out, connection->client, sizeof connection->client);
    wire_put(out, connection->server, sizeof connection->server);
    wire_put_u32(out, connection->client_port);
    wire_put_u32(out, connection->server_port);
    wire_put_u32(out, (uint32_t)(connection->vlan + 1));
    wire_put_string(out, connection->tunnel, sizeof connection->tunnel);
    wire_put_i64(out, connection->first_ns);
}

static void get_identity(struct wire_reader *in, struct event_connection *connection)
{
    wire_get(in, connection->client, sizeof connection->client);
    wire_get(in, connection->server, sizeof connection->server);
    connection->client_port = (uint16_t)wire_get_below(in, 65536);
    connection->server_port = (uint16_t)wire_get_below(in, 65536);
    connection->vlan = (int32_t)wire_get_below(in, 4097) - 1;
    wire_get_string(in, connection->tunnel, sizeof connection->tunnel);
    connection->first_ns = wire_get_i64(in);
}

static void put_texts(struct wire_writer *out, const struct event_connection *connection)
{
    wire_put_text(out, connection->greeting, MAX_CONNECTION_TEXT);
    wire_put_text(out, connection->server_product, MAX_CONNECTION_TEXT);
    wire_put_text(out, connection->server_host, MAX_CONNECTION_TEXT);
    wire_put_text(out, connection->capabilities, MAX_CONNECTION_TEXT);
    wire_put_text(out, connection->client_ident, MAX_CONNECTION_TEXT);
    wire_put_text(out, connection->server_ident, MAX_CONNECTION_TEXT);
    wire_put_text(out, connection->origin_ip, MAX_ORIGIN_IP);
    wire_put_text(out, connection->origin_source, MAX_ORIGIN_SOURCE);
}

static void put_connection(struct wire_writer *out, const struct event_connection *connection)
{
    wire_put_u32(out, connection->slot);
    wire_put_u32(out, connection->capture);
    wire_put_u32(out, connection->again);
    if (!connection->again)
        put_identity(out, connection);
    wire_put_i64(out, connection->last_ns);
    wire_put_u32(out, connection->same_texts);
    if (!connection->same_texts)
        put_texts(out, connection);
    wire_put_u32(out, connection->encryption);
    wire_put_u32(out, connection->starttls);
    wire_put_u32(out, connection->starttls_pipelined);
    wire_put_u32(out, connection->midstream);
    wire_put_u32(out, connection->one_sided);
    wire_put_u32(out, connection->not_imap);
    wire_put_i64(out, connection->lost_octets);
    wire_put_u32(out, connection->ended);
    wire_put_u32(out, connection->end);
    wire_put_u32(out, connection->closer);
    wire_put_i64(out, connection->closed_ns);
}

static void get_texts(struct wire_reader *in, struct event_connection *connection)
{
    connection->greeting = wire_get_text(in, MAX_CONNECTION_TEXT);
    connection->server_product = wire_get_text(in, MAX_CONNECTION_TEXT);
    connection->server_host = wire_get_text(in, MAX_CONNECTION_TEXT);
    connection->capabilities = wire_get_text(in, MAX_CONNECTION_TEXT);
    connection->client_ident = wire_get_text(in, MAX_CONNECTION_TEXT);
    connection->server_ident = wire_get_text(in, MAX_CONNECTION_TEXT);
    connection->origin_ip = wire_get_text(in, MAX_ORIGIN_IP);
    connection->origin_source = wire_get_text(in, MAX_ORIGIN_SOURCE);
}

static void get_connection(struct wire_reader *in, struct event_connection *connection, uint32_t captures,
                           uint32_t slots)
{
    memset(connection, 0, sizeof *connection);
    connection->slot = wire_get_below(in, slots);
    connection->capture = wire_get_below(in, captures);
    connection->again = wire_get_below(in, 2);
    if (!connection->again)
        get_identity(in, connection);
    connection->last_ns = wire_get_i64(in);
    connection->same_texts = wire_get_below(in, 2);
    if (!connection->same_texts)
        get_texts(in, connection);
    connection->encryption = wire_get_below(in, IMAP_ENCRYPTION_IMPLICIT + 1);
    connection->starttls = wire_get_below(in, IMAP_STARTTLS_RESULTS);
    connection->starttls_pipelined = wire_get_below(in, 2);
    connection->midstream = wire_get_below(in, 2);
    connection->one_sided = wire_get_below(in, 2);
    connection->not_imap = wire_get_below(in, 2);
    connection->lost_octets = wire_get_i64(in);
    connection->ended = wire_get_below(in, 2);
    connection->end = wire_get_below(in, CONNECTION_ENDS);
    connection->closer = wire_get_below(in, CONNECTION_CLOSERS);
    connection->closed_ns = wire_get_i64(in);
    if (connection->lost_octets < 0 || (connection->same_texts && !connection->again))
        in->failed = true;
}

static void put_login(struct wire_writer *out, const struct event_login *event)
{
    const struct imap_login *login = &event->login;

    wire_put_u32(out, event->slot);
    wire_put_u32(out, login->number);
    wire_put_i64(out, login->begin.time_ns);
    wire_put_i64(out, (int64_t)login->begin.frame);
    wire_put_u32(out, login->begin.capture);
    wire_put_u32(out, login->command);
    wire_put_text(out, login->tag, IMAP_KEPT_OCTETS);
    wire_put_text(out, login->mechanism, IMAP_KEPT_OCTETS);
    wire_put_text(out, login->username, IMAP_KEPT_OCTETS);
    wire_put_u32(out, login->username_form);
    wire_put_i64(out, login->username_length);
    wire_put_u32(out, login->password_form);
    wire_put_i64(out, login->password_length);
    wire_put_text(out, login->authzid, IMAP_KEPT_OCTETS);
    wire_put_text(out, login->workstation, MAX_WORKSTATION);
    wire_put_u32(out, login->result);
    wire_put_text(out, login->response_code, MAX_RESPONSE_TEXT);
    wire_put_text(out, login->response_text, MAX_RESPONSE_TEXT);
    wire_put_i64(out, login->latency_ns);
    wire_put_u32(out, login->incomplete != 0);
    wire_put_u32(out, login->violation_count);
    for (unsigned i = 0; i < login->violation_count; i++) {
        const struct imap_violation *violation = &login->violations[i];

        wire_put_u32(out, violation->rule);
        wire_put_u32(out, violation->argument);
        wire_put_i64(out, violation->position);
        wire_put_i64(out, violation->count);
        wire_put_u32(out, violation->octet_count);
        wire_put_octets(out, violation->octets, violation->octet_count);
    }
}

static void get_login(struct wire_reader *in, struct event_login *event, uint32_t captures, uint32_t slots)
{
    struct imap_login *login = &event->login;

    /* the violations are most of it, and few are told */
    memset(event, 0, offsetof(struct event_login, login.violations));
    event->slot = wire_get_below(in, slots);
    login->number = wire_get_u32(in);
    login->begin.time_ns = wire_get_i64(in);
    login->begin.frame = (uint64_t)wire_get_i64(in);
    login->begin.capture = wire_get_below(in, captures);
    login->command = wire_get_below(in, IMAP_COMMANDS);
    login->tag = wire_get_text(in, IMAP_KEPT_OCTETS);
    login->mechanism = wire_get_text(in, IMAP_KEPT_OCTETS);
    login->username = wire_get_text(in, IMAP_KEPT_OCTETS);
    login->username_form = wire_get_below(in, IMAP_FORMS);
    login->username_length = wire_get_i64(in);
    login->password_form = wire_get_below(in, IMAP_FORMS);
    login->password_length = wire_get_i64(in);
    login->authzid = wire_get_text(in, IMAP_KEPT_OCTETS);
    login->workstation = wire_get_text(in, MAX_WORKSTATION);
    login->result = wire_get_below(in, IMAP_RESULTS);
    login->response_code = wire_get_text(in, MAX_RESPONSE_TEXT);
    login->response_text = wire_get_text(in, MAX_RESPONSE_TEXT);
    login->latency_ns = wire_get_i64(in);
    login->incomplete = (int)wire_get_below(in, 2);
    login->violation_count = wire_get_below(in, IMAP_MAX_VIOLATIONS + 1);
    for (unsigned i = 0; i < login->violation_count; i++) {
        struct imap_violation *violation = &login->violations[i];

        memset(violation, 0, sizeof *violation);
        violation->rule = wire_get_below(in, IMAP_RULES);
        violation->argument = wire_get_below(in, IMAP_ARGUMENTS);
        violation->position = wire_get_i64(in);
        violation->count = wire_get_i64(in);
        violation->octet_count = (uint8_t)wire_get_below(in, IMAP_VIOLATION_OCTETS + 1);
        wire_get(in, violation->octets, violation->octet_count);
    }
    if ((int64_t)login->begin.frame < 0 || login->username_length < -1 || login->password_length < -1)
        in->failed = true;
}

static void put_after(struct wire_writer *out, const struct event_after *after)
{
    wire_put_u32(out, after->slot);
    wire_put_u32(out, after->number);
    wire_put_u32(out, after->result);
    wire_put_text(out, after->text, MAX_RESPONSE_TEXT);
}

static void get_after(struct wire_reader *in, struct event_after *after, uint32_t slots)
{
    after->slot = wire_get_below(in, slots);
    after->number = wire_get_u32(in);
    after->result = wire_get_below(in, IMAP_RESULTS);
    after->text = wire_get_text(in, MAX_RESPONSE_TEXT);
}

size_t event_encode(const struct event *event, uint8_t *octets)
{
    struct wire_writer out = {octets};

    wire_put_u32(&out, event->kind);
    switch (event->kind) {
    case EVENT_CAPTURE_STARTED:
    case EVENT_CAPTURE_ENDED:
        put_capture(&out, &event->capture, event->kind == EVENT_CAPTURE_ENDED);
        break;
    case EVENT_CONNECTION:
        put_connection(&out, &event->connection);
        break;
    case EVENT_LOGIN:
        put_login(&out, &event->login);
        break;
    case EVENT_AFTER:
        put_after(&out, &event->after);
        break;
    case EVENT_FINISHED:
        wire_put(&out, &event->finished, sizeof event->finished);
        break;
    default:
        return 0;
    }
    return (size_t)(out.at - octets);
}

bool event_decode(struct event *event, const uint8_t *octets, size_t length, uint32_t captures,
                  uint32_t slots)
{
    struct wire_reader in = {octets, octets + length, false};

    event->kind = wire_get_below(&in, EVENT_KINDS);
    switch (event->kind) {
    case EVENT_CAPTURE_STARTED:
    case EVENT_CAPTURE_ENDED:
        get_capture(&in, &event->capture, event->kind == EVENT_CAPTURE_ENDED, captures);
        break;
    case EVENT_CONNECTION:
        get_connection(&in, &event->connection, captures, slots);
        break;
    case EVENT_LOGIN:
        get_login(&in, &event->login, captures, slots);
        break;
    case EVENT_AFTER:
        get_after(&in, &event->after, slots);
        break;
    case EVENT_FINISHED:
        wire_get(&in, &event->finished, sizeof event->finished);
        break;
    default:
        return false;
    }
    return !in.failed && in.at == in.end;
}
