/*
 * The word that was probably meant.
 */
#include "analyzer/cli/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void counts_slips(void **state)
{
    static const struct {
        const char *word, *known;
        size_t slips;
    } cases[] = {{"read", "read", 0},         {"reed", "read", 1},
                 {"raed", "read", 1},         {"red", "read", 1},
                 {"reads", "read", 1},        {"quer", "query", 0},
                 {"qeuyr", "query", 2},       {"wildcard", "wildcard-logins", 0},
                 {"live", "merge", SIZE_MAX}, {"", "read", SIZE_MAX},
                 {"x", "q", SIZE_MAX},        {"ab", "ba", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(nearest_distance(cases[i].word, cases[i].known), cases[i].slips);
}

static void longer_words_are_not_compared(void **state)
{
    static const char forty[] = "abcdefghijabcdefghijabcdefghijabcdefghij",
                      more[] = "abcdefghijabcdefghijabcdefghijabcdefghijk";

    (void)state;
    assert_int_equal(nearest_distance(forty, forty), 0);
    assert_int_equal(nearest_distance(more, more), SIZE_MAX);
    assert_int_equal(nearest_distance(forty, more), SIZE_MAX);
}

static void the_nearest_is_chosen_or_none(void **state)
{
    static const char *const words[] = {"report", "read", "rules"};

    (void)state;
    assert_string_equal(nearest_word("raed", words, 3, sizeof words[0]), "read");
    assert_string_equal(nearest_word("rule", words, 3, sizeof words[0]), "rules");
    assert_null(nearest_word("frobnicate", words, 3, sizeof words[0]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(counts_slips),
                                              cmocka_unit_test(longer_words_are_not_compared),
                                              cmocka_unit_test(the_nearest_is_chosen_or_none)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
