/*
 * What the records of a TLS handshake say in the clear: which side speaks TLS, and with which alert it breaks
 * off. Pure. Looks at the heads of records only, up to the first one that is encrypted (RFC 8446,
 * section 5.1).
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_TLS_WATCH_H
#define IMAPTAP_ANALYZER_PIPELINE_TLS_WATCH_H

#include "analyzer/stream/reassembly.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One direction. */
struct tls_side {
    uint8_t head[7]; /* of the record that is being read: type, version, length, and an alert's two octets */
    uint8_t have;    /* of them */
    uint8_t records; /* heads read */
    uint32_t rest;   /* octets of the record's body that are still to come */
    bool speaks;     /* TLS */
    bool settled;    /* nothing more is to be learnt from it */
    bool alerted;    /* it broke off: `alert` says why */
    uint8_t alert;   /* RFC 8446, section 6 */
};

struct tls_watch {
    struct tls_side sides[2]; /* by enum stream_side */
};

/* Takes octets of a direction in order. Octets that begin like a record where none was before begin TLS: what
 * waits for the other side's answer begins a segment. */
void tls_watch_octets(struct tls_watch *watch, enum stream_side from, const uint8_t *octets, size_t length);

/* Octets of this direction are missing: nothing more is learnt from it. */
void tls_watch_lost(struct tls_watch *watch, enum stream_side from);

/* TLS has begun, and what comes may still explain why it failed. */
bool tls_watch_wants(const struct tls_watch *watch);

/* The name of an alert, as RFC 8446 (or an older one) has it; NULL: unknown. */
const char *tls_alert_name(uint8_t alert);

#endif
