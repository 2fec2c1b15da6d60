/*
 * Events to octets and back: each kind has a pair of functions that go through the fields in the same order.
 */
#include "analyzer/ipc/event.h"

#include "analyzer/ipc/codec.h"
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
    (6 * CODEC_TEXT(MAX_CONNECTION_TEXT) + CODEC_TEXT(MAX_ORIGIN_IP) + CODEC_TEXT(MAX_ORIGIN_SOURCE) +       \
     sizeof(struct event_connection))
#define LOGIN_OCTETS                                                                                         \
    (4 * CODEC_TEXT(IMAP_KEPT_OCTETS) + 2 * CODEC_TEXT(MAX_RESPONSE_TEXT) + CODEC_TEXT(MAX_WORKSTATION) +    \
     IMAP_MAX_VIOLATIONS * 2 * sizeof(struct imap_violation))

static_assert(CONNECTION_OCTETS + NUMBERS <= EVENT_MAX_OCTETS, "a connection may not fit");
static_assert(LOGIN_OCTETS + NUMBERS <= EVENT_MAX_OCTETS, "a login may not fit");
static_assert(CODEC_TEXT(MAX_RESPONSE_TEXT) + sizeof(struct event_finished) + NUMBERS <= EVENT_MAX_OCTETS,
              "what comes after a login, or the end, may not fit");
static_assert(2 * sizeof(struct event_capture) + NUMBERS <= EVENT_MAX_OCTETS, "a capture may not fit");

static void put_capture(struct codec_writer *out, const struct event_capture *capture, bool ended)
{
    codec_put_u32(out, capture->capture);
    if (!ended)
        return;
    codec_put_u32(out, capture->broken);
    codec_put_u32(out, capture->foreign);
    codec_put_i64(out, capture->packets);
    codec_put_i64(out, capture->bytes);
    codec_put_i64(out, capture->first_ns);
    codec_put_i64(out, capture->last_ns);
    codec_put_i64(out, capture->evicted);
    codec_put_i64(out, capture->kernel_drops);
    codec_put_i64(out, capture->interface_drops);
    codec_put_i64(out, (int64_t)capture->marks_met);
    codec_put_string(out, capture->link_types, sizeof capture->link_types);
    codec_put_string(out, capture->fingerprint, sizeof capture->fingerprint);
    codec_put_string(out, capture->packed_fingerprint, sizeof capture->packed_fingerprint);
    codec_put_string(out, capture->sha256, sizeof capture->sha256);
    codec_put_string(out, capture->error, sizeof capture->error);
}

static void get_capture(struct codec_reader *in, struct event_capture *capture, bool ended, uint32_t captures)
{
    memset(capture, 0, sizeof *capture);
    capture->capture = codec_get_below(in, captures);
    if (!ended)
        return;
    capture->broken = codec_get_below(in, 2);
    capture->foreign = codec_get_below(in, 2);
    capture->packets = codec_get_i64(in);
    capture->bytes = codec_get_i64(in);
    capture->first_ns = codec_get_i64(in);
    capture->last_ns = codec_get_i64(in);
    capture->evicted = codec_get_i64(in);
    capture->kernel_drops = codec_get_i64(in);
    capture->interface_drops = codec_get_i64(in);
    capture->marks_met = (uint64_t)codec_get_i64(in);
    codec_get_string(in, capture->link_types, sizeof capture->link_types);
    codec_get_string(in, capture->fingerprint, sizeof capture->fingerprint);
    codec_get_string(in, capture->packed_fingerprint, sizeof capture->packed_fingerprint);
    codec_get_string(in, capture->sha256, sizeof capture->sha256);
    codec_get_string(in, capture->error, sizeof capture->error);
    if (capture->packets < 0 || capture->bytes < 0 || capture->evicted < 0 || capture->kernel_drops < 0 ||
        capture->interface_drops < 0)
        in->failed = true;
}

static void put_identity(struct codec_writer *out, const struct event_connection *connection)
{
    codec_put(out, connection->client, sizeof connection->client);
    codec_put(out, connection->server, sizeof connection->server);
    codec_put_u32(out, connection->client_port);
    codec_put_u32(out, connection->server_port);
    codec_put_u32(out, (uint32_t)(connection->vlan + 1));
    codec_put_string(out, connection->tunnel, sizeof connection->tunnel);
    codec_put_i64(out, connection->first_ns);
}

static void get_identity(struct codec_reader *in, struct event_connection *connection)
{
    codec_get(in, connection->client, sizeof connection->client);
    codec_get(in, connection->server, sizeof connection->server);
    connection->client_port = (uint16_t)codec_get_below(in, 65536);
    connection->server_port = (uint16_t)codec_get_below(in, 65536);
    connection->vlan = (int32_t)codec_get_below(in, 4097) - 1;
    codec_get_string(in, connection->tunnel, sizeof connection->tunnel);
    connection->first_ns = codec_get_i64(in);
}

