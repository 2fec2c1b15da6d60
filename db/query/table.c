/*
 * Rows as a table that a person reads: columns aligned by what they take on the screen. To fit it, paths and
 * texts are shortened, and a last column of text is wrapped; where that is not enough, each row becomes a
 * block. What a reader must be able to copy (names, addresses, rules, verdicts, and all that is not known to
 * be a path or a text) is never shortened.
 *
 * Rows are held back until all are known, or until they fill HELD_OCTETS: then the widths are settled by
 * those, and later rows are written as they come.
 */
#include "db/display.h"
#include "db/query/block.h"
#include "db/query/writer.h"

#include <stdlib.h>
#include <string.h>

#define HELD_OCTETS ((size_t)4 * 1024 * 1024)

#define GAP "  "

/* What stands for NULL. */
#define NOTHING "-"

/* A path or text keeps this many columns of the screen. */
#define LEAST_TEXT 16

/* A last column of them takes no more lines than this; then it is shortened too. */
#define MOST_LINES 12

struct column {
    char *name; /* escaped */
    size_t width, longest_word;
    bool number, text; /* whether some value was one; numbers alone stand to the right */
    bool shortens;     /* it is a path or a text */
    bool whole;        /* it is not broken at its spaces either */
};

struct table {
    struct column *columns;
    size_t count, names; /* columns that the widest name takes */
    char *held;          /* cells, each with its terminating NUL, row after row */
    size_t used, size;
    uint64_t rows; /* written */
    bool settled, blocks;
};

static const char *const paths_and_texts[] = {"after_text",   "capabilities",   "capture",  "client_ident",
                                              "command_line", "error",          "greeting", "reference",
                                              "remedy",       "response_text",  "said",     "sentence",
                                              "server_ident", "server_product", "source",   "title"};

static const char *const never_broken[] = {"user", "username", "verdict"};

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void write_spaces(FILE *out, size_t count)
{
    while (count-- > 0)
        (void)putc(' ', out);
}

/* Writes all lines of the last cell but the last one, which it returns; a word is not broken. */
static const char *wrap(struct query_writer *writer, const char *text)
{
    const struct table *table = writer->state;
    const struct column *column = &table->columns[table->count - 1];
    size_t indent = 0, length;

    for (size_t i = 0; i + 1 < table->count; i++)
        indent += table->columns[i].width + sizeof GAP - 1;
    for (int line = 1; line < MOST_LINES || !column->shortens; line++) {
        const char *next = block_line(text, column->width, &length);

        if (next == NULL || (column->shortens && display_width(text, length) > column->width))
            break;
        (void)fwrite(text, 1, length, writer->out);
        (void)putc('\n', writer->out);
        write_spaces(writer->out, indent);
        text = next;
    }
    return text;
}

static void write_cell(struct query_writer *writer, const char *text, size_t length, size_t index)
{
    const struct table *table = writer->state;
    const struct column *column = &table->columns[index];
    const char *left_out = writer->ascii ? "..." : "\xE2\x80\xA6"; /* U+2026 */
    bool last = index + 1 == table->count;
    bool cut = false;
    size_t taken;

    if (index > 0)
        (void)fputs(GAP, writer->out);
    if (last && column->text && !column->whole && writer->width > 0) {
        text = wrap(writer, text);
        length = strlen(text);
    }
    taken = display_width(text, length);
    if (taken > column->width && column->shortens && writer->width > 0) {
        size_t mark = display_width(left_out, strlen(left_out));

        cut = true;
        length = display_fit(text, length, column->width - mark, &taken);
        taken += mark;
    }
    if (!column->text && taken < column->width)
        write_spaces(writer->out, column->width - taken);
    (void)fwrite(text, 1, length, writer->out);
    if (cut)
        (void)fputs(left_out, writer->out);
    if (column->text && !last && taken < column->width)
        write_spaces(writer->out, column->width - taken);
}

