/*
 * What the analyzer process reports to the recorder process: few kinds of events, each a plain record, and
 * their way to octets and back. The recorder trusts nothing it decodes: every number is checked against its
 * limit, every text against its length.
 */
#ifndef IMAPTAP_ANALYZER_IPC_EVENT_H
#define IMAPTAP_ANALYZER_IPC_EVENT_H

#include "db/columns.h"
#include "dissector/login.h"

#include <stdbool.h>

/* Octets of the longest encoded event. */
#define EVENT_MAX_OCTETS (64 * 1024)

enum event_kind {
    EVENT_CAPTURE_STARTED,
    EVENT_CAPTURE_ENDED,
    EVENT_CONNECTION, /* first sent before its first login, last when it ended */
    EVENT_LOGIN,
    EVENT_AFTER, /* the verdict of the first command after a successful login */
    EVENT_FINISHED,
    EVENT_KINDS
};

/* Why a connection ended without a login. */
enum no_login {
    NO_LOGIN_NONE,       /* there was a login, it is no IMAP, or it is not over */
    NO_LOGIN_ENCRYPTED,  /* TLS: a login may be in it */
    NO_LOGIN_PREAUTH,    /* the greeting was PREAUTH: none is needed */
    NO_LOGIN_MIDSTREAM,  /* the beginning was not captured: it may have been there */
    NO_LOGIN_ONE_SIDED,  /* only one direction was captured */
    NO_LOGIN_LOST,       /* octets were never captured: it may have been among them */
    NO_LOGIN_UNFINISHED, /* the capture ended first, or nothing more came */
    NO_LOGIN_BYE_GREETING,
    NO_LOGIN_LOGIN_DISABLED, /* LOGINDISABLED was announced, and the client left without STARTTLS */
    NO_LOGIN_STARTTLS_REFUSED,
    NO_LOGIN_STARTTLS_UNTAGGED,
    NO_LOGIN_STARTTLS_UNANSWERED,
    NO_LOGIN_STARTTLS_ABANDONED, /* it was accepted, and nothing came of it */
    NO_LOGIN_TLS_ON_PLAIN_PORT,  /* TLS, where the server speaks plain text */
    NO_LOGIN_PLAIN_ON_TLS_PORT,  /* plain text, where the server speaks TLS; also with a login in it */
    NO_LOGIN_TLS_ALERT,
    NO_LOGIN_TLS_UNANSWERED, /* the server said nothing to the ClientHello */
    NO_LOGIN_SERVER_SILENT,  /* it never sent an octet, not even a greeting */
    NO_LOGIN_CLIENT_SILENT,  /* it never sent an octet after the greeting: a check of the service, say */
    NO_LOGIN_NOTHING_SENT,   /* the handshake was completed, and no side sent an octet */
    NO_LOGIN_RESET,
    NO_LOGIN_CLIENT_LEFT,
    NO_LOGIN_SERVER_LEFT,
    NO_LOGIN_REASONS
};

struct event_capture {
    uint32_t capture; /* the recorder's number of it */
    /* the rest of EVENT_CAPTURE_ENDED only */
    bool broken;
    bool foreign;                              /* broken, since it is no capture at all */
    int64_t packets, bytes, first_ns, last_ns; /* times: -1 without a packet */
    int64_t evicted;                           /* connections given up while it was read */
    int64_t kernel_drops, interface_drops;     /* of a live capture */
    char link_types[256];
    uint64_t marks_met;          /* beginnings of it that are other captures (capture/mark.h) */
    char fingerprint[64];        /* of what it holds, unpacked */
    char packed_fingerprint[64]; /* of all that came; "": it is not compressed */
    char sha256[72];             /* of all that came through a pipe; "": not known */
    char error[512];             /* one sentence when broken */
};

/* Of CONNECTION_CHANGES and CONNECTION_TEXTS (db/columns.def), each a member of the same name. */
#define EVENT_MEMBER_TEXT(name)                struct imap_text name;
#define EVENT_MEMBER_WORD(name)                uint32_t name; /* its place among the words of the column */
#define EVENT_MEMBER_FLAG(name)                bool name;
#define EVENT_MEMBER_SIZE(name)                int64_t name;
#define EVENT_MEMBER_LENGTH(name)              int64_t name; /* -1: none */
#define EVENT_MEMBER_TIME(name)                int64_t name;
#define EVENT_MEMBER(NAME, name, kind, detail) EVENT_MEMBER_##kind(name)

struct event_connection {
    uint32_t slot; /* the analyzer's number of it while it is open */
    uint32_t capture;
    bool again; /* it was sent before: what cannot change, from here to first_ns, is not sent once more */
    uint8_t client[16], server[16]; /* addresses in network byte order, IPv4 as ::ffff:a.b.c.d */
    uint16_t client_port, server_port;
    int32_t vlan; /* -1: none */
    char tunnel[48];
    int64_t first_ns, last_ns;
    bool same_texts; /* again, with the same texts as before: they are not sent once more */
    bool ended;
    CONNECTION_TEXTS(EVENT_MEMBER)
    CONNECTION_CHANGES(EVENT_MEMBER)
};

struct event_login {
    uint32_t slot; /* of its connection */
    struct imap_login login;
};

struct event_after {
    uint32_t slot;
    uint32_t number; /* of the login within its connection */
    enum imap_result result;
    struct imap_text text;
};

/* The analyzer has read everything; what it could not use, in frames. */
struct event_finished {
    int64_t frames, not_tcp, fragments, cut, malformed, bad_checksum;
    int64_t evicted, lost_octets;
    int64_t incomplete_datagrams; /* of which fragments never came */
    int64_t repeated_octets;      /* captured again */
    int64_t differing_octets;     /* captured again, and others than the first time */
    int64_t copied_packets;       /* captured again in another VLAN or tunnel */
    int64_t no_login;             /* connections that ended without one, and it was seen why */
};

/* Adds up what several analyzers could not use. */
static inline void event_finished_add(struct event_finished *sum, const struct event_finished *more)
{
    sum->frames += more->frames;
    sum->not_tcp += more->not_tcp;
    sum->fragments += more->fragments;
    sum->cut += more->cut;
    sum->malformed += more->malformed;
    sum->bad_checksum += more->bad_checksum;
    sum->evicted += more->evicted;
    sum->lost_octets += more->lost_octets;
    sum->incomplete_datagrams += more->incomplete_datagrams;
    sum->repeated_octets += more->repeated_octets;
    sum->differing_octets += more->differing_octets;
    sum->copied_packets += more->copied_packets;
    sum->no_login += more->no_login;
}

struct event {
    enum event_kind kind;
    union {
        struct event_capture capture;
        struct event_connection connection;
        struct event_login login;
        struct event_after after;
        struct event_finished finished;
    };
};

/* Encodes into `octets`, which takes EVENT_MAX_OCTETS: all events fit. Returns the octets written; 0: there
 * is no such kind. */
size_t event_encode(const struct event *event, uint8_t *octets);

/* Decodes and checks; `captures` and `slots` are the limits of those numbers. Texts point into `octets`.
 * False: the octets are no sound event, and `event` means nothing. Of the violations of a login, only those
 * that count are written. */
bool event_decode(struct event *event, const uint8_t *octets, size_t length, uint32_t captures,
                  uint32_t slots);

#endif
