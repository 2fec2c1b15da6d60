/*
 * The logins of refused users that are found in C are those of the view refused_users_logins.
 */
#include "db/tally/refused.h"
#include "tests/unit/db/hand_made.h"
#include "tests/unit/db/scoped.h"

#include <sqlite3.h>

/* How many logins there are of refused users between two milliseconds, in both ways. */
static int64_t check_logins(const struct fixture *fixture, int64_t since_ms, int64_t until_ms)
{
    sqlite3 *db = scoped_open(fixture, since_ms, until_ms);
    int64_t logins = scoped_number(db, "SELECT count(*) FROM refused_users_logins");

    assert_int_equal(scoped_number(db, "SELECT count(*) FROM refused_users_logins_in_sql"), logins);
    assert_int_equal(scoped_differences(db, "refused_users_logins", "refused_users_logins_in_sql", "*"), 0);
    (void)sqlite3_close(db);
    return logins;
}

/* Some users; a few of their logins break a rule, some are refused. */
static void put_random(struct fixture *fixture, uint32_t seed, unsigned logins)
{
    static const struct hand_made one[] = {{0}};
    static const char *const users[] = {"'u'", "'U'", "'user'", "'\xC3\xBC'", "''", "NULL", "'v'", "'w'"};
    static const char *const results[] = {"'OK'", "'OK'", "'NO'", "'BAD'", "NULL"};
    static const char *const rules[] = {"unquoted-wildcard", "cleartext-password", "guessable-exchange"};
    sqlite3_str *sql = sqlite3_str_new(NULL);
    char *text;

    hand_made_put(fixture, one, 1);
    sqlite3_str_appendall(sql, "BEGIN; DELETE FROM logins;");
    for (unsigned i = 1; i <= logins; i++) {
        sqlite3_str_appendf(
            sql,
            "INSERT INTO logins (id, connection_id, capture_id, time_ns, frame, command, username,"
            " result, incomplete)"
            " VALUES (%d, 1, 1, 1700000000000000000 + %d * 1000000, %d, 'LOGIN', %s, %s, 0);",
            (int)i, (int)i, (int)i, users[scoped_below(&seed, 8)], results[scoped_below(&seed, 5)]);
        if (scoped_below(&seed, 8) == 0)
            sqlite3_str_appendf(
                sql, "INSERT INTO violations (login_id, rule, argument) VALUES (%d, '%s', 'username');",
                (int)i, rules[scoped_below(&seed, 3)]);
    }
    sqlite3_str_appendall(sql, "COMMIT");
    text = sqlite3_str_finish(sql);
    assert_string_equal(fixture_ask(fixture->path, text), "");
    sqlite3_free(text);
}

static void test_logins_are_the_same_in_c_and_in_sql(void **state)
{
    int64_t sum = 0, in_windows = 0;

    for (uint32_t seed = 1; seed <= 6; seed++) {
        put_random(*state, seed, 80);
        sum += check_logins(*state, 0, 0);
        in_windows += check_logins(*state, 20, 60);
    }
    assert_in_range(sum, 50, 6 * 80 - 50);
    assert_in_range(in_windows, 10, sum / 2);
}

static void test_what_only_tells_of_exposure_or_was_let_in_is_not_looked_for(void **state)
{
    struct fixture *fixture = *state;

    put_random(fixture, 7, 200);
    assert_true(check_logins(fixture, 0, 0) > 0);
    assert_string_equal(fixture_ask(fixture->path, "UPDATE logins SET result = 'OK'"), "");
    assert_int_equal(check_logins(fixture, 0, 0), 0);
    assert_string_equal(fixture_ask(fixture->path, "UPDATE logins SET result = 'NO';"
                                                   "UPDATE violations SET rule = 'cleartext-password'"),
                        "");
    assert_int_equal(check_logins(fixture, 0, 0), 0);
}

/* Refused users of 8 KiB each, 40 MiB in all. */
static void test_what_does_not_fit_into_memory_is_left_to_the_view(void **state)
{
    static const struct hand_made one[] = {{0}};
    static const char many[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
        "INSERT INTO logins (id, connection_id, capture_id, time_ns, frame, command, username, result, "
        "incomplete)"
        " SELECT 10 + i, 1, 1, i, i, 'LOGIN', printf('%.*c', 8000, 'x') || i, 'NO', 0 FROM n;"
        "INSERT INTO violations (login_id, rule, argument) SELECT id, 'unquoted-wildcard', 'username' FROM "
        "logins"
        " WHERE id > 10";
    struct fixture *fixture = *state;
    int64_t *values;
    size_t count;
    sqlite3 *db;

    hand_made_put(fixture, one, 1);
    assert_string_equal(fixture_ask(fixture->path, many), "");
    db = scoped_open(fixture, 0, 0);
    assert_int_equal(refused_table.find(db, &values, &count), SQLITE_FULL);
    assert_int_equal(scoped_number(db, "SELECT count(*) FROM refused_users_logins"), 5000);
    (void)sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_logins_are_the_same_in_c_and_in_sql),
        FIXTURE_TEST(test_what_only_tells_of_exposure_or_was_let_in_is_not_looked_for),
        FIXTURE_TEST(test_what_does_not_fit_into_memory_is_left_to_the_view),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
