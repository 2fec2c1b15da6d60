/* Finds the parts of a command in the input. */
#include "analyzer/lint/layout.h"

#include <string.h>
#include <strings.h>

static bool is_separator(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

static bool is_line_end(const struct lint_input *input, size_t at)
{
    return at >= input->length || input->octets[at] == '\r' || input->octets[at] == '\n';
}

/* Whether the octets from `begin` to `end` are, or with `anywhere` end with, the announcement of a literal.
 */
static bool is_announcement(const struct lint_input *input, size_t begin, size_t end, bool anywhere,
                            uint64_t *size)
{
    const uint8_t *octets = input->octets;
    size_t at = end, digits;
    uint64_t number = 0;

    if (at == begin || octets[--at] != '}')
        return false;
    if (at > begin && octets[at - 1] == '+')
        at--;
    digits = at;
    while (at > begin && octets[at - 1] >= '0' && octets[at - 1] <= '9')
        at--;
    if (at == digits || digits - at > 20 || at == begin || octets[at - 1] != '{')
        return false;
    for (size_t i = at; i < digits; i++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, octets[i] - '0', &number))
            number = UINT64_MAX;
    at--;
    if (at > begin && octets[at - 1] == '~')
        at--;
    *size = number;
    return anywhere || at == begin;
}

/* Where the line that follows the line end at `at` begins. */
static size_t next_line(const struct lint_input *input, size_t at)
{
    while (at < input->length && input->octets[at] == '\r')
        at++;
    return at < input->length && input->octets[at] == '\n' ? at + 1 : at;
}

static size_t quoted(const struct lint_input *input, size_t at, struct layout_word *word)
{
    word->quoted = true;
    at++;
    while (!is_line_end(input, at) && !word->closed) {
        if (input->octets[at] == '"') {
            word->closed = true;
        } else {
            if (input->octets[at] == '\\' && !is_line_end(input, at + 1))
                at++;
            word->value++;
        }
        at++;
    }
    word->end = at;
    while (word->closed && !is_line_end(input, at) && !is_separator(input->octets[at]) &&
           (word->junk || input->octets[at] != '"')) {
        word->junk = true;
        at++;
    }
    return at;
}

bool layout_word(const struct lint_input *input, size_t *at, bool arguments, struct layout_word *word)
{
    size_t end;

    *word = (struct layout_word){.gap = *at};
    while (!is_line_end(input, *at) && is_separator(input->octets[*at]))
        (*at)++;
    if (is_line_end(input, *at))
        return false;
    word->begin = end = *at;
    if (arguments && input->octets[*at] == '"') {
        *at = quoted(input, *at, word);
        return true;
    }
    while (!is_line_end(input, end) && !is_separator(input->octets[end]))
        end++;
    /* The name LOGIN ends at a quote too. */
    if (end - *at > 5 && input->octets[*at + 5] == '"' &&
        strncasecmp((const char *)input->octets + *at, "LOGIN", 5) == 0)
        end = *at + 5;
    word->end = *at = end;
    word->value = end - word->begin;
    if (!is_line_end(input, end) || !is_announcement(input, word->begin, end, !arguments, &word->size))
        return true;
    word->literal = true;
    word->value = word->size;
    word->body = next_line(input, end);
    *at = word->size < input->length - word->body ? word->body + (size_t)word->size : input->length;
    return true;
}

static bool is_word(const struct lint_input *input, const struct layout_word *word, const char *name)
{
    size_t length = strlen(name);

    return word->end - word->begin == length &&
           strncasecmp((const char *)input->octets + word->begin, name, length) == 0;
}

bool layout_is_login(const struct lint_input *input, const struct layout_word *word)
{
    return is_word(input, word, "LOGIN");
}

bool layout_is_authenticate(const struct lint_input *input, const struct layout_word *word)
{
    return is_word(input, word, "AUTHENTICATE");
}

/* Whether the word is the whole of what the record says: then it ends where it seems to. */
static bool is_whole(const struct layout_word *word, const struct imap_login *login)
{
    if (word->junk)
        return false;
    if (login->command == IMAP_AUTHENTICATE)
        return login->mechanism.octets != NULL && word->value == login->mechanism.length;
    return login->username.octets != NULL && login->username_length >= 0 &&
           word->value == (uint64_t)login->username_length &&
           login->username.length == (size_t)login->username_length;
}

void layout_find(const struct lint_input *input, const struct imap_login *login, struct layout *layout)
{
    struct layout_gap nowhere = {LAYOUT_NOWHERE, LAYOUT_NOWHERE};
    size_t begin = (size_t)login->begin.time_ns, at = begin;
    struct layout_word word;

    *layout = (struct layout){.tag = LAYOUT_NOWHERE,
                              .first = LAYOUT_NOWHERE,
                              .second = LAYOUT_NOWHERE,
                              .body = LAYOUT_NOWHERE,
                              .before_tag = {begin, begin},
                              .before_name = nowhere,
                              .before_first = nowhere,
                              .before_second = nowhere,
                              .name = begin};
    while (layout->before_tag.begin > 0 && is_separator(input->octets[layout->before_tag.begin - 1]))
        layout->before_tag.begin--;
    if (!layout_word(input, &at, false, &word))
        return;
    if (login->tag.octets != NULL) {
        layout->tag = begin;
        at = word.end;
        if (!layout_word(input, &at, false, &word))
            return;
        layout->before_name = (struct layout_gap){word.gap, word.begin};
        layout->name = word.begin;
    }
    at = word.end;
    if (!layout_word(input, &at, true, &word))
        return;
    layout->before_first = (struct layout_gap){word.gap, word.begin};
    layout->first = word.begin;
    layout->body = word.literal ? word.body : word.begin;
    layout->closed = word.closed;
    layout->junk = word.junk;
    layout->whole = is_whole(&word, login);
    if (!layout->whole || !layout_word(input, &at, true, &word))
        return;
    layout->before_second = (struct layout_gap){word.gap, word.begin};
    layout->second = word.begin;
}

struct layout_place layout_place(const struct lint_input *input, size_t offset, struct layout_known *known)
{
    const uint8_t *end = input->octets + offset, *at, *newline;
    size_t column = 1;

    if (offset < known->begin)
        *known = (struct layout_known){0};
    at = input->octets + known->begin;
    while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        known->before++;
        at = newline + 1;
    }
    known->begin = (size_t)(at - input->octets);
    for (; at < end; at++)
        if ((*at & 0xc0) != 0x80)
            column++;
    return (struct layout_place){known->before + 1, column};
}
