/*
 * The tables of the page that have a row for each sender, user, rule and server, and what they leave out.
 */
#include "analyzer/report/page/html.h"
#include "analyzer/report/page/page.h"
#include "analyzer/report/sentences.h"
#include "db/format_number.h"
#include "dissector/exposures.h"

#include <inttypes.h>
#include <string.h>

/* The class that gives a verdict its colour and sign. */
static const char *class_of(const char *verdict)
{
    if (strcmp(verdict, "no finding") == 0)
        return "v-no-finding";
    if (strcmp(verdict, "not seen") == 0)
        return "v-not-seen";
    return NULL;
}

bool page_left(const struct page *page, int64_t shown, int64_t all, const char *what, const char *file,
               FILE *out)
{
    if (all <= shown)
        return true;
    fprintf(out, "<p class=\"note\"><strong>Left out here: %s of ",
            format_number((uint64_t)(all - shown)).text);
    fprintf(out, "%s %s.</strong> All of them stand in ", format_number((uint64_t)all).text, what);
    if (page->source->tables != NULL) {
        (void)html_text(out, page->source->tables);
        fprintf(out, "/%s, written with this page.</p>", file);
    } else {
        fprintf(out, "%s, which <code>imaptap report --csv DIR</code> writes.</p>", file);
    }
    return !ferror(out);
}

static void put_server(FILE *out, const struct queries_rows *rows)
{
    (void)html_text(out, queries_text(rows, "server_ip"));
    if (queries_missing(rows, "server_product"))
        return;
    fputs(" (", out);
    (void)html_short(out, queries_text(rows, "server_product"));
    fputc(')', out);
}

static void put_number(FILE *out, const struct queries_rows *rows, const char *column)
{
    fprintf(out, "<td class=\"n\">%s", format_number((uint64_t)queries_number(rows, column)).text);
}

static void put_time(FILE *out, const struct queries_rows *rows, const char *column)
{
    fputs("<td>", out);
    if (!queries_missing(rows, column))
        html_time(out, queries_number(rows, column));
}

/* The first cells of a row: verdict, client, server. */
static void put_pair(FILE *out, const struct queries_rows *rows)
{
    const char *verdict = queries_text(rows, "verdict");
    const char *class = class_of(verdict);

    fprintf(out, "\n<tr><td class=\"%s%s\">%s<td>", class != NULL ? "" : "v-",
            class != NULL ? class : verdict, verdict);
    (void)html_text(out, queries_text(rows, "client_ip"));
    fputs("<td>", out);
    put_server(out, rows);
}

bool page_causes(void *user, FILE *out)
{
    static const char *const numbers[] = {"logins", "users", "proved", "likely"};
    const struct page *page = user;
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_CAUSES, 0, 0);
    unsigned count = 0;

    for (; queries_next(rows); count++) {
        fprintf(out, "\n<tr><th scope=\"row\">%s", queries_text(rows, "cause"));
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            put_number(out, rows, numbers[i]);
        fputs("<td>", out);
        (void)html_text(out, queries_text(rows, "meaning"));
    }
    queries_end(rows);
    if (count == 0)
        fputs(page->totals.logins > 0 ? "<tr><td colspan=\"6\">None was seen to fail"
                                      : "<tr><td colspan=\"6\">Not known: no login was seen",
              out);
    return queries_error(page->queries) == NULL;
}

bool page_diagnosis(void *user, FILE *out)
{
    const struct page *page = user;
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_DIAGNOSIS, PAGE_DIAGNOSIS, 0);

    while (!ferror(out) && queries_next(rows)) {
        put_pair(out, rows);
        fprintf(out, " :%" PRId64 "<td>", queries_number(rows, "server_port"));
        (void)html_text(out, queries_missing(rows, "cause") ? "" : queries_text(rows, "cause"));
        put_number(out, rows, "logins");
        put_number(out, rows, "users");
        fputs("<td>", out);
        (void)html_text(out, queries_text(rows, "diagnosis"));
    }
    queries_end(rows);
    if (page->totals.diagnoses == 0)
        fputs("<tr><td colspan=\"7\">No sender was seen", out);
    return queries_error(page->queries) == NULL;
}

