/*
 * The first rows of each change, kept until the counts that stand before them are known.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_COMPARE_ROWS_H
#define IMAPTAP_ANALYZER_REPORT_COMPARE_ROWS_H

#include "analyzer/report/compare/compare.h"

struct kept_sender {
    struct compared_sender row; /* its texts are its own */
    struct kept_sender *next;
};

struct kept_user {
    struct compared_user row;
    struct kept_user *next;
};

struct compare_rows {
    int64_t most; /* rows kept of each change */
    struct compared compared;
    const struct query_parameters *narrowing; /* of both sides; NULL: none */
    struct kept_sender *senders[SENDER_CHANGES], **last_sender[SENDER_CHANGES];
    struct kept_user *users[USER_CHANGES], **last_user[USER_CHANGES];
};

/* Runs the comparison and keeps up to `most` rows of each change. Free the rows in either case. */
bool compare_rows_read(const struct compare_source *source, int64_t most, struct compare_rows *rows);
void compare_rows_free(struct compare_rows *rows);

#endif
