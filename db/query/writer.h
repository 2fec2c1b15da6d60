/*
 * How the rows of a query are written: one writer a format.
 */
#ifndef IMAPTAP_DB_QUERY_WRITER_H
#define IMAPTAP_DB_QUERY_WRITER_H

#include "db/query.h"

#include <sqlite3.h>

struct query_writer;

/* Each returns false when memory ran out or the output failed. */
struct query_format_functions {
    bool (*begin)(struct query_writer *writer);
    bool (*row)(struct query_writer *writer); /* the statement stands on a row */
    bool (*end)(struct query_writer *writer);
    void (*free)(struct query_writer *writer); /* frees `state`; may be called after any failure */
};

struct query_writer {
    const struct query_format_functions *functions;
    FILE *out;
    unsigned width;
    bool terminal; /* where `out` leads: no control character may get there */
    sqlite3_stmt *statement;
    int columns;
    const int *chosen; /* the statement's columns, in the order to write them; NULL: all */
    bool ascii;        /* as in query_options */
    uint64_t rows;     /* written before this one */
    void *state;       /* the format's own */
};

/* A value as text. */
struct query_cell {
    const char *text; /* NULL: the value is NULL */
    size_t length;
    char *owned; /* the caller frees it with sqlite3_free */
};

/* The statement's column that is written as number `index`; this is what `index` means below. */
int query_column(const struct query_writer *writer, int index);

/* The value of column `index` of the present row: numbers and text as they are, blobs as X'..', text that is
 * no UTF-8 escaped. False: out of memory. */
bool query_cell(struct query_writer *writer, int index, struct query_cell *cell);

#define QUERY_FORMAT_DECLARE(NAME, name) extern const struct query_format_functions query_format_##name;
QUERY_FORMATS(QUERY_FORMAT_DECLARE)

#endif
