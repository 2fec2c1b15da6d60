/* What the server's words stand for, and which words are the same. */
#include "db/judgement/judge.h"

#include <ctype.h>
#include <string.h>

/* Of a longer text the beginning is compared. */
#define WORDS_OCTETS 512

static char *put(char *at, const char *end, char octet)
{
    if (at < end)
        *at++ = octet;
    return at;
}

/* In lower case, every run of digits as one #. */
static char *put_text(char *at, const char *end, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char octet = (char)tolower((unsigned char)text[i]);

        if (isdigit((unsigned char)octet) == 0)
            at = put(at, end, octet);
        else if (i == 0 || isdigit((unsigned char)text[i - 1]) == 0)
            at = put(at, end, '#');
    }
    return at;
}

/* A text without the name of the user in it. */
static char *put_without(char *at, const char *end, const char *text, const char *user)
{
    char lower[WORDS_OCTETS + 1] = "";
    size_t length = strnlen(text, WORDS_OCTETS), name = strlen(user);
    const char *from = lower, *found;

    for (size_t i = 0; i < length; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    lower[length] = '\0';
    while (name > 1 && (found = strstr(from, user)) != NULL) {
        at = put_text(at, end, from, (size_t)(found - from));
        at = put(at, end, '\1');
        from = found + name;
    }
    return put_text(at, end, from, strlen(from));
}

/* A known text without what stands in its places. */
static char *put_known(char *at, const char *end, const char *text, const struct reply_span *spans,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (spans[i].kind == REPLY_LITERAL_TEXT)
            at = put_text(at, end, text + spans[i].offset, spans[i].length);
        else
            at = put(at, end, spans[i].kind == REPLY_NUMBER ? '#' : '\1');
    return at;
}

static enum reply_status status_of(const struct judge_login *login)
{
    return login->result == RESULT_NO                              ? REPLY_NO
           : login->result == RESULT_BYE                           ? REPLY_BYE
           : login->result == RESULT_OK && !login->refused_mailbox ? REPLY_OK
                                                                   : REPLY_BAD;
}

int judge_words(struct judge *judge, struct judge_login *login, struct judge_verdict *verdict,
                const char *code, const char *text)
{
    struct reply reply = {.status = status_of(login),
                          .code = code,
                          .code_length = code == NULL ? 0 : strlen(code),
                          .text = text,
                          .length = text == NULL ? 0 : strlen(text)};
    struct reply_span spans[REPLY_SPANS];
    struct reply_meaning meaning;
    char words[WORDS_OCTETS + 64], *at = words, *end = words + sizeof words;
    size_t count;

    if (login->result == RESULT_NONE)
        return SQLITE_OK;
    meaning = replies_judge(&reply);
    verdict->says = (uint8_t)meaning.cause;
    verdict->says_surely = (uint8_t)meaning.certainty;
    verdict->by_code = meaning.source == REPLY_BY_CODE;
    count = text == NULL ? 0 : replies_match(&reply, spans);
    at = put(at, end, (char)('0' + login->result));
    at = put_text(at, end, code == NULL ? "" : code, code == NULL ? 0 : strcspn(code, " "));
    at = put(at, end, ']');
    if (count > 0)
        at = put_known(at, end, text, spans, count);
    else if (text != NULL)
        at = put_without(at, end, text, strings_text(&judge->strings, login->user));
    verdict->words = strings_number(&judge->strings, words, (size_t)(at - words));
    return verdict->words == UINT32_MAX ? SQLITE_NOMEM : SQLITE_OK;
}
