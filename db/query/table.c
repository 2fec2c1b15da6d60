/*
 * Rows as a table that a person reads: columns aligned by what they take on the screen, shortened to fit it.
 * A last column of text is wrapped instead, so that a sentence can be read to its end.
 *
 * Rows are held back until all are known, or until they fill HELD_OCTETS: then the widths are settled by
 * those, and later rows are written as they come.
 */
#include "db/display.h"
#include "db/query/writer.h"

#include <stdlib.h>
#include <string.h>

#define HELD_OCTETS ((size_t)4 * 1024 * 1024)

#define GAP "  "

/* What stands for NULL. */
#define NOTHING "-"

/* U+2026. */
#define ELLIPSIS "\xE2\x80\xA6"

/* While other columns can give, a column of text keeps this many columns of the screen. */
#define LEAST_TEXT 8

/* A last column of text takes no more lines than this; then it is shortened too. */
#define MOST_LINES 12

struct column {
    char *name; /* escaped */
    size_t width;
    bool number, text; /* whether some value was one; numbers alone stand to the right */
};

struct table {
    struct column *columns;
    size_t count;
    char *held; /* cells, each with its terminating NUL, row after row */
    size_t used, size;
    bool settled;
};

static void write_spaces(FILE *out, size_t count)
{
    while (count-- > 0)
        (void)putc(' ', out);
}

/* Writes all lines of the last cell but the last one, which it returns; a word is not broken. */
static const char *wrap(struct query_writer *writer, const char *text)
{
    const struct table *table = writer->state;
    size_t width = table->columns[table->count - 1].width, indent = 0, taken;

    for (size_t i = 0; i + 1 < table->count; i++)
        indent += table->columns[i].width + sizeof GAP - 1;
    for (int line = 1; line < MOST_LINES && display_width(text, strlen(text)) > width; line++) {
        size_t fits = display_fit(text, strlen(text), width, &taken);
        const char *space = memrchr(text, ' ', fits + 1);

        if (space == NULL)
            break;
        (void)fwrite(text, 1, (size_t)(space - text), writer->out);
        (void)putc('\n', writer->out);
        write_spaces(writer->out, indent);
        text = space + 1;
    }
    return text;
}

static void write_cell(struct query_writer *writer, const char *text, size_t length, size_t index)
{
    const struct table *table = writer->state;
    const struct column *column = &table->columns[index];
    bool last = index + 1 == table->count;
    bool cut = false;
    size_t taken;

    if (index > 0)
        (void)fputs(GAP, writer->out);
    if (last && column->text && writer->width > 0) {
        text = wrap(writer, text);
        length = strlen(text);
    }
    taken = display_width(text, length);
    if (taken > column->width && writer->width > 0) {
        cut = true;
        length = display_fit(text, length, column->width - 1, &taken);
        taken++;
    }
    if (!column->text && taken < column->width)
        write_spaces(writer->out, column->width - taken);
    (void)fwrite(text, 1, length, writer->out);
    if (cut)
        (void)fputs(ELLIPSIS, writer->out);
    if (column->text && !last && taken < column->width)
        write_spaces(writer->out, column->width - taken);
}

/* The widest column that may still be narrowed to `least`; NULL: none. */
static struct column *widest(struct table *table, bool text_only, size_t least)
{
    struct column *found = NULL;

    for (size_t i = 0; i < table->count; i++) {
        struct column *column = &table->columns[i];

        if (column->width > least && (column->text || !text_only) &&
            (found == NULL || column->width >= found->width))
            found = column;
    }
    return found;
}

/* Narrows the widest columns until the table fits: text first, for a number cut short says little. */
static void fit(struct table *table, size_t width)
{
    size_t total = (table->count - 1) * (sizeof GAP - 1);

    for (size_t i = 0; i < table->count; i++) {
        if (table->columns[i].width > width)
            table->columns[i].width = width;
        total += table->columns[i].width;
    }
    while (total > width) {
        struct column *column = widest(table, true, LEAST_TEXT);

        if (column == NULL)
            column = widest(table, false, 1);
        if (column == NULL)
            return;
        column->width--;
        total--;
    }
}

