/*
 * Text: octets of any value become valid UTF-8, and what a terminal would act on is escaped.
 */
#include "db/display.h"
#include "db/text.h"
#include "tests/unit/db/fixture.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct escape_case {
    const char *in;
    size_t length; /* 0: the string's */
    const char *out;
};

static void test_octets_that_are_no_utf8_are_written_as_hex(void **state)
{
    static const struct escape_case cases[] = {
        {"", 0, ""},
        {"ali*ce", 0, "ali*ce"},
        {"J\xC3\xBCrgen", 0, "J\xC3\xBCrgen"},           /* two octets */
        {"\xE4\xB8\xAD", 0, "\xE4\xB8\xAD"},             /* three */
        {"\xF0\x9F\x93\xA7", 0, "\xF0\x9F\x93\xA7"},     /* four */
        {"\xF4\x8F\xBF\xBF", 0, "\xF4\x8F\xBF\xBF"},     /* the last character */
        {"\xEF\xBF\xBD", 0, "\xEF\xBF\xBD"},             /* the replacement character is a character */
        {"J\xFCrgen", 0, "J\\xFCrgen"},                  /* ISO 8859-1 */
        {"a\0b", 3, "a\\x00b"},                          /* NUL */
        {"\x80", 0, "\\x80"},                            /* a lone continuation */
        {"\xC3", 0, "\\xC3"},                            /* cut short */
        {"\xE4\xB8", 0, "\\xE4\\xB8"},                   /* cut short */
        {"\xF0\x9F\x93", 0, "\\xF0\\x9F\\x93"},          /* cut short */
        {"\xC3(", 0, "\\xC3("},                          /* broken off by ASCII */
        {"\xC0\xAF", 0, "\\xC0\\xAF"},                   /* overlong "/" */
        {"\xC1\xBF", 0, "\\xC1\\xBF"},                   /* overlong */
        {"\xE0\x80\xAF", 0, "\\xE0\\x80\\xAF"},          /* overlong */
        {"\xF0\x80\x80\xAF", 0, "\\xF0\\x80\\x80\\xAF"}, /* overlong */
        {"\xED\xA0\x80", 0, "\\xED\\xA0\\x80"},          /* a surrogate */
        {"\xF4\x90\x80\x80", 0, "\\xF4\\x90\\x80\\x80"}, /* over U+10FFFF */
        {"\xF5\x80\x80\x80", 0, "\\xF5\\x80\\x80\\x80"}, /* never a first octet */
        {"\xFE\xFF", 0, "\\xFE\\xFF"},                   /* never in UTF-8 */
        {"\xC3\xC3\xBC", 0, "\\xC3\xC3\xBC"},            /* the next character is found again */
        {"\r\n\x1B[31m\x7F", 0, "\r\n\x1B[31m\x7F"},     /* control characters are UTF-8 */
        {"\\xFC", 0, "\\xFC"},                           /* a backslash stays as it is */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = cases[i].length > 0 ? cases[i].length : strlen(cases[i].in);
        size_t out_length = 0;
        char *out = text_escape(cases[i].in, length, &out_length);

        assert_non_null(out);
        assert_string_equal(out, cases[i].out);
        assert_int_equal(out_length, strlen(cases[i].out));
        assert_true(text_is_plain(out, out_length));
        assert_int_equal(text_is_plain(cases[i].in, length),
                         length == out_length && memcmp(cases[i].in, out, length) == 0);
        sqlite3_free(out);
    }
}

static void test_what_a_terminal_would_act_on_is_escaped(void **state)
{
    static const struct escape_case cases[] = {
        {"plain \xE4\xB8\xAD", 0, "plain \xE4\xB8\xAD"},
        {"\x1B[31mred\a\r\n\t", 0, "\\x1B[31mred\\x07\\x0D\\x0A\\x09"},
        {"\x7F", 0, "\\x7F"},
        {"\xC2\x9B"
         "31m",
         0, "\\u009B31m"},                                 /* CSI of the C1 range */
        {"\xC2\x85", 0, "\\u0085"},                        /* next line */
        {"\xE2\x80\xAE\xE2\x80\xAC", 0, "\\u202E\\u202C"}, /* right-to-left override, and its end */
        {"\xE2\x81\xA6\xE2\x81\xA9", 0, "\\u2066\\u2069"}, /* left-to-right isolate, and its end */
        {"\xD8\x9C", 0, "\\u061C"},                        /* Arabic letter mark */
        {"\xE2\x80\xA8", 0, "\\u2028"},                    /* line separator */
        {"\xE2\x80\x8B", 0, "\\u200B"},                    /* zero width space */
        {"\xEF\xBB\xBF", 0, "\\uFEFF"},                    /* byte order mark */
        {"\xF3\xA0\x81\x81", 0, "\\U000E0041"},            /* a tag character */
        {"\xFF", 0, "\\xFF"},                              /* no UTF-8 */
        {"e\xCC\x81", 0, "e\xCC\x81"},                     /* a combining accent shows */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = 0;
        char *out = display_escape(cases[i].in, strlen(cases[i].in), &length);

        assert_non_null(out);
        assert_string_equal(out, cases[i].out);
        assert_int_equal(length, strlen(out));
        free(out);
    }
}

static void test_width_counts_columns_of_the_screen(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } cases[] = {
        {"", 0},
        {"abc", 3},
        {"J\xC3\xBCrgen", 6},
        {"\xE4\xB8\xAD\xE6\x96\x87", 4}, /* two wide characters */
        {"e\xCC\x81", 1},                /* e and a combining accent */
        {"\xF0\x9F\x93\xA7", 2},         /* an emoji */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(display_width(cases[i].text, strlen(cases[i].text)), cases[i].width);
}

static void test_a_cut_never_halves_a_wide_character_nor_drops_an_accent(void **state)
{
    size_t taken;

    (void)state;
    assert_int_equal(display_fit("\xE4\xB8\xAD\xE6\x96\x87", 6, 3, &taken), 3);
    assert_int_equal(taken, 2);
    assert_int_equal(display_fit("e\xCC\x81x", 4, 1, &taken), 3);
    assert_int_equal(taken, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets_that_are_no_utf8_are_written_as_hex),
        cmocka_unit_test(test_what_a_terminal_would_act_on_is_escaped),
        cmocka_unit_test(test_width_counts_columns_of_the_screen),
        cmocka_unit_test(test_a_cut_never_halves_a_wide_character_nor_drops_an_accent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
