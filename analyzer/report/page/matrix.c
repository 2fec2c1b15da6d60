/*
 * Senders by servers: what each sent to each, in words and shapes.
 */
#include "analyzer/report/page/html.h"
#include "analyzer/report/page/page.h"
#include "db/format_number.h"

#include <inttypes.h>

#define SHOWN(symbol) "<span aria-hidden=\"true\">" symbol "</span> "

/* The cell of one client and one server. */
static void put_cell(FILE *out, const struct queries_rows *rows)
{
    int64_t logins = queries_number(rows, "logins"), unquoted = queries_number(rows, "unquoted");
    int64_t refused = queries_number(rows, "unquoted_refused"), quoted = queries_number(rows, "quoted");

    if (queries_missing(rows, "connections")) {
        fputs("<td class=\"never\"><span aria-hidden=\"true\">\xC2\xB7</span><span class=\"sr\">no "
              "connection</span>",
              out);
    } else if (logins == 0) {
        fputs("<td class=\"hidden\">not seen<small>", out);
        if (queries_number(rows, "encrypted") > 0)
            fprintf(out, "%" PRId64 " encrypted</small>", queries_number(rows, "encrypted"));
        else
            fputs("no login</small>", out);
    } else if (unquoted > 0) {
        fprintf(out, "<td class=\"%s\">%s%s of %s<small>unquoted, %s refused</small>%s",
                refused > 0 ? "bad" : "warn", refused > 0 ? SHOWN("\xE2\x9C\x96") : SHOWN("\xE2\x97\x86"),
                format_number((uint64_t)unquoted).text, format_number((uint64_t)logins).text,
                format_number((uint64_t)refused).text, quoted > 0 ? "<small>others quoted</small>" : "");
    } else if (quoted > 0) {
        fprintf(out, "<td class=\"good\">" SHOWN("\xE2\x9C\x93") "%s of %s<small>quoted</small>",
                format_number((uint64_t)quoted).text, format_number((uint64_t)logins).text);
    } else {
        fprintf(out, "<td>0 of %s<small>no * or %% seen</small>", format_number((uint64_t)logins).text);
    }
}

/* The header row; returns how many servers it has, and in *of how many there are. */
static int64_t put_servers(const struct page *page, int64_t *of, FILE *out)
{
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_MATRIX_SERVERS, PAGE_MATRIX_SERVERS, 0);
    int64_t count = 0;

    fputs("<thead><tr><th scope=\"col\">From \\ to", out);
    for (; queries_next(rows); count++) {
        *of = queries_number(rows, "of");
        fputs("<th scope=\"col\">", out);
        (void)html_short(out, queries_text(rows, "server_ip"));
        fputs("<br><small>", out);
        (void)html_short(out, queries_text(rows, "server_product"));
        fputs("</small>", out);
    }
    queries_end(rows);
    return count;
}

static int64_t put_senders(const struct page *page, int64_t servers, FILE *out)
{
    struct queries_rows *rows =
        queries_ask(page->queries, QUERIES_MATRIX, PAGE_MATRIX_SERVERS, PAGE_MATRIX_SENDERS);
    int64_t cell = 0;

    for (; queries_next(rows); cell++) {
        if (cell % servers == 0) {
            fputs("\n<tr><th scope=\"row\">", out);
            (void)html_short(out, queries_text(rows, "client_ip"));
        }
        put_cell(out, rows);
    }
    queries_end(rows);
    return cell / servers;
}

bool page_matrix(void *user, FILE *out)
{
    const struct page *page = user;
    int64_t of = 0, servers, senders;

    if (page->totals.pairs == 0)
        return fputs("<p>No sender was seen.</p>", out) != EOF;
    fputs("<div class=\"wide\" role=\"region\" aria-label=\"Senders by servers, scrolls\" "
          "tabindex=\"0\"><table class=\"matrix\">"
          "<caption>Logins with * or % of all logins, from each client to each server</caption>",
          out);
    servers = put_servers(page, &of, out);
    fputs("<tbody>", out);
    senders = servers > 0 ? put_senders(page, servers, out) : 0;
    fputs("</table></div><p class=\"note\">\xE2\x9C\x96 sends * or % without quotes and is refused; "
          "\xE2\x97\x86 does, and is not "
          "refused; \xE2\x9C\x93 quotes; \xE2\x80\x9Cnot seen\xE2\x80\x9D: there were connections, but no "
          "login could be seen; "
          "\xC2\xB7 no connection.</p>",
          out);
    if (servers < of || senders == PAGE_MATRIX_SENDERS)
        fprintf(out,
                "<p class=\"note\">The matrix has the %s worst senders and the %s worst of %s servers; the "
                "table below has more."
                "</p>",
                format_number((uint64_t)senders).text, format_number((uint64_t)servers).text,
                format_number((uint64_t)of).text);
    return queries_error(page->queries) == NULL;
}
