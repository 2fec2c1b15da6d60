/* Reads the status and the scope of a refused token. */
#include "dissector/sasl/oauth_error.h"

#include "dissector/sasl/base64.h"

#include <string.h>

static bool is_one_of(struct imap_text text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == text.length && memcmp(words[i], text.octets, text.length) == 0)
            return true;
    return false;
}

/* A status of HTTP, or an error of RFC 6750 section 3.1 and RFC 7628 section 3.2.2. */
static bool is_status(struct imap_text text)
{
    static const char *const words[] = {"invalid_request", "invalid_token", "insufficient_scope"};
    if (text.length != 3)
        return is_one_of(text, words, sizeof words / sizeof *words);
    for (size_t i = 0; i < text.length; i++)
        if (text.octets[i] < '0' || text.octets[i] > '9')
            return false;
    return text.octets[0] == '4' || text.octets[0] == '5';
}

/* Of those that servers ask for. A token consists of the same octets: no other is kept. */
static bool is_scope(struct imap_text text)
{
    static const char *const scopes[] = {
        "https://mail.google.com/",
        "https://mail.google.com",
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office365.com/IMAP.AccessAsUser.All",
        "https://outlook.office365.com/.default",
        "https://outlook.office.com/.default",
        "email",
        "imap",
        "mail",
        "openid",
        "openid email",
        "openid profile email",
        "user_mail_all",
        "mail-w",
    };
    return is_one_of(text, scopes, sizeof scopes / sizeof *scopes);
}

/* The string that `name` has in the JSON; missing: none. A \ before / is all that occurs of escapes. */
static struct imap_text value_of(struct imap_text json, const char *name, char *room, size_t size)
{
    const struct imap_text none = {NULL, 0};
    const char *end = json.octets + json.length;
    const char *at = memmem(json.octets, json.length, name, strlen(name));
    if (!at)
        return none;
    at += strlen(name);
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    bool quoted = at < end && *at == '"';
    at += quoted;
    size_t length = 0;
    for (; at < end && length < size; at++) {
        if (quoted ? *at == '"' : *at < '0' || *at > '9')
            return (struct imap_text){room, length};
        if (*at != '\\')
            room[length++] = *at;
    }
    return none;
}

bool oauth_error_read(struct imap_text challenge, struct bounded_text *error, struct budget *budget)
{
    char octets[OAUTH_CHALLENGE_OCTETS], status_room[32], scope_room[64];
    struct base64 base64 = {0};
    struct imap_text json = {octets, 0};
    for (size_t i = 0; i < challenge.length && json.length < sizeof octets; i++) {
        uint8_t octet;
        if (base64_octet(&base64, (uint8_t)challenge.octets[i], &octet))
            octets[json.length++] = (char)octet;
    }
    bool read = false;
    if (base64_is_whole(&base64) && json.length && *octets == '{') {
        struct imap_text status = value_of(json, "\"status\"", status_room, sizeof status_room);
        struct imap_text scope = value_of(json, "\"scope\"", scope_room, sizeof scope_room);
        read = status.octets && is_status(status);
        if (read) {
            bounded_text_clear(error);
            bounded_text_append(error, budget, status.octets, status.length, OAUTH_CHALLENGE_OCTETS);
        }
        if (read && scope.octets && is_scope(scope)) {
            bounded_text_append(error, budget, " ", 1, OAUTH_CHALLENGE_OCTETS);
            bounded_text_append(error, budget, scope.octets, scope.length, OAUTH_CHALLENGE_OCTETS);
        }
    }
    explicit_bzero(octets, sizeof octets); /* a hostile server may say the token in it */
    explicit_bzero(scope_room, sizeof scope_room);
    explicit_bzero(status_room, sizeof status_room);
    return read;
}
