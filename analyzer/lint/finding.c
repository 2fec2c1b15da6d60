/* What a finding says that is the same for all of its kind. */
#include "analyzer/lint/lint.h"

const struct imap_rule_info lint_hint = {
    .id = "unportable-octet",
    .severity = "hint",
    .title = "An octet that the grammar allows in an argument without quotes, and that a known server "
             "refuses there",
    .reference = "RFC 3501 section 9 (ASTRING-CHAR)",
    .remedy =
        "Send every user name as a quoted string, whatever it holds: A1 LOGIN \"al[ice\" \"<password>\"",
    .rfc2060 = "no",
    .rfc3501 = "no",
    .rfc9051 = "no"};

unsigned lint_rule_number(const struct lint_finding *finding)
{
    return finding->rule == &lint_hint ? IMAP_RULES : (unsigned)finding->violation->rule;
}

const char *lint_argument(enum imap_argument argument)
{
    static const char *const names[IMAP_ARGUMENTS] = {
        [IMAP_ARG_TAG] = "tag",
        [IMAP_ARG_USERNAME] = "username",
        [IMAP_ARG_PASSWORD] = "password",
        [IMAP_ARG_MECHANISM] = "mechanism",
        [IMAP_ARG_INITIAL_RESPONSE] = "initial-response",
        [IMAP_ARG_COMMAND] = "command",
        [IMAP_ARG_RESPONSE] = "response",
    };

    return names[argument];
}
