/*
 * Compares a database with a fresh one in memory, and makes again what differs: so the two cannot drift
 * apart, and no list of steps can forget one. Only what rows meant in an older version is moved by a step of
 * its own.
 */
#include "db/migration/schema.h"

#include "db/database_file.h"
#include "db/execute.h"

#include <stdbool.h>
#include <string.h>

extern const char db_schema_sql[];
extern const char db_views_sql[];
extern const char db_judgement_sql[];

/* What a table is called while its rows move. */
#define OLD_TABLE "imaptap_older_table"

/* Up to version 2, what a login exposed was a violation of one of these rules, and two indexes set them apart
 * from the others. Of SCRAM it was not said; the form says that the client's proof was seen. */
#define OLD_RULES "('cleartext-password', 'guessable-exchange')"
static const char exposure_sql[] =
    "CASE (SELECT min(v.rule) FROM violations v WHERE v.login_id = o.id AND v.rule IN " OLD_RULES ")"
    " WHEN 'cleartext-password' THEN 'password' WHEN 'guessable-exchange' THEN 'guessable'"
    " ELSE CASE WHEN o.password_form = 'sasl' AND o.mechanism GLOB 'SCRAM-?*' THEN 'guessable' END END";

static int execute(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int set_marks(sqlite3 *db)
{
    return execute_format(db, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                          DATABASE_APPLICATION_ID, DATABASE_VERSION);
}

int schema_create(sqlite3 *db)
{
    int rc = execute(db, db_schema_sql);

    if (rc == SQLITE_OK)
        rc = execute(db, db_views_sql);
    if (rc == SQLITE_OK)
        rc = execute(db, db_judgement_sql);
    return rc == SQLITE_OK ? set_marks(db) : rc;
}

/* *columns: the names, quoted and with commas, of the columns that both tables have; free by sqlite3_free. */
static int shared_columns(sqlite3 *db, const char *table, char **columns)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT group_concat('\"' || replace(name, '\"', '\"\"') || '\"')"
                                " FROM pragma_table_info(?1) WHERE name IN"
                                " (SELECT name FROM pragma_table_info('" OLD_TABLE "'))",
                                -1, &statement, NULL);

    *columns = NULL;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL) {
        *columns = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
        rc = *columns == NULL ? SQLITE_NOMEM : SQLITE_OK;
    } else if (rc == SQLITE_ROW) {
        rc = SQLITE_CORRUPT;
    }
    (void)sqlite3_finalize(statement);
    return rc;
}

/* Moves the rows of a table into a new one. AUTOINCREMENT goes on where it was, also when its rows are gone.
 */
static int replace_table(sqlite3 *db, const char *table, const char *sql)
{
    /* worked out on the way: to change each row again would take a journal as large as the table */
    const bool exposes = strcmp(table, "logins") == 0;
    char *columns = NULL;
    int rc = execute_format(db, "ALTER TABLE \"%w\" RENAME TO " OLD_TABLE, table);

    if (rc == SQLITE_OK)
        rc = execute(db, sql);
    if (rc == SQLITE_OK)
        rc = shared_columns(db, table, &columns);
    if (rc == SQLITE_OK)
        rc = execute_format(db, "INSERT INTO \"%w\" (%s%s) SELECT %s%s%s FROM " OLD_TABLE " o", table,
                            columns, exposes ? ",exposure" : "", columns, exposes ? "," : "",
                            exposes ? exposure_sql : "");
    sqlite3_free(columns);
    if (rc == SQLITE_OK && sqlite3_strlike("%AUTOINCREMENT%", sql, 0) == 0)
        rc = execute_format(db,
                            "DELETE FROM sqlite_sequence WHERE name = %Q;"
                            "UPDATE sqlite_sequence SET name = %Q WHERE name = '" OLD_TABLE "'",
                            table, table);
    return rc == SQLITE_OK ? execute(db, "DROP TABLE " OLD_TABLE) : rc;
}

/* *sql: how an object is declared; NULL: there is none. Free by sqlite3_free. */
static int find_object(sqlite3 *db, const char *type, const char *name, char **sql)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(
        db, "SELECT sql FROM main.sqlite_schema WHERE type = ?1 AND name = ?2 AND sql IS NOT NULL", -1,
        &statement, NULL);

    *sql = NULL;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(statement, 1, type, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        *sql = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
        rc = *sql == NULL ? SQLITE_NOMEM : SQLITE_DONE;
    }
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Whether `db` has this very object. */
static int has_object(sqlite3 *db, const char *type, const char *name, const char *sql, bool *there,
                      bool *same)
{
    char *declared;
    int rc = find_object(db, type, name, &declared);

    *there = declared != NULL;
    *same = *there && strcmp(declared, sql) == 0;
    sqlite3_free(declared);
    return rc;
}

/* Views of older versions that no version has any more. */
static const char gone_sql[] = "DROP VIEW IF EXISTS verdicts; DROP VIEW IF EXISTS proxy_legs;";

/* Views and indexes that differ go before tables move, and come back when all tables stand. */
enum pass { DROP_WHAT_DIFFERS, MAKE_TABLES, MAKE_THE_REST };

static int bring_object(sqlite3 *db, enum pass pass, const char *type, const char *name, const char *sql)
{
    const bool is_table = strcmp(type, "table") == 0;
    bool there, same;
    int rc = has_object(db, type, name, sql, &there, &same);

    if (rc != SQLITE_OK || same || is_table != (pass == MAKE_TABLES))
        return rc;
    if (pass == DROP_WHAT_DIFFERS)
        return there ? execute_format(
                           db, strcmp(type, "view") == 0 ? "DROP VIEW \"%w\"" : "DROP INDEX \"%w\"", name)
                     : SQLITE_OK;
    return there ? replace_table(db, name, sql) : execute(db, sql);
}

static int bring_all(sqlite3 *db, sqlite3 *fresh, enum pass pass)
{
    sqlite3_stmt *statement = NULL;
    int rc =
        sqlite3_prepare_v2(fresh,
                           "SELECT type, name, sql FROM sqlite_master"
                           " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid",
                           -1, &statement, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        rc = bring_object(db, pass, (const char *)sqlite3_column_text(statement, 0),
                          (const char *)sqlite3_column_text(statement, 1),
                          (const char *)sqlite3_column_text(statement, 2));
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static const char old_rules_sql[] = "DELETE FROM violations WHERE rule IN " OLD_RULES ";"
                                    "DELETE FROM rules WHERE rule IN " OLD_RULES ";"
                                    "DROP INDEX IF EXISTS violations_of_grammar;"
                                    "DROP INDEX IF EXISTS violations_of_exchange;";

int schema_upgrade(sqlite3 *db)
{
    sqlite3 *fresh = NULL;
    int rc = sqlite3_open_v2(":memory:", &fresh, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (rc == SQLITE_OK)
        rc = schema_create(fresh);
    /* So a table can move without the foreign keys and views of others following it. */
    if (rc == SQLITE_OK)
        rc = execute(db, "PRAGMA legacy_alter_table = ON");
    if (rc == SQLITE_OK)
        rc = execute(db, gone_sql);
    for (int pass = DROP_WHAT_DIFFERS; rc == SQLITE_OK && pass <= (int)MAKE_THE_REST; pass++)
        rc = bring_all(db, fresh, (enum pass)pass);
    if (rc == SQLITE_OK)
        rc = execute(db, old_rules_sql);
    (void)execute(db, "PRAGMA legacy_alter_table = OFF");
    (void)sqlite3_close(fresh);
    return rc == SQLITE_OK ? set_marks(db) : rc;
}
