/*
 * What is counted in C is what the views pair_counts and pair_totals count in SQL.
 */
#include "tests/unit/db/hand_made.h"
#include "tests/unit/db/scoped.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

/* The views of the database once more, under names of their own, so that they count what the tables count:
 * all, or what lies in a window. */
static void keep_views(sqlite3 *db)
{
    static const char renamed_sql[] =
        "SELECT replace(replace(replace(sql, 'CREATE VIEW', 'CREATE TEMP VIEW'), 'pair_counts', "
        "'counts_of_sql'),"
        " 'pair_totals', 'totals_of_sql') FROM main.sqlite_master WHERE name = ?1";
    static const char *const names[] = {"pair_counts", "pair_totals"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        sqlite3_stmt *statement;
        const char *sql;

        assert_int_equal(sqlite3_prepare_v2(db, renamed_sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_bind_text(statement, 1, names[i], -1, SQLITE_STATIC), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        sql = (const char *)sqlite3_column_text(statement, 0);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    }
}

static sqlite3 *open_scope(const struct fixture *fixture, int64_t since_ms, int64_t until_ms)
{
    sqlite3 *db = scoped_open(fixture, since_ms, until_ms);

    keep_views(db);
    return db;
}

/* What is asked for alone is counted alone. */
static void check_column(const struct fixture *fixture, const char *column, int64_t since_ms,
                         int64_t until_ms)
{
    bool all = strcmp(column, "*") == 0;
    char *counts = sqlite3_mprintf(all ? "*" : "client_ip, server_ip, server_port, %s", column);
    char *totals = sqlite3_mprintf(all ? "*" : "client_ip, server_ip, %s", column);
    sqlite3 *db = open_scope(fixture, since_ms, until_ms);

    assert_true(scoped_number(db, "SELECT count(*) FROM totals_of_sql") > 0);
    if (scoped_differences(db, "pair_counts", "counts_of_sql", counts) != 0)
        fail_msg("%s of pair_counts differs, from %d to %d ms", column, (int)since_ms, (int)until_ms);
    if (scoped_differences(db, "pair_totals", "totals_of_sql", totals) != 0)
        fail_msg("%s of pair_totals differs, from %d to %d ms", column, (int)since_ms, (int)until_ms);
    sqlite3_free(counts);
    sqlite3_free(totals);
    (void)sqlite3_close(db);
}

/* Every column alone, and all of them. */
static void check_columns(const struct fixture *fixture, int64_t since_ms, int64_t until_ms)
{
    static const char *const columns[] = {
        "server_product", "login_product", "product_id", "greeting_id", "masked", "connections",
        "logins",         "refused",       "unanswered", "bad",         "quoted", "quoted_let_in",
        "quoted_refused", "bare",          "encrypted",  "not_imap",    "*"};

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        check_column(fixture, columns[i], since_ms, until_ms);
}

/* Everything that a connection and a login can be, and several logins of one connection. */
static void put_every_case(struct fixture *fixture)
{
    static const struct hand_made rows[] = {
        {.encryption = "implicit", .port = 993},
        {.encryption = "starttls", .product = "Cyrus"},
        {.not_imap = 1},
        {.product = "Dovecot", .username = "bob", .result = "OK"},
        {.product = "Cyrus",
         .username = "bob",
         .result = "NO",
         .form = "quoted",
         .password_form = "quoted",
         .at_ms = 10},
        {.client = "d", .username = "ali*ce", .result = "BAD", .at_ms = 20, .rules = WILDCARD},
        {.client = "d", .username = "ali*ce", .form = "quoted", .result = "OK", .at_ms = 30},
        {.client = "d",
         .username = "ali%ce",
         .form = "literal",
         .password_form = "literal",
         .result = "NO",
         .at_ms = 40},
        {.client = "d", .username = "*", .form = "literal+", .at_ms = 50},
        {.client = "d", .username = "%", .form = "literal8", .result = "BYE", .at_ms = 60},
        {.client = "d",
         .username = "a*",
         .form = "sasl",
         .password_form = "sasl",
         .mechanism = "PLAIN",
         .result = "OK"},
        {.client = "e",
         .username = "a*",
         .form = "quoted",
         .result = "OK",
         .after = "User is authenticated but not connected."},
        {.client = "e", .username = "a*", .form = "quoted", .result = "OK", .after = "What?"},
        {.client = "e",
         .username = "a*",
         .form = "quoted",
         .result = "OK",
         .after = "SELECT Unsafe Login. Please contact kefu@188.com for help"},
        {.client = "m", .username = "user-0123456789abcdef", .result = "OK"},
        {.client = "m", .username = "bob", .form = "quoted", .password_form = "quoted", .result = "OK"},
        {.client = "n", .username = "user-0123456789abcdef", .result = "OK", .at_ms = 40},
        {.client = "n", .username = "user-0123456789abcde\xC3\xA9", .result = "OK", .at_ms = 60},
        {.client = "n", .username = "user-012", .result = "OK", .at_ms = 70},
        {.client = "n",
         .username = "user-0123zzzzzzzzzzzz",
         .password_form = "atom",
         .form = "quoted",
         .at_ms = 10},
        {.client = "v", .username = "user-0123456789abcdef0", .result = "OK"},
        {.client = "u", .username = "user-01z3456789abcdef", .result = "OK"},
        {.server = "t", .port = 1143, .username = "", .result = "OK"},
        {.server = "t", .port = 144, .username = "bob", .product = "Zimbra"},
        {.client = "", .server = "cs", .username = "bob"},
        /* two ports of a server */
        {.client = "n",
         .port = 144,
         .username = "user-0123456789abcdef",
         .result = "NO",
         .product = "Zimbra"},
        {.client = "n", .port = 145, .username = "a*", .form = "quoted", .product = "Cyrus", .at_ms = 50},
    };
    static const char more[] =
        "UPDATE connections SET greeting = 'hello' WHERE id % 3 = 0;"
        "UPDATE connections SET first_ns = (SELECT time_ns FROM logins l WHERE l.connection_id = "
        "connections.id),"
        " last_ns = first_ns, \"end\" = 'fin' WHERE id > 4;"
        "UPDATE logins SET username = NULL, username_form = NULL WHERE id = 15;"
        "UPDATE logins SET username = NULL WHERE id = 4;"
        "UPDATE logins SET password_form = NULL WHERE id = 16;"
        /* a second and a third login, later and earlier than those of other connections */
        "INSERT INTO logins (connection_id, capture_id, time_ns, frame, command, username, username_form, "
        "result, incomplete)"
        " SELECT connection_id, 1, time_ns + 35000000, 1, 'LOGIN', username, 'quoted', 'OK', 0 FROM logins "
        "WHERE id % 2 = 0;"
        "INSERT INTO logins (connection_id, capture_id, time_ns, frame, command, username, username_form, "
        "result, incomplete)"
        " SELECT connection_id, 1, time_ns - 35000000, 1, 'LOGIN', username, 'atom', NULL, 1 FROM logins "
        "WHERE id % 4 = 1;"
        /* texts larger than what is taken at once */
        "INSERT INTO connections (capture_id, client_ip, client_port, server_ip, server_port, "
        "server_product, encryption,"
        " midstream, one_sided, not_imap, lost_octets)"
        " SELECT 1, client_ip, 1, server_ip, server_port, printf('%.*c', 7000, 'x') || id, 'none', 0, 0, 0, 0"
        " FROM connections WHERE id < 10";

    hand_made_put(fixture, rows, sizeof rows / sizeof *rows);
    assert_string_equal(fixture_ask(fixture->path, more), "");
}

static void test_counts_in_c_are_those_of_the_views(void **state)
{
    put_every_case(*state);
    check_columns(*state, 0, 0);
}

static void test_they_are_in_a_window_too(void **state)
{
    put_every_case(*state);
    check_columns(*state, 0, 25);
    check_columns(*state, 25, 55);
    check_columns(*state, 41, 1000);
}

static void test_no_connection_is_no_row(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db;

    fixture_close(fixture, fixture_open(fixture, false));
    db = open_scope(fixture, 0, 0);
    assert_int_equal(scoped_number(db, "SELECT count(*) FROM pair_counts"), 0);
    (void)sqlite3_close(db);
}

/* 300,000 clients of a connection each, every third of which comes again at the end. */
static void put_many_pairs(struct fixture *fixture)
{
    static const struct hand_made none[] = {{0}};
    static const char many[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)"
        "INSERT INTO connections (capture_id, client_ip, client_port, server_ip, server_port, encryption, "
        "midstream, one_sided,"
        " not_imap, lost_octets)"
        " SELECT 1, 'c' || CASE WHEN i > 300000 THEN (i - 300000) * 3 ELSE i END, 1, 's', 143, 'none', 0, 0, "
        "0, 0 FROM n";

    hand_made_put(fixture, none, 1);
    assert_string_equal(fixture_ask(fixture->path, many), "");
}

static void test_more_pairs_than_fit_into_memory_add_up(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db;

    put_many_pairs(fixture);
    db = open_scope(fixture, 0, 0);
    assert_true(scoped_number(db, "SELECT count(*) FROM pair_counts") > 300001);
    assert_int_equal(
        scoped_number(db, "SELECT count(*) FROM (SELECT 1 FROM pair_counts GROUP BY client_ip, server_ip)"),
        300001);
    assert_int_equal(scoped_number(db, "SELECT sum(connections) FROM pair_counts"), 400001);
    assert_int_equal(
        scoped_number(db, "SELECT count(*) FROM (SELECT sum(connections) AS n FROM pair_counts GROUP "
                          "BY client_ip, server_ip)"
                          " WHERE n = 2"),
        100000);
    /* two cursors at once */
    assert_int_equal(scoped_number(db, "SELECT count(*) FROM (SELECT client_ip FROM pair_counts UNION SELECT "
                                       "client_ip FROM pair_counts)"),
                     300001);
    /* as often as they are asked for */
    for (int i = 0; i < 2; i++)
        assert_int_equal(scoped_number(db, "SELECT count(*) FROM pair_totals"), 300001);
    assert_int_equal(scoped_number(db, "SELECT sum(connections) FROM pair_totals WHERE connections > 1"),
                     200000);
    assert_true(sqlite3_memory_highwater(0) < 100 * 1024 * 1024);
    (void)sqlite3_close(db);
}

static int stop(void *user)
{
    (void)user;
    return 1;
}

static void test_a_limit_of_time_stops_the_counting(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db;

    put_many_pairs(fixture);
    db = open_scope(fixture, 0, 0);
    sqlite3_progress_handler(db, 100000, stop, NULL);
    assert_int_equal(sqlite3_exec(db, "SELECT 1 FROM pair_counts LIMIT 1", NULL, NULL, NULL),
                     SQLITE_INTERRUPT);
    (void)sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_counts_in_c_are_those_of_the_views),
        FIXTURE_TEST(test_they_are_in_a_window_too),
        FIXTURE_TEST(test_no_connection_is_no_row),
        FIXTURE_TEST(test_more_pairs_than_fit_into_memory_add_up),
        FIXTURE_TEST(test_a_limit_of_time_stops_the_counting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
