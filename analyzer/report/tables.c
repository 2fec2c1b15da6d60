/*
 * Tables for a spreadsheet: comma-separated values.
 */
#include "analyzer/report/command_line.h"
#include "analyzer/report/output_file.h"
#include "analyzer/report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A text that begins with one of these is a formula to a spreadsheet. */
#define FORMULA "=+-@\t\r"

/* The last columns of a finding serve to make its command line. */
#define FOR_THE_LINE 3

/* A step of the timeline. */
#define HOUR_NS 3600000000000

static void put_text(FILE *out, const char *text)
{
    fputs(strchr(FORMULA, text[0]) != NULL && text[0] != '\0' ? "\"'" : "\"", out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_cell(FILE *out, const struct queries_rows *rows, int column)
{
    const char *name = queries_column(rows, column);
    const char *text = queries_text(rows, name);

    if (text != NULL && queries_is_number(rows, column))
        fputs(text, out);
    else if (text != NULL)
        put_text(out, text);
}

/* What a finding has besides its columns. */
static bool put_finding(FILE *out, const struct queries_rows *rows)
{
    struct command_line line;
    char filter[FILTER_OCTETS];

    if (!command_line_make(rows, &line))
        return false;
    fputc(',', out);
    put_text(out, line.text);
    command_line_free(&line);
    filter_of_frame(rows, filter);
    fputc(',', out);
    put_text(out, filter);
    filter_of_connection(rows, filter);
    fputc(',', out);
    put_text(out, filter);
    return true;
}

static bool put_rows(FILE *out, struct queries_rows *rows, bool findings)
{
    int columns = rows == NULL ? 0 : queries_columns(rows) - (findings ? FOR_THE_LINE : 0);
    bool good = rows != NULL;

    for (int i = 0; i < columns; i++)
        fprintf(out, "%s%s", i > 0 ? "," : "", queries_column(rows, i));
    fputs(findings ? ",command_line,frame_filter,connection_filter\r\n" : "\r\n", out);
    while (good && !ferror(out) && queries_next(rows)) {
        for (int i = 0; i < columns; i++) {
            if (i > 0)
                fputc(',', out);
            put_cell(out, rows, i);
        }
        good = !findings || put_finding(out, rows);
        fputs("\r\n", out);
    }
    return good;
}

static bool write_table(struct queries *queries, const char *path, enum queries_question question,
                        int64_t first, char *why, size_t why_size)
{
    struct output_file file;
    struct queries_rows *rows;
    bool good;

    if (!output_file_open(&file, path, why, why_size))
        return false;
    rows = queries_ask(queries, question, first, 0);
    good = put_rows(file.stream, rows, question == QUERIES_FINDINGS);
    queries_end(rows);
    if (queries_error(queries) != NULL) {
        (void)snprintf(why, why_size, "%s", queries_error(queries));
        good = false;
    } else if (!good) {
        (void)snprintf(why, why_size, "%s: out of memory", path);
    }
    if (good)
        return output_file_keep(&file, why, why_size);
    output_file_drop(&file);
    return false;
}

bool report_tables(struct queries *queries, const char *folder, char *why, size_t why_size)
{
    static const struct {
        const char *name;
        enum queries_question question;
        int64_t first;
    } tables[] = {
        {"diagnosis.csv", QUERIES_DIAGNOSIS, INT64_MAX},  {"causes.csv", QUERIES_CAUSES, 0},
        {"findings.csv", QUERIES_FINDINGS, INT64_MAX},    {"senders.csv", QUERIES_SENDERS, INT64_MAX},
        {"affected-users.csv", QUERIES_USERS, INT64_MAX}, {"timeline.csv", QUERIES_TIMELINE, HOUR_NS},
        {"servers.csv", QUERIES_SERVERS, INT64_MAX},      {"rules.csv", QUERIES_RULES, 0},
        {"captures.csv", QUERIES_CAPTURES, INT64_MAX},
    };

    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        (void)snprintf(why, why_size, "%s: the folder cannot be made: %s", folder, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char *path;
        bool good;

        if (asprintf(&path, "%s/%s", folder, tables[i].name) < 0) {
            (void)snprintf(why, why_size, "%s: out of memory", folder);
            return false;
        }
        good = write_table(queries, path, tables[i].question, tables[i].first, why, why_size);
        free(path);
        if (!good)
            return false;
    }
    return true;
}
