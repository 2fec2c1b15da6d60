/*
 * Writes octets so that a terminal can take any of them: printable ASCII as it is, CR, LF and TAB as \r, \n
 * and \t, every other one as \xNN.
 */
#ifndef IMAPTAP_ANALYZER_LINT_SHOW_H
#define IMAPTAP_ANALYZER_LINT_SHOW_H

#include "dissector/login.h"

#include <stdio.h>

/* Both return how many columns were written. */
size_t show_octet(FILE *out, uint8_t octet);
size_t show_text(FILE *out, struct imap_text text);

/* The text as a string; the caller frees it. NULL: out of memory. */
char *show_string(struct imap_text text);

#endif
