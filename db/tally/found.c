/*
 * The virtual table (https://sqlite.org/vtab.html): a cursor tells what was found, or where that was too
 * much, what the view in SQL tells.
 */
#include "db/tally/found.h"

#include "db/tally/virtual_table.h"

#include <stdbool.h>

struct table {
    sqlite3_vtab base;
    sqlite3 *db;
    const struct found *found;
    int64_t *values; /* NULL: not looked for yet, or too many */
    size_t rows;
    bool too_many;
};

struct cursor {
    sqlite3_vtab_cursor base;
    sqlite3_stmt *view; /* NULL: it tells what was found */
    bool ended;         /* the view has */
    size_t at;
};

static struct table *table_of(sqlite3_vtab_cursor *base)
{
    return (struct table *)base->pVtab;
}

static int table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **made,
                         char **error)
{
    const struct found *found = aux;
    struct table *table = sqlite3_malloc64(sizeof *table);
    int rc = table == NULL ? SQLITE_NOMEM : virtual_table_declare(db, found->columns);

    (void)argc;
    (void)argv;
    (void)error;
    if (rc != SQLITE_OK) {
        sqlite3_free(table);
        return rc;
    }
    *table = (struct table){.db = db, .found = found};
    *made = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;

    sqlite3_free(table->values);
    sqlite3_free(table);
    return SQLITE_OK;
}

/* There is one way to read it, and one order. */
static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    info->estimatedCost = 1000000;
    info->estimatedRows = 100000;
    info->orderByConsumed = info->nOrderBy == 1 && info->aOrderBy[0].iColumn == 0 && !info->aOrderBy[0].desc;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **made)
{
    struct cursor *cursor = sqlite3_malloc64(sizeof *cursor);

    (void)base;
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *cursor = (struct cursor){.view = NULL};
    *made = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;

    (void)sqlite3_finalize(cursor->view);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;

    cursor->at++;
    return cursor->view == NULL ? SQLITE_OK : virtual_table_step(cursor->view, &cursor->ended);
}

static int ask_view(struct cursor *cursor, const struct table *table)
{
    char *sql = sqlite3_mprintf("SELECT %s FROM temp.%s" FOUND_IN_SQL " ORDER BY 1", table->found->columns,
                                table->found->name);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(table->db, sql, -1, &cursor->view, NULL);

    sqlite3_free(sql);
    return rc == SQLITE_OK ? virtual_table_step(cursor->view, &cursor->ended) : rc;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int argc,
                         sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = table_of(base);
    int rc = SQLITE_OK;

    (void)plan;
    (void)plan_text;
    (void)argc;
    (void)argv;
    (void)sqlite3_finalize(cursor->view);
    cursor->view = NULL;
    if (table->values == NULL && !table->too_many) {
        rc = table->found->find(table->db, &table->values, &table->rows);
        table->too_many = rc == SQLITE_FULL;
    }
    if (table->too_many)
        rc = ask_view(cursor, table);
    cursor->at = 0;
    return rc;
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (struct cursor *)base;

    return cursor->view != NULL ? cursor->ended : cursor->at >= table_of(base)->rows;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (struct cursor *)base;
    const struct table *table = table_of(base);

    sqlite3_result_int64(context,
                         cursor->view != NULL
                             ? sqlite3_column_int64(cursor->view, column)
                             : table->values[cursor->at * table->found->column_count + (size_t)column]);
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *row)
{
    *row = (sqlite3_int64)((struct cursor *)base)->at;
    return SQLITE_OK;
}

int found_make(sqlite3 *db, const struct found *found)
{
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

    return virtual_table_make(db, found->name, &module, found);
}
