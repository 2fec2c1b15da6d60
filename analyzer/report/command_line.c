/*
 * Gives the row of a finding back the form of the dissector's record, which lint knows how to show.
 */
#include "analyzer/report/command_line.h"

#include "analyzer/lint/lint.h"
#include "analyzer/lint/masked.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEFT_OUT "[...]"

/* How imaptap --mask-users writes a name: "user-" and 16 hexadecimal digits. */
#define MASKED_NAME   "user-"
#define MASKED_DIGITS 16

static int digit_of(char digit)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = digit != '\0' ? strchr(digits, digit) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* The octets of a text of the database, where \xNN stands for one; never more than the text has. */
static size_t unescape(const char *text, char *octets, size_t most)
{
    size_t length = 0;

    while (*text != '\0' && length < most) {
        int high = text[0] == '\\' && text[1] == 'x' ? digit_of(text[2]) : -1;
        int low = high >= 0 ? digit_of(text[3]) : -1;

        octets[length] = *text;
        if (low >= 0)
            octets[length] = (char)(uint8_t)(high * 16 + low);
        length++;
        text += low >= 0 ? 4 : 1;
    }
    return length;
}

static bool is_masked(const char *name)
{
    size_t digits = sizeof MASKED_NAME - 1;

    if (strncmp(name, MASKED_NAME, digits) != 0)
        return false;
    while (isxdigit((unsigned char)name[digits]))
        digits++;
    return digits == sizeof MASKED_NAME - 1 + MASKED_DIGITS && name[digits] == '\0';
}

static enum imap_form form_of(const char *name)
{
    static const char *const names[IMAP_FORMS] = {
        [IMAP_FORM_ATOM] = "atom",         [IMAP_FORM_QUOTED] = "quoted",
        [IMAP_FORM_LITERAL] = "literal",   [IMAP_FORM_LITERAL_PLUS] = "literal+",
        [IMAP_FORM_LITERAL8] = "literal8", [IMAP_FORM_SASL] = "sasl"};

    for (int form = 0; name != NULL && form < IMAP_FORMS; form++)
        if (names[form] != NULL && strcmp(names[form], name) == 0)
            return (enum imap_form)form;
    return IMAP_FORM_NONE;
}

static enum imap_argument argument_of(const char *name)
{
    for (int argument = 0; name != NULL && argument < IMAP_ARGUMENTS; argument++)
        if (strcmp(lint_argument((enum imap_argument)argument), name) == 0)
            return (enum imap_argument)argument;
    return IMAP_ARG_COMMAND;
}

static enum imap_rule rule_of(const char *id)
{
    int rule = 0;

    while (rule + 1 < IMAP_RULES && strcmp(imap_rule_info((enum imap_rule)rule)->id, id) != 0)
        rule++;
    return (enum imap_rule)rule;
}

static struct imap_text text_of(const struct queries_rows *rows, const char *column)
{
    const char *text = queries_text(rows, column);

    return (struct imap_text){text, text != NULL ? strlen(text) : 0};
}

static int64_t count_of(const struct queries_rows *rows, const char *column)
{
    return queries_missing(rows, column) ? -1 : queries_number(rows, column);
}

static void fill_violation(const struct queries_rows *rows, const char *octets,
                           struct imap_violation *violation)
{
    const char *text = queries_text(rows, octets);

    if (text != NULL)
        violation->octet_count = (uint8_t)unescape(text, (char *)violation->octets, IMAP_VIOLATION_OCTETS);
}

/* The record, as far as the row holds it; `name` has room for the user name's octets, and lasts as long. */
static void fill(const struct queries_rows *rows, char *name, struct imap_login *login, struct layout *layout)
{
    const char *username = queries_text(rows, "username");
    const char *command = queries_text(rows, "command");
    struct imap_violation *violation = &login->violations[0];
    struct imap_violation *quote = &login->violations[1];
    bool masked = username != NULL && is_masked(username);

    *login = (struct imap_login){
        .command = command != NULL && strcmp(command, "AUTHENTICATE") == 0 ? IMAP_AUTHENTICATE : IMAP_LOGIN,
        .tag = text_of(rows, "tag"),
        .mechanism = text_of(rows, "mechanism"),
        .username_form = form_of(queries_text(rows, "username_form")),
        .username_length = count_of(rows, "username_length"),
        .password_form = form_of(queries_text(rows, "password_form")),
        .password_length = -1,
        .password_empty = -1,
        .initial_response = -1,
        .violation_count = 1};
    *violation = (struct imap_violation){.rule = rule_of(queries_text(rows, "rule")),
                                         .argument = argument_of(queries_text(rows, "argument")),
                                         .position = count_of(rows, "position"),
                                         .count = count_of(rows, "count")};
    fill_violation(rows, "octets", violation);
    if (username != NULL) {
        size_t length = strlen(username);
        bool as_it_is = masked || login->username_length == (int64_t)length;

        login->username = as_it_is ? (struct imap_text){username, length}
                                   : (struct imap_text){name, unescape(username, name, length)};
    }
    /* The position is one in the name that was sent. */
    if (masked && violation->argument == IMAP_ARG_USERNAME)
        violation->position = -1;
    if (!masked && !queries_missing(rows, "quote_octets")) {
        *quote = (struct imap_violation){.rule = IMAP_RULE_BAD_QUOTED,
                                         .argument = IMAP_ARG_USERNAME,
                                         .position = count_of(rows, "quote_position"),
                                         .count = count_of(rows, "quote_count")};
        fill_violation(rows, "quote_octets", quote);
        login->violation_count = 2;
    }
    *layout = (struct layout){
        .before_name = {LAYOUT_NOWHERE, LAYOUT_NOWHERE},
        .before_first = {LAYOUT_NOWHERE, LAYOUT_NOWHERE},
        .before_second = {LAYOUT_NOWHERE, LAYOUT_NOWHERE},
        .second = LAYOUT_NOWHERE,
        .whole = masked || (int64_t)login->username.length == login->username_length ||
                 login->command == IMAP_AUTHENTICATE,
        .closed = login->violation_count < 2 || quote->octets[0] != '"',
    };
}

