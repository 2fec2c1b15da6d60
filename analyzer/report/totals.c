/*
 * Reads the figures of a report.
 */
#include "analyzer/report/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(name)                                                                                          \
    {                                                                                                        \
#name, offsetof(struct report_totals, name)                                                          \
    }

static const struct {
    const char *column;
    size_t offset;
} counts[] = {
    COUNT(captures),
    COUNT(failed),
    COUNT(running),
    COUNT(packets),
    COUNT(bytes),
    COUNT(drops),
    COUNT(connections),
    COUNT(encrypted),
    COUNT(midstream),
    COUNT(one_sided),
    COUNT(not_imap),
    COUNT(lost_octets),
    COUNT(logins),
    COUNT(accepted),
    COUNT(refused),
    COUNT(unanswered),
    COUNT(incomplete),
    COUNT(cleartext),
    COUNT(pairs),
    COUNT(pairs_not_seen),
    COUNT(pairs_without_finding),
    COUNT(senders),
    COUNT(unquoted),
    COUNT(unquoted_refused),
    COUNT(findings),
    COUNT(broken),
    COUNT(wildcard_proved),
    COUNT(wildcard_likely),
    COUNT(other_broken),
    COUNT(wildcard_tolerated),
    COUNT(proved),
    COUNT(likely),
    COUNT(tolerated),
    COUNT(unknown),
    COUNT(unrelated),
    COUNT(without_finding),
    COUNT(diagnoses),
    COUNT(proved_faults),
    COUNT(likely_faults),
    COUNT(failures),
    COUNT(failures_unknown),
    COUNT(failures_elsewhere),
    COUNT(other_proved),
    COUNT(other_likely),
    COUNT(affected),
    COUNT(users),
    COUNT(wildcard_users),
    COUNT(users_never_in),
    COUNT(worst_logins),
    COUNT(worst_unquoted),
    COUNT(first_ns),
    COUNT(worst_unquoted_refused),
    COUNT(servers),
    COUNT(evicted),
    COUNT(last_ns),
    COUNT(no_login),
    COUNT(no_login_known),
    COUNT(copied_packets),
    COUNT(first_login_ns),
    COUNT(last_login_ns),
};

/* "192.0.2.1 (Dovecot)" */
static char *named(const char *address, const char *product)
{
    size_t size = strlen(address) + (product != NULL ? strlen(product) : 0) + sizeof " ()";
    char *text = malloc(size);

    if (text != NULL)
        (void)snprintf(text, size, product != NULL ? "%s (%s)" : "%s", address, product);
    return text;
}

bool report_totals_read(struct queries *queries, struct report_totals *totals)
{
    struct queries_rows *rows = queries_ask(queries, QUERIES_TOTALS, 0, 0);
    bool read = queries_next(rows);

    *totals = (struct report_totals){0};
    for (size_t i = 0; read && i < sizeof counts / sizeof counts[0]; i++)
        *(int64_t *)((char *)totals + counts[i].offset) = queries_number(rows, counts[i].column);
    if (read && !queries_missing(rows, "worst_client")) {
        totals->worst_client = strdup(queries_text(rows, "worst_client"));
        totals->worst_server = named(queries_text(rows, "worst_server"), queries_text(rows, "worst_product"));
        read = totals->worst_client != NULL && totals->worst_server != NULL;
    }
    queries_end(rows);
    return read && queries_error(queries) == NULL;
}

void report_totals_free(struct report_totals *totals)
{
    free(totals->worst_client);
    free(totals->worst_server);
    *totals = (struct report_totals){0};
}
