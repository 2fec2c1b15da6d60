/*
 * Runs one statement that only reads, on a database that it cannot change.
 */
#include "db/finding/finding.h"
#include "db/memory.h"
#include "db/query.h"
#include "db/query/parameters.h"
#include "db/query/time_window.h"
#include "db/query/writer.h"
#include "db/read_only.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What SQLite may take. */
#define MEMORY_MIB 256

/* How many steps of SQLite's machine lie between two looks at the clock. */
#define PROGRESS_STEPS 10000

struct runner {
    const char *path;
    const struct query_options *options;
    sqlite3 *db;
    struct timespec deadline;
    char *why;
    size_t why_size;
};

static enum query_status failed(struct runner *runner, enum query_status status, const char *what)
{
    (void)snprintf(runner->why, runner->why_size, "%s: %s", runner->path, what);
    return status;
}

static int check_time(void *user)
{
    const struct runner *runner = user;
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > runner->deadline.tv_sec ||
           (now.tv_sec == runner->deadline.tv_sec && now.tv_nsec >= runner->deadline.tv_nsec);
}

static void limit(struct runner *runner)
{
    memory_limit((size_t)MEMORY_MIB * 1024 * 1024);
    if (runner->options->time_limit_s == 0)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &runner->deadline);
    runner->deadline.tv_sec += (time_t)runner->options->time_limit_s;
    sqlite3_progress_handler(runner->db, PROGRESS_STEPS, check_time, runner);
}

static enum query_status out_of_memory(struct runner *runner)
{
    (void)snprintf(runner->why, runner->why_size, "this SQL takes more than %d MiB of memory", MEMORY_MIB);
    return QUERY_BAD_SQL;
}

static enum query_status bad_sql(struct runner *runner, int rc)
{
    switch (rc & 0xFF) {
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        (void)snprintf(runner->why, runner->why_size,
                       "this SQL would do more than read (%s), and only reading is allowed",
                       sqlite3_errmsg(runner->db));
        return QUERY_BAD_SQL;
    case SQLITE_INTERRUPT:
        (void)snprintf(runner->why, runner->why_size, "this SQL ran for more than %u s and was stopped",
                       runner->options->time_limit_s);
        return QUERY_BAD_SQL;
    case SQLITE_NOMEM:
        return out_of_memory(runner);
    case SQLITE_BUSY:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR:
        return failed(runner, QUERY_CANNOT_OPEN, sqlite3_errmsg(runner->db));
    default:
        (void)snprintf(runner->why, runner->why_size, "SQL: %s", sqlite3_errmsg(runner->db));
        return QUERY_BAD_SQL;
    }
}

/* Compiles the one statement; comments may stand before and behind it. */
static enum query_status prepare(struct runner *runner, const char *sql, sqlite3_stmt **statement)
{
    sqlite3_stmt *second = NULL;
    const char *rest = sql;
    int rc = SQLITE_OK;

    *statement = NULL;
    while (rc == SQLITE_OK && *statement == NULL && *rest != '\0')
        rc = sqlite3_prepare_v2(runner->db, rest, -1, statement, &rest);
    while (rc == SQLITE_OK && second == NULL && *rest != '\0')
        rc = sqlite3_prepare_v2(runner->db, rest, -1, &second, &rest);
    (void)sqlite3_finalize(second);
    if (rc != SQLITE_OK)
        return bad_sql(runner, rc);
    if (*statement == NULL || second != NULL) {
        (void)snprintf(runner->why, runner->why_size,
                       *statement == NULL ? "SQL: there is no statement in it"
                                          : "SQL: more than one statement, and only one is run");
        return QUERY_BAD_SQL;
    }
    if (!sqlite3_stmt_readonly(*statement) || sqlite3_column_count(*statement) == 0) {
        (void)snprintf(runner->why, runner->why_size,
                       "this SQL would do more than read, and only reading is allowed");
        return QUERY_BAD_SQL;
    }
    return QUERY_OK;
}

/* Ends a result that is not whole, so that what there is of it can be read. */
static enum query_status cut(struct runner *runner, struct query_writer *writer, int rc)
{
    if (rc == SQLITE_ROW)
        (void)snprintf(runner->why, runner->why_size,
                       "the result has more rows than the limit: it was cut after %" PRIu64, writer->rows);
    else
        (void)snprintf(runner->why, runner->why_size,
                       "this SQL was stopped after %u s: the result is not whole (%" PRIu64 " rows)",
                       runner->options->time_limit_s, writer->rows);
    return writer->functions->end(writer) ? QUERY_CUT : QUERY_OUTPUT;
}

static enum query_status write_rows(struct runner *runner, struct query_writer *writer)
{
    const uint64_t most = runner->options->row_limit > 0 ? runner->options->row_limit : UINT64_MAX;
    bool written = writer->functions->begin(writer);
    enum query_status status = QUERY_OK;
    int rc = SQLITE_DONE;