static void put_texts(struct codec_writer *out, const struct event_connection *connection)
{
    codec_put_text(out, connection->greeting, MAX_CONNECTION_TEXT);
    codec_put_text(out, connection->server_product, MAX_CONNECTION_TEXT);
    codec_put_text(out, connection->server_host, MAX_CONNECTION_TEXT);
    codec_put_text(out, connection->capabilities, MAX_CONNECTION_TEXT);
    codec_put_text(out, connection->client_ident, MAX_CONNECTION_TEXT);
    codec_put_text(out, connection->server_ident, MAX_CONNECTION_TEXT);
    codec_put_text(out, connection->origin_ip, MAX_ORIGIN_IP);
    codec_put_text(out, connection->origin_source, MAX_ORIGIN_SOURCE);
}

static void put_connection(struct codec_writer *out, const struct event_connection *connection)
{
    codec_put_u32(out, connection->slot);
    codec_put_u32(out, connection->capture);
    codec_put_u32(out, connection->again);
    if (!connection->again)
        put_identity(out, connection);
    codec_put_i64(out, connection->last_ns);
    codec_put_u32(out, connection->same_texts);
    if (!connection->same_texts)
        put_texts(out, connection);
    codec_put_u32(out, connection->encryption);
    codec_put_u32(out, connection->starttls);
    codec_put_u32(out, connection->starttls_pipelined);
    codec_put_u32(out, connection->midstream);
    codec_put_u32(out, connection->one_sided);
    codec_put_u32(out, connection->not_imap);
    codec_put_i64(out, connection->lost_octets);
    codec_put_u32(out, connection->ended);
    codec_put_u32(out, connection->end);
    codec_put_u32(out, connection->closer);
    codec_put_i64(out, connection->closed_ns);
}

static void get_texts(struct codec_reader *in, struct event_connection *connection)
{
    connection->greeting = codec_get_text(in, MAX_CONNECTION_TEXT);
    connection->server_product = codec_get_text(in, MAX_CONNECTION_TEXT);
    connection->server_host = codec_get_text(in, MAX_CONNECTION_TEXT);
    connection->capabilities = codec_get_text(in, MAX_CONNECTION_TEXT);
    connection->client_ident = codec_get_text(in, MAX_CONNECTION_TEXT);
    connection->server_ident = codec_get_text(in, MAX_CONNECTION_TEXT);
    connection->origin_ip = codec_get_text(in, MAX_ORIGIN_IP);
    connection->origin_source = codec_get_text(in, MAX_ORIGIN_SOURCE);
}

static void get_connection(struct codec_reader *in, struct event_connection *connection, uint32_t captures,
                           uint32_t slots)
{
    memset(connection, 0, sizeof *connection);
    connection->slot = codec_get_below(in, slots);
    connection->capture = codec_get_below(in, captures);
    connection->again = codec_get_below(in, 2);
    if (!connection->again)
        get_identity(in, connection);
    connection->last_ns = codec_get_i64(in);
    connection->same_texts = codec_get_below(in, 2);
    if (!connection->same_texts)
        get_texts(in, connection);
    connection->encryption = codec_get_below(in, IMAP_ENCRYPTION_IMPLICIT + 1);
    connection->starttls = codec_get_below(in, IMAP_STARTTLS_RESULTS);
    connection->starttls_pipelined = codec_get_below(in, 2);
    connection->midstream = codec_get_below(in, 2);
    connection->one_sided = codec_get_below(in, 2);
    connection->not_imap = codec_get_below(in, 2);
    connection->lost_octets = codec_get_i64(in);
    connection->ended = codec_get_below(in, 2);
    connection->end = codec_get_below(in, CONNECTION_ENDS);
    connection->closer = codec_get_below(in, CONNECTION_CLOSERS);
    connection->closed_ns = codec_get_i64(in);
    if (connection->lost_octets < 0 || (connection->same_texts && !connection->again))
        in->failed = true;
}

