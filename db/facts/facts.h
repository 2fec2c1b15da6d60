/*
 * What a report is made of: the questions a report asks of a database, and their answers row by row.
 *
 * All answers of one `struct facts` come from one state of the database, which is never changed; a writer
 * goes on beside it. Texts are those of the database: what came from the wire in them is hostile.
 */
#ifndef IMAPTAP_DB_FACTS_H
#define IMAPTAP_DB_FACTS_H

#include "db/query.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each is a file beside this one, whose first comment says what a row is and what the numbers asked with
 * are; its columns are the names that facts_number and facts_text take. */
enum facts_question {
    FACTS_TOTALS,
    FACTS_DIAGNOSIS,
    FACTS_CAUSES,
    FACTS_SENDERS,
    FACTS_USERS,
    FACTS_WORST,
    FACTS_FINDINGS,
    FACTS_RULES,
    FACTS_NO_LOGIN,
    FACTS_TIMELINE,
    FACTS_SERVERS,
    FACTS_MATRIX_SERVERS,
    FACTS_MATRIX,
    FACTS_RUNS,
    FACTS_CAPTURES,
    FACTS_SIDE_TOTALS,
    FACTS_SIDE_SENDERS,
    FACTS_SIDE_USERS,
    FACTS_QUESTIONS
};

struct facts;
struct facts_rows;

/* Opens the database at `path`; `narrowing` is what its answers are about, as narrowing_apply has it (NULL:
 * all). NULL: `why` holds a sentence that names the path. */
struct facts *facts_open(const char *path, const struct query_parameters *narrowing, char *why,
                         size_t why_size);
void facts_close(struct facts *facts); /* NULL is fine */

/* From now on the questions FACTS_SIDE_.. are about these captures alone (the others always are about all).
 * False: out of memory. */
bool facts_choose(struct facts *facts, const int64_t *captures, size_t count);

/* Asks; `first` and `second` are the question's ?1 and ?2 (0 where it has none). The first question of a
 * report works out what several share: for a million logins that takes seconds, and room for temporary files.
 * NULL: it cannot be asked, which facts_error tells. End it with facts_end before facts_close. */
struct facts_rows *facts_ask(struct facts *facts, enum facts_question question, int64_t first,
                             int64_t second);

/* Steps to the next row. False: there is none, or it could not be read, which facts_error tells. NULL has no
 * row. */
bool facts_next(struct facts_rows *rows);
void facts_end(struct facts_rows *rows); /* NULL is fine */

/* The value of a column of the present row: 0 and NULL where the database has NULL. A text is valid until
 * the next row, UTF-8 and NUL-terminated. */
int64_t facts_number(const struct facts_rows *rows, const char *column);
const char *facts_text(const struct facts_rows *rows, const char *column);
bool facts_missing(const struct facts_rows *rows, const char *column);

/* The columns by number, for who writes them all: how many, the name, whether the value is a number. */
int facts_columns(const struct facts_rows *rows);
const char *facts_column(const struct facts_rows *rows, int column);
bool facts_is_number(const struct facts_rows *rows, int column);

/* What went wrong since facts_open, as a sentence that names the path; NULL: nothing. */
const char *facts_error(const struct facts *facts);

#endif
