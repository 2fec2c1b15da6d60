/*
 * Merges by SQL between two attached databases, in one transaction. Of the source only tables are read; their
 * columns are compared with ours first, so that no view, virtual table or generated column is asked.
 */
#include "db/upkeep/merge.h"
#include "db/database_file.h"
#include "db/execute.h"
#include "db/judgement/judgement.h"
#include "db/store.h"
#include "db/uri.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Another process's transaction is waited for this long. */
#define BUSY_MS 10000

struct merge {
    const char *path, *source;
    sqlite3 *db;
    char *why;
    size_t why_size;
    bool resting; /* the source was opened without locks, for nobody writes to it */
};

/* m: a capture here, s: one of the source. */
#define SAME                                                                                                 \
    "CASE WHEN s.fingerprint IS NOT NULL THEN m.fingerprint = s.fingerprint ELSE m.fingerprint IS NULL"      \
    " AND m.kind = s.kind AND m.source = s.source"                                                           \
    " AND (SELECT uuid FROM main.runs WHERE id = m.run_id) IS (SELECT uuid FROM source.runs WHERE id = "     \
    "s.run_id)"                                                                                              \
    " AND coalesce(m.read_ns, m.first_ns) IS coalesce(s.read_ns, s.first_ns) END"

/* merged_captures: `here` is the capture that is the same, `new` the number that this one gets. Of the rows
 * that are added, each has the number that it gets. */
static const char maps_sql[] =
    "CREATE TEMP TABLE merged_captures (old INTEGER PRIMARY KEY, here INTEGER, new INTEGER);"
    "CREATE TEMP TABLE merged_connections (old INTEGER PRIMARY KEY, new INTEGER NOT NULL, added INTEGER NOT "
    "NULL);"
    "CREATE TEMP TABLE merged_logins (new INTEGER PRIMARY KEY, old INTEGER NOT NULL UNIQUE);";

static const char find_sql[] =
    "INSERT INTO temp.merged_captures (old, here)"
    " SELECT s.id, (SELECT min(m.id) FROM main.captures m WHERE " SAME ") FROM source.captures s;"
    /* one that is here but not whole is replaced by one that is, or that has more of it */
    "UPDATE temp.merged_captures SET new = here WHERE here IN (SELECT m.id FROM main.captures m"
    " JOIN source.captures s ON s.id = merged_captures.old"
    " WHERE m.state <> 'complete' AND (s.state = 'complete' OR s.packets > m.packets));";

/* A connection that went on into another capture stays, as when a capture is read again. */
static const char replace_sql[] =
    "UPDATE main.connections SET capture_id = (SELECT min(l.capture_id) FROM main.logins l"
    "  WHERE l.connection_id = connections.id AND l.capture_id NOT IN"
    "   (SELECT new FROM temp.merged_captures WHERE new IS NOT NULL))"
    " WHERE capture_id IN (SELECT new FROM temp.merged_captures) AND EXISTS (SELECT 1 FROM main.logins l"
    "  WHERE l.connection_id = connections.id AND l.capture_id NOT IN"
    "   (SELECT new FROM temp.merged_captures WHERE new IS NOT NULL));"
    "DELETE FROM main.captures WHERE id IN (SELECT new FROM temp.merged_captures);"
    "UPDATE temp.merged_captures SET new = NULL;";

/* The numbers that were never used go on upwards, in the order of the source. */
static const char number_captures_sql[] =
    "UPDATE temp.merged_captures SET new ="
    " max(coalesce((SELECT max(id) FROM main.captures), 0),"
    "     coalesce((SELECT seq FROM main.sqlite_sequence WHERE name = 'captures'), 0))"
    " + (SELECT count(*) FROM temp.merged_captures o WHERE o.old <= merged_captures.old AND"
    "    (o.here IS NULL OR o.here NOT IN (SELECT id FROM main.captures)))"
    " WHERE here IS NULL OR here NOT IN (SELECT id FROM main.captures);";

