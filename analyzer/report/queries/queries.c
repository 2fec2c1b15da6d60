/*
 * Asks the questions of a report. What several of them share is kept in temporary tables (prepare.sql), which
 * SQLite keeps in temporary files when they are large; the database itself is opened for reading alone.
 */
#include "analyzer/report/queries/queries.h"

#include "db/query/narrowing.h"
#include "db/query/time_window.h"
#include "db/read_only.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char report_query_prepare[], report_query_totals[], report_query_diagnosis[],
    report_query_causes[], report_query_senders[], report_query_users[], report_query_worst[],
    report_query_findings[], report_query_rules[], report_query_no_login[], report_query_timeline[],
    report_query_servers[], report_query_matrix_servers[], report_query_matrix[], report_query_runs[],
    report_query_captures[], report_query_side_totals[], report_query_side_senders[],
    report_query_side_users[];

/* Octets of a path and a sentence of SQLite. */
#define ERROR_OCTETS 1024

struct queries {
    char *path;
    sqlite3 *db;
    int64_t since_ns, until_ns; /* INT64_MIN, INT64_MAX: no end */
    char *captures;             /* chosen ones, a JSON array; NULL: all */
    bool prepared, failed;
    char error[ERROR_OCTETS];
};

struct queries_rows {
    struct queries *queries;
    sqlite3_stmt *statement;
};

static const struct {
    const char *sql;
    bool prepared; /* it reads the temporary tables */
} questions[QUERIES_QUESTIONS] = {
    [QUERIES_TOTALS] = {report_query_totals, true},
    [QUERIES_DIAGNOSIS] = {report_query_diagnosis, true},
    [QUERIES_CAUSES] = {report_query_causes, false},
    [QUERIES_SENDERS] = {report_query_senders, true},
    [QUERIES_USERS] = {report_query_users, true},
    [QUERIES_WORST] = {report_query_worst, true},
    [QUERIES_FINDINGS] = {report_query_findings, true},
    [QUERIES_NO_LOGIN] = {report_query_no_login, false},
    [QUERIES_RULES] = {report_query_rules, false},
    [QUERIES_TIMELINE] = {report_query_timeline, false},
    [QUERIES_SERVERS] = {report_query_servers, false},
    [QUERIES_MATRIX_SERVERS] = {report_query_matrix_servers, true},
    [QUERIES_MATRIX] = {report_query_matrix, true},
    [QUERIES_RUNS] = {report_query_runs, false},
    [QUERIES_CAPTURES] = {report_query_captures, false},
    [QUERIES_SIDE_TOTALS] = {report_query_side_totals, false},
    [QUERIES_SIDE_SENDERS] = {report_query_side_senders, false},
    [QUERIES_SIDE_USERS] = {report_query_side_users, false},
};

/* Keeps the first thing that went wrong. */
static void fail(struct queries *queries, const char *what)
{
    if (!queries->failed)
        (void)snprintf(queries->error, sizeof queries->error, "%s: %s", queries->path, what);
    queries->failed = true;
}

static int make_views(struct queries *queries, const struct query_parameters *narrowing)
{
    if (!narrowing_is_any(narrowing))
        return time_window_make_views(queries->db);
    queries->since_ns = narrowing->since_ns;
    queries->until_ns = narrowing->until_ns;
    return narrowing_apply(queries->db, narrowing);
}

struct queries *queries_open(const char *path, const struct query_parameters *narrowing, char *why,
                             size_t why_size)
{
    struct queries *queries = calloc(1, sizeof *queries);

    if (queries != NULL)
        queries->since_ns = INT64_MIN, queries->until_ns = INT64_MAX;
    if (queries == NULL || (queries->path = strdup(path)) == NULL) {
        (void)snprintf(why, why_size, "%s: out of memory", path);
        free(queries);
        return NULL;
    }
    /* One state of the database for all questions: a transaction that reads. */
    if (read_only_open(&queries->db, path, why, why_size) && make_views(queries, narrowing) == SQLITE_OK &&
        sqlite3_exec(queries->db, "BEGIN; SELECT count(*) FROM rules", NULL, NULL, NULL) == SQLITE_OK)
        return queries;
    if (queries->db != NULL)
        (void)snprintf(why, why_size, "%s: %s", path, sqlite3_errmsg(queries->db));
    queries_close(queries);
    return NULL;
}

void queries_close(struct queries *queries)
{
    if (queries == NULL)
        return;
    (void)sqlite3_close(queries->db);
    free(queries->captures);
    free(queries->path);
    free(queries);
}

