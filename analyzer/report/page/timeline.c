/*
 * The logins over time: a bar for each step, in parts by verdict that differ in pattern, not only in colour,
 * and a diamond with a number where logins with an unquoted wildcard were refused.
 */
#include "analyzer/report/page/html.h"
#include "analyzer/report/page/page.h"
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

#include <inttypes.h>
#include <time.h>

#define MOST_STEPS 60
#define SECOND_NS  INT64_C(1000000000)

/* Of the drawing, in its own units. */
#define WIDTH  960.0
#define HEIGHT 250.0
#define LEFT   52.0
#define RIGHT  12.0
#define TOP    44.0
#define BOTTOM 42.0

struct step {
    int64_t number, start_ns, logins, accepted, refused, unanswered, unquoted, unquoted_refused;
};

struct timeline {
    struct step steps[MOST_STEPS];
    unsigned count;          /* steps with a login */
    int64_t width_ns;        /* of a step */
    int64_t begin_ns;        /* of the first one */
    int64_t last;            /* number of the last one */
    int64_t scale;           /* logins at the top of the drawing */
    int64_t busiest, marked; /* most logins in a step; refused logins with an unquoted wildcard in all */
};

/* The least step, of those that people count in, with which the whole fits. */
static int64_t step_width(int64_t span_ns)
{
    static const int64_t seconds[] = {1,   2,    5,    10,   30,    60,    120,  300,
                                      600, 1800, 3600, 7200, 21600, 43200, 86400};
    int64_t day = 86400;

    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
        if (span_ns / (seconds[i] * SECOND_NS) < MOST_STEPS - 1)
            return seconds[i] * SECOND_NS;
    while (span_ns / (day * SECOND_NS) >= MOST_STEPS - 1)
        day *= 2;
    return day * SECOND_NS;
}

/* 1, 2, 4, 6 or 8 times a power of ten, not below the number. */
static int64_t round_up(int64_t number)
{
    int64_t power = 1;

    while (power * 10 <= number)
        power *= 10;
    if (number <= power)
        return power;
    return (number + 2 * power - 1) / (2 * power) * 2 * power;
}

static bool read_steps(const struct page *page, struct timeline *timeline)
{
    struct queries_rows *rows;

    timeline->width_ns = step_width(page->totals.last_login_ns - page->totals.first_login_ns);
    timeline->begin_ns = page->totals.first_login_ns / timeline->width_ns * timeline->width_ns;
    rows = queries_ask(page->queries, QUERIES_TIMELINE, timeline->width_ns, timeline->begin_ns);
    while (timeline->count < MOST_STEPS && queries_next(rows)) {
        struct step *step = &timeline->steps[timeline->count++];

        *step = (struct step){.number = queries_number(rows, "step"),
                              .start_ns = queries_number(rows, "start_ns"),
                              .logins = queries_number(rows, "logins"),
                              .accepted = queries_number(rows, "accepted"),
                              .refused = queries_number(rows, "refused"),
                              .unanswered = queries_number(rows, "unanswered"),
                              .unquoted = queries_number(rows, "unquoted"),
                              .unquoted_refused = queries_number(rows, "unquoted_refused")};
        if (step->logins > timeline->busiest)
            timeline->busiest = step->logins;
        timeline->marked += step->unquoted_refused;
        timeline->last = step->number;
    }
    queries_end(rows);
    timeline->scale = round_up(timeline->busiest);
    return queries_error(page->queries) == NULL;
}

static double x_of(const struct timeline *timeline, int64_t number)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (double)number / (double)(timeline->last + 1);
}

static double height_of(const struct timeline *timeline, int64_t logins)
{
    return (HEIGHT - TOP - BOTTOM) * (double)logins / (double)timeline->scale;
}

static void put_axes(const struct timeline *timeline, FILE *out)
{
    int64_t every = (timeline->last + 6) / 6;

    for (int i = 0; i <= 2; i++) {
        double y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * i / 2;

        if (i == 1 && timeline->scale % 2 != 0)
            continue;
        fprintf(out,
                "<path class=\"axis\" d=\"M%.0f %.1fH%.0f\"/><text x=\"%.0f\" y=\"%.1f\" "
                "text-anchor=\"end\">%s</text>",
                LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4,
                format_number((uint64_t)(timeline->scale * i / 2)).text);
    }
    for (int64_t number = 0; number <= timeline->last; number += every > 0 ? every : 1) {
        time_t start = (timeline->begin_ns + number * timeline->width_ns) / SECOND_NS;
        bool days = timeline->width_ns >= 86400 * SECOND_NS;
        struct tm parts;
        char text[32];

        if (gmtime_r(&start, &parts) == NULL ||
            strftime(text, sizeof text,
                     days                                  ? "%Y-%m-%d"
                     : timeline->width_ns < 60 * SECOND_NS ? "%H:%M:%S"
                                                           : "%m-%d %H:%M",
                     &parts) == 0)
            continue;
        fprintf(out, "<path class=\"axis\" d=\"M%.1f %.1fv5\"/><text x=\"%.1f\" y=\"%.1f\">%s</text>",
                x_of(timeline, number), HEIGHT - BOTTOM, x_of(timeline, number), HEIGHT - BOTTOM + 18, text);
    }
    fprintf(out, "<text x=\"%.0f\" y=\"%.0f\">from %s on, one bar: ", LEFT, HEIGHT - 6,
            format_time(timeline->begin_ns).text);
    if (timeline->width_ns < 60 * SECOND_NS)
        say_count(out, timeline->width_ns / SECOND_NS, "second", "seconds");
    else if (timeline->width_ns < 3600 * SECOND_NS)
        say_count(out, timeline->width_ns / (60 * SECOND_NS), "minute", "minutes");
    else if (timeline->width_ns < 86400 * SECOND_NS)
        say_count(out, timeline->width_ns / (3600 * SECOND_NS), "hour", "hours");
    else
        say_count(out, timeline->width_ns / (86400 * SECOND_NS), "day", "days");
    fputs("</text>", out);
}

