/*
 * Walks over the records of a TLS handshake.
 */
#include "analyzer/pipeline/tls_watch.h"

#include <string.h>

#define CHANGE_CIPHER_SPEC 20
#define ALERT              21
#define HANDSHAKE          22
#define APPLICATION_DATA   23
#define RECORD_HEAD        5
#define SIGN_OCTETS        3 /* of a head that show that it is one */
#define ALERT_OCTETS       2
#define CLOSE_NOTIFY       0
/* A handshake has fewer records before the first that is encrypted, and none is longer. */
#define MOST_RECORDS       32
#define MOST_RECORD_OCTETS (16384 + 2048)

/* Whether an octet can stand at this place of a record's head: its type, and a version from SSL 3.0 on. */
static bool fits_head(uint8_t octet, size_t at)
{
    if (at == 0)
        return octet >= CHANGE_CIPHER_SPEC && octet <= APPLICATION_DATA;
    return at == 1 ? octet == 3 : octet <= 4;
}

static bool is_head(const uint8_t *octets)
{
    return fits_head(octets[0], 0) && fits_head(octets[1], 1) && fits_head(octets[2], 2);
}

/* A segment of a direction that has not spoken TLS: how many octets of it are the head of a first record. */
static size_t meet(struct tls_side *side, const uint8_t *octets, size_t length)
{
    size_t used = 0;

    while (used < length && side->have < SIGN_OCTETS) {
        if (!fits_head(octets[used], side->have)) {
            side->have = 0;
            return 0;
        }
        side->head[side->have++] = octets[used++];
    }
    side->speaks = side->have == SIGN_OCTETS;
    return used;
}

/* The head of a record is complete. */
static void read_head(struct tls_side *side)
{
    uint32_t length = (uint32_t)side->head[3] << 8 | side->head[4];
    uint8_t type = side->head[0];

    if (!is_head(side->head) || length > MOST_RECORD_OCTETS || ++side->records > MOST_RECORDS ||
        type == CHANGE_CIPHER_SPEC || type == APPLICATION_DATA ||
        (type == ALERT && length != ALERT_OCTETS)) /* an alert of another length is encrypted */
        side->settled = true;
    side->rest = length;
}

static void read_alert(struct tls_side *side)
{
    side->settled = true;
    side->alert = side->head[RECORD_HEAD + 1];
    side->alerted = side->alert != CLOSE_NOTIFY;
}

/* How many octets of the record are wanted before its body is passed over. */
static size_t wanted(const struct tls_side *side)
{
    return side->have >= RECORD_HEAD && side->head[0] == ALERT ? RECORD_HEAD + ALERT_OCTETS : RECORD_HEAD;
}

static size_t take(struct tls_side *side, const uint8_t *octets, size_t length)
{
    size_t part;

    if (side->have == wanted(side)) { /* the body of a record that is no alert */
        part = length < side->rest ? length : side->rest;
        side->rest -= (uint32_t)part;
        if (side->rest == 0)
            side->have = 0;
        return part;
    }
    part = wanted(side) - side->have;
    if (part > length)
        part = length;
    memcpy(side->head + side->have, octets, part);
    side->have = (uint8_t)(side->have + part);
    if (side->have == RECORD_HEAD)
        read_head(side);
    else if (side->have == RECORD_HEAD + ALERT_OCTETS)
        read_alert(side);
    if (side->have == RECORD_HEAD && side->rest == 0)
        side->have = 0;
    return part;
}

void tls_watch_octets(struct tls_watch *watch, enum stream_side from, const uint8_t *octets, size_t length)
{
    struct tls_side *side = &watch->sides[from];

    if (!side->speaks) {
        size_t used = meet(side, octets, length);

        octets += used;
        length -= used;
    }
    while (side->speaks && !side->settled && length > 0) {
        size_t used = take(side, octets, length);

        octets += used;
        length -= used;
    }
}

void tls_watch_lost(struct tls_watch *watch, enum stream_side from)
{
    watch->sides[from].settled = true;
}

bool tls_watch_wants(const struct tls_watch *watch)
{
    const struct tls_side *client = &watch->sides[STREAM_CLIENT];
    const struct tls_side *server = &watch->sides[STREAM_SERVER];

    return (client->speaks || server->speaks) && !client->alerted && !server->alerted &&
           !(client->settled && server->settled);
}

const char *tls_alert_name(uint8_t alert)
{
    static const struct {
        uint8_t alert;
        const char *name;
    } names[] = {
        {10, "unexpected_message"},
        {20, "bad_record_mac"},
        {22, "record_overflow"},
        {40, "handshake_failure"},
        {41, "no_certificate"},
        {42, "bad_certificate"},
        {43, "unsupported_certificate"},
        {44, "certificate_revoked"},
        {45, "certificate_expired"},
        {46, "certificate_unknown"},
        {47, "illegal_parameter"},
        {48, "unknown_ca"},
        {49, "access_denied"},
        {50, "decode_error"},
        {51, "decrypt_error"},
        {70, "protocol_version"},
        {71, "insufficient_security"},
        {80, "internal_error"},
        {86, "inappropriate_fallback"},
        {90, "user_canceled"},
        {100, "no_renegotiation"},
        {109, "missing_extension"},
        {110, "unsupported_extension"},
        {112, "unrecognized_name"},
        {113, "bad_certificate_status_response"},
        {115, "unknown_psk_identity"},
        {116, "certificate_required"},
        {120, "no_application_protocol"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].alert == alert)
            return names[i].name;
    return NULL;
}
