/*
 * What a report is made of: the questions a report asks of a database, and their answers row by row.
 *
 * All answers of one `struct queries` come from one state of the database, which is never changed; a writer
 * goes on beside it. Texts are those of the database: what came from the wire in them is hostile.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_QUERIES_QUERIES_H
#define IMAPTAP_ANALYZER_REPORT_QUERIES_QUERIES_H

#include "db/query.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each is a file beside this one, whose first comment says what a row is and what the numbers asked with
 * are; its columns are the names that queries_number and queries_text take. */
enum queries_question {
    QUERIES_TOTALS,
    QUERIES_DIAGNOSIS,
    QUERIES_CAUSES,
    QUERIES_SENDERS,
    QUERIES_USERS,
    QUERIES_WORST,
    QUERIES_FINDINGS,
    QUERIES_RULES,
    QUERIES_NO_LOGIN,
    QUERIES_TIMELINE,
    QUERIES_SERVERS,
    QUERIES_MATRIX_SERVERS,
    QUERIES_MATRIX,
    QUERIES_RUNS,
    QUERIES_CAPTURES,
    QUERIES_SIDE_TOTALS,
    QUERIES_SIDE_SENDERS,
    QUERIES_SIDE_USERS,
    QUERIES_QUESTIONS
};

struct queries;
struct queries_rows;

/* Opens the database at `path`; `narrowing` is what its answers are about, as narrowing_apply has it (NULL:
 * all). NULL: `why` holds a sentence that names the path. */
struct queries *queries_open(const char *path, const struct query_parameters *narrowing, char *why,
                             size_t why_size);
void queries_close(struct queries *queries); /* NULL is fine */

/* From now on the questions QUERIES_SIDE_.. are about these captures alone (the others always are about all).
 * False: out of memory. */
bool queries_choose(struct queries *queries, const int64_t *captures, size_t count);

/* Asks; `first` and `second` are the question's ?1 and ?2 (0 where it has none). The first question of a
 * report works out what several share: for a million logins that takes seconds, and room for temporary files.
 * NULL: it cannot be asked, which queries_error says. End it with queries_end before queries_close. */
struct queries_rows *queries_ask(struct queries *queries, enum queries_question question, int64_t first,
                                 int64_t second);

/* Steps to the next row. False: there is none, or it could not be read, which queries_error says. NULL has no
 * row. */
bool queries_next(struct queries_rows *rows);
void queries_end(struct queries_rows *rows); /* NULL is fine */

/* The value of a column of the present row: 0 and NULL where the database has NULL. A text is valid until
 * the next row, UTF-8 and NUL-terminated. */
int64_t queries_number(const struct queries_rows *rows, const char *column);
const char *queries_text(const struct queries_rows *rows, const char *column);
bool queries_missing(const struct queries_rows *rows, const char *column);

/* The columns by number, for who writes them all: how many, the name, whether the value is a number. */
int queries_columns(const struct queries_rows *rows);
const char *queries_column(const struct queries_rows *rows, int column);
bool queries_is_number(const struct queries_rows *rows, int column);

/* What went wrong since queries_open, as a sentence that names the path; NULL: nothing. */
const char *queries_error(const struct queries *queries);

#endif
