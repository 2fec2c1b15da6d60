/*
 * Rows of one table that wait to be inserted together. Collected in memory, they can still be changed; then
 * one statement inserts all of them: to SQLite they are a table of their own,
 *
 *     INSERT INTO connections (...) SELECT * FROM pending_connections
 *
 * That costs a third of inserting them one by one: a statement is begun and ended once, and the places where
 * the last row went are known when the next one comes.
 */
#ifndef IMAPTAP_DB_PENDING_H
#define IMAPTAP_DB_PENDING_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pending_kind { PENDING_NULL, PENDING_NUMBER, PENDING_TEXT };

struct pending_value {
    enum pending_kind kind;
    int length; /* of the text */
    union {
        int64_t number;
        const char *text;
    } as;
};

struct pending;

/* Makes the table `name` of this connection, with `columns` columns, for `rows` rows and about `octets`
 * octets of their texts. It must stay until the connection is closed. NULL: out of memory. */
struct pending *pending_new(sqlite3 *db, const char *name, unsigned columns, size_t rows, size_t octets);

size_t pending_count(const struct pending *pending);

/* True when the rows must be inserted, and cleared, before there can be another one: they are as many as
 * there may be, or their texts are long. */
bool pending_is_full(const struct pending *pending);

/* Adds a row of NULLs, unless they are full; returns its values. They stay where they are until
 * pending_clear. */
struct pending_value *pending_add(struct pending *pending);

/* The values of row number `row`, from 0. */
struct pending_value *pending_row(struct pending *pending, size_t row);

/* A copy of a text that stays until pending_clear. NULL: out of memory. */
const char *pending_keep(struct pending *pending, const char *text, size_t length);

void pending_clear(struct pending *pending);

/* After the connection is closed. */
void pending_free(struct pending *pending);

#endif
