/*
 * imaptap rules: lists what can be wrong with a login.
 */
#include "analyzer/cli/command.h"
#include "dissector/rules.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(void)
{
    fputs("Usage: imaptap rules [--format text|json]\n\n"
          "Lists every rule that a login can break: its name, severity, the RFC sections, whether\n"
          "RFC 2060, 3501 and 9051 forbid it, and what the author of the client should do.\n\n"
          "  --format FORMAT  text (default) or json\n"
          "  --help           this text\n\n"
          "Example: imaptap rules | less\n",
          stdout);
}

static void print_text(void)
{
    for (int i = 0; i < IMAP_RULES; i++) {
        const struct imap_rule_info *rule = imap_rule_info((enum imap_rule)i);

        printf("%s%s (%s)\n  %s\n  Reference: %s\n  Forbidden by: RFC 2060 %s, RFC 3501 %s, RFC 9051 %s\n"
               "  Remedy: %s\n",
               i > 0 ? "\n" : "", rule->id, rule->severity, rule->title, rule->reference, rule->rfc2060,
               rule->rfc3501, rule->rfc9051, rule->remedy);
    }
}

static int print_json(void)
{
    json_t *rows = json_array();
    int failed = rows == NULL;

    for (int i = 0; i < IMAP_RULES && !failed; i++) {
        const struct imap_rule_info *rule = imap_rule_info((enum imap_rule)i);
        json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "rule", rule->id, "severity",
                                rule->severity, "title", rule->title, "reference", rule->reference, "remedy",
                                rule->remedy, "rfc2060", rule->rfc2060, "rfc3501", rule->rfc3501, "rfc9051",
                                rule->rfc9051);

        failed = row == NULL || json_array_append_new(rows, row) != 0;
    }
    if (!failed)
        failed = json_dumpf(rows, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF;
    json_decref(rows);
    return failed;
}

int cmd_rules(int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *format = "text";
    int option, failed = 0;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return EXIT_DONE;
        }
        if (option != 'f')
            return EXIT_USAGE;
        format = optarg;
    }
    if (optind < argc || (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)) {
        fputs("imaptap rules: takes no argument but --format text|json; see imaptap rules --help\n", stderr);
        return EXIT_USAGE;
    }
    if (strcmp(format, "json") == 0)
        failed = print_json();
    else
        print_text();
    if (failed || fflush(stdout) != 0) {
        fputs("imaptap rules: the output cannot be written\n", stderr);
        return EXIT_UNREAD;
    }
    return EXIT_DONE;
}
