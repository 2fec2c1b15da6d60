/*
 * The command line as it should have been sent, with <password> in the place of the password, and with <user>
 * where the user name that was meant is not certain.
 */
#ifndef IMAPTAP_ANALYZER_LINT_CORRECTED_H
#define IMAPTAP_ANALYZER_LINT_CORRECTED_H

#include "analyzer/lint/layout.h"

#include <stdio.h>

/* A user name as an argument that every server takes: a quoted string, or a literal when it holds an octet
 * that a quoted string must not hold. NUL, which no form may hold, is left out. */
void corrected_argument(FILE *out, struct imap_text name);

/* Writes the line without its last CR LF. False: what was meant is not certain, and nothing was written. */
bool corrected_line(FILE *out, const struct imap_login *login, const struct layout *layout);

/* A backslash in a quoted string that escapes nothing, which the record's user name does not hold. */
struct corrected_backslash {
    int64_t position; /* in the argument as sent, of the first one; -1: none, or not reported */
    bool only;        /* there is no other one */
    bool somewhere;   /* there is at least one */
};
struct corrected_backslash corrected_backslash(const struct imap_login *login);

#endif
