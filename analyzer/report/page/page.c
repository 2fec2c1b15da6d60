/*
 * The report as one page: fills the body page.html.
 */
#include "analyzer/report/page/page.h"

#include "analyzer/report/page/html.h"
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const char report_contents_html[], report_page_html[];

/* 60 steps of the timeline are rows, too. */
static_assert(PAGE_FINDINGS + PAGE_CAUSES + PAGE_DIAGNOSIS + PAGE_SENDERS + PAGE_USERS + PAGE_SERVERS +
                      PAGE_NO_LOGIN + PAGE_CAPTURES + PAGE_RUNS + PAGE_MATRIX_SENDERS + PAGE_WORST +
                      PAGE_RULES + 60 <=
                  PAGE_ALL,
              "a page would hold too many rows");

static bool fill_word(void *user, FILE *out)
{
    const struct page *page = user;

    return fputs(verdict_word(&page->totals), out) != EOF;
}

static bool fill_source(void *user, FILE *out)
{
    const struct page *page = user;
    int64_t now = (int64_t)time(NULL) * 1000000000;

    return html_text(out, page->source->database) && fprintf(out, ", %s", format_time(now).text) > 0 &&
           html_narrowing(out, page->source->narrowing);
}

static void put_figure(FILE *out, const char *name, int64_t count, const char *small)
{
    fprintf(out, "<div><dt>%s<dd>%s <small>%s</small></div>", name, format_number((uint64_t)count).text,
            small);
}

static bool fill_verdict(void *user, FILE *out)
{
    static const char *const classes[] = {
        [VERDICT_PROVED] = "v-proved",       [VERDICT_LIKELY] = "v-likely",
        [VERDICT_TOLERATED] = "v-tolerated", [VERDICT_UNKNOWN] = "v-unknown",
        [VERDICT_UNRELATED] = "v-unrelated", [VERDICT_NO_FINDING] = "v-no-finding",
        [VERDICT_NOT_SEEN] = "v-not-seen"};
    const struct page *page = user;
    const struct report_totals *totals = &page->totals;
    enum verdict_state state = verdict_state(totals);
    int64_t imap = totals->connections - totals->not_imap;
    char share[64];
    bool good = html_verdict(out, classes[state], verdict_word(totals), verdict_line, totals);

    (void)snprintf(share, sizeof share, "of %s connections", format_number((uint64_t)imap).text);
    fputs("<dl class=\"figures\">", out);
    put_figure(out, "Logins seen", totals->logins, "");
    put_figure(out, "Refused", totals->refused, "");
    put_figure(out, "Unquoted * or %", totals->unquoted, "logins");
    put_figure(out, "Users affected", totals->users, "");
    put_figure(out, "Encrypted, not seen", totals->encrypted, share);
    fputs("</dl></div>", out);
    return good;
}

static void put_item(void *user, const char *sentence)
{
    fputs("<li>", user);
    (void)html_text(user, sentence);
    fputc('\n', user);
}

static bool fill_seen(void *user, FILE *out)
{
    const struct page *page = user;
    const struct report_totals *totals = &page->totals;

    fputs("<h3>Read</h3><ul class=\"plain\"><li>", out);
    say_count(out, totals->captures, "capture", "captures");
    fprintf(out, ", %s, ", format_octets((uint64_t)totals->bytes).text);
    say_count(out, totals->packets, "frame", "frames");
    if (totals->last_ns > 0)
        fprintf(out, "<li>%s to %s", format_time(totals->first_ns).text, format_time(totals->last_ns).text);
    fputs("<li>", out);
    say_count(out, totals->connections - totals->not_imap, "IMAP connection", "IMAP connections");
    fputs("<li>", out);
    say_count(out, totals->logins, "login", "logins");
    fprintf(out, ": %s let in, %s refused, %s without a verdict",
            format_number((uint64_t)totals->accepted).text, format_number((uint64_t)totals->refused).text,
            format_number((uint64_t)totals->unanswered).text);
    fputs("</ul><h3>Missed</h3><ul class=\"plain\">", out);
    if (missed_sentences(totals, put_item, out) == 0)
        fputs("<li>Nothing", out);
    return fputs("</ul>", out) != EOF;
}

static bool fill_steps(void *user, FILE *out)
{
    const struct page *page = user;

    return step_sentences(&page->totals, page->source->database, put_item, out) > 0;
}

static bool fill_footer(void *user, FILE *out)
{
    (void)user;
    return fputs("<p>Made by imaptap " IMAPTAP_VERSION
                 ". No octet of a password, a SASL response or a token is in this page, nor in the "
                 "database it was made from. All times are UTC.</p>",
                 out) != EOF;
}

bool report_page(const struct report_source *source, FILE *out)
{
    static const struct html_place places[] = {
        {"word", fill_word},
        {"source", fill_source},
        {"verdict", fill_verdict},
        {"seen", fill_seen},
        {"steps", fill_steps},
        {"timeline", page_timeline},
        {"matrix", page_matrix},
        {"causes", page_causes},
        {"diagnosis", page_diagnosis},
        {"diagnosis_left", page_diagnosis_left},
        {"senders", page_senders},
        {"senders_left", page_senders_left},
        {"users", page_users},
        {"users_left", page_users_left},
        {"worst", page_worst},
        {"findings_lead", page_findings_lead},
        {"findings_rows", page_findings_rows},
        {"findings_first", page_findings_first},
        {"findings_rest", page_findings_rest},
        {"findings_left", page_findings_left},
        {"rules", page_rules},
        {"encrypted", page_encrypted},
        {"no_login", page_no_login},
        {"servers", page_servers},
        {"servers_left", page_servers_left},
        {"runs", page_runs},
        {"captures", page_captures},
        {"captures_left", page_captures_left},
        {"footer", fill_footer},
        {NULL, NULL},
    };
    struct page page = {.source = source, .queries = source->queries};
    const struct html_page html = {"report", report_contents_html, report_page_html, places, &page};
    bool good = report_totals_read(source->queries, &page.totals) && html_page(out, &html);

    queries_end(page.findings);
    report_totals_free(&page.totals);
    return good && queries_error(source->queries) == NULL && !ferror(out);
}