bool queries_choose(struct queries *queries, const int64_t *captures, size_t count)
{
    char *json = NULL;
    size_t size;
    FILE *out = open_memstream(&json, &size);

    if (out == NULL)
        return false;
    fputc('[', out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%" PRId64, i > 0 ? "," : "", captures[i]);
    fputc(']', out);
    if (fclose(out) != 0) {
        free(json);
        return false;
    }
    free(queries->captures);
    queries->captures = json;
    return true;
}

static bool prepare_tables(struct queries *queries)
{
    if (queries->prepared || queries->failed)
        return !queries->failed;
    if (sqlite3_exec(queries->db, report_query_prepare, NULL, NULL, NULL) != SQLITE_OK)
        fail(queries, sqlite3_errmsg(queries->db));
    queries->prepared = true;
    return !queries->failed;
}

/* A question that does not use a parameter has no place for it. */
static int bind(struct queries *queries, sqlite3_stmt *statement, int64_t first, int64_t second)
{
    int captures = sqlite3_bind_parameter_index(statement, ":captures");
    int since = sqlite3_bind_parameter_index(statement, "?3");
    int until = sqlite3_bind_parameter_index(statement, "?4");
    int rc = SQLITE_OK;

    if (captures > 0 && queries->captures != NULL)
        return sqlite3_bind_text(statement, captures, queries->captures, -1, SQLITE_STATIC);
    if (since > 0 && queries->since_ns != INT64_MIN)
        rc = sqlite3_bind_int64(statement, since, queries->since_ns);
    if (rc == SQLITE_OK && until > 0 && queries->until_ns != INT64_MAX)
        rc = sqlite3_bind_int64(statement, until, queries->until_ns);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_index(statement, "?1") > 0)
        rc = sqlite3_bind_int64(statement, 1, first);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_index(statement, "?2") > 0)
        rc = sqlite3_bind_int64(statement, 2, second);
    return rc;
}

struct queries_rows *queries_ask(struct queries *queries, enum queries_question question, int64_t first,
                                 int64_t second)
{
    struct queries_rows *rows;

    if (questions[question].prepared && !prepare_tables(queries))
        return NULL;
    rows = calloc(1, sizeof *rows);
    if (rows == NULL) {
        fail(queries, "out of memory");
        return NULL;
    }
    rows->queries = queries;
    if (sqlite3_prepare_v2(queries->db, questions[question].sql, -1, &rows->statement, NULL) == SQLITE_OK &&
        bind(queries, rows->statement, first, second) == SQLITE_OK)
        return rows;
    fail(queries, sqlite3_errmsg(queries->db));
    queries_end(rows);
    return NULL;
}

bool queries_next(struct queries_rows *rows)
{
    int rc = rows != NULL && !rows->queries->failed ? sqlite3_step(rows->statement) : SQLITE_DONE;

    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail(rows->queries, sqlite3_errmsg(rows->queries->db));
    return rc == SQLITE_ROW;
}

void queries_end(struct queries_rows *rows)
{
    if (rows == NULL)
        return;
    (void)sqlite3_finalize(rows->statement);
    free(rows);
}

/* A name that is none of the question's columns is a mistake of the program, and reported as such. */
static int column_of(const struct queries_rows *rows, const char *name)
{
    int count = sqlite3_column_count(rows->statement);

    for (int i = 0; i < count; i++)
        if (strcmp(sqlite3_column_name(rows->statement, i), name) == 0)
            return i;
    fail(rows->queries, "a report asks for a column that is not there");
    return count;
}

int64_t queries_number(const struct queries_rows *rows, const char *column)
{
    return sqlite3_column_int64(rows->statement, column_of(rows, column));
}

const char *queries_text(const struct queries_rows *rows, const char *column)
{
    return (const char *)sqlite3_column_text(rows->statement, column_of(rows, column));
}

bool queries_missing(const struct queries_rows *rows, const char *column)
{
    return sqlite3_column_type(rows->statement, column_of(rows, column)) == SQLITE_NULL;
}

int queries_columns(const struct queries_rows *rows)
{
    return sqlite3_column_count(rows->statement);
}

const char *queries_column(const struct queries_rows *rows, int column)
{
    return sqlite3_column_name(rows->statement, column);
}

bool queries_is_number(const struct queries_rows *rows, int column)
{
    int type = sqlite3_column_type(rows->statement, column);

    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

const char *queries_error(const struct queries *queries)
{
    return queries->failed ? queries->error : NULL;
}
