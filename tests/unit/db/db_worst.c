/*
 * The table that counts logins by who sent them: more keys than it begins with, parts added up, and the end
 * of its memory.
 */
#include "db/summary/worst.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 20000, TOLD = 5 };

/* Of the key `number`; in `room`. */
static struct worst_key key_of(unsigned number, char room[32])
{
    int length = snprintf(room, 32, "user%u", number / 2);

    return (struct worst_key){
        {{room, (size_t)length}, {"10.0.0.1", 8}, {number % 2 ? "::1" : "::12", number % 2 ? 3 : 4}}};
}

static void add(struct worst *worst, unsigned number, int64_t logins, int64_t refused)
{
    char room[32];
    struct worst_key key = key_of(number, room);

    assert_int_equal(worst_add(worst, &key, &(struct worst_counts){logins, refused}), SQLITE_OK);
}

static void assert_row(const struct worst_row *row, unsigned number, int64_t logins, int64_t refused)
{
    char room[32];
    struct worst_key key = key_of(number, room);

    for (int i = 0; i < WORST_TEXTS; i++) {
        assert_int_equal(row->key.texts[i].length, key.texts[i].length);
        assert_memory_equal(row->key.texts[i].octets, key.texts[i].octets, key.texts[i].length);
    }
    assert_int_equal(row->counts.logins, logins);
    assert_int_equal(row->counts.refused, refused);
}

static void test_the_worst_of_many_are_told_in_their_order(void **state)
{
    struct worst *worst = worst_new((size_t)16 << 20), *other = worst_new((size_t)16 << 20);
    struct worst_row rows[TOLD];

    (void)state;
    for (unsigned i = 0; i < KEYS; i++)
        add(i % 3 ? worst : other, i, 1, 0);
    add(other, 77, 1, 2);
    add(worst, 10, 5, 1);
    add(worst, 15001, 4, 1);
    assert_int_equal(worst_add_all(worst, other), SQLITE_OK);
    assert_int_equal(worst_count(worst), KEYS);
    assert_int_equal(worst_tell(worst, rows, TOLD), TOLD);
    assert_row(&rows[0], 77, 2, 2);
    assert_row(&rows[1], 10, 6, 1);
    assert_row(&rows[2], 15001, 5, 1);
    /* of those with the same counts, the first text decides, of which one can begin with the other */
    assert_row(&rows[3], 1, 1, 0);
    assert_row(&rows[4], 0, 1, 0);
    assert_int_equal(worst_tell(worst, rows, 0), 0);
    worst_free(other);
    worst_free(worst);
}

static void test_what_does_not_fit_is_told(void **state)
{
    struct worst *worst = worst_new((size_t)16 << 20);
    struct worst_counts one = {1, 1}, most = {UINT32_MAX, 0};
    char *text = calloc(1, UINT16_MAX + 1);
    struct worst_key key = {{{text, UINT16_MAX}, {"a", 1}, {"", 0}}};
    struct worst_key longer = {{{text, UINT16_MAX + 1}, {"a", 1}, {"", 0}}};
    unsigned number = 0;
    int rc;

    (void)state;
    assert_int_equal(worst_add(worst, &longer, &one), SQLITE_FULL);
    do {
        memcpy(text, &number, sizeof number);
        number++;
    } while ((rc = worst_add(worst, &key, &one)) == SQLITE_OK);
    assert_int_equal(rc, SQLITE_FULL);
    assert_in_range(number, 128, 256); /* 16 MiB of texts of 64 KiB */
    number = 0;
    memcpy(text, &number, sizeof number);
    assert_int_equal(worst_add(worst, &key, &one), SQLITE_OK);
    assert_int_equal(worst_add(worst, &key, &most), SQLITE_FULL);
    free(text);
    worst_free(worst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_worst_of_many_are_told_in_their_order),
        cmocka_unit_test(test_what_does_not_fit_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
