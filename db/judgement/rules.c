/* The rules as the judgement knows them: which say something about the server's answer. */
#include "db/judgement/judge.h"

#include <string.h>

static const char *const names[RULES_KNOWN] = {
    [RULE_WILDCARD] = "unquoted-wildcard",
    [RULE_SPECIAL] = "unquoted-special",
    [RULE_EIGHT_BIT] = "eight-bit-octet",
    [RULE_BAD_QUOTED] = "bad-quoted",
    [RULE_NUL] = "nul-octet",
    [RULE_LITERAL8] = "literal8-argument",
    [RULE_NOT_AWAITED] = "literal-not-awaited",
    [RULE_UNADVERTISED_LITERAL] = "unadvertised-literal",
    [RULE_OVERSIZED] = "oversized-literal",
    [RULE_UNADVERTISED_INITIAL] = "unadvertised-initial-response",
    [RULE_BAD_BASE64] = "bad-base64",
    [RULE_MISSING] = "missing-argument",
    [RULE_EXTRA] = "extra-argument",
    [RULE_SPACING] = "bad-spacing",
    [RULE_LINE_END] = "bad-line-end",
    [RULE_TAG] = "bad-tag",
    [RULE_PIPELINED] = "starttls-pipelined",
    [RULE_LOGIN_DISABLED] = "login-disabled",
    [RULE_NOT_ANNOUNCED] = "mechanism-not-announced",
    [RULE_ALREADY] = "already-authenticated",
    [RULE_RESPONSE_CONTINUED] = "response-continued",
    [RULE_NOT_UTF8] = "response-not-utf8",
    [RULE_LITERAL_LENGTH] = "literal-length",
};

const uint64_t rules_that_are_read = RULE_BIT(RULE_SPACING) | RULE_BIT(RULE_LINE_END) | RULE_BIT(RULE_TAG) |
                                     RULE_BIT(RULE_UNADVERTISED_LITERAL) |
                                     RULE_BIT(RULE_UNADVERTISED_INITIAL) | RULE_BIT(RULE_NOT_AWAITED) |
                                     RULE_BIT(RULE_PIPELINED);
const uint64_t rules_that_change = RULE_BIT(RULE_BAD_QUOTED) | RULE_BIT(RULE_EIGHT_BIT) |
                                   RULE_BIT(RULE_EXTRA) | RULE_BIT(RULE_NUL) | RULE_BIT(RULE_LITERAL8) |
                                   RULE_BIT(RULE_NOT_UTF8) | RULE_BIT(RULE_LITERAL_LENGTH);
const uint64_t rules_that_leave_nothing =
    RULE_BIT(RULE_BAD_BASE64) | RULE_BIT(RULE_MISSING) | RULE_BIT(RULE_RESPONSE_CONTINUED);
const uint64_t rules_of_bare_arguments =
    RULE_BIT(RULE_WILDCARD) | RULE_BIT(RULE_SPECIAL) | RULE_BIT(RULE_EIGHT_BIT);

unsigned judge_rule(struct judge *judge, const char *name, size_t length)
{
    uint32_t number;

    for (; judge->rule_count < RULES_KNOWN; judge->rule_count++) {
        const char *known = names[judge->rule_count];

        judge->rules[judge->rule_count] = strings_number(&judge->strings, known, strlen(known));
    }
    number = strings_number(&judge->strings, name, length);
    for (unsigned i = 0; i < judge->rule_count; i++)
        if (judge->rules[i] == number)
            return i;
    if (judge->rule_count == RULES_MOST)
        return RULES_MOST;
    judge->rules[judge->rule_count] = number;
    return judge->rule_count++;
}

const char *judge_rule_name(const struct judge *judge, unsigned rule)
{
    return strings_text(&judge->strings, judge->rules[rule]);
}
