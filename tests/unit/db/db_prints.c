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
    static const char *const forms[] = {"%duser", "%d", "user%d@mail.example.org", "EXAMPLE\\somebody.%d"};
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

static void test_logins_are_covered_when_all_of_them_were_noted(void **state)
{
    struct prints *prints = prints_new();

    (void)state;
    assert_false(prints_cover(NULL, 1, 1));
    assert_false(prints_cover(prints, 0, 0));
    add(prints, 5, "a");
    add(prints, 6, NULL);
    assert_int_equal(prints_count(prints, PRINTS_LOGINS), 2);
    assert_int_equal(prints_count(prints, PRINTS_CONNECTIONS), 0);
    assert_true(prints_cover(prints, 5, 6));
    assert_false(prints_cover(prints, 4, 6));
    assert_false(prints_cover(prints, 5, 7));
    prints_free(prints);
}

/* Somebody else's rows are between them, or their numbers were given before. */
static void test_rows_that_do_not_follow_each_other_are_given_up(void **state)
{
    static const int64_t others[] = {4, 5, 7};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct prints *prints = prints_new();

        add(prints, 5, "a");
        add(prints, others[i], "b");
        assert_false(prints_cover(prints, 5, 5));
        add(prints, 9, "c");
        assert_false(prints_cover(prints, 9, 9));
        prints_free(prints);
    }
}

static void test_rows_before_a_rollback_are_given_up(void **state)
{
    struct prints *prints = prints_new();

    (void)state;
    prints_forget(prints); /* there were none */
    add(prints, 5, "a");
    assert_true(prints_cover(prints, 5, 5));
    prints_forget(prints);
    add(prints, 5, "c");
    assert_false(prints_cover(prints, 5, 5));
    prints_free(prints);
}

static void test_more_rows_than_are_kept_are_given_up(void **state)
{
    struct prints *prints = prints_new();

    (void)state;
    for (size_t i = 0; i < PRINTS_MOST_ROWS; i++)
        add(prints, 5 + (int64_t)i, "a");
    assert_true(prints_cover(prints, 5, 4 + (int64_t)PRINTS_MOST_ROWS));
    add(prints, 5 + (int64_t)PRINTS_MOST_ROWS, "a");
    assert_false(prints_cover(prints, 5, 5));
    prints_free(prints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row_is_found_by_its_text_and_few_others_are),
        cmocka_unit_test(test_logins_are_covered_when_all_of_them_were_noted),
        cmocka_unit_test(test_rows_that_do_not_follow_each_other_are_given_up),
        cmocka_unit_test(test_rows_before_a_rollback_are_given_up),
        cmocka_unit_test(test_more_rows_than_are_kept_are_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
