/*
 * Why a connection ended without a login: the first row that holds.
 */
#include "analyzer/pipeline/no_login.h"

/* IMAP over TLS (RFC 8314). */
#define TLS_PORT 993

static bool speaks_tls(const struct no_login_facts *facts, enum stream_side side)
{
    return facts->tls->sides[side].speaks;
}

static bool broke_off(const struct no_login_facts *facts)
{
    return facts->tls->sides[STREAM_CLIENT].alerted || facts->tls->sides[STREAM_SERVER].alerted;
}

/* Nothing of the server is missing. */
static bool is_server_known(const struct no_login_facts *facts)
{
    return facts->seen[STREAM_SERVER] && !facts->lost && !facts->midstream;
}

/* It ended by what one of the two did. */
static bool is_closed(const struct no_login_facts *facts)
{
    return facts->end == CONNECTION_FIN || facts->end == CONNECTION_RESET;
}

/* The server answers plain text with an alert, or, on the port that is for TLS, hangs up. */
static bool is_plain_on_tls(const struct no_login_facts *facts)
{
    if (speaks_tls(facts, STREAM_CLIENT) || !facts->sent[STREAM_CLIENT] || facts->session->answered ||
        facts->midstream || facts->lost)
        return false;
    return (speaks_tls(facts, STREAM_SERVER) && facts->tls->sides[STREAM_SERVER].alerted) ||
           (facts->server_port == TLS_PORT && facts->session->spoken && facts->seen[STREAM_SERVER] &&
            !facts->sent[STREAM_SERVER] && is_closed(facts));
}

/* A ClientHello came, and nothing more of the server, of which nothing is missing. */
static bool is_unanswered(const struct no_login_facts *facts)
{
    return speaks_tls(facts, STREAM_CLIENT) && !speaks_tls(facts, STREAM_SERVER) && is_server_known(facts) &&
           is_closed(facts);
}

static bool is_tls(const struct no_login_facts *facts)
{
    return speaks_tls(facts, STREAM_CLIENT) || speaks_tls(facts, STREAM_SERVER) ||
           facts->session->encryption == IMAP_ENCRYPTION_IMPLICIT;
}

bool no_login_is_known(enum no_login reason)
{
    return reason > NO_LOGIN_UNFINISHED;
}

bool no_login_is_encrypted(const struct no_login_facts *facts)
{
    return is_tls(facts) && !facts->session->tls_to_plain && !broke_off(facts) && !is_plain_on_tls(facts) &&
           !is_unanswered(facts);
}

static enum no_login tls_reason(const struct no_login_facts *facts)
{
    if (facts->session->tls_to_plain)
        return NO_LOGIN_TLS_ON_PLAIN_PORT;
    if (broke_off(facts))
        return NO_LOGIN_TLS_ALERT;
    return is_unanswered(facts) ? NO_LOGIN_TLS_UNANSWERED : NO_LOGIN_ENCRYPTED;
}

static enum no_login starttls_reason(const struct imap_session_facts *session)
{
    static const enum no_login reasons[IMAP_STARTTLS_RESULTS] = {
        [IMAP_STARTTLS_UNANSWERED] = NO_LOGIN_STARTTLS_UNANSWERED,
        [IMAP_STARTTLS_ACCEPTED] = NO_LOGIN_STARTTLS_ABANDONED,
        [IMAP_STARTTLS_REFUSED] = NO_LOGIN_STARTTLS_REFUSED,
    };

    if (session->starttls_untagged && session->starttls != IMAP_STARTTLS_ACCEPTED)
        return NO_LOGIN_STARTTLS_UNTAGGED;
    return reasons[session->starttls];
}

static enum no_login closing_reason(const struct no_login_facts *facts)
{
    if (facts->end == CONNECTION_RESET)
        return NO_LOGIN_RESET;
    if (facts->closer == CLOSED_BY_CLIENT)
        return NO_LOGIN_CLIENT_LEFT;
    return facts->closer == CLOSED_BY_SERVER ? NO_LOGIN_SERVER_LEFT : NO_LOGIN_UNFINISHED;
}

/* Both directions were captured from their beginning, whole and in plain text. */
static enum no_login plain_reason(const struct no_login_facts *facts)
{
    enum no_login starttls = starttls_reason(facts->session);

    if (!facts->sent[STREAM_SERVER])
        return is_closed(facts) || facts->end == CONNECTION_IDLE ? NO_LOGIN_SERVER_SILENT
                                                                 : NO_LOGIN_UNFINISHED;
    if (starttls != NO_LOGIN_NONE)
        return starttls;
    if (facts->closer == CLOSED_BY_NOBODY && facts->end != CONNECTION_IDLE)
        return NO_LOGIN_UNFINISHED;
    if (!facts->sent[STREAM_CLIENT])
        return facts->closer == CLOSED_BY_SERVER ? NO_LOGIN_SERVER_LEFT : NO_LOGIN_CLIENT_SILENT;
    if (facts->session->login_disabled)
        return NO_LOGIN_LOGIN_DISABLED;
    return closing_reason(facts);
}

enum no_login no_login_reason(const struct no_login_facts *facts)
{
    const struct imap_session_facts *session = facts->session;

    if (session == NULL)
        return NO_LOGIN_NOTHING_SENT;
    if (session->not_imap)
        return NO_LOGIN_NONE;
    if (is_plain_on_tls(facts))
        return NO_LOGIN_PLAIN_ON_TLS_PORT;
    if (facts->logins)
        return NO_LOGIN_NONE;
    if (is_tls(facts))
        return tls_reason(facts);
    if (session->bye_greeting)
        return NO_LOGIN_BYE_GREETING;
    if (session->preauth)
        return NO_LOGIN_PREAUTH;
    if (facts->midstream)
        return NO_LOGIN_MIDSTREAM;
    if (!facts->seen[STREAM_CLIENT] || !facts->seen[STREAM_SERVER])
        return NO_LOGIN_ONE_SIDED;
    return facts->lost ? NO_LOGIN_LOST : plain_reason(facts);
}
