/*
 * The terminal that standard output is.
 */
#ifndef IMAPTAP_ANALYZER_CLI_TERMINAL_H
#define IMAPTAP_ANALYZER_CLI_TERMINAL_H

#include <stdbool.h>

/* How many columns it has; `otherwise` where it is none, or does not say. */
unsigned terminal_columns(unsigned otherwise);

/* Whether the user's locale (LC_ALL, LC_CTYPE, LANG) writes UTF-8. */
bool terminal_is_utf8(void);

#endif
