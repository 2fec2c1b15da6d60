/*
 * Writes HTML.
 */
#include "analyzer/report/page/html.h"

#include "db/display.h"

#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const char report_page_css[], report_page_js[];

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

static bool fill_place(FILE *out, const char *name, size_t length, const struct html_place *places,
                       void *user)
{
    for (; places->name != NULL; places++)
        if (strlen(places->name) == length && memcmp(places->name, name, length) == 0)
            return places->fill(user, out);
    return false;
}

bool html_fill(FILE *out, const char *skeleton, const struct html_place *places, void *user)
{
    const char *open, *close;

    while ((open = strstr(skeleton, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
        (void)fwrite(skeleton, 1, (size_t)(open - skeleton), out);
        if (!fill_place(out, open + 2, (size_t)(close - open) - 2, places, user) || ferror(out))
            return false;
        skeleton = close + 2;
    }
    return fputs(skeleton, out) != EOF;
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

bool html_policy(void *user, FILE *out)
{
    (void)user;
    fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ", out);
    put_hash(out, report_page_css);
    fputs("; script-src ", out);
    put_hash(out, report_page_js);
    return fputs("; base-uri 'none'; form-action 'none'\">", out) != EOF;
}

bool html_style(void *user, FILE *out)
{
    (void)user;
    return fprintf(out, "<style>%s</style>", report_page_css) > 0;
}

bool html_script(void *user, FILE *out)
{
    (void)user;
    return fprintf(out, "<script>%s</script>", report_page_js) > 0;
}
