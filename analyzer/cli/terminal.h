/*
 * The terminal that standard output is.
 */
#ifndef IMAPTAP_ANALYZER_CLI_TERMINAL_H
#define IMAPTAP_ANALYZER_CLI_TERMINAL_H

/* How many columns it has; `otherwise` where it is none, or does not say. */
unsigned terminal_columns(unsigned otherwise);

#endif
