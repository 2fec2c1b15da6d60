/* The table of servers. */
#include "analyzer/lint/servers.h"

#include <string.h>

enum server { COURIER, CYRUS, DOVECOT, EXCHANGE_2003, HOODIECROW, UW };

#define HINT IMAP_RULES

/* What a server takes and refuses of one rule, in an argument written as `form`. `accepts` and
 * `refuses` are the octets that were tried; accepted is what is taken for what was meant. Courier, Cyrus,
 * Dovecot and hoodiecrow as measured for docs/in-the-wild.md, the others as their makers and users report. */
static const struct {
    enum server server;
    unsigned rule;
    enum imap_form form;
    const char *accepts, *refuses;
} octets[] = {
    {COURIER, IMAP_RULE_UNQUOTED_WILDCARD, IMAP_FORM_ATOM, "*%", ""},
    {CYRUS, IMAP_RULE_UNQUOTED_WILDCARD, IMAP_FORM_ATOM, "*%", ""},
    {DOVECOT, IMAP_RULE_UNQUOTED_WILDCARD, IMAP_FORM_ATOM, "*%", ""},
    {EXCHANGE_2003, IMAP_RULE_UNQUOTED_WILDCARD, IMAP_FORM_ATOM, "", "*%"},
    {HOODIECROW, IMAP_RULE_UNQUOTED_WILDCARD, IMAP_FORM_ATOM, "", "*%"},
    {UW, IMAP_RULE_UNQUOTED_WILDCARD, IMAP_FORM_ATOM, "", "*%"},
    {COURIER, IMAP_RULE_UNQUOTED_SPECIAL, IMAP_FORM_ATOM, "(", "\\\"{"},
    {CYRUS, IMAP_RULE_UNQUOTED_SPECIAL, IMAP_FORM_ATOM, "\\{", "\"("},
    {DOVECOT, IMAP_RULE_UNQUOTED_SPECIAL, IMAP_FORM_ATOM, "\\", "\"({"},
    {HOODIECROW, IMAP_RULE_UNQUOTED_SPECIAL, IMAP_FORM_ATOM, "", "\\\"({"},
    {COURIER, IMAP_RULE_BAD_QUOTED, IMAP_FORM_QUOTED, "\\", ""},
    {CYRUS, IMAP_RULE_BAD_QUOTED, IMAP_FORM_QUOTED, "\\", ""},
    {DOVECOT, IMAP_RULE_BAD_QUOTED, IMAP_FORM_QUOTED, "\\", ""},
    {HOODIECROW, IMAP_RULE_BAD_QUOTED, IMAP_FORM_QUOTED, "", "\\"},
    {COURIER, HINT, IMAP_FORM_ATOM, "[]", "}~"},
    {CYRUS, HINT, IMAP_FORM_ATOM, "[]}~", ""},
    {DOVECOT, HINT, IMAP_FORM_ATOM, "[]}~", ""},
    {HOODIECROW, HINT, IMAP_FORM_ATOM, "]}~", "["},
};

