/*
 * Opens a database that is asked, and locks it down.
 */
#include "db/read_only.h"
#include "db/database_file.h"
#include "db/uri.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Another process's commit is waited for this long. */
#define BUSY_MS 5000

/* No text, blob or row of a result is larger than this. */
#define VALUE_OCTETS (16 * 1024 * 1024)

/* LIKE and GLOB try a pattern of many wildcards at every place of a text, and cannot be stopped meanwhile. */
#define PATTERN_OCTETS 256

struct opener {
    const char *path;
    sqlite3 *db;
    char *why;
    size_t why_size;
};

static bool failed(struct opener *opener, const char *what)
{
    (void)snprintf(opener->why, opener->why_size, "%s: %s", opener->path, what);
    return false;
}

/* Pragmas that only return something. One that could also set is allowed without an argument alone. */
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

/* Opens and reads the schema, so that what stands in the way shows now. The connection stays open on failure
 * too. */
static int open_as(struct opener *opener, const char *name, int flags)
{
    int rc = sqlite3_open_v2(name, &opener->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);

    if (rc != SQLITE_OK)
        return rc;
    (void)sqlite3_extended_result_codes(opener->db, 1);
    (void)sqlite3_busy_timeout(opener->db, BUSY_MS);
    return sqlite3_exec(opener->db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
}

static void close_database(struct opener *opener)
{
    (void)sqlite3_close(opener->db);
    opener->db = NULL;
}

/* A database in WAL mode in a folder that cannot be written (a CD, evidence mounted read-only) has no room
 * for the shared memory. Where no log is left either, nobody is writing, and the file alone is the database.
 */
static int open_immutable(struct opener *opener)
{
    char log[PATH_MAX];
    struct stat facts;
    int length = snprintf(log, sizeof log, "%s-wal", opener->path);
    char *name;
    int rc;

    if (length < 0 || (size_t)length >= sizeof log || (stat(log, &facts) == 0 && facts.st_size > 0))
        return SQLITE_CANTOPEN;
    name = uri_of(opener->path, "immutable=1");
    rc = name == NULL ? SQLITE_CANTOPEN : open_as(opener, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    free(name);
    return rc;
}

/* A writer that was killed leaves a journal, and only a connection that may write can take back what it
 * describes: the same that every SQLite program does when it opens such a file. */
static int undo_cut_off_write(struct opener *opener)
{
    int rc = open_as(opener, opener->path, SQLITE_OPEN_READWRITE);

    close_database(opener);
    return rc == SQLITE_OK ? open_as(opener, opener->path, SQLITE_OPEN_READONLY) : rc;
}

/* Whether SQLite, which knows the log, too, takes it for a database of ours. */
static bool check_version(struct opener *opener)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_int64 application_id = 0, version = 0;
    int rc = sqlite3_prepare_v2(
        opener->db, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version", -1,
        &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        application_id = sqlite3_column_int64(statement, 0);
        version = sqlite3_column_int64(statement, 1);
    }
    (void)sqlite3_finalize(statement);
    if (rc != SQLITE_ROW)
        return failed(opener, sqlite3_errmsg(opener->db));
    return database_version_check(opener->path, application_id, version, opener->why, opener->why_size) ==
           DATABASE_OURS;
}

static bool open_database(struct opener *opener)
{
    int rc;

    switch (database_file_check(opener->path, opener->why, opener->why_size)) {
    case DATABASE_OURS:
        break;
    case DATABASE_MISSING:
        return failed(opener, "there is no such database: read a capture first, or name it with --db");
    case DATABASE_EMPTY:
        return failed(opener, "the database is empty: read a capture first, or name another with --db");
    default:
        return false;
    }
    rc = open_as(opener, opener->path, SQLITE_OPEN_READONLY);
    if (rc == SQLITE_READONLY_ROLLBACK) {
        close_database(opener);
        rc = undo_cut_off_write(opener);
    } else if ((rc & 0xFF) == SQLITE_CANTOPEN || rc == SQLITE_READONLY_CANTINIT ||
               rc == SQLITE_READONLY_DIRECTORY) {
        close_database(opener);
        rc = open_immutable(opener);
    }
    if (rc != SQLITE_OK) {
        (void)snprintf(opener->why, opener->why_size, "%s: cannot read the database: %s", opener->path,
                       opener->db != NULL ? sqlite3_errmsg(opener->db) : sqlite3_errstr(rc));
        return false;
    }
    return check_version(opener);
}

bool read_only_open(sqlite3 **db, const char *path, char *why, size_t why_size)
{
    struct opener opener = {.path = path, .why_size = why_size};
    bool opened;

    opener.why = why;
    opened = open_database(&opener);
    if (opened && sqlite3_exec(opener.db,
                               "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA threads = 1",
                               NULL, NULL, NULL) != SQLITE_OK)
        opened = failed(&opener, sqlite3_errmsg(opener.db));
    if (!opened)
        close_database(&opener);
    *db = opener.db;
    return opened;
}

int read_only_lock(sqlite3 *db)
{
    int rc = sqlite3_exec(db, "PRAGMA query_only = ON", NULL, NULL, NULL);

    if (rc != SQLITE_OK)
        return rc;
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_OCTETS);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_OCTETS);
    return sqlite3_set_authorizer(db, authorize, NULL);
}
