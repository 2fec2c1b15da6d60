/*
 * Counts logins by who sent them, in memory, and tells the worst. The texts come from the wire: what finds
 * them is a hash with a key of its own for each table.
 */
#ifndef IMAPTAP_DB_SUMMARY_WORST_H
#define IMAPTAP_DB_SUMMARY_WORST_H

#include "db/tally/texts.h"

#include <stddef.h>
#include <stdint.h>

enum { WORST_USER, WORST_CLIENT, WORST_SERVER, WORST_TEXTS };

struct worst_key {
    struct text texts[WORST_TEXTS]; /* a text that does not matter is empty */
};

struct worst_counts {
    int64_t logins, refused;
};

struct worst_row {
    struct worst_key key;
    struct worst_counts counts;
};

struct worst;

/* An empty table for rows of up to `octets`; NULL: out of memory. worst_free takes NULL too. */
struct worst *worst_new(size_t octets);
void worst_free(struct worst *worst);

/* Adds to what is counted for the key. SQLite's code; SQLITE_FULL: the table holds no more.
 */
int worst_add(struct worst *worst, const struct worst_key *key, const struct worst_counts *counts);

/* Adds all that `other` has counted. The same codes. */
int worst_add_all(struct worst *worst, const struct worst *other);

/* How many keys there are. */
size_t worst_count(const struct worst *worst);

/* Writes the worst keys, no more than `most`, which are few, and returns how many: those with the most
 * refused logins first, then those with the most logins, then by the texts, as SQLite sorts them. The texts
 * are the table's. */
size_t worst_tell(const struct worst *worst, struct worst_row *rows, size_t most);

#endif
