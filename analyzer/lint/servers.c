/* The table of servers. */
#include "analyzer/lint/servers.h"

#include <string.h>

enum server { COURIER, CYRUS, DOVECOT, EXCHANGE_2003, HOODIECROW, UW };

/* One observation; `octets` are those it was made with, in a user name without quotes. The hint has no rule
 * of the dissector: IMAP_RULES. */
static const struct {
    enum server server;
    unsigned rule;
    const char *octets;
    enum server_answer answer;
} known[] = {
    {CYRUS, IMAP_RULE_UNQUOTED_WILDCARD, "*%", SERVER_ACCEPTS},
    {DOVECOT, IMAP_RULE_UNQUOTED_WILDCARD, "*%", SERVER_ACCEPTS},
    {EXCHANGE_2003, IMAP_RULE_UNQUOTED_WILDCARD, "*%", SERVER_REFUSES},
    {HOODIECROW, IMAP_RULE_UNQUOTED_WILDCARD, "*%", SERVER_REFUSES},
    {UW, IMAP_RULE_UNQUOTED_WILDCARD, "*%", SERVER_REFUSES},
    {DOVECOT, IMAP_RULE_UNQUOTED_SPECIAL, "\\", SERVER_ACCEPTS},
    {DOVECOT, IMAP_RULE_UNQUOTED_SPECIAL, "(", SERVER_REFUSES},
    {HOODIECROW, IMAP_RULE_UNQUOTED_SPECIAL, "\\", SERVER_REFUSES},
    {COURIER, IMAP_RULES, "[]}~", SERVER_REFUSES},
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

static enum server_answer answer_to(unsigned server, unsigned rule, uint8_t octet)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].server == server && known[i].rule == rule && octet != 0 &&
            strchr(known[i].octets, octet) != NULL)
            return known[i].answer;
    return SERVER_UNKNOWN;
}

/* Refused when one octet is; accepted when all are. */
enum server_answer server_answer(unsigned server, const struct lint_finding *finding)
{
    const struct imap_violation *violation = finding->violation;
    enum server_answer all = violation->octet_count > 0 ? SERVER_ACCEPTS : SERVER_UNKNOWN;

    for (unsigned i = 0; i < violation->octet_count; i++) {
        enum server_answer one = answer_to(server, lint_rule_number(finding), violation->octets[i]);

        if (one == SERVER_REFUSES)
            return SERVER_REFUSES;
        if (one == SERVER_UNKNOWN)
            all = SERVER_UNKNOWN;
    }
    return all;
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