static double put_part(const struct timeline *timeline, const char *class, double x, double width,
                       double bottom, int64_t logins, FILE *out)
{
    double height = height_of(timeline, logins);

    if (logins == 0)
        return bottom;
    fprintf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", class, x,
            bottom - height, width, height);
    return bottom - height;
}

static void put_bar(const struct timeline *timeline, const struct step *step, FILE *out)
{
    double slot = (WIDTH - LEFT - RIGHT) / (double)(timeline->last + 1);
    double width = slot * 0.8 < 48 ? slot * 0.8 : 48, x = x_of(timeline, step->number) + (slot - width) / 2;
    double middle = x + width / 2, top = HEIGHT - BOTTOM;

    fputs("<g><title>", out);
    html_time(out, step->start_ns);
    fprintf(out, ": %" PRId64 " let in, %" PRId64 " refused, %" PRId64 " without a verdict</title>",
            step->accepted, step->refused, step->unanswered);
    top = put_part(timeline, "in", x, width, top, step->accepted, out);
    top = put_part(timeline, "no", x, width, top, step->refused, out);
    top = put_part(timeline, "open", x, width, top, step->unanswered, out);
    if (step->unquoted_refused > 0) {
        fprintf(out, "<path class=\"diamond\" d=\"M%.1f %.1fl6 6l-6 6l-6 -6z\"/>", middle, top - 16);
        if (slot >= 14 || timeline->count <= 30)
            fprintf(out, "<text class=\"strong\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
                    middle, top - 20, format_number((uint64_t)step->unquoted_refused).text);
    }
    fputs("</g>", out);
}

static void put_drawing(const struct page *page, const struct timeline *timeline, FILE *out)
{
    fprintf(out,
            "<svg class=\"chart\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-labelledby=\"chart-title "
            "chart-text\">",
            WIDTH, HEIGHT);
    fputs("<title id=\"chart-title\">Logins over time, by verdict</title><desc id=\"chart-text\">", out);
    say_count(out, page->totals.logins, "login", "logins");
    fprintf(out, ": %s let in, %s refused, %s without a verdict. ",
            format_number((uint64_t)page->totals.accepted).text,
            format_number((uint64_t)page->totals.refused).text,
            format_number((uint64_t)page->totals.unanswered).text);
    say_count(out, timeline->marked, "refused login held", "refused logins held");
    fputs(" * or % without quotes. The table below has the figures.</desc>"
          "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
          "patternTransform=\"rotate(45)\">"
          "<path class=\"hatch\" d=\"M1 0v6\"/></pattern></defs>",
          out);
    put_axes(timeline, out);
    for (unsigned i = 0; i < timeline->count; i++)
        put_bar(timeline, &timeline->steps[i], out);
    fputs("</svg>", out);
}

static void put_table(const struct timeline *timeline, FILE *out)
{
    fputs(
        "<details><summary>The figures</summary><div class=\"wide\" role=\"region\" aria-label=\"Figures of "
        "the timeline, scrolls\" "
        "tabindex=\"0\"><table><caption>Logins in each step; steps without a login are left "
        "out</caption><thead><tr>"
        "<th scope=\"col\">From (UTC)<th scope=\"col\" class=\"n\">Logins<th scope=\"col\" class=\"n\">Let in"
        "<th scope=\"col\" class=\"n\">Refused<th scope=\"col\" class=\"n\">Without a verdict"
        "<th scope=\"col\" class=\"n\">Unquoted * or %<th scope=\"col\" class=\"n\">of these refused<tbody>",
        out);
    for (unsigned i = 0; i < timeline->count; i++) {
        const struct step *step = &timeline->steps[i];
        const int64_t figures[] = {step->logins,     step->accepted, step->refused,
                                   step->unanswered, step->unquoted, step->unquoted_refused};

        fputs("\n<tr><th scope=\"row\">", out);
        html_time(out, step->start_ns);
        for (size_t j = 0; j < sizeof figures / sizeof figures[0]; j++)
            fprintf(out, "<td class=\"n\">%s", format_number((uint64_t)figures[j]).text);
    }
    fputs("</table></div></details>", out);
}

bool page_timeline(void *user, FILE *out)
{
    const struct page *page = user;
    struct timeline timeline = {.count = 0};

    if (page->totals.logins == 0)
        return fputs("<p>No login was seen.</p>", out) != EOF;
    if (!read_steps(page, &timeline))
        return false;
    fputs("<figure><div class=\"wide\">", out);
    put_drawing(page, &timeline, out);
    fputs("</div><ul class=\"legend\">"
          "<li><svg aria-hidden=\"true\"><rect class=\"in\" width=\"18\" height=\"14\"/></svg>let in: plain"
          "<li><svg aria-hidden=\"true\"><rect class=\"no\" x=\"1\" y=\"1\" width=\"16\" "
          "height=\"12\"/></svg>refused: hatched"
          "<li><svg aria-hidden=\"true\"><rect class=\"open\" x=\"1\" y=\"1\" width=\"16\" "
          "height=\"12\"/></svg>without a verdict: dashed"
          "<li><svg aria-hidden=\"true\"><path class=\"diamond\" d=\"M9 1l6 6l-6 6l-6 -6z\"/></svg>refused "
          "with * or % unquoted: a "
          "diamond and how many</ul>",
          out);
    put_table(&timeline, out);
    return fputs("</figure>", out) != EOF;
}
