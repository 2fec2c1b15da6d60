/*
 * Writes HTML.
 */
#include "analyzer/report/page/html.h"

#include "analyzer/report/narrowing.h"
#include "analyzer/report/sentences.h"
#include "db/display.h"
#include "db/query/narrowing.h"

#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const char report_frame_html[], report_page_css[], report_page_js[];

void html_octets(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(text[i], out);
        }
    }
}

static bool put_text(FILE *out, const char *text, size_t columns)
{
    size_t length, fits, taken;
    char *shown;

    if (text == NULL)
        return true;
    shown = display_escape(text, strlen(text), &length);
    if (shown == NULL)
        return false;
    fits = display_fit(shown, length, columns, &taken);
    html_octets(out, shown, fits);
    if (fits < length)
        fputs("\xE2\x80\xA6", out);
    free(shown);
    return true;
}

bool html_text(FILE *out, const char *text)
{
    return put_text(out, text, SIZE_MAX);
}

bool html_short(FILE *out, const char *text)
{
    return put_text(out, text, HTML_COLUMNS);
}

void html_time(FILE *out, int64_t time_ns)
{
    time_t seconds = time_ns / 1000000000;
    struct tm parts;
    char text[32];

    if (gmtime_r(&seconds, &parts) != NULL && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) > 0)
        fprintf(out, "%s.%03" PRId64, text, time_ns / 1000000 % 1000);
}

/* 'sha256-...' of what stands between the tags. */
static void put_hash(FILE *out, const char *text)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char encoded[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";

    sha256_init(&context);
    sha256_update(&context, strlen(text), (const uint8_t *)text);
    sha256_digest(&context, sizeof digest, digest);
    base64_encode_raw(encoded, sizeof digest, digest);
    fprintf(out, "'sha256-%s'", encoded);
}

static bool fill_policy(const struct html_page *page, FILE *out)
{
    (void)page;
    fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ", out);
    put_hash(out, report_page_css);
    fputs("; script-src ", out);
    put_hash(out, report_page_js);
    return fputs("; base-uri 'none'; form-action 'none'\">", out) != EOF;
}

static bool fill_style(const struct html_page *page, FILE *out)
{
    (void)page;
    return fprintf(out, "<style>%s</style>", report_page_css) > 0;
}

static bool fill_script(const struct html_page *page, FILE *out)
{
    (void)page;
    return fprintf(out, "<script>%s</script>", report_page_js) > 0;
}

static bool fill_kind(const struct html_page *page, FILE *out)
{
    return fputs(page->kind, out) != EOF;
}

static bool fill_contents(const struct html_page *page, FILE *out)
{
    return fputs(page->contents, out) != EOF;
}

static bool fill(FILE *out, const char *skeleton, const struct html_page *page);

static bool fill_body(const struct html_page *page, FILE *out)
{
    return fill(out, page->body, page);
}

static bool fill_place(FILE *out, const char *name, size_t length, const struct html_page *page)
{
    static const struct {
        const char *name;
        bool (*fill)(const struct html_page *page, FILE *out);
    } own[] = {{"policy", fill_policy}, {"style", fill_style},       {"script", fill_script},
               {"kind", fill_kind},     {"contents", fill_contents}, {"body", fill_body}};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strlen(own[i].name) == length && memcmp(own[i].name, name, length) == 0)
            return own[i].fill(page, out);
    for (const struct html_place *place = page->places; place->name != NULL; place++)
        if (strlen(place->name) == length && memcmp(place->name, name, length) == 0)
            return place->fill(page->user, out);
    return false;
}

static bool fill(FILE *out, const char *skeleton, const struct html_page *page)
{
    const char *open, *close;

    while ((open = strstr(skeleton, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
        (void)fwrite(skeleton, 1, (size_t)(open - skeleton), out);
        if (!fill_place(out, open + 2, (size_t)(close - open) - 2, page) || ferror(out))
            return false;
        skeleton = close + 2;
    }
    return fputs(skeleton, out) != EOF;
}

bool html_page(FILE *out, const struct html_page *page)
{
    return fill(out, report_frame_html, page);
}

bool html_narrowing(FILE *out, const struct query_parameters *parameters)
{
    char *words;
    bool good;

    if (!narrowing_is_any(parameters))
        return true;
    words = words_of(narrowing_say, parameters, 0);
    good = words != NULL && fputs(". ", out) != EOF && html_text(out, words);
    free(words);
    return good;
}

bool html_verdict(FILE *out, const char *style, const char *word, words_say *say, const void *what)
{
    bool good = true;

    fprintf(out, "<div class=\"verdict %s\"><h1>Verdict: %s</h1>", style, word);
    for (int line = 0; good && line < VERDICT_LINES; line++) {
        char *words = words_of(say, what, line);

        fputs("<p>", out);
        good = words != NULL && html_text(out, words);
        fputs("</p>", out);
        free(words);
    }
    return good;
}
