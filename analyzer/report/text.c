/*
 * The report as a text: what a person wants to know first stands first.
 */
#include "analyzer/report/command_line.h"
#include "analyzer/report/narrowing.h"
#include "analyzer/report/report.h"
#include "analyzer/report/sentences.h"
#include "analyzer/report/wrap.h"
#include "db/format_number.h"
#include "db/query/narrowing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one kind that are shown; the rest is counted. */
#define MOST_ROWS  20
#define MOST_WORST 8

struct text {
    const struct report_source *source;
    struct report_totals totals;
    FILE *out;
    unsigned number; /* of the next item of a numbered list; 0: it has no numbers */
    bool failed;
};

static void put_wrapped(struct text *text, const char *words, size_t indent, size_t used)
{
    if (!wrap_words(text->out, words, text->source->columns, indent, used))
        text->failed = true;
}

/* What is said, as one paragraph. */
static void put_said(struct text *text, words_say *say, const void *what, int which, size_t indent)
{
    char *words = words_of(say, what, which);

    if (words != NULL)
        put_wrapped(text, words, indent, (size_t)fprintf(text->out, "  "));
    else
        text->failed = true;
    free(words);
}

static void put_item(struct text *text, const char *words)
{
    int used = text->number > 0 ? fprintf(text->out, "  %u. ", text->number++) : fprintf(text->out, "  ");

    put_wrapped(text, words, (size_t)used, (size_t)used);
}

static void on_sentence(void *user, const char *sentence)
{
    put_item(user, sentence);
}

static void put_heading(struct text *text, const char *heading)
{
    fprintf(text->out, "\n%s\n", heading);
}

/* "  ... and 12 more" */
static void put_rest(struct text *text, int64_t all, int64_t shown, const char *where)
{
    if (all > shown) {
        fprintf(text->out, "  ... and %s more: ", format_number((uint64_t)(all - shown)).text);
        say_query(text->out, text->source->database, where);
        fputc('\n', text->out);
    }
}

static void put_verdict(struct text *text)
{
    fprintf(text->out, "Verdict: %s\n", verdict_word(&text->totals));
    if (narrowing_is_any(text->source->narrowing))
        put_said(text, narrowing_say, text->source->narrowing, 0, 2);
    for (int line = 0; line < VERDICT_LINES; line++)
        put_said(text, verdict_line, &text->totals, line, 2);
}

static void put_read(struct text *text)
{
    const struct report_totals *totals = &text->totals;

    put_heading(text, "Read");
    fputs("  ", text->out);
    say_count(text->out, totals->captures, "capture", "captures");
    fprintf(text->out, ", %s, ", format_octets((uint64_t)totals->bytes).text);
    say_count(text->out, totals->packets, "frame", "frames");
    if (totals->last_ns > 0)
        fprintf(text->out, ", %s to %s", format_time(totals->first_ns).text,
                format_time(totals->last_ns).text);
    fputs("\n  ", text->out);
    say_count(text->out, totals->connections - totals->not_imap, "IMAP connection", "IMAP connections");
    fputs(", ", text->out);
    say_count(text->out, totals->logins, "login", "logins");
    fprintf(text->out, ": %s let in, %s refused, %s without a verdict\n",
            format_number((uint64_t)totals->accepted).text, format_number((uint64_t)totals->refused).text,
            format_number((uint64_t)totals->unanswered).text);
    put_heading(text, "Missed");
    if (missed_sentences(totals, on_sentence, text) == 0)
        put_item(text, "Nothing");
}

/* A share of the logins of a cause. */
static void say_share(FILE *out, const char *before, int64_t count, const char *word)
{
    if (count > 0)
        fprintf(out, "%s%s %s", before, format_number((uint64_t)count).text, word);
}

static void say_cause(const void *what, int which, FILE *out)
{
    const struct queries_rows *rows = what;
    int64_t logins = queries_number(rows, "logins"), users = queries_number(rows, "users");
    int64_t proved = queries_number(rows, "proved"), likely = queries_number(rows, "likely");
    int64_t passed_on = queries_number(rows, "passed_on");

    (void)which;
    say_count(out, logins, "login", "logins");
    if (users > 0) {
        fputs(" of ", out);
        say_count(out, users, "user", "users");
    }
    fprintf(out, ": %s", queries_text(rows, "meaning"));
    say_share(out, " (", proved, "proved");
    say_share(out, proved > 0 ? ", " : " (", likely, "likely");
    say_share(out, proved + likely > 0 ? ", " : " (", passed_on, "on the other leg of a proxy");
    fputs(proved + likely + passed_on > 0 ? ")" : "", out);
}

static void put_causes(struct text *text)
{
    struct queries_rows *rows = queries_ask(text->source->queries, QUERIES_CAUSES, 0, 0);
    unsigned count = 0;

    put_heading(text, "Why logins failed");
    for (; queries_next(rows); count++) {
        char *words = words_of(say_cause, rows, 0);

        if (words != NULL)
            put_wrapped(text, words, 15, (size_t)fprintf(text->out, "  %-13s", queries_text(rows, "cause")));
        else
            text->failed = true;
        free(words);
    }
    queries_end(rows);
    if (count == 0)
        put_item(text, text->totals.logins > 0 ? "None was seen to fail" : "Not known: no login was seen");
}

