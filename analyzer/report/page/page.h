/*
 * The parts of the page that have a file of their own.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_PAGE_PAGE_H
#define IMAPTAP_ANALYZER_REPORT_PAGE_PAGE_H

#include "analyzer/report/report.h"
#include "analyzer/report/totals.h"

/* Rows of each table that stand in a page; what is left out is said, and where it stands. */
enum {
    PAGE_FINDINGS = 47500,
    PAGE_CAUSES = 20,
    PAGE_DIAGNOSIS = 400,
    PAGE_SENDERS = 400,
    PAGE_USERS = 400,
    PAGE_SERVERS = 200,
    PAGE_NO_LOGIN = 100,
    PAGE_CAPTURES = 400,
    PAGE_RUNS = 100,
    PAGE_MATRIX_SENDERS = 25,
    PAGE_MATRIX_SERVERS = 12,
    PAGE_WORST = 6,
    PAGE_RULES = 100,
    PAGE_ALL = 50000 /* of all tables together */
};

/* What the fills of a page get. */
struct page {
    const struct report_source *source;
    struct queries *queries;
    struct report_totals totals;
    struct queries_rows *findings; /* those not written yet */
};

/* Each writes its part, and returns false when the queries or the output fail. */
bool page_timeline(void *user, FILE *out);
bool page_matrix(void *user, FILE *out);
bool page_causes(void *user, FILE *out);
bool page_diagnosis(void *user, FILE *out);
bool page_diagnosis_left(void *user, FILE *out);
bool page_senders(void *user, FILE *out);
bool page_senders_left(void *user, FILE *out);
bool page_users(void *user, FILE *out);
bool page_users_left(void *user, FILE *out);
bool page_worst(void *user, FILE *out);
bool page_findings_lead(void *user, FILE *out);
bool page_findings_rows(void *user, FILE *out);
bool page_findings_first(void *user, FILE *out);
bool page_findings_rest(void *user, FILE *out);
bool page_findings_left(void *user, FILE *out);
bool page_rules(void *user, FILE *out);
bool page_encrypted(void *user, FILE *out);
bool page_no_login(void *user, FILE *out);
bool page_servers(void *user, FILE *out);
bool page_servers_left(void *user, FILE *out);
bool page_runs(void *user, FILE *out);
bool page_captures(void *user, FILE *out);
bool page_captures_left(void *user, FILE *out);

/* Says that a table shows `shown` of `all` rows, and names the file that has all of them; nothing when it
 * does. */
bool page_left(const struct page *page, int64_t shown, int64_t all, const char *what, const char *file,
               FILE *out);

#endif
