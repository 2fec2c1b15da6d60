/*
 * Events to octets and back: each kind has a pair of functions that go through the fields in the same order;
 * where the fields are columns, by the same list.
 */
#include "analyzer/ipc/event.h"

#include "analyzer/ipc/codec.h"

#include <assert.h>
#include <stddef.h>

#define MAX_RESPONSE_TEXT IMAP_KEPT_OCTETS

/* What the fields of a list need at most, by their kinds: numbers take four or eight octets each. */
#define OCTETS_OF_TEXT(detail)          CODEC_TEXT(detail)
#define OCTETS_OF_WORD(detail)          sizeof(uint32_t)
#define OCTETS_OF_ENUM(detail)          sizeof(uint32_t)
#define OCTETS_OF_FLAG(detail)          sizeof(uint32_t)
#define OCTETS_OF_SIZE(detail)          sizeof(int64_t)
#define OCTETS_OF_TIME(detail)          sizeof(int64_t)
#define OCTETS_OF_LENGTH(detail)        sizeof(int64_t)
#define OCTETS_OF_TRUTH(detail)         sizeof(uint32_t)
#define FIELD(NAME, name, kind, detail) char name[OCTETS_OF_##kind(detail)];

/* As long as the fields are together. */
struct connection_fields {
    CONNECTION_CHANGES(FIELD)
    CONNECTION_TEXTS(FIELD)
};
struct login_fields {
    IMAP_LOGIN_FIELDS(FIELD)
};

/* What the other numbers of an event need at most. */
#define NUMBERS           (16 * sizeof(int64_t))
#define CONNECTION_OCTETS (sizeof(struct connection_fields) + sizeof(struct event_connection))
#define LOGIN_OCTETS      (sizeof(struct login_fields) + IMAP_MAX_VIOLATIONS * 2 * sizeof(struct imap_violation))

static_assert(CONNECTION_OCTETS + NUMBERS <= EVENT_MAX_OCTETS, "a connection may not fit");
static_assert(LOGIN_OCTETS + NUMBERS <= EVENT_MAX_OCTETS, "a login may not fit");
static_assert(CODEC_TEXT(MAX_RESPONSE_TEXT) + sizeof(struct event_finished) + NUMBERS <= EVENT_MAX_OCTETS,
              "what comes after a login, or the end, may not fit");
static_assert(2 * sizeof(struct event_capture) + NUMBERS <= EVENT_MAX_OCTETS, "a capture may not fit");

/* A field of a list there, and back with the check of its kind. */
#define PUT_TEXT(field, detail)   codec_put_text(out, field, detail)
#define PUT_WORD(field, detail)   codec_put_u32(out, field)
#define PUT_ENUM(field, detail)   codec_put_u32(out, field)
#define PUT_FLAG(field, detail)   codec_put_u32(out, field)
#define PUT_SIZE(field, detail)   codec_put_i64(out, field)
#define PUT_TIME(field, detail)   codec_put_i64(out, field)
#define PUT_LENGTH(field, detail) codec_put_i64(out, field)
#define PUT_TRUTH(field, detail)  codec_put_u32(out, (uint32_t)((field) + 1))

#define GET_TEXT(NAME, detail)   codec_get_text(in, detail)
#define GET_WORD(NAME, detail)   codec_get_below(in, CONNECTION_##NAME##_WORDS)
#define GET_LIMIT(type, limit)   limit
#define GET_ENUM(NAME, detail)   codec_get_below(in, GET_LIMIT detail)
#define GET_FLAG(NAME, detail)   codec_get_below(in, 2)
#define GET_SIZE(NAME, detail)   codec_get_from(in, 0)
#define GET_TIME(NAME, detail)   codec_get_i64(in)
#define GET_LENGTH(NAME, detail) codec_get_from(in, -1)
#define GET_TRUTH(NAME, detail)  ((int)codec_get_below(in, 3) - 1)

#define PUT_CONNECTION(NAME, name, kind, detail) PUT_##kind(connection->name, detail);
#define GET_CONNECTION(NAME, name, kind, detail) connection->name = GET_##kind(NAME, detail);
#define PUT_LOGIN(NAME, name, kind, detail)      PUT_##kind(login->name, detail);
#define GET_LOGIN(NAME, name, kind, detail)      login->name = GET_##kind(NAME, detail);

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

static void put_connection(struct codec_writer *out, const struct event_connection *connection)
{
    codec_put_u32(out, connection->slot);
    codec_put_u32(out, connection->capture);
    codec_put_u32(out, connection->again);
    if (!connection->again)
        put_identity(out, connection);
    codec_put_i64(out, connection->last_ns);
    codec_put_u32(out, connection->same_texts);
    codec_put_u32(out, connection->ended);
    CONNECTION_CHANGES(PUT_CONNECTION)
    if (!connection->same_texts) {
        CONNECTION_TEXTS(PUT_CONNECTION)
    }
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
    connection->ended = codec_get_below(in, 2);
    CONNECTION_CHANGES(GET_CONNECTION)
    if (!connection->same_texts) {
        CONNECTION_TEXTS(GET_CONNECTION)
    }
    if (connection->same_texts && !connection->again)
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
    IMAP_LOGIN_FIELDS(PUT_LOGIN)
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

    /* the violations are most of it, and there are few */
    memset(event, 0, offsetof(struct event_login, login.violations));
    event->slot = codec_get_below(in, slots);
    login->number = codec_get_u32(in);
    login->begin.time_ns = codec_get_i64(in);
    login->begin.frame = (uint64_t)codec_get_i64(in);
    login->begin.capture = codec_get_below(in, captures);
    IMAP_LOGIN_FIELDS(GET_LOGIN)
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
    if ((int64_t)login->begin.frame < 0)
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
