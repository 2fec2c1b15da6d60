/*
 * Asking the database: canned queries and free SQL, read-only by construction, in several formats.
 */
#ifndef IMAPTAP_DB_QUERY_H
#define IMAPTAP_DB_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum query_format { QUERY_TABLE, QUERY_CSV, QUERY_JSON, QUERY_NDJSON };

enum query_status {
    QUERY_OK = 0,
    QUERY_CANNOT_OPEN, /* no such database, not one of ours, newer */
    QUERY_BAD_SQL,     /* the SQL does not compile, or would write, or fails */
    QUERY_OUTPUT       /* writing the output failed */
};

struct query_options {
    enum query_format format;
    unsigned width;        /* columns a table may take; 0: no limit */
    unsigned time_limit_s; /* seconds after which the SQL is stopped; 0: 300 */
};

/* A canned query: a file of db/queries, whose first line is a comment that explains it. */
struct query_canned {
    const char *name;  /* e.g. "affected-users" */
    const char *title; /* one line */
    const char *sql;
};

/* All canned queries, sorted by name; *count is how many. Static storage. */
const struct query_canned *query_canned(size_t *count);

/* The canned query of that name, or NULL. */
const struct query_canned *query_find(const char *name);

/* Runs `sql` (one statement that only reads) on the database at `path` and writes its rows to `out`. *rows
 * (may be NULL) counts them. On failure `why` holds a sentence that names the path or quotes SQLite. A table
 * never sends a control character of the data to the terminal: it is written \xNN. */
enum query_status query_run(const char *path, const char *sql, const struct query_options *options, FILE *out,
                            uint64_t *rows, char *why, size_t why_size);

#endif
