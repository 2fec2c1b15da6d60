/*
 * Reports on a database: a text for a terminal, one page for a browser, tables for a spreadsheet, JSON for a
 * program. Each is written in one pass, in memory that does not grow with the database.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_REPORT_H
#define IMAPTAP_ANALYZER_REPORT_REPORT_H

#include "analyzer/report/queries/queries.h"

#include <stdio.h>

/* Columns that a text takes when it does not go to a terminal. */
#define REPORT_COLUMNS 100

/* What a report is made of. */
struct report_source {
    struct queries *queries;
    const char *database;                     /* its path as it was given */
    unsigned columns;                         /* of the terminal; for the text alone */
    const struct query_parameters *narrowing; /* of `queries`, which the head says; NULL: none */
    const char *tables; /* the folder of report_tables as the page shall name it; NULL: it was not written */
};

/* All return false when the queries cannot be read (queries_error says), memory ran out or `out` failed. */
bool report_text(const struct report_source *source, FILE *out);
bool report_page(const struct report_source *source, FILE *out);

/* One object: the verdict, its lines, what was missed and what to do as texts, and the tables of
 * report_tables and more as lists of objects, whose keys are the columns of analyzer/report/queries. */
bool report_json(const struct report_source *source, FILE *out);

/* Writes a file of comma-separated values (RFC 4180) for each view into the folder, which is made if it is
 * not there: diagnosis.csv, causes.csv, findings.csv, senders.csv, affected-users.csv, timeline.csv,
 * servers.csv, rules.csv, captures.csv. A text that a spreadsheet would take for a formula gets a ' in front.
 * Each file is replaced as a whole, with mode 0600. False: `why` holds a sentence that names the file. */
bool report_tables(struct queries *queries, const char *folder, char *why, size_t why_size);

#endif
