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
    if (begins_with(payload, length, "* OK MUPDATE ")) /* RFC 3656, 3.1 */
        return false;
    return begins_with(payload, length, "* OK ") || begins_with(payload, length, "* OK\r\n") ||
           begins_with(payload, length, "* PREAUTH ") || begins_with(payload, length, "* BYE ");
}

static bool is_tag_char(uint8_t octet)
{
    return octet > ' ' && octet < 0x7f && strchr("(){%*\"\\+", octet) == NULL;
}

/* The first word of a line of POP3, FTP or SMTP, after which anything may stand, a password among it. */
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
    if (!login && at < length && payload[at] == '"') /* as MUPDATE and ACAP write it */
        return false;
    line_end = memmem(payload + at, length - at, "\r\n", 2);
    if (line_end == NULL)
        return false;
    length = (size_t)(line_end - payload);
    /* LOGIN with two arguments, or with a literal to come */
    return !login || memchr(payload + at, ' ', length - at) != NULL ||
           (length > at && payload[length - 1] == '}');
}

static bool is_digit(uint8_t octet)
{
    return octet >= '0' && octet <= '9';
}

/* A word of letters of one case, as commands and verdicts are; in a reply's text it is chance. */
static bool is_one_case(const uint8_t *word, size_t length)
{
    size_t lower = 0, upper = 0;

    for (size_t i = 0; i < length && word[i] != ' ' && word[i] != '\r' && word[i] != '\n'; i++) {
        lower += word[i] >= 'a' && word[i] <= 'z';
        upper += word[i] >= 'A' && word[i] <= 'Z';
        if (lower + upper != i + 1)
            return false;
    }
    return (lower == 0) != (upper == 0);
}

/* What only another protocol begins with. */
static bool begins_as_other(const uint8_t *payload, size_t length)
{
    static const struct {
        const char *word;
        size_t length;
    } words[] = {
#define WORD(text) {text, sizeof(text) - 1}
        WORD("+OK"),   /* POP3, Redis */
        WORD("-ERR"),  /* the same */
        WORD("+PONG"), /* Redis */
        WORD("-NOAUTH"),       WORD("-WRONGPASS"),
        WORD("*1\r\n$"),       WORD("*2\r\n$"),
        WORD("*3\r\n$"),       WORD("HTTP/"),
        WORD("GET /"),         WORD("POST /"),
        WORD("HEAD /"),        WORD("OPTIONS "),
        WORD("SSH-"),          WORD("NOTICE "), /* IRC */
        WORD("NICK "),         WORD("EHLO "),
        WORD("HELO "),                                     /* SMTP */
        WORD("* ACAP "),                                   /* RFC 2244, 6.2.1 */
        WORD("* AUTH "),                                   /* MUPDATE (RFC 3656, 3.1) */
        WORD("* OK MUPDATE "), WORD("\"IMPLEMENTATION\""), /* ManageSieve (RFC 5804, 1.7) */
        WORD("\xff\xfb"),      WORD("\xff\xfc"),
        WORD("\xff\xfd"), /* Telnet (RFC 854) */
        WORD("\xff\xfe"),
#undef WORD
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *word = words[i].word;
        size_t last = words[i].length - 1;

        /* the first and the last octet alone distinguish nearly all greetings of IMAP from them */
        if (length > last && (payload[0] | 0x20) == ((uint8_t)word[0] | 0x20) &&
            (payload[last] | 0x20) == ((uint8_t)word[last] | 0x20) &&
            strncasecmp((const char *)payload, word, words[i].length) == 0)
            return true;
    }
    return false;
}

/* ":server NOTICE ..." or ":server 001 ..." (RFC 2812, 2.3). */
static bool is_irc(const uint8_t *payload, size_t length)
{
    const uint8_t *space;
    size_t at;

    if (length < 2 || payload[0] != ':')
        return false;
    space = memchr(payload, ' ', length);
    if (space == NULL || space == payload + 1)
        return false;
    at = (size_t)(space - payload) + 1;
    return begins_with(payload + at, length - at, "NOTICE ") ||
           (length - at > 3 && is_digit(payload[at]) && is_digit(payload[at + 1]) &&
            is_digit(payload[at + 2]) && payload[at + 3] == ' ');
}

bool detect_other(const uint8_t *payload, size_t captured)
{
    if (captured > LOOKED_AT)
        captured = LOOKED_AT;
    if (captured >= 4 && is_digit(payload[0]) && is_digit(payload[1]) && is_digit(payload[2]))
        return payload[3] == '-' ||
               (payload[3] == ' ' && !is_one_case(payload + 4, captured - 4) && !is_login(payload, captured));
    return begins_as_other(payload, captured) || is_irc(payload, captured);
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
