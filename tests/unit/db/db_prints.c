/*
 * Prints of rows: a row that has a text is always found, one that is known not to have it seldom.
 */
#include "db/prints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(struct prints *prints, int64_t row, const char *text)
{
    prints_add(prints, PRINTS_LOGINS, row, text, text == NULL ? 0 : strlen(text));
}

static struct prints_wanted want(const char *text)
{
    struct prints_wanted wanted = {{0}};

    prints_want(&wanted, text, strlen(text));
    return wanted;
}

/* Names that begin or end alike, shorter and longer than a word of the hash. */
static void test_each_row_is_found_by_its_text_and_few_others_are(void **state)
{
    enum { ROWS = 2000 };
    static const char *const forms[] = {"u%d", "%d", "user%d@mail.example.org", "EXAMPLE\\somebody.%d"};
    struct prints *prints = prints_new();
    size_t others = 0;

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, forms[i % 4], i);
        add(prints, 100 + i, name);
    }
    for (int i = 0; i < ROWS; i++) {
        char name[64];
        struct prints_wanted wanted;
        bool found = false;

        (void)snprintf(name, sizeof name, forms[i % 4], i);
        wanted = want(name);
        for (int64_t row = 0; (row = prints_next(prints, PRINTS_LOGINS, &wanted, row)) != 0;) {
            found = found || row == 100 + i;
            others += row != 100 + i;
        }
        assert_true(found);
    }
    assert_in_range(others, 0, 4 * ROWS * ROWS / 65536);
    prints_free(prints);
}

static void test_row_between_others_that_nothing_is_known_of_is_found(void **state)
{
    struct prints *prints = prints_new();
    struct prints_wanted wanted = want("nobody");

    (void)state;
    add(prints, 5, "a");
    add(prints, 8, NULL);
    assert_int_equal(prints_next(prints, PRINTS_LOGINS, &wanted, 0), 6);
    assert_int_equal(prints_next(prints, PRINTS_LOGINS, &wanted, 6), 7);
    assert_int_equal(prints_next(prints, PRINTS_LOGINS, &wanted, 7), 0);
    assert_int_equal(prints_next(prints, PRINTS_CONNECTIONS, &wanted, 0), 0);
    prints_free(prints);
}

static void test_logins_are_covered_when_all_of_them_were_noted(void **state)
{
    struct prints *prints = prints_new();

    (void)state;
    assert_false(prints_cover(NULL, 1, 1));
    assert_false(prints_cover(prints, 0, 0));
    add(prints, 5, "a");
    add(prints, 6, "b");
    assert_true(prints_cover(prints, 5, 6));
    assert_false(prints_cover(prints, 4, 6));
    assert_false(prints_cover(prints, 5, 7));
    prints_forget(prints);
    assert_false(prints_cover(prints, 5, 6));
    add(prints, 5, "c");
    assert_true(prints_cover(prints, 5, 5));
    prints_free(prints);
}

/* Too many, or a number that was given before: then nothing is known of any. */
static void test_of_rows_that_cannot_be_kept_none_is(void **state)
{
    struct prints *prints = prints_new();

    (void)state;
    add(prints, 5, "a");
    add(prints, 5 + PRINTS_MOST_ROWS - 1, "b");
    assert_true(prints_cover(prints, 5, 5));
    add(prints, 5 + PRINTS_MOST_ROWS, "c");
    assert_false(prints_cover(prints, 5, 5));
    add(prints, 9, "d");
    assert_false(prints_cover(prints, 9, 9));
    prints_free(prints);
    prints = prints_new();
    add(prints, 5, "a");
    add(prints, 5, "b");
    assert_false(prints_cover(prints, 5, 5));
    prints_free(prints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row_is_found_by_its_text_and_few_others_are),
        cmocka_unit_test(test_row_between_others_that_nothing_is_known_of_is_found),
        cmocka_unit_test(test_logins_are_covered_when_all_of_them_were_noted),
        cmocka_unit_test(test_of_rows_that_cannot_be_kept_none_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
