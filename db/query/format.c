/*
 * Rows as CSV (RFC 4180), JSON and newline-delimited JSON.
 */
#include "db/display.h"
#include "db/query/writer.h"
#include "db/text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int query_column(const struct query_writer *writer, int index)
{
    return writer->chosen != NULL ? writer->chosen[index] : index;
}

bool query_cell(struct query_writer *writer, int index, struct query_cell *cell)
{
    static const char digits[] = "0123456789ABCDEF";
    int type = sqlite3_column_type(writer->statement, query_column(writer, index));

    index = query_column(writer, index);
    *cell = (struct query_cell){0};
    if (type == SQLITE_NULL)
        return true;
    if (type == SQLITE_BLOB) {
        const unsigned char *octets = sqlite3_column_blob(writer->statement, index);
        size_t size = (size_t)sqlite3_column_bytes(writer->statement, index);
        char *at = cell->owned = sqlite3_malloc64(size * 2 + 4);

        if (at == NULL)
            return false;
        *at++ = 'X';
        *at++ = '\'';
        for (size_t i = 0; i < size; i++) {
            *at++ = digits[octets[i] >> 4];
            *at++ = digits[octets[i] & 0x0F];
        }
        *at++ = '\'';
        *at = '\0';
        cell->text = cell->owned;
        cell->length = size * 2 + 3;
        return true;
    }
    cell->text = (const char *)sqlite3_column_text(writer->statement, index);
    if (cell->text == NULL)
        return false;
    cell->length = (size_t)sqlite3_column_bytes(writer->statement, index);
    if (type == SQLITE_TEXT && !text_is_plain(cell->text, cell->length))
        cell->text = cell->owned = text_escape(cell->text, cell->length, &cell->length);
    return cell->text != NULL;
}

static bool no_end(struct query_writer *writer)
{
    (void)writer;
    return true;
}

static void free_nothing(struct query_writer *writer)
{
    (void)writer;
}

static bool has_special(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '"' || text[i] == ',' || text[i] == '\r' || text[i] == '\n')
            return true;
    return false;
}

/* One field. An empty text is quoted, so that it is not taken for NULL. A file or pipe gets the octets as
 * they are; a terminal never gets a control character. */
static bool write_field(struct query_writer *writer, const char *text, size_t length)
{
    char *shown = NULL;
    bool quoted;

    if (writer->terminal) {
        text = shown = display_escape(text, length, &length);
        if (shown == NULL)
            return false;
    }
    quoted = length == 0 || has_special(text, length);
    if (!quoted) {
        (void)fwrite(text, 1, length, writer->out);
    } else {
        const char *end = text + length, *mark;

        (void)putc('"', writer->out);
        /* each " is written twice */
        while ((mark = memchr(text, '"', (size_t)(end - text))) != NULL) {
            (void)fwrite(text, 1, (size_t)(mark - text) + 1, writer->out);
            (void)putc('"', writer->out);
            text = mark + 1;
        }
        (void)fwrite(text, 1, (size_t)(end - text), writer->out);
        (void)putc('"', writer->out);
    }
    free(shown);
    return true;
}

static bool csv_begin(struct query_writer *writer)
{
    for (int i = 0; i < writer->columns; i++) {
        const char *name = sqlite3_column_name(writer->statement, query_column(writer, i));

        if (i > 0)
            (void)putc(',', writer->out);
        if (name == NULL || !write_field(writer, name, strlen(name)))
            return false;
    }
    return fputs("\r\n", writer->out) != EOF;
}

static bool csv_row(struct query_writer *writer)
{
    for (int i = 0; i < writer->columns; i++) {
        struct query_cell cell;
        bool written = query_cell(writer, i, &cell);

        if (i > 0)
            (void)putc(',', writer->out);
        if (written && cell.text != NULL)
            written = write_field(writer, cell.text, cell.length);
        sqlite3_free(cell.owned);
        if (!written)
            return false;
    }
    return fputs("\r\n", writer->out) != EOF;
}

/* The keys of the objects: the names of the columns, made different where two are the same. */
struct json_state {
    int columns;
    char *keys[];
};

static void json_free(struct query_writer *writer)
{
    struct json_state *state = writer->state;

    if (state == NULL)
        return;
    for (int i = 0; i < state->columns; i++)
        free(state->keys[i]);
    free(state);
    writer->state = NULL;
}

