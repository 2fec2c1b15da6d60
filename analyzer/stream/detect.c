/*
 * Recognises IMAP by what a segment says. Other text protocols greet with a number (SMTP, FTP, NNTP) or "+OK"
 * (POP3), and their lines do not begin with a tag before LOGIN.
 */
#include "analyzer/stream/detect.h"

#include <string.h>
#include <strings.h>

#define LOOKED_AT 512
#define MAX_TAG   32

static bool begins_with(const uint8_t *payload, size_t length, const char *word)
{
    size_t size = strlen(word);

    return length >= size && strncasecmp((const char *)payload, word, size) == 0;
}

static bool is_greeting(const uint8_t *payload, size_t length)
{
    return begins_with(payload, length, "* OK ") || begins_with(payload, length, "* OK\r\n") ||
           begins_with(payload, length, "* PREAUTH ") || begins_with(payload, length, "* BYE ");
}

static bool is_tag_char(uint8_t octet)
{
    return octet > ' ' && octet < 0x7f && strchr("(){%*\"\\+", octet) == NULL;
}

/* The first word of a line of POP3, FTP or SMTP, behind which anything may stand, a password among it. */
static bool is_command_elsewhere(const uint8_t *word, size_t length)
{
    static const char *const words[] = {"PASS", "USER", "AUTH", "ACCT",    "HELP",
                                        "SITE", "EXPN", "VRFY", "AUTHINFO"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == length && strncasecmp((const char *)word, words[i], length) == 0)
            return true;
    return false;
}

static bool is_login(const uint8_t *payload, size_t length)
{
    const uint8_t *line_end;
    size_t at = 0;
    bool login;

    while (at < length && at < MAX_TAG && is_tag_char(payload[at]))
        at++;
    if (at == 0 || at == length || payload[at] != ' ' || is_command_elsewhere(payload, at))
        return false;
    at++;
    login = begins_with(payload + at, length - at, "LOGIN ");
    if (!login && !begins_with(payload + at, length - at, "AUTHENTICATE "))
        return false;
    at += strlen(login ? "LOGIN " : "AUTHENTICATE ");
    line_end = memmem(payload + at, length - at, "\r\n", 2);
    if (line_end == NULL)
        return false;
    length = (size_t)(line_end - payload);
    /* LOGIN with two arguments, or with a literal to come */
    return !login || memchr(payload + at, ' ', length - at) != NULL ||
           (length > at && payload[length - 1] == '}');
}

bool detect_server(const uint8_t *payload, size_t captured)
{
    return begins_with(payload, captured, "* ") || begins_with(payload, captured, "+ ");
}

enum detected detect_imap(const uint8_t *payload, size_t captured)
{
    size_t length = captured < LOOKED_AT ? captured : LOOKED_AT;

    if (length < 5)
        return DETECTED_NOTHING;
    if (payload[0] == '*')
        return is_greeting(payload, length) ? DETECTED_GREETING : DETECTED_NOTHING;
    return is_login(payload, length) ? DETECTED_COMMAND : DETECTED_NOTHING;
}
