/*
 * The figures that a report's sentences are made of.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_TOTALS_H
#define IMAPTAP_ANALYZER_REPORT_TOTALS_H

#include "analyzer/report/queries/queries.h"

/* Counts, each named as in analyzer/report/queries/totals.sql. */
struct report_totals {
    int64_t captures, failed, running, packets, bytes, drops, evicted;
    int64_t connections, encrypted, midstream, one_sided, not_imap, lost_octets, servers;
    int64_t no_login,
        no_login_known; /* connections without a login; of them, those of which it was seen why */
    int64_t copied_packets;
    int64_t logins, accepted, refused, unanswered, incomplete, cleartext;
    int64_t pairs, pairs_without_finding, pairs_not_seen;
    int64_t proved, likely, tolerated, unknown, unrelated, without_finding; /* rows of the view diagnosis */
    int64_t diagnoses;                                                      /* all of them */
    int64_t proved_faults, likely_faults; /* of them, those where how a login was written is why */
    int64_t failures, failures_unknown,
        failures_elsewhere;                      /* logins with a cause; elsewhere: none of these */
    int64_t senders, unquoted, unquoted_refused; /* without what was only passed on, here and below */
    int64_t findings, broken, wildcard_proved, wildcard_likely, wildcard_tolerated, other_broken,
        other_proved, other_likely;
    int64_t affected, users, wildcard_users, users_never_in;
    int64_t worst_logins, worst_unquoted, worst_unquoted_refused;
    /* Nanoseconds since 1970 UTC, the last not before the first; both 0: there was no frame, or no login. */
    int64_t first_ns, last_ns, first_login_ns, last_login_ns;
    /* Client and server with the worst unquoted wildcards; NULL: there are none. Text of the database. */
    char *worst_client, *worst_server;
};

/* False: queries_error says why. Free the totals in either case. */
bool report_totals_read(struct queries *queries, struct report_totals *totals);
void report_totals_free(struct report_totals *totals);

#endif
