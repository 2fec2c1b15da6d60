/* Decodes the responses of a SASL exchange and keeps who logs in. */
#include "dissector/client/exchange.h"

#include "dissector/session_state.h"

#include <string.h>

static void restart(struct exchange *exchange)
{
    bounded_text_clear(&exchange->decoded);
    exchange->base64 = (struct base64){0};
    exchange->octets = 0;
    exchange->star = false;
}

void exchange_octet(struct imap_session *session, struct exchange *exchange, struct attempt *attempt,
                    uint8_t octet)
{
    uint8_t decoded;
    exchange->star = exchange->octets == 0 && octet == '*';
    exchange->octets++;
    if (base64_octet(&exchange->base64, octet, &decoded))
        bounded_text_append(&exchange->decoded, &session->budget, &decoded, 1, SASL_MESSAGE_OCTETS);
    /* What is no base64 may be the bare password, and the server may repeat either. */
    bounded_text_append(&attempt->who.scraps, &session->budget, &octet, 1, SECRET_OCTETS);
}

/* What was sent decides what was exposed, and which rules about secrets apply. */
static void judge(struct imap_session *session, const struct exchange *exchange, struct attempt *attempt)
{
    const struct credentials *who = &attempt->who;
    if (who->has_username)
        attempt->username_form = IMAP_FORM_SASL;
    if (!who->has_secret)
        return;
    attempt->password_form = IMAP_FORM_SASL;
    bool whole = exchange->decoded.length == exchange->decoded.count;
    attempt->password_length = who->is_password && whole ? (int64_t)who->secret.length : -1;
    if (sasl_is_readable(exchange->mechanism))
        attempt_expose(attempt, IMAP_EXPOSURE_PASSWORD);
    if (sasl_is_guessable(exchange->mechanism))
        attempt_expose(attempt, IMAP_EXPOSURE_GUESSABLE);
    if (who->is_password && memchr(who->secret.count ? who->secret.octets : "x", '\0', who->secret.count))
        attempt_flag(attempt, &session->budget, IMAP_RULE_NUL_OCTET, IMAP_ARG_PASSWORD);
}

/* Of a message that was not understood, any word may be the secret. */
static void keep_words(struct imap_session *session, const struct exchange *exchange,
                       struct bounded_text *scraps)
{
    struct imap_text message = bounded_text_view(&exchange->decoded);
    bounded_text_append(scraps, &session->budget, " ", 1, SECRET_OCTETS);
    for (size_t i = 0; i < message.length; i++)
        bounded_text_append(scraps, &session->budget, message.octets[i] ? &message.octets[i] : " ", 1,
                            SECRET_OCTETS);
}

static void respond(struct imap_session *session, struct exchange *exchange, struct attempt *attempt,
                    bool initial)
{
    if (base64_is_whole(&exchange->base64)) {
        struct sasl_message message = {
            .octets = bounded_text_view(&exchange->decoded),
            .whole = exchange->decoded.length == exchange->decoded.count,
            .initial = initial,
            .number = exchange->answers,
            .prompt = exchange->prompt,
        };
        sasl_read(exchange->mechanism, &message, &session->budget, &attempt->who);
        judge(session, exchange, attempt);
        if (!attempt->who.has_username)
            keep_words(session, exchange, &attempt->who.scraps);
    } else {
        attempt_flag(attempt, &session->budget, IMAP_RULE_BAD_BASE64,
                     initial ? IMAP_ARG_INITIAL_RESPONSE : IMAP_ARG_COMMAND);
    }
    if (exchange->answers < UINT8_MAX)
        exchange->answers++;
    bounded_text_append(&attempt->who.scraps, &session->budget, " ", 1, SECRET_OCTETS);
    if (attempt->who.scraps.count > SECRET_OCTETS / 2)
        bounded_text_clear(&attempt->who.scraps); /* the next one is more telling */
    exchange->prompt = SASL_NO_PROMPT;
    restart(exchange);
}

void exchange_response(struct imap_session *session, struct exchange *exchange, struct attempt *attempt)
{
    bool cancelled = exchange->octets == 1 && exchange->star; /* RFC 3501 section 6.2.2 */
    if (cancelled)
        restart(exchange);
    else
        respond(session, exchange, attempt, false);
}

/* RFC 4959 section 3: "=" is an empty one. */
static bool is_empty(const struct argument *initial)
{
    return initial->form == IMAP_FORM_ATOM && initial->value.count == 1 && *initial->value.octets == '=';
}

struct exchange *exchange_begin(struct imap_session *session, struct attempt *attempt,
                                const struct argument *initial)
{
    struct exchange *exchange = budget_take(&session->budget, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->mechanism = sasl_mechanism(bounded_text_view(&attempt->mechanism));
    if (!initial)
        return exchange;
    for (uint32_t i = 0; i < initial->value.count && !is_empty(initial); i++)
        exchange_octet(session, exchange, attempt, (uint8_t)initial->value.octets[i]);
    if (initial->form != IMAP_FORM_ATOM)
        exchange->base64.bad = true;
    respond(session, exchange, attempt, true);
    return exchange;
}

void exchange_free(struct imap_session *session, struct exchange *exchange)
{
    if (!exchange)
        return;
    kept_free(&exchange->decoded, &session->budget);
    budget_give(&session->budget, exchange, sizeof *exchange);
}
