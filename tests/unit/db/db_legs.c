/*
 * The legs of a proxy: each login that it sent, with the latest one before it.
 */
#include "tests/unit/db/hand_made.h"
#include "tests/unit/db/scoped.h"

#include <sqlite3.h>

/* The same once more, each login compared with all others. */
static const char compared_sql[] =
    "CREATE TEMP VIEW compared AS SELECT outbound_id, inbound_id FROM"
    " (SELECT o.id AS outbound_id,"
    "  (SELECT i.id FROM logins i JOIN connections ci ON ci.id = i.connection_id"
    "   WHERE i.username = o.username AND i.username <> '' AND ci.server_ip = co.client_ip"
    "     AND (i.time_ns, i.capture_id, i.frame) < (o.time_ns, o.capture_id, o.frame)"
    "   ORDER BY i.time_ns DESC, i.capture_id DESC, i.frame DESC, i.id DESC LIMIT 1) AS inbound_id"
    "  FROM logins o JOIN connections co ON co.id = o.connection_id)"
    " WHERE inbound_id IS NOT NULL";

/* How many legs there are between two milliseconds, in both ways. */
static int64_t check_legs(const struct fixture *fixture, int64_t since_ms, int64_t until_ms)
{
    sqlite3 *db = scoped_open(fixture, since_ms, until_ms);
    int64_t legs = scoped_number(db, "SELECT count(*) FROM proxy_legs");

    assert_int_equal(sqlite3_exec(db, compared_sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(scoped_number(db, "SELECT count(*) FROM compared"), legs);
    assert_int_equal(scoped_differences(db, "proxy_legs", "compared", "*"), 0);
    (void)sqlite3_close(db);
    return legs;
}

/* A few hosts log in to each other as a few users, or as none; many logins at the same time, and few rows in
 * the order of time. */
static void put_random(struct fixture *fixture, uint32_t seed, unsigned connections, unsigned logins)
{
    static const struct hand_made none[] = {{0}};
    static const char *const users[] = {"'u'", "'U'", "'user'", "'\xC3\xBC'", "''", "NULL"};
    sqlite3_str *sql = sqlite3_str_new(NULL);
    char *text;

    hand_made_put(fixture, none, 1);
    sqlite3_str_appendall(
        sql, "BEGIN; DELETE FROM connections;"
             "INSERT INTO captures (id, source, kind, fingerprint, link_types, packets, bytes, state)"
             " SELECT 2, source, kind, 'other', link_types, packets, bytes, state FROM captures;");
    for (unsigned i = 1; i <= connections; i++)
        sqlite3_str_appendf(
            sql,
            "INSERT INTO connections (id, capture_id, client_ip, client_port, server_ip, server_port,"
            " encryption, midstream, one_sided, not_imap, lost_octets)"
            " VALUES (%d, 1, 'h%d', 1, 'h%d', 143, 'none', 0, 0, 0, 0);",
            (int)(i * 3), (int)scoped_below(&seed, 7), (int)scoped_below(&seed, 5) + 2);
    for (unsigned i = 1; i <= logins; i++)
        sqlite3_str_appendf(
            sql,
            "INSERT INTO logins (connection_id, capture_id, time_ns, frame, command, username, incomplete)"
            " VALUES (%d, %d, 1700000000000000000 + %d * 1000000, %d, 'LOGIN', %s, 0);",
            (int)(1 + scoped_below(&seed, connections)) * 3, (int)scoped_below(&seed, 2) + 1,
            (int)scoped_below(&seed, 100), (int)scoped_below(&seed, 12) + 1, users[scoped_below(&seed, 6)]);
    sqlite3_str_appendall(sql, "COMMIT");
    text = sqlite3_str_finish(sql);
    assert_string_equal(fixture_ask(fixture->path, text), "");
    sqlite3_free(text);
}

static void test_legs_are_the_latest_login_before_each(void **state)
{
    put_random(*state, 1, 30, 400);
    assert_true(check_legs(*state, 0, 0) > 150);
    put_random(*state, 2, 300, 400);
    assert_true(check_legs(*state, 0, 0) > 150);
    put_random(*state, 3, 12, 60);
    assert_true(check_legs(*state, 0, 0) > 10);
}

static void test_they_are_in_a_window_too(void **state)
{
    put_random(*state, 4, 50, 400);
    assert_true(check_legs(*state, 0, 30) > 10);
    assert_true(check_legs(*state, 30, 60) > 10);
    assert_true(check_legs(*state, 60, 1000) > 10);
}

static void test_times_before_1970_come_first(void **state)
{
    struct fixture *fixture = *state;

    put_random(fixture, 5, 50, 400);
    assert_string_equal(
        fixture_ask(fixture->path, "UPDATE logins SET time_ns = (time_ns - 1700000000050000000) * 5"), "");
    assert_true(check_legs(fixture, 0, 0) > 150);
}

static void test_without_a_proxy_there_is_no_leg(void **state)
{
    static const struct hand_made rows[] = {
        {.client = "c", .username = "u"}, {.client = "c", .username = "u"}, {.client = "d", .server = "t"}};
    struct fixture *fixture = *state;

    hand_made_put(fixture, rows, 3);
    assert_int_equal(check_legs(fixture, 0, 0), 0);
    hand_made_put(fixture, rows, 0);
    assert_int_equal(check_legs(fixture, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_legs_are_the_latest_login_before_each),
        FIXTURE_TEST(test_they_are_in_a_window_too),
        FIXTURE_TEST(test_times_before_1970_come_first),
        FIXTURE_TEST(test_without_a_proxy_there_is_no_leg),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
