/*
 * The appendix: what each capture is, and what it could not show.
 */
#include "analyzer/report/page/html.h"
#include "analyzer/report/page/page.h"
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

#include <string.h>

static void put_fact(FILE *out, const char *name, const char *text)
{
    if (text == NULL)
        return;
    fprintf(out, "<dt>%s<dd>", name);
    (void)html_text(out, text);
}

static void put_count(FILE *out, const struct queries_rows *rows, const char *column, const char *one,
                      const char *many)
{
    int64_t count = queries_number(rows, column);

    if (count == 0)
        return;
    fputs("<li>", out);
    say_count(out, count, one, many);
}

static bool misses_something(const struct queries_rows *rows)
{
    static const char *const columns[] = {"encrypted",       "midstream",  "one_sided",  "not_imap",
                                          "lost_octets",     "incomplete", "unanswered", "kernel_drops",
                                          "interface_drops", "evicted"};

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (queries_number(rows, columns[i]) > 0)
            return true;
    return strcmp(queries_text(rows, "state"), "complete") != 0;
}

static void put_missed(FILE *out, const struct queries_rows *rows)
{
    fputs("<dt>Missed<dd>", out);
    if (!misses_something(rows)) {
        fputs("nothing", out);
        return;
    }
    fputs("<ul class=\"plain\">", out);
    if (strcmp(queries_text(rows, "state"), "complete") != 0)
        fputs("<li>what lies behind the point where the reading ended", out);
    put_count(out, rows, "kernel_drops", "frame dropped by the kernel", "frames dropped by the kernel");
    put_count(out, rows, "interface_drops", "frame dropped by the interface",
              "frames dropped by the interface");
    put_count(out, rows, "encrypted", "encrypted connection", "encrypted connections");
    put_count(out, rows, "not_imap", "connection that was no IMAP", "connections that were no IMAP");
    put_count(out, rows, "midstream", "connection begun before the capture",
              "connections begun before the capture");
    put_count(out, rows, "one_sided", "connection in one direction only",
              "connections in one direction only");
    put_count(out, rows, "evicted", "connection given up", "connections given up");
    put_count(out, rows, "lost_octets", "octet never captured", "octets never captured");
    put_count(out, rows, "incomplete", "incomplete login", "incomplete logins");
    put_count(out, rows, "unanswered", "login without a verdict", "logins without a verdict");
    fputs("</ul>", out);
}

static void put_capture(FILE *out, const struct queries_rows *rows)
{
    const char *state = queries_text(rows, "state");

    fputs("\n<div class=\"capture\"><h3>", out);
    (void)html_text(out, queries_text(rows, "source"));
    fputs("</h3><dl class=\"facts\"><dt>State<dd>", out);
    fprintf(out, strcmp(state, "complete") == 0 ? "%s" : "<span class=\"bad-text\">%s</span>", state);
    put_fact(out, "Why it failed", queries_text(rows, "error"));
    fputs("<dt>Read<dd>", out);
    say_count(out, queries_number(rows, "packets"), "frame", "frames");
    fprintf(out, ", %s", format_octets((uint64_t)queries_number(rows, "bytes")).text);
    if (queries_number(rows, "packets") > 0 && !queries_missing(rows, "first_ns")) {
        fputs("<dt>Time (UTC)<dd>", out);
        html_time(out, queries_number(rows, "first_ns"));
        fputs(" to ", out);
        html_time(out, queries_number(rows, "last_ns"));
    }
    if (!queries_missing(rows, "size"))
        fprintf(out, "<dt>Size<dd>%s octets", format_number((uint64_t)queries_number(rows, "size")).text);
    fputs("<dt>SHA-256<dd>", out);
    if (queries_missing(rows, "sha256"))
        fputs("not taken, or not of the whole file", out);
    else
        fprintf(out, "<code>%s</code>", queries_text(rows, "sha256"));
    if (!queries_missing(rows, "read_ns"))
        fprintf(out, "<dt>Read at<dd>%s", format_time(queries_number(rows, "read_ns")).text);
    put_fact(out, "In run", queries_text(rows, "run"));
    put_fact(out, "Link types", queries_text(rows, "link_types"));
    put_fact(out, "Fingerprint", queries_text(rows, "fingerprint"));
    fputs("<dt>Seen<dd>", out);
    say_count(out, queries_number(rows, "connections"), "connection", "connections");
    fputs(", ", out);
    say_count(out, queries_number(rows, "logins"), "login", "logins");
    put_missed(out, rows);
    fputs("</dl></div>", out);
}

static void put_run(FILE *out, const struct queries_rows *rows)
{
    fputs("\n<div class=\"capture\"><h3>Run ", out);
    (void)html_text(out, queries_text(rows, "uuid"));
    fprintf(out, "</h3><dl class=\"facts\"><dt>State<dd>%s<dt>Began<dd>%s", queries_text(rows, "state"),
            format_time(queries_number(rows, "started_ns")).text);
    if (!queries_missing(rows, "ended_ns"))
        fprintf(out, "<dt>Ended<dd>%s", format_time(queries_number(rows, "ended_ns")).text);
    put_fact(out, "Command line", queries_text(rows, "command_line"));
    put_fact(out, "Filter", queries_text(rows, "filter"));
    put_fact(out, "Host", queries_text(rows, "host"));
    put_fact(out, "User", queries_text(rows, "user"));
    put_fact(out, "imaptap", queries_text(rows, "imaptap_version"));
    put_fact(out, "libpcap", queries_text(rows, "libpcap_version"));
    put_fact(out, "libnids", queries_text(rows, "libnids_version"));
    put_fact(out, "SQLite", queries_text(rows, "sqlite_version"));
    fputs("<dt>Captures<dd>", out);
    fprintf(out, "%s</dl></div>", format_number((uint64_t)queries_number(rows, "captures")).text);
}

bool page_runs(void *user, FILE *out)
{
    const struct page *page = user;
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_RUNS, PAGE_RUNS, 0);

    while (!ferror(out) && queries_next(rows))
        put_run(out, rows);
    queries_end(rows);
    return queries_error(page->queries) == NULL;
}

bool page_captures(void *user, FILE *out)
{
    const struct page *page = user;
    struct queries_rows *rows;

    if (page->totals.captures == 0)
        return fputs("<p>None was read.</p>", out) != EOF;
    rows = queries_ask(page->queries, QUERIES_CAPTURES, PAGE_CAPTURES, 0);
    while (!ferror(out) && queries_next(rows))
        put_capture(out, rows);
    queries_end(rows);
    return queries_error(page->queries) == NULL;
}

bool page_captures_left(void *user, FILE *out)
{
    const struct page *page = user;

    return page_left(page, PAGE_CAPTURES, page->totals.captures, "captures", "captures.csv", out);
}
