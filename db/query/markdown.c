/*
 * Rows as a Markdown table (GitHub Flavored Markdown), for tickets and reports. Nothing of the data acts:
 * neither as a control character nor as markup, link or mention.
 */
#include "db/display.h"
#include "db/query/writer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Writes with a backslash before what Markdown would act on; a bare URL becomes a link at its "://" or
 * "www.", an address of mail at its "@". */
static void write_text(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr("\\`*_[]<>&|~$@", *at) != NULL || starts(at, "://") ||
            (*at == '.' && at - text >= 3 && strncasecmp(at - 3, "www", 3) == 0))
            (void)putc('\\', out);
        (void)putc(*at, out);
    }
}

static bool write_escaped(FILE *out, const char *text, size_t length)
{
    char *shown = display_escape(text, length, &length);

    if (shown == NULL)
        return false;
    write_text(out, shown);
    free(shown);
    return true;
}

static bool write_head(struct query_writer *writer)
{
    for (int i = 0; i < writer->columns; i++) {
        const char *name = sqlite3_column_name(writer->statement, query_column(writer, i));

        (void)fputs(i == 0 ? "| " : " | ", writer->out);
        if (name == NULL || !write_escaped(writer->out, name, strlen(name)))
            return false;
    }
    (void)fputs(" |\n", writer->out);
    return true;
}

/* Numbers stand to the right; the first row shows which they are. */
static void write_rule(struct query_writer *writer, bool has_row)
{
    for (int i = 0; i < writer->columns; i++) {
        int type = has_row ? sqlite3_column_type(writer->statement, query_column(writer, i)) : SQLITE_NULL;

        (void)fputs(i == 0 ? "| " : " | ", writer->out);
        (void)fputs(type == SQLITE_INTEGER || type == SQLITE_FLOAT ? "---:" : "---", writer->out);
    }
    (void)fputs(" |\n", writer->out);
}

static bool markdown_row(struct query_writer *writer)
{
    if (writer->rows == 0)
        write_rule(writer, true);
    for (int i = 0; i < writer->columns; i++) {
        struct query_cell cell;
        bool written = query_cell(writer, i, &cell);

        (void)fputs(i == 0 ? "| " : " | ", writer->out);
        if (written && cell.text != NULL)
            written = write_escaped(writer->out, cell.text, cell.length);
        sqlite3_free(cell.owned);
        if (!written)
            return false;
    }
    (void)fputs(" |\n", writer->out);
    return true;
}

static bool markdown_end(struct query_writer *writer)
{
    if (writer->rows == 0)
        write_rule(writer, false);
    return true;
}

static void free_nothing(struct query_writer *writer)
{
    (void)writer;
}

const struct query_format_functions query_format_markdown = {write_head, markdown_row, markdown_end,
                                                             free_nothing};
