/*
 * A comparison as a text.
 */
#include "analyzer/report/compare/rows.h"
#include "analyzer/report/narrowing.h"
#include "analyzer/report/sentences.h"
#include "analyzer/report/wrap.h"
#include "db/format_number.h"
#include "db/query/narrowing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rows of each change that are shown. */
#define MOST_ROWS 20

struct text {
    const struct compare_source *source;
    FILE *out;
    bool failed;
};

/* What is said, as one paragraph. */
static void put_said(struct text *text, words_say *say, const void *what, int which)
{
    char *words = words_of(say, what, which);

    if (words == NULL ||
        !wrap_words(text->out, words, text->source->columns, 4, (size_t)fprintf(text->out, "  ")))
        text->failed = true;
    free(words);
}

static void put_rest(struct text *text, int64_t all)
{
    if (all > MOST_ROWS)
        fprintf(text->out, "  ... and %s more: imaptap compare --format json\n",
                format_number((uint64_t)(all - MOST_ROWS)).text);
}

enum { BEFORE, AFTER };

static void say_side(const void *what, int which, FILE *out)
{
    const struct compared *compared = what;
    const struct compared_side *side = which == BEFORE ? &compared->before : &compared->after;

    fprintf(out, "%s: %s, ", which == BEFORE ? "Before" : "After",
            side->source != NULL ? side->source : side->name);
    if (side->last_ns > 0)
        fprintf(out, "%s to %s, ", format_time(side->first_ns).text, format_time(side->last_ns).text);
    say_count(out, side->logins, "login", "logins");
    fputs(" in ", out);
    say_count(out, side->connections, "connection", "connections");
    fprintf(out, " (%s encrypted), %s refused", format_number((uint64_t)side->encrypted).text,
            format_number((uint64_t)side->refused).text);
    if (side->unfinished > 0) {
        fputs("; ", out);
        say_count(out, side->unfinished, "capture was not read to its end",
                  "captures were not read to their end");
    }
}

static void put_figures(FILE *out, const char *when, const struct sender_figures *figures)
{
    fprintf(out, "%s %" PRId64 " of ", when, figures->unquoted);
    say_count(out, figures->logins, "login", "logins");
    fprintf(out, " unquoted (%" PRId64 " refused)", figures->unquoted_refused);
    if (figures->quoted > 0)
        fprintf(out, ", %" PRId64 " quoted", figures->quoted);
    if (figures->logins == 0 && figures->encrypted > 0)
        fprintf(out, ", %" PRId64 " of %" PRId64 " connections encrypted", figures->encrypted,
                figures->connections);
}

static void say_sender(const void *what, int which, FILE *out)
{
    const struct compared_sender *row = what;

    (void)which;
    fprintf(out, "%s to %s", row->client, row->server);
    if (row->product != NULL)
        fprintf(out, " (%s)", row->product);
    put_figures(out, ": before", &row->before);
    put_figures(out, "; after", &row->after);
    fprintf(out, "; last bare on %s", format_time(sender_last_unquoted(row)).text);
    if (sender_quoted_since(row) > 0)
        fprintf(out, ", quoted since %s", format_time(sender_quoted_since(row)).text);
}

static void say_user(const void *what, int which, FILE *out)
{
    const struct compared_user *row = what;

    (void)which;
    fprintf(out,
            "%s at %s: before %" PRId64 " let in, %" PRId64 " refused; after %" PRId64 " let in, %" PRId64
            " refused",
            *row->name != '\0' ? row->name : "\"\"", row->server, row->before.accepted, row->before.refused,
            row->after.accepted, row->after.refused);
}

bool compare_text(const struct compare_source *source, FILE *out)
{
    struct text text = {.source = source, .out = out};
    struct compare_rows rows;
    bool good = compare_rows_read(source, MOST_ROWS, &rows);

    if (good) {
        fprintf(out, "Verdict: %s\n", compare_word(&rows.compared));
        if (narrowing_is_any(source->narrowing))
            put_said(&text, narrowing_say, source->narrowing, 0);
        for (int line = 0; line < VERDICT_LINES; line++)
            put_said(&text, compare_line, &rows.compared, line);
        fputs("\nWhat it rests on\n", out);
        put_said(&text, say_side, &rows.compared, BEFORE);
        put_said(&text, say_side, &rows.compared, AFTER);
    }
    for (int i = 0; good && i < SENDER_CHANGES; i++) {
        if (rows.compared.senders[i] > 0)
            fprintf(out, "\n%s\n", sender_change_title((enum sender_change)i));
        for (struct kept_sender *kept = rows.senders[i]; kept != NULL; kept = kept->next)
            put_said(&text, say_sender, &kept->row, 0);
        put_rest(&text, rows.compared.senders[i]);
    }
    for (int i = 0; good && i < USER_CHANGES; i++) {
        if (rows.compared.users[i] > 0)
            fprintf(out, "\nUsers: %s\n", user_change_title((enum user_change)i));
        for (struct kept_user *kept = rows.users[i]; kept != NULL; kept = kept->next)
            put_said(&text, say_user, &kept->row, 0);
        put_rest(&text, rows.compared.users[i]);
    }
    compare_rows_free(&rows);
    return good && !text.failed && !ferror(out);
}
