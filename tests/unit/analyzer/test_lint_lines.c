/*
 * What lint says of whole lines, as properties over many of them: a corrected line is right, no octet of a
 * password is shown, and a caret points into the line.
 */
#include "analyzer/lint/corrected.h"
#include "analyzer/lint/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY        20000
#define LINE_OCTETS 256

/* Octets that only passwords hold. */
#define SECRET_OCTETS "QXZ"

static unsigned random_below(unsigned limit)
{
    static uint64_t state = 0x9e3779b97f4a7c15;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

struct seen {
    unsigned findings;
    char corrected[2 * LINE_OCTETS];
    size_t corrected_length;
};

static void refuse_secret(const char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (memchr(SECRET_OCTETS, octets[i], strlen(SECRET_OCTETS)) != NULL)
            fail_msg("shown: %.*s", (int)length, octets);
}

static void on_finding(void *user, const struct lint_finding *finding)
{
    struct seen *seen = user;

    seen->findings++;
    refuse_secret(finding->masked, strlen(finding->masked));
    refuse_secret(finding->username.octets, finding->username.length);
    refuse_secret(finding->corrected.octets, finding->corrected.length);
    for (unsigned i = 0; i < finding->violation->octet_count; i++)
        assert_null(memchr(SECRET_OCTETS, finding->violation->octets[i], strlen(SECRET_OCTETS)));
    assert_true(finding->caret <= strlen(finding->masked));
    assert_true(finding->place.line >= 1 && finding->place.column >= 1);
    seen->corrected_length = 0;
    if (finding->corrected.octets != NULL) {
        assert_true(finding->corrected.length <= sizeof seen->corrected);
        memcpy(seen->corrected, finding->corrected.octets, finding->corrected.length);
        seen->corrected_length = finding->corrected.length;
    }
}

static struct seen lint(const char *octets, size_t length, bool stream, struct lint_result *result)
{
    struct lint_input input = {"test", (const uint8_t *)octets, length};
    struct seen seen = {0};

    *result = (struct lint_result){0};
    lint_run(&input, stream, on_finding, &seen, result);
    assert_false(result->failed);
    return seen;
}

static void check_clean(const char *line, size_t length)
{
    char octets[4 * LINE_OCTETS];
    struct lint_result result;
    int whole = snprintf(octets, sizeof octets, "%.*s\r\n", (int)length, line);

    memcpy(octets, line, length); /* it may hold NUL */
    assert_true(whole > 0);
    octets[length] = '\r';
    octets[length + 1] = '\n';
    lint(octets, length + 2, true, &result);
    if (result.violations > 0 || result.logins != 1 || result.cut)
        fail_msg("not clean: %.*s", (int)length, line);
}

static void a_corrected_argument_is_right_whatever_the_name_holds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        char name[16], line[LINE_OCTETS] = {0};
        size_t length = random_below(sizeof name);
        FILE *out = fmemopen(line, sizeof line, "w");

        for (size_t j = 0; j < length; j++)
            name[j] = random_below(2) ? (char)random_below(256) : "\"\\*%{}() \r\n"[random_below(11)];
        fputs("a1 LOGIN ", out);
        corrected_argument(out, (struct imap_text){name, length});
        fputs(" \"<password>\"", out);
        length = (size_t)ftell(out);
        fclose(out);
        check_clean(line, length);
    }
}

/* A line with faults of every kind. Its user name is never empty without quotes: otherwise nobody
 * knows where the password begins. */
static size_t random_line(char *line, bool stream)
{
    static const char *const tags[] = {"a1 ", "a+ ", "a1  ", " a1 ", "", "a*\t", "(a "};
    static const char *const names[] = {"LOGIN ",
                                        "login ",
                                        "LOGIN  ",
                                        "LOGIN",
                                        "LOGIN\t",
                                        "AUTHENTICATE ",
                                        "AUTHENTICATE PLAIN ",
                                        "AUTHENTICATE LOGIN "};
    static const char *const users[] = {
        "bob",          "b*b",         "b[b",        "\"bob\"",     "\"b\\\"b\"", "\"b\\ob\"",
        "\"\\a\\b\"",   "\"bob",       "\"bob\"x",   "bob\"",       "b\\b",       "b\xc3\xbc",
        "\"\xc3\xbc\"", "{3}\r\nbob",  "{2+}\r\nbb", "~{3}\r\nbob", "{3}",        "{99}\r\nb",
        "\"\"",         "{3}\r\nb\"b", "b\x01",      "bo b"};
    static const char *const passwords[] = {"QXZ",    "Q*Z",        "Q Z",          "\"QXZ\"", "\"Q\\Z\"",
                                            "\"QXZ",  "{3}\r\nQXZ", "{2}\r\nQXZ",   "Q\"Z\"",  "{3+}\r\nQ Z",
                                            "\"Q\"Z", "",           "AGIAUVhaQQ==", "QX\xffZ", "\"Q\" \"Z\""};
    static const char *const ends[] = {"\r\n", "\n", "\r\r\n", " \r\n", "\r", " Q\r\n"};
    const char *end = ends[random_below(stream ? 6 : 2)];

    return (size_t)snprintf(line, LINE_OCTETS, "%s%s%s%s%s%s", tags[random_below(7)], names[random_below(8)],
                            users[random_below(sizeof users / sizeof *users)], random_below(8) ? " " : "  ",
                            passwords[random_below(sizeof passwords / sizeof *passwords)], end);
}

/* AGIAUVhaQQ== holds a password in base64, AUTHENTICATE PLAIN's. */
static void no_octet_of_a_password_is_reported(void **state)
{
    unsigned findings = 0;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        char lines[3 * LINE_OCTETS];
        bool stream = random_below(2) != 0;
        size_t length = 0;
        struct lint_result result;

        for (unsigned count = 1 + random_below(3); count > 0; count--)
            length += random_line(lines + length, stream);
        findings += lint(lines, length, stream, &result).findings;
    }
    assert_true(findings > MANY);
}

static void a_corrected_line_is_right_whatever_was_wrong(void **state)
{
    unsigned corrected = 0;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        char line[LINE_OCTETS];
        struct lint_result result;
        struct seen seen = lint(line, random_line(line, true), true, &result);

        if (seen.corrected_length == 0)
            continue;
        check_clean(seen.corrected, seen.corrected_length);
        corrected++;
    }
    assert_true(corrected > MANY / 4);
}

static void octets_of_any_kind_do_no_harm(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        static const char likely[] = "a1 LOGIN AUTHENTICATE \"\\{}+~0123 \t\r\n";
        char octets[128];
        size_t length = random_below(sizeof octets);
        struct lint_result result;
        size_t prefix = length < 9 || random_below(3) == 0 ? 0 : 9;

        memcpy(octets, "a1 LOGIN ", prefix);
        for (size_t j = prefix; j < length; j++) {
            octets[j] = random_below(8) ? likely[random_below(sizeof likely - 1)] : (char)random_below(256);
            if (memchr(SECRET_OCTETS, octets[j], strlen(SECRET_OCTETS)) != NULL)
                octets[j] = 'a';
        }
        lint(octets, length, random_below(2) != 0, &result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_corrected_argument_is_right_whatever_the_name_holds),
        cmocka_unit_test(no_octet_of_a_password_is_reported),
        cmocka_unit_test(a_corrected_line_is_right_whatever_was_wrong),
        cmocka_unit_test(octets_of_any_kind_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