/* How narrow the column may become. */
static size_t least_width(const struct table *table, size_t index)
{
    const struct column *column = &table->columns[index];
    size_t least = column->width;

    if (column->shortens)
        least = LEAST_TEXT;
    else if (index + 1 == table->count && column->text && !column->whole)
        least = column->longest_word;
    return least < column->width ? least : column->width;
}

/* The widest column that may still be narrowed; NULL: none. */
static struct column *widest(struct table *table)
{
    struct column *found = NULL;

    for (size_t i = 0; i < table->count; i++) {
        struct column *column = &table->columns[i];

        if (column->width > least_width(table, i) && (found == NULL || column->width >= found->width))
            found = column;
    }
    return found;
}

/* Narrows the widest columns until the table fits. False: it does not. */
static bool fit(struct table *table, size_t width)
{
    size_t total = (table->count - 1) * (sizeof GAP - 1), least = total;

    for (size_t i = 0; i < table->count; i++) {
        total += table->columns[i].width;
        least += least_width(table, i);
    }
    if (least > width)
        return false;
    for (; total > width; total--)
        widest(table)->width--;
    return true;
}

static void write_head(struct query_writer *writer)
{
    const struct table *table = writer->state;

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
}

static void write_part(struct query_writer *writer, const char *text, size_t length, size_t index)
{
    struct table *table = writer->state;

    if (index == 0)
        table->rows++;
    if (table->blocks && index == 0)
        block_begin(writer->out, table->rows);
    if (table->blocks)
        block_cell(writer->out, table->columns[index].name, text, table->names + sizeof GAP - 1,
                   writer->width, table->columns[index].whole);
    else
        write_cell(writer, text, length, index);
    if (!table->blocks && index + 1 == table->count)
        (void)putc('\n', writer->out);
}

static void settle(struct query_writer *writer)
{
    struct table *table = writer->state;
    size_t at = 0;

    table->settled = true;
    for (size_t i = 0; i < table->count; i++)
        table->columns[i].text |= !table->columns[i].number;
    table->blocks = writer->width > 0 && !fit(table, writer->width);
    if (!table->blocks)
        write_head(writer);
    while (at < table->used) {
        for (size_t i = 0; i < table->count; i++) {
            size_t length = strlen(table->held + at);

            write_part(writer, table->held + at, length, i);
            at += length + 1;
        }
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
        const char *name = sqlite3_column_name(writer->statement, query_column(writer, (int)i));
        size_t length;

        table->columns[i].name = name != NULL ? display_escape(name, strlen(name), &length) : NULL;
        if (table->columns[i].name == NULL)
            return false;
        table->columns[i].shortens = is_among(table->columns[i].name, paths_and_texts,
                                              sizeof paths_and_texts / sizeof paths_and_texts[0]);
        table->columns[i].whole =
            is_among(table->columns[i].name, never_broken, sizeof never_broken / sizeof never_broken[0]);
        table->columns[i].width = display_width(table->columns[i].name, length);
        table->columns[i].longest_word = table->columns[i].width;
        if (table->columns[i].width > table->names)
            table->names = table->columns[i].width;
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
    int type = sqlite3_column_type(writer->statement, query_column(writer, (int)index));

    if (done && cell.text != NULL)
        shown = display_escape(cell.text, cell.length, &length);
    else if (done)
        shown = display_escape(NOTHING, sizeof NOTHING - 1, &length);
    sqlite3_free(cell.owned);
    if (shown == NULL)
        return false;
    if (table->settled) {
        write_part(writer, shown, length, index);
    } else {
        size_t width = display_width(shown, length);
        size_t word = index + 1 == table->count ? block_longest_word(shown) : 0;

        if (word > column->longest_word)
            column->longest_word = word;

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
    if (!table->settled && table->used > HELD_OCTETS)
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

static bool lines_begin(struct query_writer *writer)
{
    struct table *table;

    if (!table_begin(writer))
        return false;
    table = writer->state;
    table->settled = table->blocks = true;
    return true;
}

const struct query_format_functions query_format_lines = {lines_begin, table_row, table_end, table_free};
const struct query_format_functions query_format_table = {table_begin, table_row, table_end, table_free};