/* What a new capture holds. A connection that its logins belong to may have begun in one that is here, and is
 * here then too. */
static const char number_rows_sql[] =
    "INSERT INTO temp.merged_logins (new, old)"
    " SELECT coalesce((SELECT max(id) FROM main.logins), 0) + row_number() OVER (ORDER BY l.id), l.id"
    " FROM source.logins l JOIN temp.merged_captures c ON c.old = l.capture_id WHERE c.new IS NOT NULL;"
    "INSERT OR IGNORE INTO temp.merged_connections (old, new, added) SELECT s.id, m.id, 0"
    " FROM source.connections s JOIN temp.merged_captures c ON c.old = s.capture_id"
    " JOIN main.connections m ON m.capture_id = c.here AND m.client_ip = s.client_ip AND m.client_port = "
    "s.client_port"
    "  AND m.server_ip = s.server_ip AND m.server_port = s.server_port AND m.vlan IS s.vlan AND m.tunnel IS "
    "s.tunnel"
    "  AND m.first_ns IS s.first_ns"
    " WHERE c.new IS NULL AND s.id IN"
    "  (SELECT l.connection_id FROM source.logins l JOIN temp.merged_logins g ON g.old = l.id);"
    "INSERT INTO temp.merged_connections (old, new, added)"
    " SELECT n.id, coalesce((SELECT max(id) FROM main.connections), 0) + row_number() OVER (ORDER BY n.id), 1"
    " FROM source.connections n WHERE n.id NOT IN (SELECT old FROM temp.merged_connections) AND"
    "  (n.capture_id IN (SELECT old FROM temp.merged_captures WHERE new IS NOT NULL)"
    "   OR n.id IN (SELECT l.connection_id FROM source.logins l JOIN temp.merged_logins g ON g.old = l.id));";

static bool failed(struct merge *merge, const char *what)
{
    (void)snprintf(merge->why, merge->why_size, "%s: %s", merge->source, what);
    return false;
}

static bool ran(struct merge *merge, int rc)
{
    if (rc == SQLITE_OK)
        return true;
    if ((rc & 0xFF) == SQLITE_CONSTRAINT)
        (void)snprintf(merge->why, merge->why_size,
                       "%s: nothing of it was taken, for it holds a row that %s would not take: %s",
                       merge->source, merge->path, sqlite3_errmsg(merge->db));
    else
        (void)snprintf(merge->why, merge->why_size, "%s: nothing of it was taken into %s: %s", merge->source,
                       merge->path, sqlite3_errmsg(merge->db));
    return false;
}

static bool run(struct merge *merge, const char *sql)
{
    return ran(merge, sqlite3_exec(merge->db, sql, NULL, NULL, NULL));
}

static bool ask(struct merge *merge, const char *sql, const char *parameter, int64_t *number, char **text)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(merge->db, sql, -1, &statement, NULL);

    *number = 0;
    if (rc == SQLITE_OK && parameter != NULL)
        rc = sqlite3_bind_text(statement, 1, parameter, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
        if (text != NULL)
            *text = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
        rc = text != NULL && *text == NULL ? SQLITE_NOMEM : SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return ran(merge, rc);
}

/* Whether a table of the source is a plain one and has columns of ours alone, none of them generated. */
static bool check_table(struct merge *merge, const char *table)
{
    int64_t plain, strange;

    if (!ask(merge,
             "SELECT count(*) FROM source.sqlite_master WHERE name = ?1 AND type = 'table' AND rootpage > 0",
             table, &plain, NULL) ||
        !ask(merge,
             "SELECT count(*) FROM pragma_table_xinfo(?1, 'source') s"
             " WHERE s.hidden <> 0 OR s.name NOT IN (SELECT name FROM pragma_table_info(?1, 'main'))",
             table, &strange, NULL))
        return false;
    return plain == 1 && strange == 0
               ? true
               : failed(merge, "its tables are not those of imaptap: it was left alone");
}

