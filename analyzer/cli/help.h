/*
 * The help of a subcommand, made from its table.
 */
#ifndef IMAPTAP_ANALYZER_CLI_HELP_H
#define IMAPTAP_ANALYZER_CLI_HELP_H

#include "analyzer/cli/command.h"

#include <stdio.h>

/* Writes lines of at most 80 columns. */
void help_print(const struct command *command, FILE *out);

#endif
