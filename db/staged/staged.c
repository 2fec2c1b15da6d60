/*
 * Writes the schema of the staged database once, and its tables for each insert.
 */
#include "db/staged/staged.h"

#include "db/columns.h"
#include "db/migration/schema.h"
#include "db/staged/image.h"
#include "db/staged/tree.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    int64_t key, row;
};

/* An index that can be staged: its declaration is told here once more, with what it says as functions, and
 * only where the database's is the same. */
struct index {
    const char *name;
    const char *sql;
    bool (*has)(const struct row_buffer_value *row); /* NULL: it has all rows */
    enum staged_table table;
    unsigned column;
};

struct table {
    const char *name;
    const char *names; /* of its columns */
    unsigned columns;
    bool copied; /* whole, where it is declared as ours */
};

static bool is_text(const struct row_buffer_value *value, const char *text)
{
    return value->kind == ROW_BUFFER_TEXT && (size_t)value->length == strlen(text) &&
           memcmp(value->as.text, text, (size_t)value->length) == 0;
}

static bool is_set(const struct row_buffer_value *value)
{
    return value->kind == ROW_BUFFER_NUMBER && value->as.number != 0;
}

static bool connection_of_note(const struct row_buffer_value *row)
{
    return !is_text(&row[CONNECTION_ENCRYPTION], "none") || is_set(&row[CONNECTION_MIDSTREAM]) ||
           is_set(&row[CONNECTION_ONE_SIDED]) || is_set(&row[CONNECTION_NOT_IMAP]) ||
           is_set(&row[CONNECTION_LOST_OCTETS]);
}

static bool login_of_note(const struct row_buffer_value *row)
{
    return !is_text(&row[LOGIN_RESULT], "OK") || is_text(&row[LOGIN_AFTER_RESULT], "BAD") ||
           is_set(&row[LOGIN_INCOMPLETE]);
}

static const struct table tables[STAGED_TABLES] = {
    [STAGED_CONNECTIONS] = {"connections", CONNECTION_NAMES, CONNECTION_COLUMNS, true},
    [STAGED_LOGINS] = {"logins", LOGIN_NAMES, LOGIN_COLUMNS, true},
    /* their numbers are SQLite's to give, and no two may be the same */
    [STAGED_VIOLATIONS] = {"violations", VIOLATION_NAMES, VIOLATION_COLUMNS, false},
};

static const struct index indexes[] = {
    {"connections_by_capture", "CREATE INDEX connections_by_capture ON connections (capture_id)", NULL,
     STAGED_CONNECTIONS, CONNECTION_CAPTURE_ID},
    {"connections_of_note",
     "CREATE INDEX connections_of_note ON connections (capture_id)\n"
     "    WHERE encryption <> 'none' OR midstream OR one_sided OR not_imap OR lost_octets > 0",
     connection_of_note, STAGED_CONNECTIONS, CONNECTION_CAPTURE_ID},
    {"logins_by_connection", "CREATE INDEX logins_by_connection ON logins (connection_id)", NULL,
     STAGED_LOGINS, LOGIN_CONNECTION_ID},
    {"logins_by_capture", "CREATE INDEX logins_by_capture ON logins (capture_id)", NULL, STAGED_LOGINS,
     LOGIN_CAPTURE_ID},
    {"logins_of_note",
     "CREATE INDEX logins_of_note ON logins (capture_id)"
     " WHERE result IS NOT 'OK' OR after_result = 'BAD' OR incomplete",
     login_of_note, STAGED_LOGINS, LOGIN_CAPTURE_ID},
};
#define INDEXES (sizeof indexes / sizeof *indexes)

struct staged {
    sqlite3 *db;
    struct image *image;
    uint32_t page_count; /* of those that are always there */
    struct entry *entries;
    size_t room; /* for entries */
    bool copied[STAGED_TABLES];
    uint32_t table_roots[STAGED_TABLES];
    uint32_t index_roots[INDEXES]; /* 0: not staged */
    sqlite3_stmt *inserts[STAGED_TABLES];
};

/* --- the schema --- */

/* Gives the table or index the next page, and tells the schema of it. Returns a code of SQLite's. */
static int declare(struct staged *staged, struct tree *schema, const char *type, const char *name,
                   const char *table, const char *sql, uint32_t *root)
{
    struct row_buffer_value row[] = {pending_word(type), pending_word(name), pending_word(table),
                                     pending_null(), pending_word(sql)};

    *root = image_add(staged->image);
    row[3] = pending_number(*root);
    if (*root == 0 || !tree_add_row(schema, *root, false, row, sizeof row / sizeof *row))
        return SQLITE_NOMEM;
    return SQLITE_OK;
}

