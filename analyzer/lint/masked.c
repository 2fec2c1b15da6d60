/* Rebuilds the command line from the record and finds the column of a violation in it. */
#include "analyzer/lint/masked.h"

#include "analyzer/lint/corrected.h"
#include "analyzer/lint/show.h"

#include <stdlib.h>

#define MASK     "********"
#define LEFT_OUT "[...]"
/* More separators in a row are shown as so many. */
#define MOST_SEPARATORS 8

struct line {
    const struct lint_input *input;
    const struct imap_login *login;
    const struct layout *layout;
    const struct imap_violation *violation;
    FILE *out;
    size_t column;
    bool pointed;
    size_t caret, offset;
};

static bool is_about(const struct line *line, enum imap_rule rule, enum imap_argument argument)
{
    return line->violation->rule == rule && line->violation->argument == argument;
}

/* The violation is here; the first place counts. */
static void point(struct line *line, size_t offset)
{
    if (line->pointed)
        return;
    line->pointed = true;
    line->caret = line->column;
    line->offset = offset;
}

static void put(struct line *line, const char *string)
{
    while (*string != '\0')
        line->column += show_octet(line->out, (uint8_t)*string++);
}

/* The argument of the violation; its octet number 0 is at `begin` of the input. */
static void put_octets(struct line *line, struct imap_text text, bool about, size_t begin)
{
    for (size_t i = 0; i < text.length; i++) {
        if (about && line->violation->position == (int64_t)i)
            point(line, begin + i);
        line->column += show_octet(line->out, (uint8_t)text.octets[i]);
    }
}

static bool is_odd(const struct line *line, struct layout_gap gap, size_t expected)
{
    bool tab = false;

    for (size_t i = gap.begin; i < gap.end; i++)
        tab = tab || line->input->octets[i] == '\t';
    return tab || gap.end - gap.begin != expected;
}

/* The separators as sent; one space where they are not known. `expected`: how many are right there. */
static void put_gap(struct line *line, struct layout_gap gap, size_t expected)
{
    size_t length = gap.end - gap.begin;
    bool odd;

    if (gap.begin == LAYOUT_NOWHERE) {
        put(line, " ");
        return;
    }
    odd = is_about(line, IMAP_RULE_BAD_SPACING, IMAP_ARG_COMMAND) && is_odd(line, gap, expected);
    for (size_t i = 0; i < length && i < MOST_SEPARATORS; i++) {
        bool tab = line->input->octets[gap.begin + i] == '\t';

        if (odd && (tab || i == expected))
            point(line, gap.begin + i);
        put(line, tab ? "\t" : " ");
    }
    if (odd)
        point(line, gap.end);
}

/* What is not reported begins here, and the violation is in it when it was nowhere before. */
static void put_left_out(struct line *line, bool about, size_t offset)
{
    if (about)
        point(line, offset);
    put(line, LEFT_OUT);
}

static void put_user_left_out(struct line *line, bool about)
{
    int64_t position = line->violation->position;

    if (!line->layout->whole)
        put_left_out(line, about, position > 0 ? line->layout->body + (size_t)position : line->layout->first);
}

static size_t offset_or(size_t offset, size_t otherwise)
{
    return offset == LAYOUT_NOWHERE ? otherwise : offset;
}

static void put_atom(struct line *line, bool about)
{
    put_octets(line, line->login->username, about, line->layout->body);
    put_user_left_out(line, about);
}

/* Octets follow the closing quote, and what precedes it is reported to its end. */
static bool is_before_junk(const struct line *line)
{
    return line->layout->junk && line->login->username.length == (uint64_t)line->login->username_length;
}

/* The quoted string as it was sent, as far as the record shows. */
static void put_quoted(struct line *line, bool about)
{
    const struct imap_login *login = line->login;
    struct corrected_backslash backslash = corrected_backslash(login);
    char *sent = malloc(2 * login->username.length + 3);
    size_t length = 0;

    if (sent == NULL)
        return;
    sent[length++] = '"';
    for (size_t i = 0; i < login->username.length; i++) {
        char octet = login->username.octets[i];

        if (backslash.position == (int64_t)length)
            sent[length++] = '\\';
        if (octet == '"' || octet == '\\')
            sent[length++] = '\\';
        sent[length++] = octet;
    }
    if (line->layout->closed && (line->layout->whole || is_before_junk(line)))
        sent[length++] = '"';
    /* Behind a backslash whose place is not reported, no position is certain. */
    if (backslash.somewhere && !backslash.only && line->violation->position > backslash.position)
        point(line, line->layout->first);
    put_octets(line, (struct imap_text){sent, length}, about, line->layout->body);
    put_user_left_out(line, about);
    free(sent);
}

