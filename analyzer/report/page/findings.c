/*
 * The findings: the worst as cards with all that is known, and every one as a row.
 */
#include "analyzer/report/command_line.h"
#include "analyzer/report/page/html.h"
#include "analyzer/report/page/page.h"
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rows that are shown at once where scripts run (SHOWN in page.js). */
#define FIRST_ROWS 200

/* The command line with the fault marked, and under it the caret and what is at fault. */
static bool put_command(FILE *out, const struct queries_rows *rows)
{
    struct command_line line;
    bool good = command_line_make(rows, &line);

    if (good) {
        size_t length = strlen(line.text), behind = line.caret + line.width;

        fputs("<pre>", out);
        html_octets(out, line.text, line.caret);
        if (line.width > 0) {
            fputs("<mark>", out);
            html_octets(out, line.text + line.caret, line.width);
            fputs("</mark>", out);
        }
        html_octets(out, line.text + behind, length - behind);
        fprintf(out, "\n%*s^ ", (int)line.caret, "");
        html_octets(out, line.beside, strlen(line.beside));
        fputs("</pre>", out);
    }
    command_line_free(&line);
    return good;
}

/* What the server said; to an Exchange server's OK, what it said to the next command. */
static void put_answer(FILE *out, const struct queries_rows *rows)
{
    const char *result = queries_text(rows, "result");
    bool later = result != NULL && strcmp(result, "OK") == 0 && queries_number(rows, "refused") != 0;

    if (result == NULL) {
        fputs("no verdict was seen", out);
        return;
    }
    fprintf(out, "%s ", result);
    if (!queries_missing(rows, "response_code")) {
        fputc('[', out);
        (void)html_short(out, queries_text(rows, "response_code"));
        fputs("] ", out);
    }
    if (later)
        fputs("then ", out);
    (void)html_short(out, queries_text(rows, later ? "after_text" : "response_text"));
}

static void put_user(FILE *out, const struct queries_rows *rows)
{
    const char *name = queries_text(rows, "username");

    if (name == NULL)
        fputs("(missing)", out);
    else if (*name == '\0')
        fputs("(empty)", out);
    else
        (void)html_short(out, name);
}

static void put_end(FILE *out, const struct queries_rows *rows, const char *address, const char *port)
{
    (void)html_text(out, queries_text(rows, address));
    fprintf(out, " :%" PRId64, queries_number(rows, port));
}

static void put_filter(FILE *out, const struct queries_rows *rows,
                       void (*make)(const struct queries_rows *, char *))
{
    char filter[FILTER_OCTETS];

    make(rows, filter);
    fputs("<code>", out);
    html_octets(out, filter, strlen(filter));
    fputs("</code>", out);
}

/* A path as a shell takes it. */
static bool put_tshark(FILE *out, const struct queries_rows *rows)
{
    char filter[FILTER_OCTETS], *command = NULL;
    size_t size;
    FILE *text = open_memstream(&command, &size);
    bool good = text != NULL;

    if (good) {
        fputs("tshark -r '", text);
        for (const char *at = queries_text(rows, "capture"); *at != '\0'; at++)
            fputs(*at == '\'' ? "'\\''" : (char[]){*at, '\0'}, text);
        filter_of_frame(rows, filter);
        fprintf(text, "' -Y '%s'", filter);
        good = fclose(text) == 0;
    }
    fputs("<code>", out);
    good = good && html_text(out, command);
    fputs("</code>", out);
    free(command);
    return good;
}

static bool put_card(FILE *out, const struct queries_rows *rows)
{
    int64_t times = queries_number(rows, "times");
    bool good;

    fprintf(out,
            "\n<li class=\"card\"><h3><span class=\"tag v-%s\">%s</span> <a href=\"#rule-%s\">%s</a> <small>",
            queries_text(rows, "verdict"), queries_text(rows, "verdict"), queries_text(rows, "rule"),
            queries_text(rows, "rule"));
    say_count(out, times, "time", "times");
    fputs("</small></h3>", out);
    good = put_command(out, rows);
    fputs("<dl><dt>User<dd>", out);
    put_user(out, rows);
    fputs("<dt>From, to<dd>", out);
    put_end(out, rows, "client_ip", "client_port");
    fputs(" to ", out);
    put_end(out, rows, "server_ip", "server_port");
    fputs("<dt>Answer<dd>", out);
    put_answer(out, rows);
    fputs("<dt>Rule<dd>", out);
    (void)html_text(out, queries_text(rows, "title"));
    fputs("<dt>Reference<dd>", out);
    (void)html_text(out, queries_text(rows, "reference"));
    fputs("<dt>Remedy<dd>", out);
    (void)html_text(out, queries_text(rows, "remedy"));
    fputs(times > 1 ? "<dt>First frame<dd>" : "<dt>Frame<dd>", out);
    fprintf(out, "%" PRId64 " of ", queries_number(rows, "frame"));
    (void)html_text(out, queries_text(rows, "capture"));
    fputs(", ", out);
    html_time(out, queries_number(rows, "time_ns"));
    fputs(" UTC<dt>Wireshark<dd>", out);
    put_filter(out, rows, filter_of_frame);
    fputs("<br>", out);
    put_filter(out, rows, filter_of_connection);
    fputs("<dt>tshark<dd>", out);
    good = put_tshark(out, rows) && good;
    fputs("</dl>", out);
    return good;
}

