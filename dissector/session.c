/* One IMAP session: its beginning and end, and what is known of the connection. */
#include "dissector/session_state.h"
#include "dissector/shared_state.h"

#include <string.h>

/* Octets of an unfinished line that may still become one of IMAP. */
#define MOST_UNFINISHED 32

struct imap_session *imap_session_new(const struct imap_session_options *options,
                                      const struct imap_session_handler *handler, void *user)
{
    struct budget budget = {.limit = IMAP_SESSION_MAX_OCTETS,
                            .pool = options->shared ? &options->shared->pool : NULL};
    struct imap_session *session = budget_take(&budget, sizeof *session);
    if (!session)
        return NULL;
    session->budget = budget;
    session->options = *options;
    session->handler = *handler;
    session->user = user;
    session->client.first_line = true;
    return session;
}

/* Frees all that only a session that goes on needs. */
static void let_go(struct imap_session *session)
{
    session->done = true;
    while (session->first)
        command_free(session, session->first);
    verdict_forget_login(session);
    client_free(session);
    server_free(session);
}

/* The login phase is over: reports what waits, and frees what is not needed. */
static void finish(struct imap_session *session)
{
    if (session->done)
        return;
    session->done = true;
    client_end(session);
    if (session->outcome == OUTCOME_OPEN)
        server_end(session);
    while (verdict_evict(session))
        ;
    let_go(session);
}

/* Its type, and a version from SSL 3.0 to what TLS 1.3 writes (RFC 8446 section 5.1). */
bool session_is_tls(const struct bounded_text *word)
{
    const uint8_t *octets = (const uint8_t *)word->octets;
    return word->count >= TLS_SIGN_OCTETS && octets[0] >= 0x14 && octets[0] <= 0x17 && octets[1] == 3 &&
           octets[2] <= 4;
}

void session_met_tls(struct imap_session *session, enum imap_direction direction)
{
    struct client *client = &session->client;
    bool plain = client->recognised || session->server.recognised;
    bool asked = session->starttls != IMAP_STARTTLS_NONE || client->recognised || client->holed ||
                 session->server.holed;
    if (direction == IMAP_FROM_CLIENT && !asked) { /* what the server makes of it is still to come */
        client->state = CLIENT_TLS;
        client->line_octets = 0;
        session->tls_to_plain = session->server.recognised;
        session->encryption = plain ? IMAP_ENCRYPTION_NONE : IMAP_ENCRYPTION_IMPLICIT;
        return;
    }
    session->encryption = plain ? IMAP_ENCRYPTION_STARTTLS : IMAP_ENCRYPTION_IMPLICIT;
    session->tls_to_plain = false;
    session->outcome = OUTCOME_OVER;
}

bool session_is_heard(const struct imap_session *session)
{
    return session->server.met && !session->server.uncertain;
}

/* Neither side said anything of IMAP or TLS, and what it said was seen from its start. */
static bool is_foreign(const struct imap_session *session)
{
    const struct client *client = &session->client;
    const struct server *server = &session->server;
    if (client->recognised || server->recognised || client->holed || server->holed ||
        client->state == CLIENT_TLS || session->encryption != IMAP_ENCRYPTION_NONE)
        return false;
    return client->bad_lines || server->bad_lines || client->line_octets > MOST_UNFINISHED ||
           server->line_octets > MOST_UNFINISHED;
}

/* Acts on what the octets have shown, now that nobody uses the state any more. */
static void act(struct imap_session *session)
{
    if (session->done || session->outcome == OUTCOME_OPEN)
        return;
    if (session->outcome == OUTCOME_NOT_IMAP)
        let_go(session);
    else
        finish(session);
}

bool imap_session_feed(struct imap_session *session, enum imap_direction direction, const void *octets,
                       size_t length, const struct imap_mark *mark)
{
    if (!session->done) {
        if (direction == IMAP_FROM_CLIENT)
            client_feed(session, octets, length, mark);
        else
            server_feed(session, octets, length, mark);
        act(session);
    }
    return !session->done;
}

bool imap_session_lost(struct imap_session *session, enum imap_direction direction, uint64_t length,
                       const struct imap_mark *mark)
{
    if (!session->done) {
        if (direction == IMAP_FROM_CLIENT)
            client_lost(session, length, mark);
        else
            server_lost(session, length);
        act(session);
    }
    return !session->done;
}

void imap_session_end(struct imap_session *session)
{
    if (!session->done && is_foreign(session))
        session->outcome = OUTCOME_NOT_IMAP;
    act(session);
    finish(session);
}

bool imap_session_done(const struct imap_session *session)
{
    return session->done;
}

static struct imap_text fact(const struct bounded_text *kept, bool seen)
{
    return seen ? bounded_text_view(kept) : (struct imap_text){NULL, 0};
}

void imap_session_facts(const struct imap_session *session, struct imap_session_facts *facts)
{
    *facts = (struct imap_session_facts){
        .greeting = fact(&session->greeting,
                         session->greeting_seen || (session->greeting_guessed && session->numbers > 0)),
        .capabilities = fact(&session->capabilities.text, session->capabilities.seen),
        .client_ident = fact(&session->client_ident, session->client_ident.octets != NULL),
        .server_ident = fact(&session->server_ident, session->server_ident_seen),
        .server_product = fact(&session->product, session->product.length > 0),
        .server_host = fact(&session->host, session->host.length > 0),
        .refusal = fact(&session->refusal, session->refusal.count > 0),
        .origin_ip = fact(&session->origin, session->origin_source != NULL),
        .origin_source = {session->origin_source,
                          session->origin_source ? strlen(session->origin_source) : 0},
        .text_changes = session->text_changes,
        .encryption = session->encryption,
        .starttls = session->starttls,
        .starttls_pipelined = session->starttls_pipelined,
        .starttls_untagged = session->starttls_untagged,
        .plain_after_starttls = session->plain_after_starttls,
        .tls_to_plain = session->tls_to_plain,
        .bye_greeting = session->bye_greeting,
        .preauth = session->preauth,
        .login_disabled = capabilities_have(&session->capabilities, CAPABILITY_LOGINDISABLED),
        .logout = session->client.logout,
        .not_imap = session->outcome == OUTCOME_NOT_IMAP,
        .spoken = session->client.recognised,
        .answered = session->server.recognised,
    };
}

void imap_session_free(struct imap_session *session)
{
    if (!session)
        return;
    let_go(session);
    bounded_text_free(&session->greeting, &session->budget);
    bounded_text_free(&session->refusal, &session->budget);
    bounded_text_free(&session->capabilities.text, &session->budget);
    bounded_text_free(&session->provisional.text, &session->budget);
    bounded_text_free(&session->client_ident, &session->budget);
    bounded_text_free(&session->server_ident, &session->budget);
    bounded_text_free(&session->product, &session->budget);
    bounded_text_free(&session->host, &session->budget);
    bounded_text_free(&session->origin, &session->budget);
    struct budget budget = session->budget;
    budget_give(&budget, session, sizeof *session);
}
