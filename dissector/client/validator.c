/* Judges the octets of an argument against the grammar of its form. */
#include "dissector/client/validator.h"

#include <stdbool.h>
#include <string.h>

enum imap_rule validator_rule(enum violation_class noted)
{
    static const enum imap_rule rules[VIOLATION_CLASSES] = {
        [VIOLATION_WILDCARD] = IMAP_RULE_UNQUOTED_WILDCARD,
        [VIOLATION_SPECIAL] = IMAP_RULE_UNQUOTED_SPECIAL,
        [VIOLATION_EIGHT_BIT] = IMAP_RULE_EIGHT_BIT_OCTET,
        [VIOLATION_QUOTED] = IMAP_RULE_BAD_QUOTED,
        [VIOLATION_NUL] = IMAP_RULE_NUL_OCTET,
    };
    return rules[noted];
}

void violation_note(struct violation *noted, uint8_t octet, uint64_t position)
{
    if (noted->count == 0)
        noted->position = (int64_t)position;
    noted->count++;
    if (noted->octet_count < IMAP_VIOLATION_OCTETS && !memchr(noted->octets, octet, noted->octet_count))
        noted->octets[noted->octet_count++] = octet;
}

static bool is_wildcard(uint8_t octet)
{
    return octet == '*' || octet == '%';
}

/* atom-specials but the wildcards, "]" (which an astring may hold), NUL and octets over 127. */
static bool is_special(uint8_t octet)
{
    return octet <= ' ' || octet == 0x7f || octet == '(' || octet == ')' || octet == '{' || octet == '"' ||
           octet == '\\';
}

void validator_atom(struct validator *validator, uint8_t octet, uint64_t position)
{
    struct violation *violations_noted = validator->violations_noted;
    if (octet == 0)
        violation_note(&violations_noted[VIOLATION_NUL], octet, position);
    else if (octet > 0x7f)
        violation_note(&violations_noted[VIOLATION_EIGHT_BIT], octet, position);
    else if (is_wildcard(octet))
        violation_note(&violations_noted[VIOLATION_WILDCARD], octet, position);
    else if (is_special(octet))
        violation_note(&violations_noted[VIOLATION_SPECIAL], octet, position);
}

void validator_quoted(struct validator *validator, uint8_t octet, uint64_t position)
{
    if (octet == 0)
        violation_note(&validator->violations_noted[VIOLATION_NUL], octet, position);
    else if (octet > 0x7f)
        violation_note(&validator->violations_noted[VIOLATION_EIGHT_BIT], octet, position);
}

void validator_literal(struct validator *validator, uint8_t octet, uint64_t position)
{
    if (octet == 0)
        violation_note(&validator->violations_noted[VIOLATION_NUL], octet, position);
}

/* Letters and digits, which most octets of tags are. */
static bool is_alphanumeric(uint8_t octet)
{
    return (uint8_t)((octet | 0x20) - 'a') < 26 || (uint8_t)(octet - '0') < 10;
}

void validator_tag(struct violation *noted, struct imap_text tag)
{
    for (size_t i = 0; i < tag.length; i++) {
        uint8_t octet = (uint8_t)tag.octets[i];
        if (is_alphanumeric(octet))
            continue;
        if (octet > 0x7f || octet == '+' || is_wildcard(octet) || is_special(octet))
            violation_note(noted, octet, i);
    }
}
