/*
 * Of which captures, and so of which logins, a summary is asked.
 */
#ifndef IMAPTAP_DB_SUMMARY_CAPTURE_SCOPE_H
#define IMAPTAP_DB_SUMMARY_CAPTURE_SCOPE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Violations that tell of exposure, not of grammar: nearly every login in the clear has one. */
#define EXPOSURE "('cleartext-password', 'guessable-exchange')"

/* What the statements ask by. Logins are numbered as they come: those of the captures ?1 lie between ?3 and
 * ?4, and where ?5 is 1, no others do. Where ?6 is 1, the database has no other captures. ?2 is how many rows
 * are told. */
#define WANTED        "(SELECT value FROM json_each(?1))"
#define WANTED_LOGINS "l.id BETWEEN ?3 AND ?4 AND (?5 OR l.capture_id IN " WANTED ")"
#define WANTED_VIOLATIONS                                                                                    \
    "v.login_id BETWEEN ?3 AND ?4 AND (?5 OR (SELECT w.capture_id FROM logins w WHERE w.id = v.login_id)"    \
    " IN " WANTED ")"

/* The values of ?2 and those behind it. */
enum { ROWS, FIRST_LOGIN, LAST_LOGIN, NO_OTHERS, NO_OTHER_CAPTURES, NUMBERS };

struct capture_scope {
    char *captures; /* JSON: there can be any number of them */
    int64_t numbers[NUMBERS];
    int64_t logins; /* how many they have */
};

/* What is asked of the captures `ids`. False: out of memory. capture_scope_end frees it. */
bool capture_scope_begin(struct capture_scope *asked, const int64_t *ids, size_t count, unsigned rows);
void capture_scope_end(struct capture_scope *asked);

/* Finds what depends on the database. An SQLite result code, as of those below. */
int capture_scope_find(struct capture_scope *asked, sqlite3 *db);

/* Prepares a statement and binds what is asked by. */
int capture_scope_prepare(const struct capture_scope *asked, sqlite3 *db, const char *sql,
                          sqlite3_stmt **statement);

/* The same for one that tells nothing, and runs it. */
int capture_scope_run(const struct capture_scope *asked, sqlite3 *db, const char *sql);

#endif
