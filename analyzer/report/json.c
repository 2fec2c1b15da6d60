/*
 * The report as JSON: one object, its rows written as they come.
 */
#include "analyzer/report/narrowing.h"
#include "analyzer/report/report.h"
#include "analyzer/report/sentences.h"
#include "analyzer/report/wrap.h"
#include "db/query/narrowing.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A list of sentences as it grows. */
struct list {
    FILE *out;
    unsigned count;
    bool failed;
};

/* False: out of memory. NULL is null. */
static bool put_text(FILE *out, const char *text)
{
    json_t *value = text != NULL ? json_string(text) : json_null();
    bool good = value != NULL && json_dumpf(value, out, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) == 0;

    json_decref(value);
    return good;
}

static bool put_said(FILE *out, words_say *say, const void *what, int which)
{
    char *words = words_of(say, what, which);
    bool good = words != NULL && put_text(out, words);

    free(words);
    return good;
}

static void put_sentence(void *user, const char *sentence)
{
    struct list *list = user;

    fputs(list->count++ > 0 ? ",\n    " : "\n    ", list->out);
    list->failed |= !put_text(list->out, sentence);
}

static bool put_row(FILE *out, const struct queries_rows *rows)
{
    bool good = true;
    int columns = queries_columns(rows);

    for (int i = 0; good && i < columns; i++) {
        const char *name = queries_column(rows, i);

        fprintf(out, "%s\"%s\": ", i > 0 ? ", " : "{", name);
        if (queries_is_number(rows, i))
            fprintf(out, "%" PRId64, queries_number(rows, name));
        else
            good = put_text(out, queries_text(rows, name));
    }
    fputc('}', out);
    return good;
}

static bool put_rows(FILE *out, struct queries *queries, const char *name, enum queries_question question)
{
    struct queries_rows *rows =
        queries_ask(queries, question, question == QUERIES_TIMELINE ? 3600000000000 : INT64_MAX, 0);
    bool good = rows != NULL;

    fprintf(out, ",\n  \"%s\": [", name);
    for (unsigned count = 0; good && queries_next(rows); count++) {
        fputs(count > 0 ? ",\n    " : "\n    ", out);
        good = put_row(out, rows);
    }
    queries_end(rows);
    fputs("\n  ]", out);
    return good && queries_error(queries) == NULL;
}

static bool put_head(FILE *out, const struct report_source *source, const struct report_totals *totals)
{
    struct list missed = {.out = out}, steps = {.out = out};
    bool good;

    fputs("{\n  \"verdict\": ", out);
    good = put_text(out, verdict_word(totals));
    fputs(",\n  \"narrowed_to\": ", out);
    good = good && (narrowing_is_any(source->narrowing) ? put_said(out, narrowing_say, source->narrowing, 0)
                                                        : put_text(out, NULL));
    fputs(",\n  \"lines\": [", out);
    for (int line = 0; good && line < VERDICT_LINES; line++) {
        fputs(line > 0 ? ",\n    " : "\n    ", out);
        good = put_said(out, verdict_line, totals, line);
    }
    fputs("\n  ],\n  \"missed\": [", out);
    (void)missed_sentences(totals, put_sentence, &missed);
    fputs("\n  ],\n  \"next_steps\": [", out);
    (void)step_sentences(totals, source->database, put_sentence, &steps);
    fputs("\n  ]", out);
    return good && !missed.failed && !steps.failed;
}

bool report_json(const struct report_source *source, FILE *out)
{
    static const struct {
        const char *name;
        enum queries_question question;
    } lists[] = {
        {"totals", QUERIES_TOTALS},   {"causes", QUERIES_CAUSES},        {"diagnosis", QUERIES_DIAGNOSIS},
        {"senders", QUERIES_SENDERS}, {"affected_users", QUERIES_USERS}, {"findings", QUERIES_FINDINGS},
        {"rules", QUERIES_RULES},     {"no_login", QUERIES_NO_LOGIN},    {"timeline", QUERIES_TIMELINE},
        {"servers", QUERIES_SERVERS}, {"captures", QUERIES_CAPTURES}};
    struct report_totals totals;
    bool good = report_totals_read(source->queries, &totals) && put_head(out, source, &totals);

    for (size_t i = 0; good && i < sizeof lists / sizeof lists[0]; i++)
        good = put_rows(out, source->queries, lists[i].name, lists[i].question) && !ferror(out);
    fputs("\n}\n", out);
    report_totals_free(&totals);
    return good && !ferror(out);
}