static void put_login(struct codec_writer *out, const struct event_login *event)
{
    const struct imap_login *login = &event->login;

    codec_put_u32(out, event->slot);
    codec_put_u32(out, login->number);
    codec_put_i64(out, login->begin.time_ns);
    codec_put_i64(out, (int64_t)login->begin.frame);
    codec_put_u32(out, login->begin.capture);
    codec_put_u32(out, login->command);
    codec_put_text(out, login->tag, IMAP_KEPT_OCTETS);
    codec_put_text(out, login->mechanism, IMAP_KEPT_OCTETS);
    codec_put_text(out, login->username, IMAP_KEPT_OCTETS);
    codec_put_u32(out, login->username_form);
    codec_put_i64(out, login->username_length);
    codec_put_u32(out, login->password_form);
    codec_put_i64(out, login->password_length);
    codec_put_text(out, login->authzid, IMAP_KEPT_OCTETS);
    codec_put_text(out, login->workstation, MAX_WORKSTATION);
    codec_put_u32(out, login->result);
    codec_put_text(out, login->response_code, MAX_RESPONSE_TEXT);
    codec_put_text(out, login->response_text, MAX_RESPONSE_TEXT);
    codec_put_i64(out, login->latency_ns);
    codec_put_u32(out, login->incomplete != 0);
    codec_put_u32(out, login->violation_count);
    for (unsigned i = 0; i < login->violation_count; i++) {
        const struct imap_violation *violation = &login->violations[i];

        codec_put_u32(out, violation->rule);
        codec_put_u32(out, violation->argument);
        codec_put_i64(out, violation->position);
        codec_put_i64(out, violation->count);
        codec_put_u32(out, violation->octet_count);
        codec_put_octets(out, violation->octets, violation->octet_count);
    }
}

static void get_login(struct codec_reader *in, struct event_login *event, uint32_t captures, uint32_t slots)
{
    struct imap_login *login = &event->login;

    /* the violations are most of it, and few are told */
    memset(event, 0, offsetof(struct event_login, login.violations));
    event->slot = codec_get_below(in, slots);
    login->number = codec_get_u32(in);
    login->begin.time_ns = codec_get_i64(in);
    login->begin.frame = (uint64_t)codec_get_i64(in);
    login->begin.capture = codec_get_below(in, captures);
    login->command = codec_get_below(in, IMAP_COMMANDS);
    login->tag = codec_get_text(in, IMAP_KEPT_OCTETS);
    login->mechanism = codec_get_text(in, IMAP_KEPT_OCTETS);
    login->username = codec_get_text(in, IMAP_KEPT_OCTETS);
    login->username_form = codec_get_below(in, IMAP_FORMS);
    login->username_length = codec_get_i64(in);
    login->password_form = codec_get_below(in, IMAP_FORMS);
    login->password_length = codec_get_i64(in);
    login->authzid = codec_get_text(in, IMAP_KEPT_OCTETS);
    login->workstation = codec_get_text(in, MAX_WORKSTATION);
    login->result = codec_get_below(in, IMAP_RESULTS);
    login->response_code = codec_get_text(in, MAX_RESPONSE_TEXT);
    login->response_text = codec_get_text(in, MAX_RESPONSE_TEXT);
    login->latency_ns = codec_get_i64(in);
    login->incomplete = (int)codec_get_below(in, 2);
    login->violation_count = codec_get_below(in, IMAP_MAX_VIOLATIONS + 1);
    for (unsigned i = 0; i < login->violation_count; i++) {
        struct imap_violation *violation = &login->violations[i];

        memset(violation, 0, sizeof *violation);
        violation->rule = codec_get_below(in, IMAP_RULES);
        violation->argument = codec_get_below(in, IMAP_ARGUMENTS);
        violation->position = codec_get_i64(in);
        violation->count = codec_get_i64(in);
        violation->octet_count = (uint8_t)codec_get_below(in, IMAP_VIOLATION_OCTETS + 1);
        codec_get(in, violation->octets, violation->octet_count);
    }
    if ((int64_t)login->begin.frame < 0 || login->username_length < -1 || login->password_length < -1)
        in->failed = true;
}

static void put_after(struct codec_writer *out, const struct event_after *after)
{
    codec_put_u32(out, after->slot);
    codec_put_u32(out, after->number);
    codec_put_u32(out, after->result);
    codec_put_text(out, after->text, MAX_RESPONSE_TEXT);
}

static void get_after(struct codec_reader *in, struct event_after *after, uint32_t slots)
{
    after->slot = codec_get_below(in, slots);
    after->number = codec_get_u32(in);
    after->result = codec_get_below(in, IMAP_RESULTS);
    after->text = codec_get_text(in, MAX_RESPONSE_TEXT);
}

size_t event_encode(const struct event *event, uint8_t *octets)
{
    struct codec_writer out = {octets};

    codec_put_u32(&out, event->kind);
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
        codec_put(&out, &event->finished, sizeof event->finished);
        break;
    default:
        return 0;
    }
    return (size_t)(out.at - octets);
}

bool event_decode(struct event *event, const uint8_t *octets, size_t length, uint32_t captures,
                  uint32_t slots)
{
    struct codec_reader in = {octets, octets + length, false};

    event->kind = codec_get_below(&in, EVENT_KINDS);
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
        codec_get(&in, &event->finished, sizeof event->finished);
        break;
    default:
        return false;
    }
    return !in.failed && in.at == in.end;
}
