/*
 * A comparison as a text.
 */
#include "analyzer/report/compare/rows.h"
#include "analyzer/report/sentences.h"
#include "analyzer/report/wrap.h"
#include "db/format_number.h"

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

static void put_line(struct text *text, const char *words)
{
    if (!wrap_words(text->out, words, text->source->columns, 4, (size_t)fprintf(text->out, "  ")))
        text->failed = true;
}

static void put_rest(struct text *text, int64_t all)
{
    if (all > MOST_ROWS)
        fprintf(text->out, "  ... and %s more: imaptap compare --format json\n",
                format_number((uint64_t)(all - MOST_ROWS)).text);
}

static void put_verdict(struct text *text, const struct compared *compared)
{
    fprintf(text->out, "Verdict: %s\n", compare_word(compared));
    for (int line = 0; line < VERDICT_LINES; line++) {
        char *words = NULL;
        size_t size;
        FILE *out = open_memstream(&words, &size);

        if (out != NULL)
            compare_line(compared, line, out);
        if (out == NULL || fclose(out) != 0)
            text->failed = true;
        else
            put_line(text, words);
        free(words);
    }
}

static void put_side(struct text *text, const char *title, const struct compared_side *side)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);

    if (out == NULL) {
        text->failed = true;
        return;
    }
    fprintf(out, "%s: %s, ", title, side->source != NULL ? side->source : side->name);
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
    if (fclose(out) == 0)
        put_line(text, line);
    free(line);
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

static void put_sender(struct text *text, const struct compared_sender *row)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);

    if (out == NULL) {
        text->failed = true;
        return;
    }
    fprintf(out, "%s to %s", row->client, row->server);
    if (row->product != NULL)
        fprintf(out, " (%s)", row->product);
    put_figures(out, ": before", &row->before);
    put_figures(out, "; after", &row->after);
    if (fclose(out) == 0)
        put_line(text, line);
    free(line);
}

static void put_user(struct text *text, const struct compared_user *row)
{
    char *line = NULL;

    if (asprintf(&line,
                 "%s at %s: before %" PRId64 " let in, %" PRId64 " refused; after %" PRId64
                 " let in, %" PRId64 " refused",
                 *row->name != '\0' ? row->name : "\"\"", row->server, row->before.accepted,
                 row->before.refused, row->after.accepted, row->after.refused) >= 0)
        put_line(text, line);
    else
        text->failed = true;
    free(line);
}

bool compare_text(const struct compare_source *source, FILE *out)
{
    struct text text = {.source = source, .out = out};
    struct compare_rows rows;
    bool good = compare_rows_read(source, MOST_ROWS, &rows);

    if (good) {
        put_verdict(&text, &rows.compared);
        fputs("\nWhat it rests on\n", out);
        put_side(&text, "Before", &rows.compared.before);
        put_side(&text, "After", &rows.compared.after);
    }
    for (int i = 0; good && i < SENDER_CHANGES; i++) {
        if (rows.compared.senders[i] > 0)
            fprintf(out, "\n%s\n", sender_change_title((enum sender_change)i));
        for (struct kept_sender *kept = rows.senders[i]; kept != NULL; kept = kept->next)
            put_sender(&text, &kept->row);
        put_rest(&text, rows.compared.senders[i]);
    }
    for (int i = 0; good && i < USER_CHANGES; i++) {
        if (rows.compared.users[i] > 0)
            fprintf(out, "\nUsers: %s\n", user_change_title((enum user_change)i));
        for (struct kept_user *kept = rows.users[i]; kept != NULL; kept = kept->next)
            put_user(&text, &kept->row);
        put_rest(&text, rows.compared.users[i]);
    }
    compare_rows_free(&rows);
    return good && !text.failed && !ferror(out);
}
