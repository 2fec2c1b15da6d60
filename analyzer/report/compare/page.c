/*
 * A comparison as one page: fills the body compare.html, with the style and script of the report.
 */
#include "analyzer/report/compare/rows.h"
#include "analyzer/report/page/html.h"
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

extern const char compare_page_html[];

/* Rows of each change that stand in the page: 11 changes make fewer than 50,000. */
#define MOST_ROWS 1000

static const char *class_of_sender(enum sender_change change)
{
    static const char *const classes[SENDER_CHANGES] = {
        [SENDER_STOPPED] = "v-no-finding", [SENDER_STILL] = "v-proved",    [SENDER_BEGAN] = "v-proved",
        [SENDER_NEW] = "v-proved",         [SENDER_UNTRIED] = "v-unknown", [SENDER_NOT_SEEN] = "v-not-seen"};

    return classes[change];
}

static const char *class_of_user(enum user_change change)
{
    static const char *const classes[USER_CHANGES] = {[USER_GETS_IN] = "v-no-finding",
                                                      [USER_STILL] = "v-proved",
                                                      [USER_NEWLY] = "v-proved",
                                                      [USER_FIRST] = "v-likely",
                                                      [USER_NOT_SEEN] = "v-not-seen"};

    return classes[change];
}

static bool fill_word(void *user, FILE *out)
{
    const struct compare_rows *rows = user;

    return fputs(compare_word(&rows->compared), out) != EOF;
}

static bool fill_source(void *user, FILE *out)
{
    const struct compare_rows *rows = user;

    return html_text(out, rows->compared.before.name) && fputs(" and ", out) != EOF &&
           html_text(out, rows->compared.after.name) && html_narrowing(out, rows->narrowing);
}

static bool fill_verdict(void *user, FILE *out)
{
    const struct compare_rows *rows = user;
    const char *word = compare_word(&rows->compared);
    const char *style = strcmp(word, "not repaired") == 0 ? "v-proved"
                        : strcmp(word, "not known") == 0  ? "v-not-seen"
                                                          : "v-no-finding";

    return html_verdict(out, style, word, compare_line, &rows->compared) && fputs("</div>", out) != EOF;
}

static void put_numbers(FILE *out, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(out, "<td class=\"n\">%s", format_number((uint64_t)numbers[i]).text);
}

static void put_side(FILE *out, const char *title, const struct compared_side *side)
{
    const int64_t numbers[] = {side->captures, side->unfinished, side->connections, side->encrypted,
                               side->logins,   side->refused,    side->unquoted};

    fprintf(out, "\n<tr><th scope=\"row\">%s<td>", title);
    (void)html_text(out, side->source != NULL ? side->source : side->name);
    fputs("<td>", out);
    if (side->last_ns > 0)
        html_time(out, side->first_ns);
    fputs("<td>", out);
    if (side->last_ns > 0)
        html_time(out, side->last_ns);
    put_numbers(out, numbers, sizeof numbers / sizeof numbers[0]);
}

static bool fill_sides(void *user, FILE *out)
{
    const struct compare_rows *rows = user;

    put_side(out, "Before", &rows->compared.before);
    put_side(out, "After", &rows->compared.after);
    return !ferror(out);
}

static void put_server(FILE *out, const char *server, const char *product)
{
    (void)html_text(out, server);
    if (product == NULL)
        return;
    fputs(" (", out);
    (void)html_short(out, product);
    fputc(')', out);
}

/* Nothing for 0. */
static void put_time(FILE *out, int64_t time_ns)
{
    fputs("<td>", out);
    if (time_ns > 0)
        html_time(out, time_ns);
}

