/* Keeps what the server said, unless it repeats a credential. */
#include "dissector/attempt/echo.h"
#include "dissector/session_state.h"
#include "dissector/shared_state.h"

#include <string.h>
#include <strings.h>

/* Shorter user names are found in any text. */
#define LEAST_MASKED_USER 3

/* The whole name, or what is left of it without its domain. */
static bool repeats_user(const struct bounded_text *name, const struct pairs *text, bool cut)
{
    struct imap_text user = bounded_text_view(name);
    if (user.length >= LEAST_MASKED_USER && echo_repeats(text, user, cut))
        return true;
    const char *backslash = memrchr(user.octets, '\\', user.length);
    size_t domain = backslash ? (size_t)(backslash + 1 - user.octets) : 0;
    user = (struct imap_text){user.octets + domain, user.length - domain};
    const char *at = memchr(user.octets, '@', user.length);
    if (at)
        user.length = (size_t)(at - user.octets);
    return user.length >= LEAST_MASKED_USER && echo_repeats(text, user, cut);
}

static bool repeats(const struct imap_session *session, const struct credentials *who,
                    const struct pairs *text, bool cut)
{
    if (who->overflown || echo_repeats(text, bounded_text_view(&who->secret), cut) ||
        echo_repeats_word(text, bounded_text_view(&who->scraps), cut))
        return true;
    return session->options.hide_users &&
           (repeats_user(&who->username, text, cut) || repeats_user(&who->authzid, text, cut));
}

static bool repeats_any(const struct imap_session *session, const struct pairs *text, bool cut)
{
    for (const struct command *command = session->first; command; command = command->next)
        if (command->attempt && repeats(session, &command->attempt->who, text, cut))
            return true;
    if (session->logged_in && repeats(session, session->logged_in, text, cut))
        return true;
    const struct lexer *lexer = session->client.lexer;
    for (unsigned i = 1; lexer && i < LEXER_ARGUMENTS; i++)
        if (echo_repeats(text, bounded_text_view(&lexer->arguments[i].value), cut))
            return true;
    return lexer && echo_repeats_word(text, bounded_text_view(&lexer->scraps), cut);
}

static bool repeats_credential(const struct imap_session *session, struct imap_text text, bool cut)
{
    struct imap_shared *shared = session->options.shared;
    const struct pairs *known = shared ? reply_cache_reply(&shared->known, text) : NULL;
    if (session->budget.failed)
        return true; /* a secret that could not be kept cannot be found either */
    if (known)
        return repeats_any(session, known, cut);
    struct pairs pairs;
    pairs_of(&pairs, text);
    bool found = repeats_any(session, &pairs, cut);
    if (shared && !found)
        reply_cache_reply_keep(&shared->known, &pairs);
    explicit_bzero(&pairs, sizeof pairs); /* they may be a credential's */
    return found;
}

/* A response code of the RFCs is reported even where the text is not: it says why, and it cannot be an echo.
 */
static size_t reply_cache_code(struct imap_text text)
{
    static const char *const codes[] = {
        "ALERT",
        "ALREADYEXISTS",
        "AUTHENTICATIONFAILED",
        "AUTHORIZATIONFAILED",
        "CANNOT",
        "CLIENTBUG",
        "CONTACTADMIN",
        "CORRUPTION",
        "EXPIRED",
        "INUSE",
        "LIMIT",
        "NONEXISTENT",
        "NOPERM",
        "OVERQUOTA",
        "PARSE",
        "PRIVACYREQUIRED",
        "SERVERBUG",
        "SYNTAX",
        "TRYCREATE",
        "UNAVAILABLE",
    };
    if (text.length < 2 || *text.octets != '[')
        return 0;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        size_t length = strlen(codes[i]);
        if (text.length > length + 1 && strncasecmp(text.octets + 1, codes[i], length) == 0 &&
            (text.octets[length + 1] == ']' || text.octets[length + 1] == ' '))
            return length;
    }
    return 0;
}

void reply_keep(struct imap_session *session, struct bounded_text *reply, struct imap_text text, bool cut)
{
    bounded_text_clear(reply);
    if (!text.octets)
        return;
    if (!repeats_credential(session, text, cut)) {
        bounded_text_append(reply, &session->budget, text.octets, text.length, REPLY_OCTETS);
        return;
    }
    size_t code = reply_cache_code(text);
    if (code) {
        bounded_text_append(reply, &session->budget, text.octets, code + 1, REPLY_OCTETS);
        bounded_text_append(reply, &session->budget, "] ", 2, REPLY_OCTETS);
    }
    bounded_text_append(reply, &session->budget, ECHO_WITHHELD, sizeof ECHO_WITHHELD - 1, REPLY_OCTETS);
}