bool page_worst(void *user, FILE *out)
{
    const struct page *page = user;
    struct queries_rows *rows;
    bool good = true;

    if (page->totals.findings == 0)
        return fputs(page->totals.logins > 0 ? "<p>No finding: none of the logins seen breaks a rule.</p>"
                                             : "<p>Not known: no login was seen.</p>",
                     out) != EOF;
    rows = queries_ask(page->queries, QUERIES_WORST, PAGE_WORST, 0);
    fputs("<ul class=\"cards\">", out);
    while (good && queries_next(rows))
        good = put_card(out, rows);
    queries_end(rows);
    fputs("\n</ul>", out);
    return good && queries_error(page->queries) == NULL;
}

bool page_findings_lead(void *user, FILE *out)
{
    const struct page *page = user;

    fputs("<p>", out);
    say_count(out, page->totals.findings, "finding", "findings");
    fputs(" in ", out);
    say_count(out, page->totals.broken, "login", "logins");
    return fputs(". What each rule means, where it stands and how to do better is said <a "
                 "href=\"#rules\">below</a>. Passwords that only "
                 "crossed the network readable are counted under <a href=\"#encrypted\">encryption</a>.</p>",
                 out) != EOF;
}

/* How many rows stand in the page, so that the script need not count them. */
bool page_findings_rows(void *user, FILE *out)
{
    const struct page *page = user;
    int64_t rows = page->totals.findings < PAGE_FINDINGS ? page->totals.findings : PAGE_FINDINGS;

    return fprintf(out, "%" PRId64, rows) > 0;
}

/* As little markup as it takes: there can be very many. The script makes the rest from it. */
static bool put_row(FILE *out, const struct queries_rows *rows)
{
    char filter[FILTER_OCTETS];
    bool good;

    fprintf(out, "\n<tr><td>%" PRId64 "<td class=\"v-%s\">%s<td>%s<td>", queries_number(rows, "number"),
            queries_text(rows, "verdict"), queries_text(rows, "verdict"), queries_text(rows, "rule"));
    good = put_command(out, rows);
    fputs("<td>", out);
    put_user(out, rows);
    fputs("<td>", out);
    put_end(out, rows, "client_ip", "client_port");
    fputs("<td>", out);
    put_end(out, rows, "server_ip", "server_port");
    fputs("<td>", out);
    put_answer(out, rows);
    fputs("<td>", out);
    html_time(out, queries_number(rows, "time_ns"));
    fputs("<td>", out);
    good = good && html_text(out, queries_text(rows, "capture"));
    filter_of_frame(rows, filter);
    fprintf(out, "<td>%s", filter);
    return good;
}

bool page_findings_first(void *user, FILE *out)
{
    struct page *page = user;
    bool good = true;

    page->findings = queries_ask(page->queries, QUERIES_FINDINGS, PAGE_FINDINGS, 0);
    for (int row = 0; good && row < FIRST_ROWS && queries_next(page->findings); row++)
        good = put_row(out, page->findings);
    if (page->totals.findings == 0)
        fputs(page->totals.logins > 0 ? "<tr><td colspan=\"11\">No finding"
                                      : "<tr><td colspan=\"11\">Not known: no login was seen",
              out);
    return good && queries_error(page->queries) == NULL;
}

/* The others are a table of their own that only shows where no scripts run: to a browser that runs them it is
 * one text, which costs nothing until the script takes rows from it. So the page opens at once, whatever its
 * size. */
bool page_findings_rest(void *user, FILE *out)
{
    struct page *page = user;
    bool good = true;

    if (page->totals.findings <= FIRST_ROWS)
        return true;
    fputs("<p class=\"note stripped\">The script of this page was taken out on its way, so only the first "
          "findings show here: open the "
          "page as it was written.</p>\n<noscript id=\"rest\"><div class=\"wide\" role=\"region\" "
          "aria-label=\"The other findings, "
          "scrolls\" tabindex=\"0\"><table class=\"findings\"><caption>The other findings, in the same "
          "columns</caption><tbody>",
          out);
    while (good && !ferror(out) && queries_next(page->findings))
        good = put_row(out, page->findings);
    fputs("\n</table></div></noscript>", out);
    return good && queries_error(page->queries) == NULL;
}

bool page_findings_left(void *user, FILE *out)
{
    const struct page *page = user;

    return page_left(page, PAGE_FINDINGS, page->totals.findings, "findings", "findings.csv", out);
}
