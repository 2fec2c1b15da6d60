/* Writes the command line as it should have been sent. */
#include "analyzer/lint/corrected.h"

#include <stdlib.h>
#include <string.h>

static const struct imap_violation *violation_of(const struct imap_login *login, enum imap_rule rule,
                                                 enum imap_argument argument)
{
    for (unsigned i = 0; i < login->violation_count; i++)
        if (login->violations[i].rule == rule && login->violations[i].argument == argument)
            return &login->violations[i];
    return NULL;
}

struct corrected_backslash corrected_backslash(const struct imap_login *login)
{
    const struct imap_violation *bad = violation_of(login, IMAP_RULE_BAD_QUOTED, IMAP_ARG_USERNAME);
    struct corrected_backslash found = {.position = -1};

    if (bad == NULL || memchr(bad->octets, '\\', bad->octet_count) == NULL)
        return found;
    found.somewhere = true;
    /* Of a string that is not closed, the position is that of its quote. */
    if (bad->octets[0] == '\\') {
        found.position = bad->position;
        found.only = bad->count == 1;
    }
    return found;
}

static bool fits_quoted(struct imap_text name)
{
    for (size_t i = 0; i < name.length; i++)
        if ((uint8_t)name.octets[i] > 0x7f || name.octets[i] == '\r' || name.octets[i] == '\n')
            return false;
    return true;
}

void corrected_argument(FILE *out, struct imap_text name)
{
    bool quoted = fits_quoted(name);
    size_t length = 0;

    for (size_t i = 0; i < name.length; i++)
        length += name.octets[i] != '\0';
    if (quoted)
        putc('"', out);
    else
        fprintf(out, "{%zu}\r\n", length);
    for (size_t i = 0; i < name.length; i++) {
        if (quoted && (name.octets[i] == '"' || name.octets[i] == '\\'))
            putc('\\', out);
        if (name.octets[i] != '\0')
            putc(name.octets[i], out);
    }
    if (quoted)
        putc('"', out);
}

/* The name with the backslash that a lenient server dropped: "CORP\bob" was meant to be that. */
static bool with_backslash(FILE *out, struct imap_text name, int64_t position)
{
    char *meant = malloc(name.length + 1);
    size_t length = 0;
    int64_t sent = 1; /* after the opening quote */

    if (meant == NULL)
        return false;
    for (size_t i = 0; i < name.length; i++) {
        if (sent == position) {
            meant[length++] = '\\';
            sent++;
            position = -1;
        }
        meant[length++] = name.octets[i];
        sent += name.octets[i] == '"' || name.octets[i] == '\\' ? 2 : 1;
    }
    corrected_argument(out, (struct imap_text){meant, length});
    free(meant);
    return true;
}

static void user(FILE *out, const struct imap_login *login, const struct layout *layout)
{
    struct corrected_backslash backslash = corrected_backslash(login);
    bool extra = violation_of(login, IMAP_RULE_EXTRA_ARGUMENT, IMAP_ARG_COMMAND) != NULL;
    bool unclosed = login->username_form == IMAP_FORM_QUOTED && !layout->closed;

    if (!layout->whole || unclosed || (extra && login->username_form == IMAP_FORM_ATOM) ||
        (backslash.somewhere && !backslash.only))
        fputs("\"<user>\"", out);
    else if (!backslash.somewhere)
        corrected_argument(out, login->username);
    else if (!with_backslash(out, login->username, backslash.position))
        fputs("\"<user>\"", out);
}

bool corrected_line(FILE *out, const struct imap_login *login, const struct layout *layout)
{
    bool tagged = login->tag.octets != NULL && violation_of(login, IMAP_RULE_BAD_TAG, IMAP_ARG_TAG) == NULL;
    struct imap_text tag = tagged ? login->tag : (struct imap_text){"A1", 2};

    if (login->command == IMAP_AUTHENTICATE && !layout->whole)
        return false;
    fwrite(tag.octets, 1, tag.length, out);
    if (login->command == IMAP_AUTHENTICATE) {
        fputs(" AUTHENTICATE ", out);
        fwrite(login->mechanism.octets, 1, login->mechanism.length, out);
        return true;
    }
    fputs(" LOGIN ", out);
    user(out, login, layout);
    fputs(" \"<password>\"", out);
    return true;
}
