/*
 * Asks the questions of a report. What several of them share is kept in temporary tables (prepare.sql), which
 * SQLite keeps in temporary files when they are large; the database itself is opened for reading alone.
 */
#include "db/facts/facts.h"

#include "db/query/narrowing.h"
#include "db/query/time_window.h"
#include "db/read_only.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char db_facts_prepare[], db_facts_totals[], db_facts_diagnosis[], db_facts_causes[],
    db_facts_senders[], db_facts_users[], db_facts_worst[], db_facts_findings[], db_facts_rules[],
    db_facts_no_login[], db_facts_timeline[], db_facts_servers[], db_facts_matrix_servers[],
    db_facts_matrix[], db_facts_runs[], db_facts_captures[], db_facts_side_totals[], db_facts_side_senders[],
    db_facts_side_users[];

/* Octets of a path and a sentence of SQLite. */
#define ERROR_OCTETS 1024

struct facts {
    char *path;
    sqlite3 *db;
    int64_t since_ns, until_ns; /* INT64_MIN, INT64_MAX: no end */
    char *captures;             /* chosen ones, a JSON array; NULL: all */
    bool prepared, failed;
    char error[ERROR_OCTETS];
};

struct facts_rows {
    struct facts *facts;
    sqlite3_stmt *statement;
};

static const struct {
    const char *sql;
    bool prepared; /* it reads the temporary tables */
} questions[FACTS_QUESTIONS] = {
    [FACTS_TOTALS] = {db_facts_totals, true},
    [FACTS_DIAGNOSIS] = {db_facts_diagnosis, true},
    [FACTS_CAUSES] = {db_facts_causes, false},
    [FACTS_SENDERS] = {db_facts_senders, true},
    [FACTS_USERS] = {db_facts_users, true},
    [FACTS_WORST] = {db_facts_worst, true},
    [FACTS_FINDINGS] = {db_facts_findings, true},
    [FACTS_NO_LOGIN] = {db_facts_no_login, false},
    [FACTS_RULES] = {db_facts_rules, false},
    [FACTS_TIMELINE] = {db_facts_timeline, false},
    [FACTS_SERVERS] = {db_facts_servers, false},
    [FACTS_MATRIX_SERVERS] = {db_facts_matrix_servers, true},
    [FACTS_MATRIX] = {db_facts_matrix, true},
    [FACTS_RUNS] = {db_facts_runs, false},
    [FACTS_CAPTURES] = {db_facts_captures, false},
    [FACTS_SIDE_TOTALS] = {db_facts_side_totals, false},
    [FACTS_SIDE_SENDERS] = {db_facts_side_senders, false},
    [FACTS_SIDE_USERS] = {db_facts_side_users, false},
};

/* Keeps the first thing that went wrong. */
static void fail(struct facts *facts, const char *what)
{
    if (!facts->failed)
        (void)snprintf(facts->error, sizeof facts->error, "%s: %s", facts->path, what);
    facts->failed = true;
}

static int make_views(struct facts *facts, const struct query_parameters *narrowing)
{
    if (!narrowing_is_any(narrowing))
        return time_window_make_views(facts->db);
    facts->since_ns = narrowing->since_ns;
    facts->until_ns = narrowing->until_ns;
    return narrowing_apply(facts->db, narrowing);
}

struct facts *facts_open(const char *path, const struct query_parameters *narrowing, char *why,
                         size_t why_size)
{
    struct facts *facts = calloc(1, sizeof *facts);

    if (facts != NULL)
        facts->since_ns = INT64_MIN, facts->until_ns = INT64_MAX;
    if (facts == NULL || (facts->path = strdup(path)) == NULL) {
        (void)snprintf(why, why_size, "%s: out of memory", path);
        free(facts);
        return NULL;
    }
    /* One state of the database for all questions: a transaction that reads. */
    if (read_only_open(&facts->db, path, why, why_size) && make_views(facts, narrowing) == SQLITE_OK &&
        sqlite3_exec(facts->db, "BEGIN; SELECT count(*) FROM rules", NULL, NULL, NULL) == SQLITE_OK)
        return facts;
    if (facts->db != NULL)
        (void)snprintf(why, why_size, "%s: %s", path, sqlite3_errmsg(facts->db));
    facts_close(facts);
    return NULL;
}