/* What the view diagnosis says; rows without a finding are only counted. */
static void put_diagnosis(struct text *text)
{
    const struct report_totals *totals = &text->totals;
    int64_t wanted = totals->diagnoses - totals->without_finding, shown = 0;
    struct queries_rows *rows = queries_ask(text->source->queries, QUERIES_DIAGNOSIS, INT64_MAX, 0);

    put_heading(text, "Diagnosis");
    while (shown < wanted && shown < MOST_ROWS && queries_next(rows)) {
        if (strcmp(queries_text(rows, "verdict"), "no finding") == 0)
            continue;
        fprintf(text->out, "  %-11s", queries_text(rows, "verdict"));
        put_wrapped(text, queries_text(rows, "diagnosis"), 13, 13);
        shown++;
    }
    queries_end(rows);
    put_rest(text, wanted, shown, "diagnosis");
    if (totals->without_finding > 0) {
        fputs("  no finding for ", text->out);
        say_count(text->out, totals->without_finding, "client and its server", "pairs of client and server");
        fputc('\n', text->out);
    }
    if (totals->pairs == 0)
        put_item(text, "None was seen");
}

static void say_sender(const void *what, int which, FILE *out)
{
    const struct queries_rows *rows = what;
    const char *product = queries_text(rows, "server_product");

    (void)which;
    fprintf(out, "%s to %s%s%s%s: %s of ", queries_text(rows, "client_ip"), queries_text(rows, "server_ip"),
            product != NULL ? " (" : "", product != NULL ? product : "", product != NULL ? ")" : "",
            format_number((uint64_t)queries_number(rows, "unquoted")).text);
    say_count(out, queries_number(rows, "logins"), "login", "logins");
    fprintf(out, ", %s refused; last bare on %s",
            format_number((uint64_t)queries_number(rows, "unquoted_refused")).text,
            format_time(queries_number(rows, "last_unquoted_ns")).text);
    if (!queries_missing(rows, "quoted_since_ns"))
        fprintf(out, ", quoted since %s", format_time(queries_number(rows, "quoted_since_ns")).text);
    else if (queries_number(rows, "quoted") > 0)
        fputs(", quoted before that in some logins", out);
}

/* Who sends * or % bare to whom, and until when. */
static void put_senders(struct text *text)
{
    struct queries_rows *rows = queries_ask(text->source->queries, QUERIES_SENDERS, INT64_MAX, 0);
    int64_t count = 0;

    put_heading(text, "Senders of * or % without quotes");
    while (queries_next(rows))
        if (queries_number(rows, "unquoted") > 0 && count++ < MOST_ROWS)
            put_said(text, say_sender, rows, 0, 4);
    queries_end(rows);
    put_rest(text, count, count < MOST_ROWS ? count : MOST_ROWS, "senders");
    if (count == 0)
        put_item(text, text->totals.logins > 0 ? "None" : "Not known: no login was seen");
}

/* Whether the broken rule is why. */
static const char *certainty_words(const char *certainty)
{
    if (strcmp(certainty, "proved") == 0)
        return "proved to be for that";
    return strcmp(certainty, "likely") == 0 ? "likely for that" : "why is not known";
}

static void say_user(const void *what, int which, FILE *out)
{
    const struct queries_rows *rows = what;
    const char *product = queries_text(rows, "server_product");
    const char *name = queries_text(rows, "username");
    bool got_in = strcmp(queries_text(rows, "got_in"), "yes") == 0;

    (void)which;
    fprintf(out, "%s at %s%s%s%s: refused ", *name != '\0' ? name : "\"\"", queries_text(rows, "server_ip"),
            product != NULL ? " (" : "", product != NULL ? product : "", product != NULL ? ")" : "");
    say_count(out, queries_number(rows, "refused"), "time", "times");
    fprintf(out, " (%s), %s; %s", queries_text(rows, "rules"),
            certainty_words(queries_text(rows, "certainty")),
            got_in ? "got in with a login that breaks no rule" : "not seen to get in otherwise");
}

static void put_users(struct text *text)
{
    struct queries_rows *rows;
    int64_t shown = 0;

    put_heading(text, "Users refused with a login that breaks a rule");
    if (text->totals.affected == 0)
        put_item(text, text->totals.logins > 0 ? "None" : "Not known: no login was seen");
    rows = queries_ask(text->source->queries, QUERIES_USERS, MOST_ROWS, 0);
    for (; queries_next(rows); shown++)
        put_said(text, say_user, rows, 0, 4);
    queries_end(rows);
    put_rest(text, text->totals.affected, shown, "affected-users");
}

