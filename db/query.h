/*
 * Asking the database: canned queries and free SQL, read-only by construction, in several formats.
 */
#ifndef IMAPTAP_DB_QUERY_H
#define IMAPTAP_DB_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The formats, X(NAME, name): QUERY_NAME is written by query_format_name (db/query/writer.h). Lines: a line a
 * column, a block a row. EVE and ECS: findings, as finding_line writes them; the rows need all columns of the
 * view `findings`. */
#define QUERY_FORMATS(X)                                                                                     \
    X(TABLE, table)                                                                                          \
    X(CSV, csv)                                                                                              \
    X(JSON, json)                                                                                            \
    X(NDJSON, ndjson)                                                                                        \
    X(MARKDOWN, markdown)                                                                                    \
    X(LINES, lines)                                                                                          \
    X(EVE, eve)                                                                                              \
    X(ECS, ecs)

#define QUERY_FORMAT_VALUE(NAME, name) QUERY_##NAME,
enum query_format { QUERY_FORMATS(QUERY_FORMAT_VALUE) };

enum query_status {
    QUERY_OK = 0,
    QUERY_CUT,         /* a limit cut the result: what was written is well formed, but not all */
    QUERY_CANNOT_OPEN, /* no such database, not one of ours, newer */
    QUERY_BAD_SQL,     /* the SQL does not compile, or would write, or fails, or does not take a parameter */
    QUERY_OUTPUT       /* writing the output failed */
};

/* What a query can be narrowed by. The last four are SQL parameters of the same name, `:client` and so on: a
 * query takes those that its SQL names, and one that has no value is NULL. Addresses come as a JSON array of
 * those in the database. The window needs no parameter: with it, `logins` and `connections`, and all views,
 * hold what lies in it; `:since` and `:until` are its ends where the SQL names them, in nanoseconds. */
struct query_parameters {
    int64_t since_ns, until_ns;  /* since <= time < until; INT64_MIN, INT64_MAX: no end */
    const char *client, *server; /* an address or a network (network_parse) */
    const char *user;            /* a name, ASCII letters in any case */
    const char *rule;
};

/* None of them. */
#define QUERY_NO_PARAMETERS                                                                                  \
    {                                                                                                        \
        .since_ns = INT64_MIN, .until_ns = INT64_MAX                                                         \
    }

struct query_options {
    enum query_format format;
    unsigned width; /* columns a table may take; 0: no limit. Paths and texts are shortened to fit (names,
                       addresses, rules and numbers never), and where that is not enough rows become blocks */
    bool ascii;     /* what is left out is shown by "...", not by U+2026 */
    const char *columns;                       /* those to write, with commas between; NULL: all */
    unsigned time_limit_s;                     /* the SQL is stopped after this; 0: no limit */
    uint64_t row_limit;                        /* no more rows are written; 0: no limit */
    const struct query_parameters *parameters; /* NULL: none */
};

/* A canned query: a file of db/queries, whose first line is a comment that explains it. */
struct query_canned {
    const char *name;  /* e.g. "affected-users" */
    const char *title; /* one line */
    const char *takes; /* the parameters it takes besides the window, e.g. "client server user" */
    const char *sql;
};

/* All canned queries, sorted by name; *count is how many. Static storage. */
const struct query_canned *query_canned(size_t *count);

/* The canned query of that name, or NULL. */
const struct query_canned *query_find(const char *name);

/* Whether it takes the parameter, e.g. "client". */
bool query_takes(const struct query_canned *query, const char *parameter);

/* Runs `sql` (one statement that only reads) on the database at `path` and writes its rows to `out`. *rows
 * (may be NULL) counts them. Unless all went well `why` holds a sentence that names the path, the limit or
 * the parameter, or quotes SQLite. A table never sends a control character of the data to the terminal: it is
 * written \xNN. SQLite may take 256 MiB of memory; this holds for the process, also afterwards. One call of a
 * function of SQLite cannot be stopped by the time limit: who runs SQL of strangers needs an alarm too. */
enum query_status query_run(const char *path, const char *sql, const struct query_options *options, FILE *out,
                            uint64_t *rows, char *why, size_t why_size);

#endif
