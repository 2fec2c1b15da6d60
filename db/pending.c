/*
 * The rows are a virtual table (https://sqlite.org/vtab.html) of the simplest kind: it is read from its first
 * row to its last.
 */
#include "db/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts are kept in blocks of so many octets. */
#define BLOCK ((size_t)64 * 1024)

struct block {
    struct block *next;
    size_t room, used;
    char octets[];
};

struct pending {
    unsigned columns;
    size_t room, count;
    struct pending_value *values;
    struct block *blocks; /* the one that is filled comes first */
    size_t texts;         /* octets of them */
    size_t most_texts;    /* with more of them the rows count as full */
};

struct table {
    sqlite3_vtab base;
    const struct pending *pending;
};

struct cursor {
    sqlite3_vtab_cursor base;
    size_t row;
};

/* --- the virtual table --- */

static int table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **made,
                         char **error)
{
    const struct pending *pending = aux;
    struct table *table = sqlite3_malloc64(sizeof *table);
    char sql[512] = "CREATE TABLE x (c0";
    size_t length = strlen(sql);
    int rc;

    (void)argc;
    (void)argv;
    (void)error;
    if (table == NULL)
        return SQLITE_NOMEM;
    for (unsigned i = 1; i < pending->columns && length < sizeof sql; i++)
        length += (size_t)snprintf(sql + length, sizeof sql - length, ", c%u", i);
    if (length + 2 > sizeof sql) {
        sqlite3_free(table);
        return SQLITE_TOOBIG;
    }
    memcpy(sql + length, ")", 2);
    rc = sqlite3_declare_vtab(db, sql);
    if (rc != SQLITE_OK) {
        sqlite3_free(table);
        return rc;
    }
    memset(table, 0, sizeof *table);
    table->pending = pending;
    *made = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

static int table_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int table_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    struct cursor *cursor = sqlite3_malloc64(sizeof *cursor);

    (void)table;
    if (cursor == NULL)
        return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *made = &cursor->base;
    return SQLITE_OK;
}

static int table_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int table_filter(sqlite3_vtab_cursor *cursor, int index, const char *name, int argc,
                        sqlite3_value **argv)
{
    (void)index;
    (void)name;
    (void)argc;
    (void)argv;
    ((struct cursor *)cursor)->row = 0;
    return SQLITE_OK;
}

static int table_next(sqlite3_vtab_cursor *cursor)
{
    ((struct cursor *)cursor)->row++;
    return SQLITE_OK;
}

static int table_eof(sqlite3_vtab_cursor *cursor)
{
    return ((struct cursor *)cursor)->row >= ((struct table *)cursor->pVtab)->pending->count;
}

static int table_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
    const struct pending *pending = ((struct table *)cursor->pVtab)->pending;
    const struct pending_value *value =
        &pending->values[((struct cursor *)cursor)->row * pending->columns + (unsigned)column];

    if (value->kind == PENDING_NUMBER)
        sqlite3_result_int64(context, value->as.number);
    else if (value->kind == PENDING_TEXT)
        sqlite3_result_text(context, value->as.text, value->length, SQLITE_STATIC);
    return SQLITE_OK;
}

static int table_row_id(sqlite3_vtab_cursor *cursor, sqlite3_int64 *id)
{
    *id = (sqlite3_int64)((struct cursor *)cursor)->row;
    return SQLITE_OK;
}

/* Without xCreate it need not be made, and cannot be. */
static const sqlite3_module module = {
    .xConnect = table_connect,
    .xBestIndex = table_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = table_open,
    .xClose = table_close,
    .xFilter = table_filter,
    .xNext = table_next,
    .xEof = table_eof,
    .xColumn = table_column,
    .xRowid = table_row_id,
};

/* --- the rows --- */

struct pending *pending_new(sqlite3 *db, const char *name, unsigned columns, size_t rows, size_t octets)
{
    struct pending *pending = calloc(1, sizeof *pending);

    if (pending == NULL)
        return NULL;
    pending->columns = columns;
    pending->room = rows;
    pending->most_texts = octets;
    pending->values = calloc(rows * columns, sizeof *pending->values);
    if (pending->values == NULL || sqlite3_create_module(db, name, &module, pending) != SQLITE_OK) {
        pending_free(pending);
        return NULL;
    }
    return pending;
}

size_t pending_count(const struct pending *pending)
{
    return pending->count;
}

bool pending_is_full(const struct pending *pending)
{
    return pending->count == pending->room || pending->texts > pending->most_texts;
}

struct pending_value *pending_row(struct pending *pending, size_t row)
{
    return &pending->values[row * pending->columns];
}

struct pending_value *pending_add(struct pending *pending)
{
    struct pending_value *values = pending_row(pending, pending->count++);

    memset(values, 0, pending->columns * sizeof *values);
    return values;
}

static struct block *add_block(struct pending *pending, size_t length)
{
    size_t room = length > BLOCK ? length : BLOCK;
    struct block *block = malloc(sizeof *block + room);

    if (block == NULL)
        return NULL;
    block->next = pending->blocks;
    block->room = room;
    block->used = 0;
    pending->blocks = block;
    return block;
}

const char *pending_keep(struct pending *pending, const char *text, size_t length)
{
    struct block *block = pending->blocks;
    char *kept;

    if (block == NULL || block->room - block->used < length)
        block = add_block(pending, length);
    if (block == NULL)
        return NULL;
    kept = block->octets + block->used;
    memcpy(kept, text, length);
    block->used += length;
    pending->texts += length;
    return kept;
}

void pending_clear(struct pending *pending)
{
    while (pending->blocks != NULL) {
        struct block *block = pending->blocks;

        pending->blocks = block->next;
        free(block);
    }
    pending->count = 0;
    pending->texts = 0;
}

void pending_free(struct pending *pending)
{
    if (pending == NULL)
        return;
    pending_clear(pending);
    free(pending->values);
    free(pending);
}