/* Keeps what stands around the fault. */
static char *shorten(char *text, size_t *caret)
{
    size_t length = strlen(text), half = COMMAND_LINE_COLUMNS / 2, begin, end;
    char *shown;

    if (length <= COMMAND_LINE_COLUMNS)
        return text;
    begin = *caret > half ? *caret - half : 0;
    end = begin + COMMAND_LINE_COLUMNS < length ? begin + COMMAND_LINE_COLUMNS : length;
    if (asprintf(&shown, "%s%.*s%s", begin > 0 ? LEFT_OUT : "", (int)(end - begin), text + begin,
                 end < length ? LEFT_OUT : "") < 0)
        shown = NULL;
    *caret = *caret - begin + (begin > 0 ? sizeof LEFT_OUT - 1 : 0);
    free(text);
    return shown;
}

static void put_beside(const struct imap_violation *violation, char *beside, size_t size)
{
    FILE *out = fmemopen(beside, size, "w");

    if (out == NULL)
        return;
    for (unsigned i = 0; i < violation->octet_count; i++) {
        if (i > 0)
            fputs(i + 1U == violation->octet_count ? " and " : ", ", out);
        if (violation->octets[i] > ' ' && violation->octets[i] < 0x7f)
            fputc(violation->octets[i], out);
        else
            fprintf(out, "\\x%02x", violation->octets[i]);
    }
    if (violation->rule == IMAP_RULE_MISSING_ARGUMENT)
        fprintf(out, "the %s is missing", lint_argument(violation->argument));
    else if (violation->argument != IMAP_ARG_COMMAND)
        fprintf(out, "%sin the %s", violation->octet_count > 0 ? " " : "",
                lint_argument(violation->argument));
    (void)fclose(out);
}

/* How many columns the octet under the caret takes, where the fault has an octet. */
static size_t width_at(const struct imap_violation *violation, const char *at)
{
    if (violation->position < 0 || *at == '\0')
        return 0;
    if (at[0] == '\\' && at[1] == 'x' && strlen(at) >= 4)
        return 4;
    return at[0] == '\\' && (at[1] == 'r' || at[1] == 'n' || at[1] == 't') ? 2 : 1;
}

bool command_line_make(const struct queries_rows *rows, struct command_line *line)
{
    const char *username = queries_text(rows, "username");
    char *name = malloc(username != NULL ? strlen(username) + 1 : 1);
    struct lint_input nothing = {.name = ""};
    struct imap_login login;
    struct layout layout;
    size_t offset;

    *line = (struct command_line){.text = NULL};
    if (name == NULL)
        return false;
    fill(rows, name, &login, &layout);
    line->text = masked_line(&nothing, &login, &layout, &login.violations[0], &line->caret, &offset);
    free(name);
    if (line->text != NULL)
        line->text = shorten(line->text, &line->caret);
    if (line->text == NULL)
        return false;
    line->width = width_at(&login.violations[0], line->text + line->caret);
    put_beside(&login.violations[0], line->beside, sizeof line->beside);
    return true;
}

void command_line_free(struct command_line *line)
{
    free(line->text);
    line->text = NULL;
}

void filter_of_frame(const struct queries_rows *rows, char filter[FILTER_OCTETS])
{
    (void)snprintf(filter, FILTER_OCTETS, "frame.number == %" PRId64, queries_number(rows, "frame"));
}

void filter_of_connection(const struct queries_rows *rows, char filter[FILTER_OCTETS])
{
    const char *client = queries_text(rows, "client_ip"), *server = queries_text(rows, "server_ip");

    (void)snprintf(
        filter, FILTER_OCTETS, "%s == %s && tcp.port == %" PRId64 " && %s == %s && tcp.port == %" PRId64,
        strchr(client, ':') != NULL ? "ipv6.addr" : "ip.addr", client, queries_number(rows, "client_port"),
        strchr(server, ':') != NULL ? "ipv6.addr" : "ip.addr", server, queries_number(rows, "server_port"));
}