static int declare_table(struct staged *staged, struct tree *schema, enum staged_table which)
{
    const struct table *table = &tables[which];
    char *sql;
    int rc = schema_find(staged->db, "table", table->name, &sql);

    staged->copied[which] = table->copied && sql != NULL && schema_has(sql);
    if (rc == SQLITE_OK && !staged->copied[which]) {
        sqlite3_free(sql);
        sql = sqlite3_mprintf("CREATE TABLE %s (%s)", table->name, table->names);
        rc = sql == NULL ? SQLITE_NOMEM : SQLITE_OK;
    }
    if (rc == SQLITE_OK)
        rc = declare(staged, schema, "table", table->name, table->name, sql, &staged->table_roots[which]);
    sqlite3_free(sql);
    return rc;
}

static int declare_index(struct staged *staged, struct tree *schema, size_t which)
{
    const struct index *index = &indexes[which];
    char *sql;
    int rc = schema_find(staged->db, "index", index->name, &sql);

    if (rc == SQLITE_OK && sql != NULL && strcmp(sql, index->sql) == 0)
        rc = declare(staged, schema, "index", index->name, tables[index->table].name, sql,
                     &staged->index_roots[which]);
    sqlite3_free(sql);
    return rc;
}

/* Empties all tables and indexes. */
static void empty(struct staged *staged, struct tree trees[STAGED_TABLES], struct tree of_indexes[INDEXES])
{
    image_cut(staged->image, staged->page_count);
    for (size_t i = 0; i < STAGED_TABLES; i++)
        tree_begin(&trees[i], staged->image, staged->table_roots[i], TREE_TABLE);
    for (size_t i = 0; i < INDEXES; i++)
        if (staged->index_roots[i] != 0)
            tree_begin(&of_indexes[i], staged->image, staged->index_roots[i], TREE_INDEX);
}

static int write_schema(struct staged *staged)
{
    struct tree schema, trees[STAGED_TABLES], of_indexes[INDEXES];
    int rc = SQLITE_OK;

    if (image_add(staged->image) == 0)
        return SQLITE_NOMEM;
    tree_begin_schema(&schema, staged->image);
    for (size_t i = 0; rc == SQLITE_OK && i < STAGED_TABLES; i++)
        rc = declare_table(staged, &schema, (enum staged_table)i);
    for (size_t i = 0; rc == SQLITE_OK && i < INDEXES; i++)
        if (staged->copied[indexes[i].table])
            rc = declare_index(staged, &schema, i);
    staged->page_count = image_count(staged->image);
    if (rc == SQLITE_OK)
        empty(staged, trees, of_indexes);
    return rc;
}

/* `whole`: a statement that copies rows whole, else one that takes them column by column, which it always
 * can. OR ROLLBACK: a transaction is of no use without all of its rows, and SQLite need not keep what each
 * page was before the statement, unless it looks at foreign keys. */
static int prepare(struct staged *staged, enum staged_table which, bool whole)
{
    const struct table *table = &tables[which];
    char *sql = whole ? sqlite3_mprintf("INSERT OR ROLLBACK INTO main.%s SELECT * FROM staged.%s",
                                        table->name, table->name)
                      : sqlite3_mprintf("INSERT OR ROLLBACK INTO main.%s (%s) SELECT %s FROM staged.%s",
                                        table->name, table->names, table->names, table->name);
    int rc = SQLITE_NOMEM;

    (void)sqlite3_finalize(staged->inserts[which]);
    staged->inserts[which] = NULL;
    if (sql != NULL)
        rc =
            sqlite3_prepare_v3(staged->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &staged->inserts[which], NULL);
    sqlite3_free(sql);
    return rc;
}

int staged_open(struct staged **made, sqlite3 *db)
{
    struct staged *staged = calloc(1, sizeof *staged);
    int rc = SQLITE_NOMEM;

    *made = NULL;
    if (staged == NULL)
        return rc;
    staged->db = db;
    staged->image = image_new();
    *made = staged;
    if (staged->image != NULL)
        rc = write_schema(staged);
    if (rc == SQLITE_OK)
        rc = image_attach(staged->image, db);
    for (size_t i = 0; rc == SQLITE_OK && i < STAGED_TABLES; i++)
        rc = prepare(staged, (enum staged_table)i, staged->copied[i]);
    return rc;
}

