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

static bool put_row(FILE *out, const struct facts_rows *rows)
{
    bool good = true;
    int columns = facts_columns(rows);

    for (int i = 0; good && i < columns; i++) {
        const char *name = facts_column(rows, i);

        fprintf(out, "%s\"%s\": ", i > 0 ? ", " : "{", name);
        if (facts_is_number(rows, i))
            fprintf(out, "%" PRId64, facts_number(rows, name));
        else
            good = put_text(out, facts_text(rows, name));
    }
    fputc('}', out);
    return good;
}

static bool put_rows(FILE *out, struct facts *facts, const char *name, enum facts_question question)
{
    struct facts_rows *rows =
        facts_ask(facts, question, question == FACTS_TIMELINE ? 3600000000000 : INT64_MAX, 0);
    bool good = rows != NULL;

    fprintf(out, ",\n  \"%s\": [", name);
    for (unsigned count = 0; good && facts_next(rows); count++) {
        fputs(count > 0 ? ",\n    " : "\n    ", out);
        good = put_row(out, rows);
    }
    facts_end(rows);
    fputs("\n  ]", out);
    return good && facts_error(facts) == NULL;
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
        enum facts_question question;
    } lists[] = {{"totals", FACTS_TOTALS},   {"causes", FACTS_CAUSES},        {"diagnosis", FACTS_DIAGNOSIS},
                 {"senders", FACTS_SENDERS}, {"affected_users", FACTS_USERS}, {"findings", FACTS_FINDINGS},
                 {"rules", FACTS_RULES},     {"no_login", FACTS_NO_LOGIN},    {"timeline", FACTS_TIMELINE},
                 {"servers", FACTS_SERVERS}, {"captures", FACTS_CAPTURES}};
    struct report_totals totals;
    bool good = report_totals_read(source->facts, &totals) && put_head(out, source, &totals);

    for (size_t i = 0; good && i < sizeof lists / sizeof lists[0]; i++)
        good = put_rows(out, source->facts, lists[i].name, lists[i].question) && !ferror(out);
    fputs("\n}\n", out);
    report_totals_free(&totals);
    return good && !ferror(out);
}