static void settle(struct query_writer *writer)
{
    struct table *table = writer->state;
    size_t at = 0;

    table->settled = true;
    for (size_t i = 0; i < table->count; i++)
        table->columns[i].text |= !table->columns[i].number;
    if (writer->width > 0)
        fit(table, writer->width);
    for (size_t i = 0; i < table->count; i++)
        write_cell(writer, table->columns[i].name, strlen(table->columns[i].name), i);
    (void)putc('\n', writer->out);
    for (size_t i = 0; i < table->count; i++) {
        if (i > 0)
            (void)fputs(GAP, writer->out);
        for (size_t j = 0; j < table->columns[i].width; j++)
            (void)putc('-', writer->out);
    }
    (void)putc('\n', writer->out);
    while (at < table->used) {
        for (size_t i = 0; i < table->count; i++) {
            size_t length = strlen(table->held + at);

            write_cell(writer, table->held + at, length, i);
            at += length + 1;
        }
        (void)putc('\n', writer->out);
    }
    free(table->held);
    table->held = NULL;
    table->used = table->size = 0;
}

static bool hold(struct table *table, const char *text, size_t length)
{
    if (length + 1 > table->size - table->used) {
        size_t size = (table->size + length + 1) * 2;
        char *held = realloc(table->held, size);

        if (held == NULL)
            return false;
        table->held = held;
        table->size = size;
    }
    memcpy(table->held + table->used, text, length + 1);
    table->used += length + 1;
    return true;
}

static bool table_begin(struct query_writer *writer)
{
    struct table *table = calloc(1, sizeof *table);

    writer->state = table;
    if (table == NULL)
        return false;
    table->columns = calloc((size_t)writer->columns, sizeof *table->columns);
    if (table->columns == NULL)
        return false;
    table->count = (size_t)writer->columns;
    for (size_t i = 0; i < table->count; i++) {
        const char *name = sqlite3_column_name(writer->statement, (int)i);
        size_t length;

        table->columns[i].name = name != NULL ? display_escape(name, strlen(name), &length) : NULL;
        if (table->columns[i].name == NULL)
            return false;
        table->columns[i].width = display_width(table->columns[i].name, length);
        if (table->columns[i].width == 0)
            table->columns[i].width = 1;
    }
    return true;
}

static bool add_cell(struct query_writer *writer, size_t index)
{
    struct table *table = writer->state;
    struct column *column = &table->columns[index];
    struct query_cell cell;
    char *shown = NULL;
    size_t length = 0;
    bool done = query_cell(writer, (int)index, &cell);
    int type = sqlite3_column_type(writer->statement, (int)index);

    if (done && cell.text != NULL)
        shown = display_escape(cell.text, cell.length, &length);
    else if (done)
        shown = display_escape(NOTHING, sizeof NOTHING - 1, &length);
    sqlite3_free(cell.owned);
    if (shown == NULL)
        return false;
    if (table->settled) {
        write_cell(writer, shown, length, index);
    } else {
        size_t width = display_width(shown, length);

        if (width > column->width)
            column->width = width;
        column->number |= type == SQLITE_INTEGER || type == SQLITE_FLOAT;
        column->text |= type == SQLITE_TEXT || type == SQLITE_BLOB;
        done = hold(table, shown, length);
    }
    free(shown);
    return done;
}

static bool table_row(struct query_writer *writer)
{
    struct table *table = writer->state;

    for (size_t i = 0; i < table->count; i++)
        if (!add_cell(writer, i))
            return false;
    if (table->settled)
        return putc('\n', writer->out) != EOF;
    if (table->used > HELD_OCTETS)
        settle(writer);
    return true;
}

static bool table_end(struct query_writer *writer)
{
    const struct table *table = writer->state;

    if (!table->settled)
        settle(writer);
    return true;
}

static void table_free(struct query_writer *writer)
{
    struct table *table = writer->state;

    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->columns[i].name);
    free(table->columns);
    free(table->held);
    free(table);
    writer->state = NULL;
}

const struct query_format_functions query_format_table = {table_begin, table_row, table_end, table_free};