bool page_diagnosis_left(void *user, FILE *out)
{
    const struct page *page = user;

    return page_left(page, PAGE_DIAGNOSIS, page->totals.diagnoses, "rows", "diagnosis.csv", out);
}

bool page_senders(void *user, FILE *out)
{
    static const char *const numbers[] = {"logins", "refused",     "unquoted", "unquoted_refused",
                                          "quoted", "connections", "encrypted"};
    const struct page *page = user;
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_SENDERS, PAGE_SENDERS, 0);

    while (!ferror(out) && queries_next(rows)) {
        put_pair(out, rows);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            put_number(out, rows, numbers[i]);
        put_time(out, rows, "last_unquoted_ns");
        put_time(out, rows, "quoted_since_ns");
    }
    queries_end(rows);
    if (page->totals.pairs == 0)
        fputs("<tr><td colspan=\"12\">No sender was seen", out);
    return queries_error(page->queries) == NULL;
}

bool page_senders_left(void *user, FILE *out)
{
    const struct page *page = user;

    return page_left(page, PAGE_SENDERS, page->totals.pairs, "pairs", "senders.csv", out);
}

bool page_users(void *user, FILE *out)
{
    const struct page *page = user;
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_USERS, PAGE_USERS, 0);

    while (!ferror(out) && queries_next(rows)) {
        bool in = strcmp(queries_text(rows, "got_in"), "yes") == 0;
        const char *name = queries_text(rows, "username");

        fputs("\n<tr><td>", out);
        (void)html_short(out, *name != '\0' ? name : "(empty)");
        fputs("<td>", out);
        put_server(out, rows);
        put_number(out, rows, "refused");
        fputs("<td>", out);
        (void)html_text(out, queries_text(rows, "rules"));
        fputs("<td>", out);
        (void)html_short(out, queries_text(rows, "clients"));
        fprintf(out, "<td>%.19s<td>%.19s<td>%s<td>%s", queries_text(rows, "first_time"),
                queries_text(rows, "last_time"), queries_text(rows, "certainty"),
                in ? "yes, with a login that breaks no rule" : "not seen to");
    }
    queries_end(rows);
    if (page->totals.affected == 0)
        fputs(page->totals.logins > 0 ? "<tr><td colspan=\"9\">None"
                                      : "<tr><td colspan=\"9\">Not known: no login was seen",
              out);
    return queries_error(page->queries) == NULL;
}

bool page_users_left(void *user, FILE *out)
{
    const struct page *page = user;

    return page_left(page, PAGE_USERS, page->totals.affected, "rows", "affected-users.csv", out);
}

bool page_rules(void *user, FILE *out)
{
    static const char *const years[][2] = {
        {"rfc2060", "RFC 2060"}, {"rfc3501", "RFC 3501"}, {"rfc9051", "RFC 9051"}};
    const struct page *page = user;
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_RULES, 0, 0);
    unsigned count = 0;

    for (; queries_next(rows); count++) {
        const char *rule = queries_text(rows, "rule");

        fprintf(out, "\n<tr id=\"rule-%s\" data-finding><th scope=\"row\">%s", rule, rule);
        put_number(out, rows, "times");
        fputs("<td>", out);
        (void)html_text(out, queries_text(rows, "title"));
        fputs("<td>", out);
        (void)html_text(out, queries_text(rows, "reference"));
        fputs("<td>", out);
        (void)html_text(out, queries_text(rows, "remedy"));
        fputs("<td>", out);
        for (size_t i = 0; i < sizeof years / sizeof years[0]; i++)
            fprintf(out, "%s%s: %s", i > 0 ? "<br>" : "", years[i][1], queries_text(rows, years[i][0]));
    }
    queries_end(rows);
    if (count == 0)
        fputs(page->totals.logins > 0 ? "<tr><td colspan=\"6\">None"
                                      : "<tr><td colspan=\"6\">Not known: no login was seen",
              out);
    return queries_error(page->queries) == NULL;
}

