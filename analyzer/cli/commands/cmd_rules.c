/*
 * imaptap rules: lists what can be wrong with a login.
 */
#include "analyzer/cli/options.h"
#include "analyzer/cli/rule_name.h"
#include "dissector/exposures.h"
#include "dissector/rules.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    struct common_options common; /* the first member: options_parse */
    unsigned json;
};

static const struct option_spec options[] = {
    {"format", .argument = "FORMAT", .help = "text or json", .initial = "text", .take = option_word,
     .at = offsetof(struct settings, json), .words = "text or json"}};

static void print_rule(const struct imap_rule_info *rule)
{
    printf("%s (%s)\n  %s\n  Reference: %s\n  Forbidden by: RFC 2060 %s, RFC 3501 %s, RFC 9051 %s\n"
           "  Remedy: %s\n",
           rule->id, rule->severity, rule->title, rule->reference, rule->rfc2060, rule->rfc3501,
           rule->rfc9051, rule->remedy);
}

static void print_text(const struct imap_rule_info *const *rules, int count)
{
    for (int i = 0; i < count; i++) {
        if (i > 0)
            putchar('\n');
        print_rule(rules[i]);
    }
}

static void print_exposures(void)
{
    puts("\nExposures: no rule is broken, but the login was readable on the wire");
    for (int i = IMAP_EXPOSURES - 1; i > IMAP_EXPOSURE_NONE; i--) {
        const struct imap_exposure_info *exposure = imap_exposure_info((enum imap_exposure)i);

        printf("\n%s (exposure)\n  %s\n  Reference: %s\n"
               "  Forbidden by: RFC 2060 %s, RFC 3501 %s, RFC 9051 %s\n  Remedy: %s\n",
               exposure->id, exposure->title, exposure->reference, exposure->rfc2060, exposure->rfc3501,
               exposure->rfc9051, exposure->remedy);
    }
}

/* An exposure's object has "exposure" in the place of "rule", and no severity. */
static int add_exposures(json_t *rows)
{
    int failed = 0;

    for (int i = IMAP_EXPOSURES - 1; i > IMAP_EXPOSURE_NONE && !failed; i--) {
        const struct imap_exposure_info *exposure = imap_exposure_info((enum imap_exposure)i);
        json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "exposure", exposure->id, "title",
                                exposure->title, "reference", exposure->reference, "remedy", exposure->remedy,
                                "rfc2060", exposure->rfc2060, "rfc3501", exposure->rfc3501, "rfc9051",
                                exposure->rfc9051);

        failed = row == NULL || json_array_append_new(rows, row) != 0;
    }
    return failed;
}

static int print_json(const struct imap_rule_info *const *rules, int count, bool exposures)
{
    json_t *rows = json_array();
    int failed = rows == NULL;

    for (int i = 0; i < count && !failed; i++) {
        const struct imap_rule_info *rule = rules[i];
        json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "rule", rule->id, "severity",
                                rule->severity, "title", rule->title, "reference", rule->reference, "remedy",
                                rule->remedy, "rfc2060", rule->rfc2060, "rfc3501", rule->rfc3501, "rfc9051",
                                rule->rfc9051);

        failed = row == NULL || json_array_append_new(rows, row) != 0;
    }
    if (!failed && exposures)
        failed = add_exposures(rows);
    if (!failed)
        failed = json_dumpf(rows, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF;
    json_decref(rows);
    return failed;
}

static int run(int argc, char **argv)
{
    const struct imap_rule_info *rules[IMAP_RULES];
    struct settings settings;
    bool all;
    int status = options_parse(&command_rules, argc, argv, &settings), count = 0, failed = 0;

    if (status != -1)
        return status;
    for (; count < settings.common.operand_count && count < IMAP_RULES && status == -1; count++)
        status = rule_name_check(&command_rules, settings.common.operands[count], &rules[count]);
    if (status != -1)
        return status;
    all = count == 0;
    for (; all && count < IMAP_RULES; count++)
        rules[count] = imap_rule_info((enum imap_rule)count);
    if (settings.json)
        failed = print_json(rules, count, all);
    else
        print_text(rules, count);
    if (all && !settings.json)
        print_exposures();
    if (failed || fflush(stdout) != 0) {
        fputs("imaptap rules: the output cannot be written\n", stderr);
        return EXIT_UNREAD;
    }
    return EXIT_DONE;
}

const struct command command_rules = {
    .name = "rules",
    .title = "list what can be wrong with a login",
    .usage = "[OPTIONS] [RULE...]",
    .about =
        "Lists every rule that a login can break, or those that are named: its name, severity, the RFC "
        "sections, whether RFC "
        "2060, 3501 and 9051 forbid it, and what the author of the client should do. Behind all rules stand "
        "the exposures: what anybody on the path can take from a login that broke none.\n",
    OPTIONS(options),
    .example = "  imaptap rules unquoted-wildcard\n",
    .run = run};