static bool is_taken(const struct json_state *state, int before, const char *key)
{
    for (int i = 0; i < before; i++)
        if (strcmp(state->keys[i], key) == 0)
            return true;
    return false;
}

/* "count", and where that is taken, "count_2" and so on. */
static char *free_key(const struct json_state *state, int index, const char *name)
{
    size_t length = strlen(name), size;
    char *escaped = text_escape(name, length, &length);
    char *key;

    if (escaped == NULL)
        return NULL;
    size = length + sizeof "_2147483647";
    key = malloc(size);
    if (key != NULL) {
        memcpy(key, escaped, length + 1);
        for (int i = 2; is_taken(state, index, key); i++)
            (void)snprintf(key + length, size - length, "_%d", i);
    }
    sqlite3_free(escaped);
    return key;
}

static bool ndjson_begin(struct query_writer *writer)
{
    struct json_state *state = calloc(1, sizeof *state + (size_t)writer->columns * sizeof *state->keys);

    writer->state = state;
    if (state == NULL)
        return false;
    state->columns = writer->columns;
    for (int i = 0; i < writer->columns; i++) {
        const char *name = sqlite3_column_name(writer->statement, query_column(writer, i));

        state->keys[i] = name != NULL ? free_key(state, i, name) : NULL;
        if (state->keys[i] == NULL)
            return false;
    }
    return true;
}

static bool json_begin(struct query_writer *writer)
{
    return ndjson_begin(writer) && putc('[', writer->out) != EOF;
}

/* A new reference; NULL: out of memory. */
static json_t *json_value(struct query_writer *writer, int index)
{
    struct query_cell cell;
    json_t *value = NULL;
    double real;
    int column = query_column(writer, index);

    switch (sqlite3_column_type(writer->statement, column)) {
    case SQLITE_NULL:
        return json_null();
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(writer->statement, column));
    case SQLITE_FLOAT:
        real = sqlite3_column_double(writer->statement, column);
        return isfinite(real) ? json_real(real) : json_null(); /* JSON has no infinity */
    default:
        if (query_cell(writer, index, &cell))
            value = json_stringn(cell.text, cell.length);
        sqlite3_free(cell.owned);
        return value;
    }
}

/* Writes JSON. The characters that a terminal would act on and JSON leaves as they are (DEL, C1,
 * bidirectional controls ...) only occur in strings, where \uNNNN says the same. */
static bool write_json(FILE *out, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0, size; i < length; i += size) {
        uint32_t point;

        size = text_decode(text + i, length - i, &point);
        if (size == 0)
            return false;
        if (!display_acts(point))
            (void)fwrite(text + i, 1, size, out);
        else if (point <= 0xFFFF)
            (void)fprintf(out, "\\u%04X", point);
        else
            (void)fprintf(out, "\\u%04X\\u%04X", 0xD800 + ((point - 0x10000) >> 10),
                          0xDC00 + (point & 0x3FF));
    }
    return true;
}

static bool write_object(struct query_writer *writer)
{
    const struct json_state *state = writer->state;
    json_t *object = json_object();
    char *text = NULL;
    bool done = object != NULL;

    for (int i = 0; done && i < writer->columns; i++)
        done = json_object_set_new(object, state->keys[i], json_value(writer, i)) == 0;
    if (done)
        text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    done = text != NULL && write_json(writer->out, text);
    free(text);
    json_decref(object);
    return done;
}

static bool ndjson_row(struct query_writer *writer)
{
    return write_object(writer) && putc('\n', writer->out) != EOF;
}

static bool json_row(struct query_writer *writer)
{
    return fputs(writer->rows > 0 ? ",\n" : "\n", writer->out) != EOF && write_object(writer);
}

static bool json_end(struct query_writer *writer)
{
    return fputs(writer->rows > 0 ? "\n]\n" : "]\n", writer->out) != EOF;
}

const struct query_format_functions query_format_csv = {csv_begin, csv_row, no_end, free_nothing};
const struct query_format_functions query_format_json = {json_begin, json_row, json_end, json_free};
const struct query_format_functions query_format_ndjson = {ndjson_begin, ndjson_row, no_end, json_free};
