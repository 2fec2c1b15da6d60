/*
 * A rule as it is named on a command line.
 */
#ifndef IMAPTAP_ANALYZER_CLI_RULE_NAME_H
#define IMAPTAP_ANALYZER_CLI_RULE_NAME_H

#include "analyzer/cli/command.h"
#include "dissector/rules.h"

/* Finds it; `found` may be NULL. Returns -1 to go on, or EXIT_USAGE: there is none, which was said. */
int rule_name_check(const struct command *command, const char *name, const struct imap_rule_info **found);

#endif
