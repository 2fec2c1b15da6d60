/*
 * Runs one statement that only reads, on a database that it cannot change.
 */
#include "db/query.h"
#include "db/database_file.h"
#include "db/query_writer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

/* Another process's commit is waited for this long. */
#define BUSY_MS 5000

/* A statement that runs longer is stopped, unless the caller says otherwise. */
#define TIME_LIMIT_S 300

/* How many steps of SQLite's machine lie between two looks at the clock. */
#define PROGRESS_STEPS 10000

/* No text, blob or row of a result is larger than this. */
#define VALUE_OCTETS (64 * 1024 * 1024)

struct runner {
    const char *path;
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

/* Pragmas that only tell something. One that could also set is allowed without an argument alone. */
static bool is_harmless_pragma(const char *name, const char *argument)
{
    static const char *const describing[] = {
        "table_info",  "table_xinfo",      "table_list",        "index_list",      "index_info",
        "index_xinfo", "foreign_key_list", "foreign_key_check", "integrity_check", "quick_check"};
    static const char *const asking[] = {"application_id", "user_version", "page_count",    "page_size",
                                         "journal_mode",   "encoding",     "schema_version"};

    for (size_t i = 0; i < sizeof describing / sizeof *describing; i++)
        if (strcasecmp(name, describing[i]) == 0)
            return true;
    for (size_t i = 0; argument == NULL && i < sizeof asking / sizeof *asking; i++)
        if (strcasecmp(name, asking[i]) == 0)
            return true;
    return false;
}

static int authorize(void *user, int action, const char *first, const char *second, const char *database,
                     const char *inside)
{
    (void)user;
    (void)database;
    (void)inside;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return strcasecmp(second, "load_extension") == 0 || strcasecmp(second, "fts3_tokenizer") == 0
                   ? SQLITE_DENY
                   : SQLITE_OK;
    case SQLITE_UPDATE:
        /* SQLite asks this when it declares a table-valued function such as json_each. A real update of the
         * schema is refused further on, as not read-only. */
        return strcmp(first, "sqlite_master") == 0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:
        return is_harmless_pragma(first, second) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static int check_time(void *user)
{
    const struct runner *runner = user;
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > runner->deadline.tv_sec ||
           (now.tv_sec == runner->deadline.tv_sec && now.tv_nsec >= runner->deadline.tv_nsec);
}

/* Opens and reads the schema, so that what stands in the way shows now. The connection stays open on failure
 * too. */
static int open_as(struct runner *runner, const char *name, int flags)
{
    int rc = sqlite3_open_v2(name, &runner->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);

    if (rc != SQLITE_OK)
        return rc;
    (void)sqlite3_extended_result_codes(runner->db, 1);
    (void)sqlite3_busy_timeout(runner->db, BUSY_MS);
    return sqlite3_exec(runner->db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
}

static void close_database(struct runner *runner)
{
    (void)sqlite3_close(runner->db);
    runner->db = NULL;
}

/* A database in WAL mode in a folder that cannot be written (a CD, evidence mounted read-only) has no room
 * for the shared memory. Where no log is left either, nobody is writing, and the file alone is the database.
 */
static int open_immutable(struct runner *runner)
{
    static const char digits[] = "0123456789ABCDEF";
    char log[PATH_MAX], name[3 * PATH_MAX + sizeof "file://?immutable=1"];
    char *path = realpath(runner->path, NULL);
    struct stat facts;
    size_t at;
    int length, rc = SQLITE_CANTOPEN;

    if (path == NULL)
        return rc;
    length = snprintf(log, sizeof log, "%s-wal", path);
    if (length < 0 || (size_t)length >= sizeof log || (stat(log, &facts) == 0 && facts.st_size > 0))
        goto cleanup;
    at = (size_t)snprintf(name, sizeof name, "file://");
    for (const char *in = path; *in != '\0'; in++) {
        if (strchr("%?#", *in) == NULL) {
            name[at++] = *in;
            continue;
        }
        name[at++] = '%';
        name[at++] = digits[(unsigned char)*in >> 4];
        name[at++] = digits[(unsigned char)*in & 0x0F];
    }
    (void)snprintf(name + at, sizeof name - at, "?immutable=1");
    rc = open_as(runner, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
cleanup:
    free(path);
    return rc;
}

/* A writer that was killed leaves a journal, and only a connection that may write can take back what it
 * describes: the same that every SQLite program does when it opens such a file. */
static int undo_cut_off_write(struct runner *runner)
{
    int rc = open_as(runner, runner->path, SQLITE_OPEN_READWRITE);

    close_database(runner);
    return rc == SQLITE_OK ? open_as(runner, runner->path, SQLITE_OPEN_READONLY) : rc;
}

/* Whether SQLite, which knows the log, too, takes it for a database of ours. */
static enum query_status check_version(struct runner *runner)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_int64 application_id = 0, version = 0;
    int rc = sqlite3_prepare_v2(
        runner->db, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version", -1,
        &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        application_id = sqlite3_column_int64(statement, 0);
        version = sqlite3_column_int64(statement, 1);
    }
    (void)sqlite3_finalize(statement);
    if (rc != SQLITE_ROW)
        return failed(runner, QUERY_CANNOT_OPEN, sqlite3_errmsg(runner->db));
    return database_version_check(runner->path, application_id, version, runner->why, runner->why_size) ==
                   DATABASE_OURS
               ? QUERY_OK
               : QUERY_CANNOT_OPEN;
}

static enum query_status open_database(struct runner *runner)
{
    int rc;

    switch (database_file_check(runner->path, runner->why, runner->why_size)) {
    case DATABASE_OURS:
        break;
    case DATABASE_MISSING:
        return failed(runner, QUERY_CANNOT_OPEN,
                      "there is no such database: read a capture first, or name it with --db");
    case DATABASE_EMPTY:
        return failed(runner, QUERY_CANNOT_OPEN,
                      "the database is empty: read a capture first, or name another with --db");
    default:
        return QUERY_CANNOT_OPEN;
    }
    rc = open_as(runner, runner->path, SQLITE_OPEN_READONLY);
    if (rc == SQLITE_READONLY_ROLLBACK) {
        close_database(runner);
        rc = undo_cut_off_write(runner);
    } else if ((rc & 0xFF) == SQLITE_CANTOPEN || rc == SQLITE_READONLY_CANTINIT ||
               rc == SQLITE_READONLY_DIRECTORY) {
        close_database(runner);
        rc = open_immutable(runner);
    }
    if (rc != SQLITE_OK) {
        (void)snprintf(runner->why, runner->why_size, "%s: cannot read the database: %s", runner->path,
                       runner->db != NULL ? sqlite3_errmsg(runner->db) : sqlite3_errstr(rc));
        return QUERY_CANNOT_OPEN;
    }
    return check_version(runner);
}

static enum query_status lock_down(struct runner *runner, unsigned time_limit_s)
{
    if (sqlite3_exec(runner->db,
                     "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", NULL,
                     NULL, NULL) != SQLITE_OK)
        return failed(runner, QUERY_CANNOT_OPEN, sqlite3_errmsg(runner->db));
    (void)sqlite3_db_config(runner->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(runner->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    (void)sqlite3_limit(runner->db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_limit(runner->db, SQLITE_LIMIT_LENGTH, VALUE_OCTETS);
    (void)sqlite3_set_authorizer(runner->db, authorize, NULL);
    (void)clock_gettime(CLOCK_MONOTONIC, &runner->deadline);
    runner->deadline.tv_sec += time_limit_s > 0 ? (time_t)time_limit_s : TIME_LIMIT_S;
    sqlite3_progress_handler(runner->db, PROGRESS_STEPS, check_time, runner);
    return QUERY_OK;
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
        (void)snprintf(runner->why, runner->why_size, "this SQL ran for too long and was stopped");
        return QUERY_BAD_SQL;
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

static enum query_status write_rows(struct runner *runner, struct query_writer *writer)
{
    int rc = SQLITE_DONE;
    bool written = writer->functions->begin(writer);

    while (written && (rc = sqlite3_step(writer->statement)) == SQLITE_ROW) {
        written = writer->functions->row(writer) && !ferror(writer->out);
        if (written)
            writer->rows++;
    }
    if (written && rc == SQLITE_DONE)
        written = writer->functions->end(writer);
    if (!written || ferror(writer->out) || fflush(writer->out) != 0) {
        (void)snprintf(runner->why, runner->why_size, "cannot write the rows: %s", strerror(errno));
        return QUERY_OUTPUT;
    }
    return rc == SQLITE_DONE ? QUERY_OK : bad_sql(runner, rc);
}

enum query_status query_run(const char *path, const char *sql, const struct query_options *options, FILE *out,
                            uint64_t *rows, char *why, size_t why_size)
{
    static const struct query_format_functions *const formats[] = {
        [QUERY_TABLE] = &query_format_table,
        [QUERY_CSV] = &query_format_csv,
        [QUERY_JSON] = &query_format_json,
        [QUERY_NDJSON] = &query_format_ndjson,
    };
    struct runner runner = {.path = path, .why_size = why_size};
    struct query_writer writer = {.functions = formats[options->format], .out = out, .width = options->width};
    enum query_status status;

    runner.why = why;
    status = open_database(&runner);
    if (status == QUERY_OK)
        status = lock_down(&runner, options->time_limit_s);
    if (status == QUERY_OK)
        status = prepare(&runner, sql, &writer.statement);
    if (status == QUERY_OK) {
        writer.columns = sqlite3_column_count(writer.statement);
        status = write_rows(&runner, &writer);
        writer.functions->free(&writer);
    }
    (void)sqlite3_finalize(writer.statement);
    close_database(&runner);
    if (rows != NULL)
        *rows = writer.rows;
    return status;
}
