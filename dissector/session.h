/*
 * The IMAP dissector: follows the login phase of one connection, from the greeting to the verdict of the
 * first command after a successful login, and reports every LOGIN and AUTHENTICATE in it.
 *
 * It is fed the octets of each direction in order, in any chunking, and it never looks ahead: the result
 * depends on the octets and on the order in which the two directions came, never on where the chunks were
 * cut. It does no I/O, keeps no globals, and its memory is bounded whatever it is fed (see
 * IMAP_SESSION_MAX_OCTETS). Secrets are kept only as long as an echo of them must be recognised, and are
 * wiped then.
 */
#ifndef IMAPTAP_DISSECTOR_SESSION_H
#define IMAPTAP_DISSECTOR_SESSION_H

#include "dissector/login.h"

#include <stdbool.h>

/* The most heap that one session ever holds, in octets. */
#define IMAP_SESSION_MAX_OCTETS (64 * 1024)

enum imap_direction { IMAP_FROM_CLIENT, IMAP_FROM_SERVER };

/* What came of the last STARTTLS command. */
enum imap_starttls {
    IMAP_STARTTLS_NONE, /* there was none */
    IMAP_STARTTLS_UNANSWERED,
    IMAP_STARTTLS_ACCEPTED,
    IMAP_STARTTLS_REFUSED,
    IMAP_STARTTLS_RESULTS
};

enum imap_encryption { IMAP_ENCRYPTION_NONE, IMAP_ENCRYPTION_STARTTLS, IMAP_ENCRYPTION_IMPLICIT };

/* What sessions of one thread may share to spare themselves work that others did: see shared.h. */
struct imap_shared;

struct imap_session_options {
    bool password_shape; /* report lengths, positions and counts of passwords */
    bool hide_users;     /* the caller masks user names: withhold response texts that repeat one */
    bool client_alone;   /* only the client's octets exist: it is taken to have been asked for its literals */
    struct imap_shared *shared; /* outlives the session; NULL: nothing is shared */
};

struct imap_session_handler {
    /* A login is finished: its verdict came, or the session ended without one. The record and its texts are
     * valid only during the call. Called from feed, lost and end. */
    void (*login)(void *user, const struct imap_login *login);
    /* The verdict of the first command after login number `number`, which had been reported with OK, that
     * says something of the mailbox: CAPABILITY, ID, NAMESPACE, NOOP, ENABLE and LOGOUT do not when they are
     * answered with OK. `text` is the whole of the response text, with its code, masked like response_text;
     * missing when it was not captured; valid during the call. */
    void (*after)(void *user, uint32_t number, enum imap_result result, struct imap_text text);
};

/* What is known of the connection so far. Texts are valid until the next call on the session. */
struct imap_session_facts {
    struct imap_text greeting; /* the greeting's text, without "* OK " and line end; at most 1,024 octets */
    struct imap_text capabilities; /* as last announced before the login, separated by one space */
    struct imap_text client_ident; /* the arguments of ID (RFC 2971) as sent: ("name" "x" ...) */
    struct imap_text server_ident;
    struct imap_text
        server_product;           /* e.g. "Exchange 2003", from the greeting; missing when it does not say */
    struct imap_text server_host; /* the server's name for itself that Exchange Online's greeting hides */
    struct imap_text
        origin_ip; /* the client's address as a proxy in front reports it; missing when none does */
    struct imap_text
        refusal; /* words of a BYE, or that STARTTLS was refused with, at most 1,024 octets: only when the
                    client had sent nothing that can hold credentials, from the connection's start on */
    struct imap_text origin_source; /* "PROXY" (the PROXY protocol) or "ID" (x-originating-ip) */
    uint32_t text_changes;          /* another number whenever one of these texts is another */
    enum imap_encryption encryption;
    enum imap_starttls starttls;
    bool starttls_pipelined;   /* commands were sent after STARTTLS in plain text, before its answer */
    bool starttls_untagged;    /* STARTTLS was sent without a tag */
    bool plain_after_starttls; /* STARTTLS was accepted, and the client went on in plain text */
    bool tls_to_plain;         /* the client began TLS, and the server speaks plain text */
    bool bye_greeting;         /* the server's first line was BYE: greeting has its words */
    bool preauth;              /* the greeting was PREAUTH */
    bool login_disabled;       /* the capabilities have LOGINDISABLED */
    bool logout;               /* the client sent LOGOUT */
    bool not_imap;             /* neither side said anything of IMAP or TLS, or it is another protocol */
    bool spoken;               /* the client sent a tagged command with a known name */
    bool answered;             /* the server sent an untagged response or a tagged verdict */
};

struct imap_session;

/* Makes a session. `options` and `handler` are copied; `user` is handed to the handler. NULL: out of memory.
 */
struct imap_session *imap_session_new(const struct imap_session_options *options,
                                      const struct imap_session_handler *handler, void *user);

/* Feeds `length` octets that came in `direction` at `mark`. Returns false once the session wants nothing more
 * (see imap_session_done); further calls are harmless. */
bool imap_session_feed(struct imap_session *session, enum imap_direction direction, const void *octets,
                       size_t length, const struct imap_mark *mark);

/* Reports that `length` octets of `direction` were never captured. A command with a hole in it is reported as
 * incomplete; then the direction resynchronises at the next line that is certain: a tagged command with a
 * known name (client) or a tagged or untagged response (server). What looks like a login there may be none:
 * it is reported only when the server answers its tag, and from then on all lines count again. What the
 * server said in the hole is not known: its capabilities, its answer to STARTTLS, its verdicts. A length of 0
 * means an unknown number: report that first of all for each direction of a connection that is met in
 * mid-stream. Returns as feed does. */
bool imap_session_lost(struct imap_session *session, enum imap_direction direction, uint64_t length,
                       const struct imap_mark *mark);

/* The connection ended: logins that still wait for a verdict are reported without one. Nothing may be fed
 * afterwards but imap_session_facts still answers. */
void imap_session_end(struct imap_session *session);

/* True once the login phase is over: encryption began, the first command after a login was answered (and the
 * server offers no UNAUTHENTICATE), or the octets are no IMAP. */
bool imap_session_done(const struct imap_session *session);

void imap_session_facts(const struct imap_session *session, struct imap_session_facts *facts);

/* Wipes and frees; NULL is allowed. Reports nothing: call imap_session_end first. */
void imap_session_free(struct imap_session *session);

#endif
