/*
 * Prints of a text of each row that a store has inserted, in the order of the rows' numbers: a row whose
 * print is not that of a text does not have it, and need not be read to know.
 */
#ifndef IMAPTAP_DB_PRINTS_H
#define IMAPTAP_DB_PRINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The clients of connections, and the user names of logins. */
enum prints_table { PRINTS_CONNECTIONS, PRINTS_LOGINS, PRINTS_TABLES };

/* Of so many rows of a table two octets each are kept; of more nothing is. */
#define PRINTS_MOST_ROWS ((size_t)1024 * 1024)

struct prints;

/* NULL: out of memory. */
struct prints *prints_new(void);
/* This and the next three take NULL: nothing is noted. */
void prints_free(struct prints *prints);

/* Notes a row that was inserted, and its text; NULL: it has none. When it is not the one behind the last, all
 * are given up. */
void prints_add(struct prints *prints, enum prints_table table, int64_t row, const char *text, size_t length);

/* A transaction was rolled back: when any row was noted, all are given up. */
void prints_forget(struct prints *prints);

/* Whether all logins of these numbers were noted, and with them all their connections. Only then the others
 * below tell anything. */
bool prints_cover(const struct prints *prints, int64_t first_login, int64_t last_login);

/* How many rows were noted. */
size_t prints_count(const struct prints *prints, enum prints_table table);

/* Texts that are looked for. All zero: none. */
struct prints_wanted {
    uint64_t bits[65536 / 64];
};
void prints_want(struct prints_wanted *wanted, const char *text, size_t length);

/* The next row behind `row` (0: the first of all) that may have one of the texts; 0: there is none. */
int64_t prints_next(const struct prints *prints, enum prints_table table, const struct prints_wanted *wanted,
                    int64_t row);

#endif