static void put_literal(struct line *line, bool about)
{
    const struct imap_login *login = line->login;
    char announcement[48];

    if (about && line->violation->position < 0)
        point(line, line->layout->first);
    if (line->layout->whole)
        (void)snprintf(announcement, sizeof announcement, "%s{%lld%s}\r\n",
                       login->username_form == IMAP_FORM_LITERAL8 ? "~" : "",
                       (long long)login->username_length,
                       login->username_form == IMAP_FORM_LITERAL_PLUS ? "+" : "");
    else
        (void)snprintf(announcement, sizeof announcement, "{...}\r\n");
    put(line, announcement);
    put_octets(line, login->username, about, line->layout->body);
    put_user_left_out(line, about);
}

static void put_user(struct line *line)
{
    bool about = line->violation->argument == IMAP_ARG_USERNAME;

    if (line->login->username_form == IMAP_FORM_NONE) {
        if (about)
            point(line, line->layout->name);
        return;
    }
    put_gap(line, line->layout->before_first, 1);
    if (about && line->violation->position < 0 && !line->layout->junk)
        point(line, line->layout->first);
    switch (line->login->username_form) {
    case IMAP_FORM_QUOTED:
        put_quoted(line, about);
        break;
    case IMAP_FORM_LITERAL:
    case IMAP_FORM_LITERAL_PLUS:
    case IMAP_FORM_LITERAL8:
        put_literal(line, about);
        break;
    default:
        put_atom(line, about);
    }
}

static void put_login(struct line *line)
{
    const struct layout *layout = line->layout;
    bool nameless = line->login->username_form == IMAP_FORM_NONE;
    bool about = line->violation->argument == IMAP_ARG_PASSWORD;

    put_user(line);
    if (line->login->password_form == IMAP_FORM_NONE) {
        if (about) {
            put(line, " ");
            point(line, layout->name);
        }
        return;
    }
    /* An empty user name, written as nothing, leaves two spaces. */
    if (nameless)
        put_gap(line, layout->before_first, 2);
    else
        put_gap(line, layout->before_second, 1);
    if (about)
        point(line, offset_or(nameless ? layout->first : layout->second, layout->name));
    put(line, MASK);
    if (is_about(line, IMAP_RULE_EXTRA_ARGUMENT, IMAP_ARG_COMMAND)) {
        put(line, " ");
        put_left_out(line, true, layout->name);
    }
}

static void put_authenticate(struct line *line)
{
    const struct layout *layout = line->layout;
    enum imap_argument argument = line->violation->argument;

    if (layout->first != LAYOUT_NOWHERE)
        put_gap(line, layout->before_first, 1);
    else
        put(line, " ");
    if (argument == IMAP_ARG_MECHANISM)
        point(line, offset_or(layout->first, layout->name));
    if (layout->whole)
        put_octets(line, line->login->mechanism, false, layout->first);
    else if (layout->first != LAYOUT_NOWHERE)
        put_left_out(line, false, layout->name);
    if (layout->second != LAYOUT_NOWHERE || argument == IMAP_ARG_INITIAL_RESPONSE) {
        put_gap(line, layout->before_second, 1);
        if (argument == IMAP_ARG_INITIAL_RESPONSE)
            point(line, offset_or(layout->second, layout->name));
        put(line, MASK);
    }
    if (is_about(line, IMAP_RULE_EXTRA_ARGUMENT, IMAP_ARG_COMMAND)) {
        put(line, " ");
        put_left_out(line, true, layout->name);
    }
    if (is_about(line, IMAP_RULE_BAD_BASE64, IMAP_ARG_COMMAND)) {
        put(line, "\r\n");
        point(line, layout->name);
        put(line, MASK);
    }
}

static void put_line(struct line *line)
{
    const struct layout *layout = line->layout;
    bool about_tag = line->violation->argument == IMAP_ARG_TAG;

    put_gap(line, layout->before_tag, 0);
    if (line->login->tag.octets != NULL) {
        put_octets(line, line->login->tag, about_tag, offset_or(layout->tag, layout->name));
        put_gap(line, layout->before_name, 1);
    }
    if (about_tag)
        point(line, layout->name);
    put(line, line->login->command == IMAP_LOGIN ? "LOGIN" : "AUTHENTICATE");
    if (line->login->command == IMAP_LOGIN)
        put_login(line);
    else
        put_authenticate(line);
    point(line, layout->name);
}

char *masked_line(const struct lint_input *input, const struct imap_login *login, const struct layout *layout,
                  const struct imap_violation *violation, size_t *caret, size_t *offset)
{
    struct line line = {.input = input, .login = login, .layout = layout, .violation = violation};
    char *string = NULL;
    size_t size;

    line.out = open_memstream(&string, &size);
    if (line.out == NULL)
        return NULL;
    put_line(&line);
    if (fclose(line.out) != 0) {
        free(string);
        return NULL;
    }
    *caret = line.caret;
    *offset = line.offset;
    return string;
}
