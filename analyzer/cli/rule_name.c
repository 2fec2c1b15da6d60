/*
 * Finds a rule by its name.
 */
#include "analyzer/cli/rule_name.h"

#include "analyzer/cli/options.h"

#include <string.h>

int rule_name_check(const struct command *command, const char *name, const struct imap_rule_info **found)
{
    const char *names[IMAP_RULES];

    for (int i = 0; i < IMAP_RULES; i++) {
        const struct imap_rule_info *rule = imap_rule_info((enum imap_rule)i);

        names[i] = rule->id;
        if (strcmp(rule->id, name) != 0)
            continue;
        if (found != NULL)
            *found = rule;
        return -1;
    }
    return unknown_word(command, "rule", name, names, IMAP_RULES, sizeof names[0]);
}