bool page_encrypted(void *user, FILE *out)
{
    const struct page *page = user;
    const struct report_totals *totals = &page->totals;
    int64_t imap = totals->connections - totals->not_imap;

    if (imap <= 0)
        return fputs("<p>Not known: no IMAP connection was seen.</p>", out) != EOF;
    fprintf(out, "<p>%s of ", format_number((uint64_t)totals->encrypted).text);
    say_count(out, imap, "IMAP connection was", "IMAP connections were");
    fprintf(out, " encrypted (%.1f %%): nothing is known of their logins. Of the logins seen, ",
            100.0 * (double)totals->encrypted / (double)imap);
    say_count(out, totals->cleartext, "showed its password", "showed their passwords");
    fputs(" to everybody on the path.", out);
    if (totals->cleartext > 0) {
        fputs(" ", out);
        (void)html_text(out, imap_exposure_info(IMAP_EXPOSURE_PASSWORD)->remedy);
        fputs(".", out);
    }
    return fputs("</p>", out) != EOF;
}

bool page_no_login(void *user, FILE *out)
{
    const struct page *page = user;
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_NO_LOGIN, PAGE_NO_LOGIN, 0);
    int64_t shown = 0;
    int64_t left;

    for (; queries_next(rows); shown += queries_number(rows, "connections")) {
        fputs("\n<tr><th scope=\"row\">", out);
        (void)html_text(out, queries_text(rows, "client_ip"));
        fputs("<td>", out);
        (void)html_text(out, queries_text(rows, "server_ip"));
        fprintf(out, " :%" PRId64, queries_number(rows, "server_port"));
        put_number(out, rows, "connections");
        fputs("<td>", out);
        (void)html_text(out, queries_text(rows, "meaning"));
        fputs("<td>", out);
        if (!queries_missing(rows, "said"))
            (void)html_short(out, queries_text(rows, "said"));
    }
    queries_end(rows);
    left = page->totals.no_login - shown;
    if (shown == 0)
        fputs(page->totals.connections > page->totals.not_imap
                  ? "<tr><td colspan=\"5\">None"
                  : "<tr><td colspan=\"5\">Not known: no IMAP connection was seen",
              out);
    else if (left > 0)
        fprintf(out,
                "\n<tr><td colspan=\"5\">Left out here: %s more; <code>imaptap query no-login</code> has all",
                format_number((uint64_t)left).text);
    return queries_error(page->queries) == NULL;
}

bool page_servers(void *user, FILE *out)
{
    static const char *const numbers[] = {"connections", "implicit",  "starttls",
                                          "cleartext",   "guessable", "users"};
    const struct page *page = user;
    struct queries_rows *rows = queries_ask(page->queries, QUERIES_SERVERS, PAGE_SERVERS, 0);
    unsigned count = 0;

    for (; queries_next(rows); count++) {
        fputs("\n<tr><th scope=\"row\">", out);
        (void)html_text(out, queries_text(rows, "server_ip"));
        fprintf(out, " :%" PRId64 "<td>", queries_number(rows, "server_port"));
        (void)html_short(out, queries_text(rows, "server_product"));
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            put_number(out, rows, numbers[i]);
    }
    queries_end(rows);
    if (count == 0)
        fputs("<tr><td colspan=\"8\">No server was seen", out);
    return queries_error(page->queries) == NULL;
}

bool page_servers_left(void *user, FILE *out)
{
    const struct page *page = user;

    return page_left(page, PAGE_SERVERS, page->totals.servers, "servers", "servers.csv", out);
}
