/* Decodes the responses of a SASL exchange and keeps who logs in. */
#include "dissector/client/exchange.h"

#include "dissector/charset.h"
#include "dissector/session_state.h"

#include <string.h>

static void restart(struct exchange *exchange)
{
    exchange->before = exchange->octets;
    exchange->whole = base64_is_whole(&exchange->base64) && exchange->base64.padding == 0;
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
    if (who->shifted)
        attempt_flag(attempt, &session->budget, IMAP_RULE_MISSING_ARGUMENT, IMAP_ARG_PASSWORD);
    if (!who->has_secret)
        return;
    attempt->password_form = IMAP_FORM_SASL;
    bool whole = exchange->decoded.length == exchange->decoded.count;
    attempt->password_length = who->is_password && whole ? (int64_t)who->secret.length : -1;
    if (sasl_is_readable(exchange->mechanism))
        attempt_expose(attempt, IMAP_EXPOSURE_PASSWORD);
    if (sasl_is_guessable(exchange->mechanism))
        attempt_expose(attempt, IMAP_EXPOSURE_GUESSABLE);
    if (who->is_password && whole) {
        struct imap_text secret = bounded_text_view(&who->secret);
        attempt->password_empty = secret.length == 0;
        attempt->password_charset =
            who->secret.length == who->secret.count ? charset_of(secret) : IMAP_CHARSET_NONE;
    }
    if (who->is_password && memchr(who->secret.count ? who->secret.octets : "x", '\0', who->secret.count))
        attempt_flag(attempt, &session->budget, IMAP_RULE_NUL_OCTET, IMAP_ARG_PASSWORD);
}

/* RFC 4616 section 2: the parts of PLAIN are UTF-8. */
static void judge_utf8(struct imap_session *session, const struct exchange *exchange, struct attempt *attempt)
{
    const struct credentials *who = &attempt->who;
    if (exchange->mechanism != SASL_PLAIN || exchange->decoded.length != exchange->decoded.count ||
        !who->is_password)
        return;
    if (charset_of(bounded_text_view(&who->username)) == IMAP_CHARSET_OTHER ||
        charset_of(bounded_text_view(&who->authzid)) == IMAP_CHARSET_OTHER)
        attempt_flag(attempt, &session->budget, IMAP_RULE_RESPONSE_NOT_UTF8, IMAP_ARG_USERNAME);
    if (who->secret.length == who->secret.count &&
        charset_of(bounded_text_view(&who->secret)) == IMAP_CHARSET_OTHER)
        attempt_flag(attempt, &session->budget, IMAP_RULE_RESPONSE_NOT_UTF8, IMAP_ARG_PASSWORD);
}

/* What a response is about, where the mechanism says so. */
static enum imap_argument response_argument(const struct exchange *exchange, bool initial)
{
    if (initial)
        return IMAP_ARG_INITIAL_RESPONSE;
    if (exchange->mechanism != SASL_LOGIN)
        return IMAP_ARG_RESPONSE;
    bool second = exchange->answers > 0 || exchange->prompt == SASL_PASSWORD_PROMPT;
    return second && exchange->prompt != SASL_USER_PROMPT ? IMAP_ARG_PASSWORD : IMAP_ARG_USERNAME;
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

static void respond(struct imap_session *session, struct exchange *exchange, const struct command *command,
                    bool initial)
{
    struct attempt *attempt = command->attempt;
    if (base64_is_whole(&exchange->base64)) {
        struct sasl_message message = {
            .octets = bounded_text_view(&exchange->decoded),
            .whole = exchange->decoded.length == exchange->decoded.count,
            .initial = initial,
            .unprompted = command->answer_lost && exchange->prompt == SASL_NO_PROMPT,
            .number = exchange->answers,
            .prompt = exchange->prompt,
        };
        sasl_read(exchange->mechanism, &message, &session->budget, &attempt->who);
        judge(session, exchange, attempt);
        judge_utf8(session, exchange, attempt);
        if (!attempt->who.has_username)
            keep_words(session, exchange, &attempt->who.scraps);
    } else {
        attempt_flag(attempt, &session->budget, IMAP_RULE_BAD_BASE64, response_argument(exchange, initial));
    }
    if (exchange->answers < UINT8_MAX)
        exchange->answers++;
    bounded_text_append(&attempt->who.scraps, &session->budget, " ", 1, SECRET_OCTETS);
    if (attempt->who.scraps.count > SECRET_OCTETS / 2)
        bounded_text_clear(&attempt->who.scraps); /* the next one says more */
    exchange->prompt = SASL_NO_PROMPT;
    restart(exchange);
}

/* Mechanisms in which the client says all at once. */
static bool has_one_message(enum sasl_mechanism mechanism)
{
    return mechanism == SASL_PLAIN || mechanism == SASL_XOAUTH2 || mechanism == SASL_OAUTHBEARER ||
           mechanism == SASL_EXTERNAL || mechanism == SASL_CRAM_MD5;
}

/* Encoders break base64 into lines of 60 to 76 octets (RFC 2045 section 6.8, RFC 1421). */
static bool is_continued(const struct exchange *exchange)
{
    return has_one_message(exchange->mechanism) && exchange->answers > 0 && exchange->octets > 0 &&
           exchange->whole && exchange->before >= 60 && exchange->before <= 76;
}

void exchange_response(struct imap_session *session, struct exchange *exchange, const struct command *command,
                       bool awaited)
{
    struct attempt *attempt = command->attempt;
    bool cancelled = exchange->octets == 1 && exchange->star; /* RFC 3501 section 6.2.2 */
    if (cancelled) {
        restart(exchange);
        return;
    }
    if (!awaited && is_continued(exchange)) {
        attempt_flag(attempt, &session->budget, IMAP_RULE_RESPONSE_CONTINUED, IMAP_ARG_RESPONSE);
        restart(exchange);
        return;
    }
    if (!awaited)
        attempt_flag(attempt, &session->budget, IMAP_RULE_RESPONSE_NOT_AWAITED,
                     response_argument(exchange, false));
    respond(session, exchange, command, false);
}

/* RFC 4959 section 3: "=" is an empty one. */
static bool is_empty(const struct argument *initial)
{
    return initial->form == IMAP_FORM_ATOM && initial->value.count == 1 && *initial->value.octets == '=';
}

struct exchange *exchange_begin(struct imap_session *session, const struct command *command,
                                const struct argument *initial)
{
    struct attempt *attempt = command->attempt;
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
    respond(session, exchange, command, true);
    return exchange;
}

void exchange_free(struct imap_session *session, struct exchange *exchange)
{
    if (!exchange)
        return;
    bounded_text_free(&exchange->decoded, &session->budget);
    budget_give(&session->budget, exchange, sizeof *exchange);
}
