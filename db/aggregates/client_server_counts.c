/*
 * The virtual tables pair_counts and pair_totals.
 *
 * HOW IT WORKS
 *
 * What. `senders`, `servers`, `diagnosis` and others ask how many connections and logins there are between
 * each client and each server, and what came of them. views.sql says so in SQL, as the views pair_counts (a
 * row a client, server and port of it) and pair_totals (without the port). SQLite groups by sorting: at a
 * million logins the views take 6 s. So imaptap, which makes all views again as temporary ones for each query
 * (query/scope.c), puts two virtual tables (https://sqlite.org/vtab.html) of the same names and columns in
 * their place, on which the other views then rest. They take 1 s. Whoever opens the file with another program
 * sees the views, and the same rows: tests/unit/db/db_aggregates.c compares them, column by column.
 *
 * How a row is found (count.c). Connections are walked in the order of their ids, logins beside them in that
 * of their connections, which is an index: nothing is sorted or looked up, and no column is read that the
 * statement does not ask for (xBestIndex collects which it does). Each connection is looked up by client,
 * server and port in a hash table in memory (client_server.c), and adds to the counts there. The rules by
 * which a login counts as refused, quoted, bare or masked are those of the view judged_logins, written once
 * more in C: change one, change the other.
 *
 * When memory ends. The table holds 131,072 pairs. When a pass has filled it, the cursor of pair_counts
 * returns these rows, empties the table and goes on: a pair can then come in several rows, which whoever
 * reads pair_counts adds up. pair_totals must have one row a pair: when they are too many, it asks the view,
 * which is there as pair_totals_in_sql, and takes the time of that.
 *
 * What is kept. A statement often reads the table more than once. What was counted is kept on the table, with
 * the set of columns that it counts, while all of it fits; so a connection must see one state of the database
 * as long as it uses the tables. A cursor that needs more columns counts for itself.
 *
 * To add a count: a column in both views, an item in enum client_server_count, its name in COLUMNS below, and
 * a line in count.c, with what it needs to be read in OF_...; the test then compares it.
 */
#include "db/aggregates/client_server_counts.h"

#include "db/aggregates/count.h"
#include "db/execute.h"

#include <stdbool.h>
#include <stddef.h>

#define COLUMNS                                                                                              \
    "server_product, login_product, product_id, greeting_id, masked, connections, logins, refused, "         \
    "unanswered, bad, quoted, quoted_let_in, quoted_refused, bare, encrypted, not_imap"

struct table {
    sqlite3_vtab base;
    sqlite3 *db;
    bool totals;                 /* it is pair_totals, which has no port */
    bool too_many;               /* pairs for totals */
    uint64_t wanted;             /* columns that statements use: asked before any of them runs */
    struct client_servers *kept; /* all pairs of the database; NULL: not counted, or too many */
    uint64_t kept_columns;
    unsigned cursors;
};

struct cursor {
    sqlite3_vtab_cursor base;
    sqlite3_stmt *view;                 /* NULL: it returns pairs */
    bool ended;                         /* the view has */
    struct client_servers *own;         /* what it counts itself; NULL: it reads what is kept */
    const struct client_servers *pairs; /* either of them */
    struct count *count;
    size_t at;
    sqlite3_int64 row;
};

static struct table *table_of(sqlite3_vtab_cursor *base)
{
    return (struct table *)base->pVtab;
}

static int table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **made,
                         char **error)
{
    bool totals = aux != NULL;
    struct table *table = sqlite3_malloc64(sizeof *table);
    int rc = table == NULL
                 ? SQLITE_NOMEM
                 : sqlite3_declare_vtab(
                       db, totals ? "CREATE TABLE x (client_ip, server_ip, " COLUMNS ")"
                                  : "CREATE TABLE x (client_ip, server_ip, server_port, " COLUMNS ")");

    (void)argc;
    (void)argv;
    (void)error;
    if (rc == SQLITE_OK)
        rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS); /* views may read it */
    if (rc != SQLITE_OK) {
        sqlite3_free(table);
        return rc;
    }
    *table = (struct table){.db = db, .totals = totals};
    *made = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;

    client_servers_free(table->kept);
    sqlite3_free(table);
    return SQLITE_OK;
}

/* The column of this number, as pair_counts has it. */
static int column_of(const struct table *table, int column)
{
    return column + (table->totals && column >= COUNT_SERVER_PORT);
}

/* There is one way to read it; all that matters is which columns are. */
static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    struct table *table = (struct table *)base;

    for (int column = 0; column < COUNT_COLUMNS; column++)
        if ((info->colUsed & COUNT_BIT(column)) != 0)
            table->wanted |= COUNT_BIT(column_of(table, column));
    info->estimatedCost = 1000000;
    info->estimatedRows = 100000;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **made)
{
    struct cursor *cursor = sqlite3_malloc64(sizeof *cursor);

    if (cursor == NULL)
        return SQLITE_NOMEM;
    *cursor = (struct cursor){.pairs = NULL};
    ((struct table *)base)->cursors++;
    *made = &cursor->base;
    return SQLITE_OK;
}