void facts_close(struct facts *facts)
{
    if (facts == NULL)
        return;
    (void)sqlite3_close(facts->db);
    free(facts->captures);
    free(facts->path);
    free(facts);
}

bool facts_choose(struct facts *facts, const int64_t *captures, size_t count)
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
    free(facts->captures);
    facts->captures = json;
    return true;
}

static bool prepare_tables(struct facts *facts)
{
    if (facts->prepared || facts->failed)
        return !facts->failed;
    if (sqlite3_exec(facts->db, db_facts_prepare, NULL, NULL, NULL) != SQLITE_OK)
        fail(facts, sqlite3_errmsg(facts->db));
    facts->prepared = true;
    return !facts->failed;
}

/* A question that does not use a parameter has no place for it. */
static int bind(struct facts *facts, sqlite3_stmt *statement, int64_t first, int64_t second)
{
    int captures = sqlite3_bind_parameter_index(statement, ":captures");
    int since = sqlite3_bind_parameter_index(statement, "?3");
    int until = sqlite3_bind_parameter_index(statement, "?4");
    int rc = SQLITE_OK;

    if (captures > 0 && facts->captures != NULL)
        return sqlite3_bind_text(statement, captures, facts->captures, -1, SQLITE_STATIC);
    if (since > 0 && facts->since_ns != INT64_MIN)
        rc = sqlite3_bind_int64(statement, since, facts->since_ns);
    if (rc == SQLITE_OK && until > 0 && facts->until_ns != INT64_MAX)
        rc = sqlite3_bind_int64(statement, until, facts->until_ns);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_index(statement, "?1") > 0)
        rc = sqlite3_bind_int64(statement, 1, first);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_index(statement, "?2") > 0)
        rc = sqlite3_bind_int64(statement, 2, second);
    return rc;
}

struct facts_rows *facts_ask(struct facts *facts, enum facts_question question, int64_t first, int64_t second)
{
    struct facts_rows *rows;

    if (questions[question].prepared && !prepare_tables(facts))
        return NULL;
    rows = calloc(1, sizeof *rows);
    if (rows == NULL) {
        fail(facts, "out of memory");
        return NULL;
    }
    rows->facts = facts;
    if (sqlite3_prepare_v2(facts->db, questions[question].sql, -1, &rows->statement, NULL) == SQLITE_OK &&
        bind(facts, rows->statement, first, second) == SQLITE_OK)
        return rows;
    fail(facts, sqlite3_errmsg(facts->db));
    facts_end(rows);
    return NULL;
}

bool facts_next(struct facts_rows *rows)
{
    int rc = rows != NULL && !rows->facts->failed ? sqlite3_step(rows->statement) : SQLITE_DONE;

    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail(rows->facts, sqlite3_errmsg(rows->facts->db));
    return rc == SQLITE_ROW;
}

void facts_end(struct facts_rows *rows)
{
    if (rows == NULL)
        return;
    (void)sqlite3_finalize(rows->statement);
    free(rows);
}

/* A name that is none of the question's columns is a mistake of the program, and told as such. */
static int column_of(const struct facts_rows *rows, const char *name)
{
    int count = sqlite3_column_count(rows->statement);

    for (int i = 0; i < count; i++)
        if (strcmp(sqlite3_column_name(rows->statement, i), name) == 0)
            return i;
    fail(rows->facts, "a report asks for a column that is not there");
    return count;
}

int64_t facts_number(const struct facts_rows *rows, const char *column)
{
    return sqlite3_column_int64(rows->statement, column_of(rows, column));
}

const char *facts_text(const struct facts_rows *rows, const char *column)
{
    return (const char *)sqlite3_column_text(rows->statement, column_of(rows, column));
}

bool facts_missing(const struct facts_rows *rows, const char *column)
{
    return sqlite3_column_type(rows->statement, column_of(rows, column)) == SQLITE_NULL;
}

int facts_columns(const struct facts_rows *rows)
{
    return sqlite3_column_count(rows->statement);
}

const char *facts_column(const struct facts_rows *rows, int column)
{
    return sqlite3_column_name(rows->statement, column);
}

bool facts_is_number(const struct facts_rows *rows, int column)
{
    int type = sqlite3_column_type(rows->statement, column);

    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

const char *facts_error(const struct facts *facts)
{
    return facts->failed ? facts->error : NULL;
}