    while (written && (rc = sqlite3_step(writer->statement)) == SQLITE_ROW && writer->rows < most) {
        written = writer->functions->row(writer) && !ferror(writer->out);
        if (written)
            writer->rows++;
    }
    if (written && (rc == SQLITE_ROW || rc == SQLITE_INTERRUPT))
        status = cut(runner, writer, rc);
    else if (written && rc == SQLITE_DONE)
        written = writer->functions->end(writer);
    else if (written)
        status = bad_sql(runner, rc);
    if (ferror(writer->out) || fflush(writer->out) != 0) {
        (void)snprintf(runner->why, runner->why_size, "cannot write the rows: %s", strerror(errno));
        return QUERY_OUTPUT;
    }
    return written ? status : out_of_memory(runner);
}

/* Whether the rows have what a finding needs. */
static enum query_status check_findings(struct runner *runner, sqlite3_stmt *statement)
{
    const char *missing = finding_missing_column(statement);

    if (missing == NULL)
        return QUERY_OK;
    (void)snprintf(
        runner->why, runner->why_size,
        "SQL: the schemas eve and ecs are for findings: the column %s is missing; take all columns "
        "of the view findings",
        missing);
    return QUERY_BAD_SQL;
}

/* Says which columns there are. */
static enum query_status no_column(struct runner *runner, sqlite3_stmt *statement, const char *name,
                                   size_t length)
{
    int used =
        snprintf(runner->why, runner->why_size, "there is no column '%.*s'; there are", (int)length, name);

    for (int i = 0; i < sqlite3_column_count(statement) && used > 0 && (size_t)used < runner->why_size; i++)
        used += snprintf(runner->why + used, runner->why_size - (size_t)used, "%s %s", i > 0 ? "," : "",
                         sqlite3_column_name(statement, i));
    return QUERY_BAD_SQL;
}

/* Settles which columns are written; the caller frees *chosen. */
static enum query_status choose_columns(struct runner *runner, struct query_writer *writer, int **chosen)
{
    const char *at = runner->options->columns;
    int all = sqlite3_column_count(writer->statement);

    writer->columns = all;
    if (at == NULL)
        return QUERY_OK;
    *chosen = calloc(strlen(at) + 1, sizeof **chosen);
    if (*chosen == NULL)
        return out_of_memory(runner);
    for (writer->columns = 0;; at++) {
        size_t length = strcspn(at, ",");
        int found = 0;

        for (; found < all; found++) {
            const char *name = sqlite3_column_name(writer->statement, found);

            if (name != NULL && strlen(name) == length && sqlite3_strnicmp(name, at, (int)length) == 0)
                break;
        }
        if (found == all)
            return no_column(runner, writer->statement, at, length);
        (*chosen)[writer->columns++] = found;
        at += length;
        if (*at == '\0')
            return QUERY_OK;
    }
}

/* What the options narrow the question by. */
static enum query_status narrow(struct runner *runner, const struct query_parameters *parameters)
{
    bool window = parameters->since_ns != INT64_MIN || parameters->until_ns != INT64_MAX;
    int rc = window ? time_window_narrow(runner->db, parameters->since_ns, parameters->until_ns)
                    : time_window_make_views(runner->db);

    if (rc == SQLITE_OK)
        rc = read_only_lock(runner->db);
    return rc == SQLITE_OK ? QUERY_OK : failed(runner, QUERY_CANNOT_OPEN, sqlite3_errmsg(runner->db));
}

#define FORMAT_ADDRESS(NAME, name) &query_format_##name,

enum query_status query_run(const char *path, const char *sql, const struct query_options *options, FILE *out,
                            uint64_t *rows, char *why, size_t why_size)
{
    static const struct query_format_functions *const formats[] = {QUERY_FORMATS(FORMAT_ADDRESS)};
    static const struct query_parameters none = QUERY_NO_PARAMETERS;
    const struct query_parameters *parameters = options->parameters != NULL ? options->parameters : &none;
    struct runner runner = {.path = path, .options = options, .why_size = why_size};
    struct query_writer writer = {.functions = formats[options->format],
                                  .out = out,
                                  .width = options->width,
                                  .ascii = options->ascii,
                                  .terminal = isatty(fileno(out)) != 0};
    enum query_status status;
    int *chosen = NULL;

    runner.why = why;
    if (!read_only_open(&runner.db, path, why, why_size))
        return QUERY_CANNOT_OPEN;
    limit(&runner);
    status = narrow(&runner, parameters);
    if (status == QUERY_OK)
        status = prepare(&runner, sql, &writer.statement);
    if (status == QUERY_OK && (options->format == QUERY_EVE || options->format == QUERY_ECS))
        status = check_findings(&runner, writer.statement);
    if (status == QUERY_OK && !parameters_bind(writer.statement, parameters, why, why_size))
        status = QUERY_BAD_SQL;
    if (status == QUERY_OK) {
        status = choose_columns(&runner, &writer, &chosen);
    }
    if (status == QUERY_OK) {
        writer.chosen = chosen;
        status = write_rows(&runner, &writer);
        writer.functions->free(&writer);
    }
    free(chosen);
    (void)sqlite3_finalize(writer.statement);
    (void)sqlite3_close(runner.db);
    if (rows != NULL)
        *rows = writer.rows;
    return status;
}