static bool fill_senders(void *user, FILE *out)
{
    const struct compare_rows *rows = user;
    unsigned count = 0;

    for (int i = 0; i < SENDER_CHANGES; i++)
        for (const struct kept_sender *kept = rows->senders[i]; kept != NULL; kept = kept->next, count++) {
            const struct sender_figures *before = &kept->row.before, *after = &kept->row.after;
            const int64_t numbers[] = {before->logins,          before->unquoted, before->unquoted_refused,
                                       before->quoted,          after->logins,    after->unquoted,
                                       after->unquoted_refused, after->quoted,    after->connections,
                                       after->encrypted};

            fprintf(out, "\n<tr><td class=\"%s\">%s<td>", class_of_sender(kept->row.change),
                    sender_change_word(kept->row.change));
            (void)html_text(out, kept->row.client);
            fputs("<td>", out);
            put_server(out, kept->row.server, kept->row.product);
            put_numbers(out, numbers, sizeof numbers / sizeof numbers[0]);
            put_time(out, sender_last_unquoted(&kept->row));
            put_time(out, sender_quoted_since(&kept->row));
        }
    if (count == 0)
        fputs("<tr><td colspan=\"15\">None was seen", out);
    return !ferror(out);
}

static bool fill_users(void *user, FILE *out)
{
    const struct compare_rows *rows = user;
    unsigned count = 0;

    for (int i = 0; i < USER_CHANGES; i++)
        for (const struct kept_user *kept = rows->users[i]; kept != NULL; kept = kept->next, count++) {
            const struct user_figures *before = &kept->row.before, *after = &kept->row.after;
            const int64_t numbers[] = {before->accepted, before->refused, before->broken_refused,
                                       after->accepted,  after->refused,  after->broken_refused};

            fprintf(out, "\n<tr><td class=\"%s\">%s<td>", class_of_user(kept->row.change),
                    user_change_word(kept->row.change));
            (void)html_short(out, *kept->row.name != '\0' ? kept->row.name : "(empty)");
            fputs("<td>", out);
            put_server(out, kept->row.server, kept->row.product);
            put_numbers(out, numbers, sizeof numbers / sizeof numbers[0]);
        }
    if (count == 0)
        fputs("<tr><td colspan=\"9\">None was seen", out);
    return !ferror(out);
}

static void put_left(FILE *out, int64_t all, const char *what)
{
    if (all > MOST_ROWS)
        fprintf(out,
                "<p class=\"note\"><strong>Left out here: %s of %s with the change "
                "\xE2\x80\x9C%s\xE2\x80\x9D.</strong> "
                "<code>imaptap compare --format json</code> has all.</p>",
                format_number((uint64_t)(all - MOST_ROWS)).text, format_number((uint64_t)all).text, what);
}

static bool fill_senders_left(void *user, FILE *out)
{
    const struct compare_rows *rows = user;

    for (int i = 0; i < SENDER_CHANGES; i++)
        put_left(out, rows->compared.senders[i], sender_change_word((enum sender_change)i));
    return !ferror(out);
}

static bool fill_users_left(void *user, FILE *out)
{
    const struct compare_rows *rows = user;

    for (int i = 0; i < USER_CHANGES; i++)
        put_left(out, rows->compared.users[i], user_change_word((enum user_change)i));
    return !ferror(out);
}

static bool fill_footer(void *user, FILE *out)
{
    (void)user;
    return fputs("<p>Made by imaptap " IMAPTAP_VERSION
                 ". A sender counts as stopped when it is seen to quote * and %, or quotes "
                 "everything; one that was not seen counts as not seen.</p>",
                 out) != EOF;
}

bool compare_page(const struct compare_source *source, FILE *out)
{
    static const struct html_place places[] = {{"word", fill_word},       {"source", fill_source},
                                               {"verdict", fill_verdict}, {"sides", fill_sides},
                                               {"senders", fill_senders}, {"senders_left", fill_senders_left},
                                               {"users", fill_users},     {"users_left", fill_users_left},
                                               {"footer", fill_footer},   {NULL, NULL}};
    struct compare_rows rows;
    const struct html_page html = {"compare", "", compare_page_html, places, &rows};
    bool good = compare_rows_read(source, MOST_ROWS, &rows) && html_page(out, &html);

    compare_rows_free(&rows);
    return good && !ferror(out);
}