/* --- the rows --- */

static bool fill_table(struct tree *tree, struct row_buffer *rows, enum staged_table which, bool keyed)
{
    for (size_t i = 0; i < row_buffer_count(rows); i++) {
        const struct row_buffer_value *row = row_buffer_row(rows, i);

        if (!tree_add_row(tree, keyed ? row[0].as.number : (int64_t)i + 1, keyed, row, tables[which].columns))
            return false;
    }
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->row < right->row ? -1 : left->row > right->row;
}

/* Collects the entries of an index in their order, which most of them come in. Returns how many. */
static size_t collect_entries(struct entry *entries, struct row_buffer *rows, const struct index *index)
{
    size_t count = 0;
    bool sorted = true;

    for (size_t i = 0; i < row_buffer_count(rows); i++) {
        const struct row_buffer_value *row = row_buffer_row(rows, i);

        if (index->has != NULL && !index->has(row))
            continue;
        entries[count] = (struct entry){row[index->column].as.number, row[0].as.number};
        sorted = sorted && (count == 0 || entries[count - 1].key <= entries[count].key);
        count++;
    }
    if (!sorted)
        qsort(entries, count, sizeof *entries, by_key);
    return count;
}

static bool fill_index(struct staged *staged, struct tree *tree, struct row_buffer *rows,
                       const struct index *index)
{
    size_t count;

    if (staged->room < row_buffer_count(rows)) {
        struct entry *larger = realloc(staged->entries, row_buffer_count(rows) * sizeof *larger);

        if (larger == NULL)
            return false;
        staged->entries = larger;
        staged->room = row_buffer_count(rows);
    }
    count = collect_entries(staged->entries, rows, index);
    for (size_t i = 0; i < count; i++)
        if (!tree_add_entry(tree, staged->entries[i].key, staged->entries[i].row))
            return false;
    return true;
}

static size_t count_all(struct row_buffer *const rows[STAGED_TABLES])
{
    size_t count = 0;

    for (size_t i = 0; i < STAGED_TABLES; i++)
        count += row_buffer_count(rows[i]);
    return count;
}

static bool fill(struct staged *staged, struct row_buffer *const rows[STAGED_TABLES])
{
    struct tree trees[STAGED_TABLES], of_indexes[INDEXES];

    empty(staged, trees, of_indexes);
    for (size_t i = 0; i < STAGED_TABLES; i++)
        if (!fill_table(&trees[i], rows[i], (enum staged_table)i, staged->copied[i]))
            return false;
    for (size_t i = 0; i < INDEXES; i++)
        if (staged->index_roots[i] != 0 &&
            !fill_index(staged, &of_indexes[i], rows[indexes[i].table], &indexes[i]))
            return false;
    return true;
}

/* Inserts the rows of one table. When somebody has changed it meanwhile (added a column, say), it is not the
 * one that was staged any more. */
static int insert(struct staged *staged, enum staged_table which, size_t count)
{
    int rc = sqlite3_step(staged->inserts[which]);

    (void)sqlite3_reset(staged->inserts[which]);
    if ((rc & 0xFF) == SQLITE_ERROR && staged->copied[which]) {
        rc = prepare(staged, which, false);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(staged->inserts[which]);
        (void)sqlite3_reset(staged->inserts[which]);
    }
    if (rc == SQLITE_DONE)
        rc = (size_t)sqlite3_changes(staged->db) == count ? SQLITE_OK : SQLITE_INTERNAL;
    return rc;
}

int staged_insert(struct staged *staged, struct row_buffer *const rows[STAGED_TABLES])
{
    int rc;

    if (count_all(rows) == 0)
        return SQLITE_OK;
    rc = fill(staged, rows) ? SQLITE_OK : SQLITE_NOMEM;
    for (size_t i = 0; rc == SQLITE_OK && i < STAGED_TABLES; i++)
        if (row_buffer_count(rows[i]) > 0)
            rc = insert(staged, (enum staged_table)i, row_buffer_count(rows[i]));
    return rc;
}

void staged_finish(struct staged *staged)
{
    if (staged == NULL)
        return;
    for (size_t i = 0; i < STAGED_TABLES; i++) {
        (void)sqlite3_finalize(staged->inserts[i]);
        staged->inserts[i] = NULL;
    }
}

void staged_free(struct staged *staged)
{
    if (staged == NULL)
        return;
    image_free(staged->image);
    free(staged->entries);
    free(staged);
}
