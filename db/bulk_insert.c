/*
 * A virtual table (https://sqlite.org/vtab.html) a table of the schema, whose rows are those that wait. It is
 * a temporary one, so that a table of that name in the file is not taken for it.
 */
#include "db/bulk_insert.h"

#include "db/columns.h"
#include "db/execute.h"

#include <stdlib.h>

static const struct {
    const char *name, *columns;
} tables[BULK_TABLES] = {
    [BULK_CONNECTIONS] = {"connections", CONNECTION_NAMES},
    [BULK_LOGINS] = {"logins", LOGIN_NAMES},
    [BULK_VIOLATIONS] = {"violations", VIOLATION_NAMES},
};

/* The rows that one of the virtual tables shows. */
struct shown {
    struct row_buffer *rows;
    const char *columns;
};

struct bulk_insert {
    sqlite3 *db;
    struct shown shown[BULK_TABLES];
    sqlite3_stmt *inserts[BULK_TABLES];
};

struct table {
    sqlite3_vtab base;
    const struct shown *shown;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct row_buffer *rows;
    size_t at, count;
    const struct row_buffer_value *values; /* of the row `at` */
};

/* --- the virtual table --- */

static int table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **made,
                         char **error)
{
    const struct shown *shown = aux;
    struct table *table = sqlite3_malloc64(sizeof *table);
    char *sql = sqlite3_mprintf("CREATE TABLE x (%s)", shown->columns);
    int rc = table == NULL || sql == NULL ? SQLITE_NOMEM : sqlite3_declare_vtab(db, sql);

    (void)argc;
    (void)argv;
    (void)error;
    sqlite3_free(sql);
    if (rc == SQLITE_OK)
        rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY); /* nothing in the file may read it */
    if (rc != SQLITE_OK) {
        sqlite3_free(table);
        return rc;
    }
    *table = (struct table){.shown = shown};
    *made = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

/* There is one way to read it: all rows, in their order. */
static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **made)
{
    struct cursor *cursor = sqlite3_malloc64(sizeof *cursor);

    if (cursor == NULL)
        return SQLITE_NOMEM;
    *cursor = (struct cursor){.rows = ((struct table *)base)->shown->rows};
    *made = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int argc,
                         sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;

    (void)plan;
    (void)plan_text;
    (void)argc;
    (void)argv;
    cursor->at = 0;
    cursor->count = cursor->rows == NULL ? 0 : row_buffer_count(cursor->rows);
    if (cursor->count > 0)
        cursor->values = row_buffer_row(cursor->rows, 0);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;

    if (++cursor->at < cursor->count)
        cursor->values = row_buffer_row(cursor->rows, cursor->at);
    return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (struct cursor *)base;

    return cursor->at >= cursor->count;
}

/* The texts stay where they are until the statement is done. */
static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct row_buffer_value *value = &((const struct cursor *)base)->values[column];

    if (value->kind == ROW_BUFFER_NUMBER)
        sqlite3_result_int64(context, value->as.number);
    else if (value->kind == ROW_BUFFER_TEXT)
        sqlite3_result_text(context, value->as.text, value->length, SQLITE_STATIC);
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *row)
{
    *row = (sqlite3_int64)((struct cursor *)base)->at;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .xCreate = table_connect,
    .xConnect = table_connect,
    .xBestIndex = table_best_index,
    .xDisconnect = table_disconnect,
    .xDestroy = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

/* --- the statements --- */

/* OR ROLLBACK: a transaction is of no use without all of its rows, and SQLite need not keep what each page
 * was before the statement, unless it looks at foreign keys. */
static int make_table(struct bulk_insert *bulk, enum bulk_table which)
{
    const char *name = tables[which].name, *columns = tables[which].columns;
    char *made = sqlite3_mprintf("waiting_%s", name);
    char *insert = sqlite3_mprintf("INSERT OR ROLLBACK INTO main.%s (%s) SELECT %s FROM temp.waiting_%s",
                                   name, columns, columns, name);
    int rc = SQLITE_NOMEM;

    bulk->shown[which].columns = columns;
    if (made != NULL && insert != NULL)
        rc = sqlite3_create_module_v2(bulk->db, made, &module, &bulk->shown[which], NULL);
    if (rc == SQLITE_OK)
        rc = execute_format(bulk->db, "CREATE VIRTUAL TABLE temp.%w USING %w", made, made);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v3(bulk->db, insert, -1, SQLITE_PREPARE_PERSISTENT, &bulk->inserts[which], NULL);
    sqlite3_free(insert);
    sqlite3_free(made);
    return rc;
}

int bulk_insert_open(struct bulk_insert **made, sqlite3 *db)
{
    struct bulk_insert *bulk = calloc(1, sizeof *bulk);
    int rc = bulk == NULL ? SQLITE_NOMEM : SQLITE_OK;

    *made = bulk;
    if (bulk != NULL)
        bulk->db = db;
    for (size_t i = 0; rc == SQLITE_OK && i < BULK_TABLES; i++)
        rc = make_table(bulk, (enum bulk_table)i);
    return rc;
}

static int insert(struct bulk_insert *bulk, enum bulk_table which, struct row_buffer *rows)
{
    int rc;

    bulk->shown[which].rows = rows;
    rc = sqlite3_step(bulk->inserts[which]);
    (void)sqlite3_reset(bulk->inserts[which]);
    bulk->shown[which].rows = NULL;
    if (rc != SQLITE_DONE)
        return rc;
    return (size_t)sqlite3_changes(bulk->db) == row_buffer_count(rows) ? SQLITE_OK : SQLITE_INTERNAL;
}

int bulk_insert_rows(struct bulk_insert *bulk, struct row_buffer *const rows[BULK_TABLES])
{
    int rc = SQLITE_OK;

    for (size_t i = 0; rc == SQLITE_OK && i < BULK_TABLES; i++)
        if (row_buffer_count(rows[i]) > 0)
            rc = insert(bulk, (enum bulk_table)i, rows[i]);
    return rc;
}

void bulk_insert_free(struct bulk_insert *bulk)
{
    for (size_t i = 0; bulk != NULL && i < BULK_TABLES; i++)
        (void)sqlite3_finalize(bulk->inserts[i]);
    free(bulk);
}