static bool check_source(struct merge *merge)
{
    static const char *const tables[] = {"runs", "captures", "connections", "logins", "violations", "rules"};
    int64_t application_id, version;
    char why[1024];

    if (!ask(merge, "PRAGMA source.application_id", NULL, &application_id, NULL) ||
        !ask(merge, "PRAGMA source.user_version", NULL, &version, NULL))
        return false;
    if (database_version_check(merge->source, application_id, version, why, sizeof why) != DATABASE_OURS) {
        (void)snprintf(merge->why, merge->why_size, "%s", why);
        return false;
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (!check_table(merge, tables[i]))
            return false;
    return true;
}

/* Copies rows: the columns `keys` get `values`, made of a row `s` and what `from` joins to it; the other
 * columns are as they were. *count: how many. */
static bool copy(struct merge *merge, const char *table, const char *keys, const char *values,
                 const char *from, int64_t *count)
{
    char *columns = NULL;
    int64_t number;
    char *sql = sqlite3_mprintf(
        "SELECT coalesce(group_concat(', \"' || name || '\"', ''), '') FROM pragma_table_info(?1, 'source')"
        " WHERE ', %q,' NOT LIKE '%%, ' || name || ',%%'",
        keys);
    bool done = sql != NULL && ask(merge, sql, table, &number, &columns);

    if (done)
        done =
            ran(merge, execute_format(merge->db, "INSERT INTO main.%s (%s%s) SELECT %s%s FROM source.%s s %s",
                                      table, keys, columns, values, columns, table, from));
    if (done)
        *count = sqlite3_changes64(merge->db);
    sqlite3_free(columns);
    sqlite3_free(sql);
    return done;
}

static bool copy_rows(struct merge *merge, struct merge_counts *added)
{
    int64_t runs;

    return copy(merge, "runs", "id", "NULL",
                "WHERE s.uuid NOT IN (SELECT uuid FROM main.runs) AND s.id IN (SELECT c.run_id FROM "
                "source.captures c"
                " JOIN temp.merged_captures g ON g.old = c.id WHERE g.new IS NOT NULL) ORDER BY s.id",
                &runs) &&
           copy(merge, "captures", "id, run_id",
                "g.new, (SELECT id FROM main.runs WHERE uuid = (SELECT uuid FROM source.runs WHERE id = "
                "s.run_id))",
                "JOIN temp.merged_captures g ON g.old = s.id WHERE g.new IS NOT NULL ORDER BY g.new",
                &added->captures) &&
           /* a connection that began in a capture that is here already goes on in the first new one */
           copy(merge, "connections", "id, capture_id",
                "g.new, coalesce((SELECT new FROM temp.merged_captures WHERE old = s.capture_id),"
                " (SELECT min(c.new) FROM source.logins l JOIN temp.merged_captures c ON c.old = l.capture_id"
                "  WHERE l.connection_id = s.id))",
                "JOIN temp.merged_connections g ON g.old = s.id WHERE g.added ORDER BY g.new",
                &added->connections) &&
           copy(merge, "logins", "id, connection_id, capture_id", "g.new, n.new, c.new",
                "JOIN temp.merged_logins g ON g.old = s.id JOIN temp.merged_connections n ON n.old = "
                "s.connection_id"
                " JOIN temp.merged_captures c ON c.old = s.capture_id ORDER BY g.new",
                &added->logins) &&
           run(merge, "INSERT OR IGNORE INTO main.rules SELECT * FROM source.rules") &&
           copy(merge, "violations", "id, login_id", "NULL, g.new",
                "JOIN temp.merged_logins g ON g.old = s.login_id ORDER BY s.id", &added->violations);
}

/* *added: what is new, when all went well. */
static bool take(struct merge *merge, struct merge_counts *added)
{
    return check_source(merge) && run(merge, maps_sql) && run(merge, find_sql) &&
           ask(merge, "SELECT count(*) FROM temp.merged_captures WHERE new IS NOT NULL", NULL,
               &added->replaced, NULL) &&
           run(merge, replace_sql) && run(merge, number_captures_sql) &&
           ask(merge, "SELECT count(*) FROM temp.merged_captures WHERE new IS NULL", NULL, &added->known,
               NULL) &&
           run(merge, number_rows_sql) && copy_rows(merge, added) &&
           ran(merge, judgement_work_out(merge->db, "main"));
}

/* Whether a file with this ending lies beside the source, with something in it where `filled`. */
static bool has_beside(const struct merge *merge, const char *ending, bool filled)
{
    char name[PATH_MAX];
    struct stat facts;
    int length = snprintf(name, sizeof name, "%s%s", merge->source, ending);

    return length > 0 && (size_t)length < sizeof name && stat(name, &facts) == 0 &&
           (!filled || facts.st_size > 0);
}

/* A database in WAL mode that nobody has open. SQLite would make its log and its index again to read it. */
static bool is_resting(const struct merge *merge)
{
    unsigned char modes[2] = {0, 0}; /* the file format's write and read version: 2 is WAL */
    FILE *file = fopen(merge->source, "rb");
    bool wal = file != NULL && fseek(file, 18, SEEK_SET) == 0 &&
               fread(modes, 1, sizeof modes, file) == sizeof modes && modes[0] == 2;

    if (file != NULL)
        (void)fclose(file);
    return wal && !has_beside(merge, "-wal", false);
}

static bool attach(struct merge *merge)
{
    char *uri;
    bool done = false;

    merge->resting = is_resting(merge);
    uri = uri_of(merge->source, merge->resting ? "mode=ro&immutable=1" : "mode=ro");
    if (has_beside(merge, "-journal", true))
        (void)failed(merge,
                     "it is being written, or a write to it was cut off: let imaptap query look at it first");
    else if (uri == NULL)
        (void)failed(merge, "cannot open the database");
    else
        done = ran(merge, execute_format(merge->db, "ATTACH %Q AS source", uri));
    free(uri);
    return done;
}

/* Nothing may have been written to the source while no lock was held on it. */
static bool commit(struct merge *merge)
{
    if (merge->resting && !is_resting(merge))
        return failed(merge, "another process began to write to it: try again");
    return run(merge, "COMMIT");
}

int merge_source(const char *path, const char *source, struct merge_counts *counts, char *why,
                 size_t why_size)
{
    struct merge merge = {.path = path, .source = source, .why_size = why_size};
    char *uri = uri_of(path, "mode=rw");
    bool done = false;
    int rc;

    merge.why = why;
    if (database_file_check(source, why, why_size) == DATABASE_EMPTY)
        (void)failed(&merge, "the database is empty");
    else if (database_file_check(source, why, why_size) == DATABASE_OURS)
        done = true;
    rc = !done         ? SQLITE_OK
         : uri == NULL ? SQLITE_NOMEM
                       : sqlite3_open_v2(uri, &merge.db,
                                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                                             SQLITE_OPEN_PRIVATECACHE,
                                         NULL);
    free(uri);
    if (done && rc == SQLITE_OK) {
        (void)sqlite3_extended_result_codes(merge.db, 1);
        (void)sqlite3_busy_timeout(merge.db, BUSY_MS);
        (void)sqlite3_db_config(merge.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        (void)sqlite3_db_config(merge.db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        done =
            run(&merge, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;"
                        "PRAGMA secure_delete = ON") &&
            attach(&merge) && run(&merge, "BEGIN IMMEDIATE") && take(&merge, counts) && commit(&merge);
    } else if (done) {
        done = ran(&merge, rc);
    }
    (void)sqlite3_close(merge.db);
    return done ? STORE_OK : STORE_FAILED;
}