/* The same of rules for which one octet is as good as another, or where none is reported. */
static const struct {
    enum server server;
    unsigned rule;
    enum imap_form form;
    enum server_answer answer;
} wholes[] = {
    {COURIER, IMAP_RULE_EIGHT_BIT_OCTET, IMAP_FORM_ATOM, SERVER_REFUSES},
    {CYRUS, IMAP_RULE_EIGHT_BIT_OCTET, IMAP_FORM_ATOM, SERVER_ACCEPTS},
    {DOVECOT, IMAP_RULE_EIGHT_BIT_OCTET, IMAP_FORM_ATOM, SERVER_REFUSES},
    {HOODIECROW, IMAP_RULE_EIGHT_BIT_OCTET, IMAP_FORM_ATOM, SERVER_REFUSES},
    {COURIER, IMAP_RULE_EIGHT_BIT_OCTET, IMAP_FORM_QUOTED, SERVER_ACCEPTS},
    {CYRUS, IMAP_RULE_EIGHT_BIT_OCTET, IMAP_FORM_QUOTED, SERVER_ACCEPTS},
    {DOVECOT, IMAP_RULE_EIGHT_BIT_OCTET, IMAP_FORM_QUOTED, SERVER_ACCEPTS},
    {HOODIECROW, IMAP_RULE_EIGHT_BIT_OCTET, IMAP_FORM_QUOTED, SERVER_REFUSES},
    {COURIER, IMAP_RULE_BAD_QUOTED, IMAP_FORM_QUOTED, SERVER_REFUSES},
    {CYRUS, IMAP_RULE_BAD_QUOTED, IMAP_FORM_QUOTED, SERVER_REFUSES},
    {DOVECOT, IMAP_RULE_BAD_QUOTED, IMAP_FORM_QUOTED, SERVER_REFUSES},
    {HOODIECROW, IMAP_RULE_BAD_QUOTED, IMAP_FORM_QUOTED, SERVER_REFUSES},
    {COURIER, IMAP_RULE_MISSING_ARGUMENT, IMAP_FORM_NONE, SERVER_REFUSES},
    {CYRUS, IMAP_RULE_MISSING_ARGUMENT, IMAP_FORM_NONE, SERVER_REFUSES},
    {DOVECOT, IMAP_RULE_MISSING_ARGUMENT, IMAP_FORM_NONE, SERVER_REFUSES},
    {HOODIECROW, IMAP_RULE_MISSING_ARGUMENT, IMAP_FORM_NONE, SERVER_REFUSES},
    {COURIER, IMAP_RULE_EXTRA_ARGUMENT, IMAP_FORM_NONE, SERVER_REFUSES},
    {CYRUS, IMAP_RULE_EXTRA_ARGUMENT, IMAP_FORM_NONE, SERVER_REFUSES},
    {DOVECOT, IMAP_RULE_EXTRA_ARGUMENT, IMAP_FORM_NONE, SERVER_REFUSES},
    {HOODIECROW, IMAP_RULE_EXTRA_ARGUMENT, IMAP_FORM_NONE, SERVER_REFUSES},
};

const char *server_name(unsigned server)
{
    static const char *const names[SERVERS] = {
        [COURIER] = "Courier",       [CYRUS] = "Cyrus",
        [DOVECOT] = "Dovecot",       [EXCHANGE_2003] = "Exchange 2003",
        [HOODIECROW] = "hoodiecrow", [UW] = "UW imapd",
    };

    return names[server];
}

static bool holds(const char *set, uint8_t octet)
{
    return octet != 0 && strchr(set, octet) != NULL;
}

bool servers_refuse_legal(uint8_t octet)
{
    for (size_t i = 0; i < sizeof octets / sizeof octets[0]; i++)
        if (octets[i].rule == HINT && holds(octets[i].refuses, octet))
            return true;
    return false;
}

static enum server_answer answer_to(unsigned server, unsigned rule, enum imap_form form, uint8_t octet)
{
    for (size_t i = 0; i < sizeof octets / sizeof octets[0]; i++) {
        if (octets[i].server != server || octets[i].rule != rule || octets[i].form != form)
            continue;
        if (holds(octets[i].refuses, octet))
            return SERVER_REFUSES;
        if (holds(octets[i].accepts, octet))
            return SERVER_ACCEPTS;
    }
    return SERVER_UNKNOWN;
}

/* Refused when one octet is; accepted when all are. */
static enum server_answer answer_to_all(unsigned server, unsigned rule, enum imap_form form,
                                        const struct imap_violation *violation)
{
    enum server_answer all = violation->octet_count > 0 ? SERVER_ACCEPTS : SERVER_UNKNOWN;

    for (unsigned i = 0; i < violation->octet_count; i++) {
        enum server_answer one = answer_to(server, rule, form, violation->octets[i]);

        if (one == SERVER_REFUSES)
            return SERVER_REFUSES;
        if (one == SERVER_UNKNOWN)
            all = SERVER_UNKNOWN;
    }
    return all;
}

enum server_answer server_answer(unsigned server, const struct lint_finding *finding)
{
    unsigned rule = lint_rule_number(finding);
    enum server_answer answer = answer_to_all(server, rule, finding->form, finding->violation);

    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0] && answer == SERVER_UNKNOWN; i++)
        if (wholes[i].server == server && wholes[i].rule == rule && wholes[i].form == finding->form)
            answer = wholes[i].answer;
    return answer;
}

const char *server_answer_name(enum server_answer answer)
{
    static const char *const names[SERVER_ANSWERS] = {
        [SERVER_UNKNOWN] = "unknown",
        [SERVER_ACCEPTS] = "accept",
        [SERVER_REFUSES] = "refuse",
    };

    return names[answer];
}