static void reset(struct cursor *cursor)
{
    (void)sqlite3_finalize(cursor->view);
    client_servers_free(cursor->own);
    count_close(cursor->count);
    cursor->view = NULL;
    cursor->own = NULL;
    cursor->pairs = NULL;
    cursor->count = NULL;
    cursor->at = 0;
    cursor->row = 0;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;

    reset(cursor);
    table_of(base)->cursors--;
    sqlite3_free(cursor);
    return SQLITE_OK;
}

/* Counts until the memory is full, or all is counted. */
static int count_on(struct cursor *cursor)
{
    int rc = count_more(cursor->count, cursor->own);

    if (rc == SQLITE_DONE) {
        count_close(cursor->count);
        cursor->count = NULL;
    }
    cursor->at = 0;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Begins to count for itself. */
static int count_first(struct cursor *cursor, struct table *table, uint64_t columns)
{
    int rc = count_open(table->db, columns, &cursor->count);

    if (rc == SQLITE_OK && (cursor->own = client_servers_new()) == NULL)
        rc = SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = count_on(cursor);
    cursor->pairs = cursor->own;
    return rc;
}

/* Steps on in what the view has. */
static int step_view(struct cursor *cursor)
{
    int rc = sqlite3_step(cursor->view);

    cursor->ended = rc != SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int ask_view(struct cursor *cursor, sqlite3 *db)
{
    int rc;

    reset(cursor);
    rc = sqlite3_prepare_v2(db,
                            "SELECT client_ip, server_ip, " COLUMNS " FROM temp." CLIENT_SERVER_TOTALS_IN_SQL,
                            -1, &cursor->view, NULL);
    return rc == SQLITE_OK ? step_view(cursor) : rc;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int argc,
                         sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = table_of(base);
    uint64_t columns = table->wanted;
    int rc;

    (void)plan;
    (void)plan_text;
    (void)argc;
    (void)argv;
    reset(cursor);
    if (table->kept != NULL && (columns & ~table->kept_columns) == 0) {
        cursor->pairs = table->kept;
        return SQLITE_OK;
    }
    if (table->too_many)
        return ask_view(cursor, table->db);
    rc = count_first(cursor, table, columns);
    if (rc == SQLITE_OK && table->totals && cursor->count != NULL) {
        table->too_many = true;
        return ask_view(cursor, table->db);
    }
    /* no other cursor reads what was kept when this is the only one */
    if (rc == SQLITE_OK && cursor->count == NULL && (table->kept == NULL || table->cursors == 1)) {
        client_servers_free(table->kept);
        table->kept = cursor->own;
        table->kept_columns = columns;
        cursor->own = NULL;
    }
    return rc;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;

    cursor->at++;
    cursor->row++;
    if (cursor->view != NULL)
        return step_view(cursor);
    if (cursor->at < client_servers_count(cursor->pairs) || cursor->count == NULL)
        return SQLITE_OK;
    client_servers_clear(cursor->own);
    return count_on(cursor);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (struct cursor *)base;

    return cursor->view != NULL ? cursor->ended : cursor->at >= client_servers_count(cursor->pairs);
}

static void return_text(sqlite3_context *context, const char *octets, size_t length)
{
    if (octets != NULL)
        sqlite3_result_text64(context, octets, length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void return_id(sqlite3_context *context, int64_t id)
{
    if (id != 0)
        sqlite3_result_int64(context, id);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (struct cursor *)base;
    const struct client_server *pair;

    if (cursor->view != NULL) {
        sqlite3_result_value(context, sqlite3_column_value(cursor->view, column));
        return SQLITE_OK;
    }
    pair = client_servers_at(cursor->pairs, cursor->at);
    column = column_of(table_of(base), column);
    switch (column) {
    case COUNT_CLIENT_IP:
        return_text(context, pair->addresses, pair->client_length);
        break;
    case COUNT_SERVER_IP:
        return_text(context, pair->addresses + pair->client_length, pair->server_length);
        break;
    case COUNT_SERVER_PORT:
        sqlite3_result_int64(context, pair->port);
        break;
    case COUNT_SERVER_PRODUCT:
        return_text(context, pair->product.octets, pair->product.length);
        break;
    case COUNT_LOGIN_PRODUCT:
        return_text(context, pair->login_product.octets, pair->login_product.length);
        break;
    case COUNT_PRODUCT_ID:
        return_id(context, pair->product_id);
        break;
    case COUNT_GREETING_ID:
        return_id(context, pair->greeting_id);
        break;
    case COUNT_MASKED:
        if (pair->masked != CLIENT_SERVER_UNKNOWN)
            sqlite3_result_int(context, pair->masked);
        break;
    default:
        sqlite3_result_int64(context, pair->counts[column - COUNT_FIRST]);
    }
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *row)
{
    *row = ((struct cursor *)base)->row;
    return SQLITE_OK;
}

static int make_table(sqlite3 *db, const char *name, const sqlite3_module *module, const void *aux)
{
    int rc = sqlite3_create_module_v2(db, name, module, (void *)aux, NULL);

    return rc == SQLITE_OK ? execute_format(db, "CREATE VIRTUAL TABLE temp.%w USING %w", name, name) : rc;
}

int client_server_counts_make(sqlite3 *db)
{
    static const char totals; /* any address: pair_totals */
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
    int rc = make_table(db, "pair_counts", &module, NULL);

    return rc == SQLITE_OK ? make_table(db, "pair_totals", &module, &totals) : rc;
}