static void put_answer(struct text *text, const struct queries_rows *rows)
{
    const char *result = queries_text(rows, "result");
    const char *said = queries_text(rows, "response_text");
    char *line = NULL;

    if (result != NULL && strcmp(result, "OK") == 0 && queries_number(rows, "refused") != 0)
        said = queries_text(rows, "after_text");
    if (asprintf(&line, "%s to %s: %s %s", queries_text(rows, "client_ip"), queries_text(rows, "server_ip"),
                 result != NULL ? result : "no verdict was seen", said != NULL ? said : "") >= 0)
        put_wrapped(text, line, 4, (size_t)fprintf(text->out, "    "));
    else
        text->failed = true;
    free(line);
}

static void put_finding(struct text *text, const struct queries_rows *rows)
{
    struct command_line line;
    int64_t times = queries_number(rows, "times");
    char *head = NULL;

    if (!command_line_make(rows, &line) ||
        asprintf(&head, "%s: %s, %s %s, %s frame %" PRId64 " of %s", queries_text(rows, "verdict"),
                 queries_text(rows, "rule"), format_number((uint64_t)times).text,
                 times == 1 ? "time" : "times", times == 1 ? "in" : "first in", queries_number(rows, "frame"),
                 queries_text(rows, "capture")) < 0) {
        text->failed = true;
        command_line_free(&line);
        return;
    }
    put_wrapped(text, head, 4, (size_t)fprintf(text->out, "  "));
    free(head);
    fprintf(text->out, "      %s\n      %*s^ %s\n", line.text, (int)line.caret, "", line.beside);
    command_line_free(&line);
    put_answer(text, rows);
}

static void put_worst(struct text *text)
{
    struct queries_rows *rows;

    put_heading(text, "Worst findings");
    if (text->totals.findings == 0) {
        put_item(text, text->totals.logins > 0 ? "None" : "Not known: no login was seen");
        return;
    }
    rows = queries_ask(text->source->queries, QUERIES_WORST, MOST_WORST, 0);
    while (queries_next(rows))
        put_finding(text, rows);
    queries_end(rows);
    fputs("  ", text->out);
    say_count(text->out, text->totals.findings, "finding", "findings");
    fputs(" in all: ", text->out);
    say_query(text->out, text->source->database, "findings");
    fputc('\n', text->out);
}

static void put_encrypted(struct text *text)
{
    const struct report_totals *totals = &text->totals;
    int64_t imap = totals->connections - totals->not_imap;

    put_heading(text, "Encrypted");
    if (imap <= 0) {
        put_item(text, "Not known: no IMAP connection was seen");
        return;
    }
    fprintf(text->out, "  %s of ", format_number((uint64_t)totals->encrypted).text);
    say_count(text->out, imap, "connection was", "connections were");
    fprintf(text->out, " encrypted (%.1f %%); ", 100.0 * (double)totals->encrypted / (double)imap);
    say_count(text->out, totals->cleartext, "login showed its password", "logins showed their passwords");
    fputs(" readable\n", text->out);
}

static void put_no_login_row(struct text *text, const struct queries_rows *rows)
{
    const char *said = queries_text(rows, "said");
    int64_t connections = queries_number(rows, "connections");
    char *line = NULL;

    if (asprintf(&line, "%s to %s:%" PRId64 ": %s %s (%s)%s%s", queries_text(rows, "client_ip"),
                 queries_text(rows, "server_ip"), queries_number(rows, "server_port"),
                 format_number((uint64_t)connections).text, connections == 1 ? "connection" : "connections",
                 queries_text(rows, "meaning"), said != NULL ? ": " : "", said != NULL ? said : "") >= 0)
        put_wrapped(text, line, 4, (size_t)fprintf(text->out, "  "));
    else
        text->failed = true;
    free(line);
}

static void put_no_login(struct text *text)
{
    struct queries_rows *rows;
    int64_t shown = 0;

    put_heading(text, "No login, and why");
    if (text->totals.no_login == 0) {
        put_item(text, text->totals.connections > text->totals.not_imap
                           ? "None"
                           : "Not known: no IMAP connection was seen");
        return;
    }
    rows = queries_ask(text->source->queries, QUERIES_NO_LOGIN, MOST_ROWS, 0);
    for (; queries_next(rows); shown += queries_number(rows, "connections"))
        put_no_login_row(text, rows);
    queries_end(rows);
    put_rest(text, text->totals.no_login, shown, "no-login");
}

bool report_text(const struct report_source *source, FILE *out)
{
    struct text text = {.source = source, .out = out};
    bool good = report_totals_read(source->queries, &text.totals);

    if (good) {
        put_verdict(&text);
        put_read(&text);
        put_causes(&text);
        put_diagnosis(&text);
        put_senders(&text);
        put_users(&text);
        put_worst(&text);
        put_encrypted(&text);
        put_no_login(&text);
        put_heading(&text, "Next steps");
        text.number = 1;
        (void)step_sentences(&text.totals, source->database, on_sentence, &text);
    }
    report_totals_free(&text.totals);
    return good && !text.failed && queries_error(source->queries) == NULL && !ferror(out);
}
