/*
 * The summary of some captures: the same figures as plain SQL over their rows, whatever else the database
 * holds.
 */
#include "db/summary.h"

#include "tests/unit/db/fixture.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPTURES = 3, CONNECTIONS = 40, LOGINS = 150, SHOWN = 4 };

/* What the summary showed, a line a row. */
struct rows {
    char text[16384];
    size_t length;
};

static void __attribute__((format(printf, 2, 3))) add_row(struct rows *rows, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    rows->length +=
        (size_t)vsnprintf(rows->text + rows->length, sizeof rows->text - rows->length, format, arguments);
    va_end(arguments);
    assert_true(rows->length < sizeof rows->text);
}

static void on_counts(void *user, const struct summary_counts *c)
{
    add_row(user, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", c->connections,
            c->encrypted, c->midstream, c->one_sided, c->not_imap, c->lost_octets);
    add_row(user, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n",
            c->logins, c->refused, c->unanswered, c->incomplete, c->broken, c->readable, c->guessable);
}

static void on_sender(void *user, const struct summary_sender *s)
{
    add_row(user, "%s %s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", s->client_ip, s->server_ip,
            s->server_product, s->logins, s->unquoted, s->quoted, s->unquoted_refused);
}

static void on_diagnosis(void *user, const struct summary_diagnosis *d)
{
    add_row(user, "%s: %s (%" PRId64 ")\n", d->verdict, d->sentence, d->diagnoses);
}

static void on_user(void *user, const struct summary_user *u)
{
    add_row(user, "%s %s %s %s %s %" PRId64 " %" PRId64 " %" PRId64 "\n", u->username, u->client_ip,
            u->server_ip, u->rules, u->certainty, u->refused, u->let_in, u->users);
}

static void on_rule(void *user, const struct summary_rule *r)
{
    add_row(user, "%s %s %" PRId64 "\n", r->rule, r->severity, r->count);
}

static const char *summary(const struct fixture *fixture, const int64_t *ids, size_t count)
{
    static const struct summary_handler handler = {on_counts, on_sender, on_diagnosis, on_user, on_rule};
    static struct rows rows;
    char why[1024];

    rows = (struct rows){{0}, 0};
    if (summary_read(fixture->path, ids, count, SHOWN, &handler, &rows, why, sizeof why) != 0)
        fail_msg("%s", why);
    return rows.text;
}

/* The same, asked for figure by figure; %s: the captures. */
static const char *const plain[] = {
    "SELECT printf('%%d %%d %%d %%d %%d %%d', count(*), sum(encryption <> 'none'), sum(midstream), "
    "sum(one_sided),"
    " sum(not_imap), sum(lost_octets)) FROM connections WHERE capture_id IN (%s)",
    "SELECT printf('%%d %%d %%d %%d %%d %%d %%d', count(*), sum(refused IS 1), sum(refused IS NULL), "
    "sum(incomplete),"
    " sum(id IN (SELECT login_id FROM violations)), sum(exposure IS 'password'), sum(exposure IS "
    "'guessable'))"
    " FROM judged_logins WHERE capture_id IN (%s)",
    "SELECT group_concat(line, char(10)) FROM (SELECT c.client_ip || ' ' || c.server_ip || ' ' ||"
    "  coalesce(max(c.server_product), '') || printf(' %%d %%d %%d %%d', count(*), sum(l.wildcard_unquoted),"
    "  sum(l.wildcard_quoted), sum(l.wildcard_unquoted AND l.refused IS 1)) AS line"
    " FROM judged_logins l JOIN connections c ON c.id = l.connection_id WHERE l.capture_id IN (%s)"
    " GROUP BY c.client_ip, c.server_ip HAVING sum(l.wildcard_unquoted) > 0"
    " ORDER BY sum(l.wildcard_unquoted AND l.refused IS 1) DESC, sum(l.wildcard_unquoted) DESC, 1 LIMIT 4)",
    "WITH failed AS (SELECT c.client_ip, c.server_ip, c.server_port, k.cause, k.sentence, l.id, l.username,"
    "   k.author_login_id IS k.login_id AS own, CASE WHEN k.author_login_id IS NOT k.login_id OR k.cause IN"
    "    ('credentials', 'account', 'limit', 'policy', 'unavailable', 'mailbox')"
    "    OR k.cause = 'privacy' AND k.rule IS NULL THEN 0"
    "    ELSE CASE k.certainty WHEN 'proved' THEN 3 WHEN 'likely' THEN 2 ELSE 1 END END AS weight"
    "   FROM causes k JOIN logins l ON l.id = k.login_id JOIN connections c ON c.id = l.connection_id"
    "   WHERE l.capture_id IN (%s)),"
    " sure AS (SELECT *, row_number() OVER (PARTITION BY client_ip, server_ip, server_port, cause"
    "   ORDER BY weight DESC, id) AS n FROM failed),"
    " counted AS (SELECT client_ip, server_ip, server_port, cause, count(*) AS logins,"
    "   count(DISTINCT username) AS users, max(own) AS any_own"
    "   FROM failed GROUP BY client_ip, server_ip, server_port, cause)"
    " SELECT group_concat(line, char(10)) FROM (SELECT"
    "   CASE weight WHEN 3 THEN 'proved' WHEN 2 THEN 'likely' WHEN 1 THEN 'unknown' ELSE 'unrelated' END"
    "   || ': ' || sentence || CASE logins WHEN 1 THEN '' ELSE ' It hits ' || CASE users WHEN 0 THEN ''"
    "   WHEN 1 THEN '1 user in ' ELSE users || ' users in ' END || logins || ' logins.' END"
    "   || printf(' (%%d)', count(*) OVER ()) AS line"
    "  FROM sure JOIN counted USING (client_ip, server_ip, server_port, cause) WHERE n = 1 AND any_own"
    "  ORDER BY weight DESC, logins DESC, client_ip, server_ip, server_port, cause LIMIT 4)",
    "WITH broken AS (SELECT l.username, c.client_ip, c.server_ip, max(v.rule) AS rules, k.certainty FROM "
    "judged_logins l"
    "   JOIN connections c ON c.id = l.connection_id JOIN violations v ON v.login_id = l.id"
    "   JOIN causes k ON k.login_id = l.id AND (k.cause = 'unknown' OR k.cause = 'syntax' AND k.rule = "
    "v.rule)"
    "   WHERE l.refused AND l.capture_id IN (%s) AND l.username IS NOT NULL GROUP BY l.id),"
    " good AS (SELECT l.username, c.server_ip FROM judged_logins l JOIN connections c ON c.id = "
    "l.connection_id"
    "   WHERE l.refused = 0 AND l.capture_id IN (%s))"
    " SELECT group_concat(line, char(10)) FROM (SELECT username || ' ' || client_ip || ' ' || server_ip || ' "
    "' ||"
    "  group_concat(DISTINCT rules) || ' ' || CASE WHEN max(certainty = 'proved') THEN 'proved'"
    "   WHEN max(certainty = 'likely') THEN 'likely' ELSE 'unknown' END"
    "  || printf(' %%d %%d %%d', count(*), (SELECT count(*) FROM good g WHERE "
    "g.username = b.username AND"
    "  g.server_ip = b.server_ip), count(*) OVER ()) AS line FROM broken b GROUP BY username, client_ip, "
    "server_ip"
    "  ORDER BY count(*) DESC, 1 LIMIT 4)",
    "SELECT group_concat(line, char(10)) FROM (SELECT v.rule || ' ' || r.severity || ' ' || count(*) AS line"
    " FROM violations v JOIN rules r ON r.rule = v.rule JOIN logins l ON l.id = v.login_id WHERE "
    "l.capture_id IN (%s)"
    " GROUP BY v.rule ORDER BY r.severity = 'info', r.severity = 'warning', count(*) DESC, v.rule)",
};

static const char *plainly(const struct fixture *fixture, const char *ids)
{
    static struct rows rows;

    rows = (struct rows){{0}, 0};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        char sql[4096];
        const char *lines;

        (void)snprintf(sql, sizeof sql, plain[i], ids, ids);
        lines = fixture_ask(fixture->path, sql);
        if (strcmp(lines, "NULL") != 0)
            add_row(&rows, "%s\n", lines);
    }
    return rows.text;
}

/* The same rows in every run. */
static unsigned chance(unsigned below)
{
    static uint32_t state = 7;

    state = state * 1664525 + 1013904223;
    return (state >> 16) % below;
}

static void add_login(struct store *store, int64_t connection, int64_t capture)
{
    static const char *const users[] = {"a*b", "c%d", "eve", "mallory"};
    struct imap_login login = fixture_login(users[chance(4)], chance(2) ? IMAP_FORM_ATOM : IMAP_FORM_QUOTED,
                                            (enum imap_result)chance(IMAP_RESULTS));

    login.incomplete = chance(9) == 0;
    switch (chance(5)) {
    case 0:
        fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
        break;
    case 1:
        fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_PASSWORD);
        break;
    case 2:
        fixture_violate(&login, RULE_SPACING, IMAP_ARG_COMMAND);
        break;
    default:
        break;
    }
    if (chance(4) != 0)
        login.exposure = chance(5) ? IMAP_EXPOSURE_PASSWORD : IMAP_EXPOSURE_GUESSABLE;
    connection = fixture_add(store, connection, capture, &login);
    if (login.result == IMAP_RESULT_OK && chance(3) == 0)
        (void)store_login_after(store, connection, IMAP_RESULT_BAD,
                                fixture_text("User is authenticated but not connected."));
}

/* Logins of all captures in turn (`mixed`), or of one after the other. */
static void fill(struct fixture *fixture, int64_t captures[CAPTURES], bool mixed)
{
    static const char *const names[CAPTURES] = {"a", "b", "c"};
    static const char *const clients[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
    struct store *store = fixture_open(fixture, false);
    int64_t connections[CONNECTIONS];

    for (size_t i = 0; i < CAPTURES; i++)
        captures[i] = fixture_begin(store, names[i]);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct store_connection row = fixture_connection(captures[chance(CAPTURES)], clients[chance(3)],
                                                         chance(2) ? "192.0.2.1" : "192.0.2.2");

        row.encryption = chance(6) ? "none" : "starttls";
        row.midstream = chance(6) == 0;
        row.one_sided = chance(6) == 0;
        row.not_imap = chance(6) == 0;
        row.lost_octets = chance(6) ? 0 : chance(1000);
        assert_int_equal(store_connection_add(store, &row, &connections[i]), STORE_OK);
    }
    for (size_t i = 0; i < LOGINS; i++)
        add_login(store, connections[chance(CONNECTIONS)],
                  captures[mixed ? chance(CAPTURES) : i * CAPTURES / LOGINS]);
    assert_int_equal(store_commit(store), STORE_OK);
    fixture_close(fixture, store);
}

/* Each choice of captures; the first one named twice. */
static void compare(struct fixture *fixture, const int64_t captures[CAPTURES])
{
    for (unsigned choice = 1; choice < 1U << CAPTURES; choice++) {
        int64_t ids[CAPTURES + 1];
        char list[64] = "";
        size_t count = 0;

        for (size_t i = 0; i < CAPTURES; i++)
            if (choice & 1U << i) {
                (void)snprintf(list + strlen(list), sizeof list - strlen(list), "%s%" PRId64,
                               count > 0 ? "," : "", captures[i]);
                ids[count++] = captures[i];
            }
        ids[count] = ids[0];
        assert_string_equal(summary(fixture, ids, count + 1), plainly(fixture, list));
    }
}

static void test_captures_in_turn_are_counted_each_for_itself(void **state)
{
    struct fixture *fixture = *state;
    int64_t captures[CAPTURES];

    fill(fixture, captures, true);
    compare(fixture, captures);
}

static void test_captures_one_after_the_other_are_counted_each_for_itself(void **state)
{
    struct fixture *fixture = *state;
    int64_t captures[CAPTURES];

    fill(fixture, captures, false);
    compare(fixture, captures);
}

static void test_logins_that_are_gone_are_not_counted(void **state)
{
    struct fixture *fixture = *state;
    int64_t captures[CAPTURES];

    fill(fixture, captures, false);
    (void)fixture_ask(fixture->path, "PRAGMA foreign_keys = ON; DELETE FROM logins WHERE id % 7 = 0");
    (void)fixture_ask(fixture->path,
                      "PRAGMA foreign_keys = ON; DELETE FROM captures WHERE fingerprint = 'b'");
    compare(fixture, captures);
}

static void test_capture_without_a_login_has_a_summary_of_zeros(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a");

    fixture_close(fixture, store);
    assert_string_equal(summary(fixture, &capture, 1), "0 0 0 0 0 0\n0 0 0 0 0 0 0\n");
    assert_string_equal(summary(fixture, NULL, 0), "0 0 0 0 0 0\n0 0 0 0 0 0 0\n");
}

static void test_logins_of_others_are_counted_too(void **state)
{
    struct fixture *fixture = *state;
    int64_t captures[CAPTURES];
    struct imap_login login = fixture_login("a*b", IMAP_FORM_ATOM, IMAP_RESULT_NO);
    struct store *store;

    fill(fixture, captures, true);
    store = fixture_open(fixture, false);
    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    for (int i = 0; i < 20; i++)
        (void)fixture_add(store, fixture_connect(store, captures[0], "10.0.0.9", "192.0.2.1"), captures[0],
                          &login);
    fixture_close(fixture, store);
    compare(fixture, captures);
}

/* Another store writes when a connection is committed, and its login is not there yet. */
static void test_others_rows_between_ours_do_not_hide_ours(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false), *other;
    int64_t capture = fixture_begin(store, "a"), connection, others;
    struct imap_login login = fixture_login("a*b", IMAP_FORM_ATOM, IMAP_RESULT_NO);

    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    assert_int_equal(store_exclusive(store), STORE_OK);
    connection = fixture_connect(store, capture, "10.0.0.1", "192.0.2.1");
    assert_int_equal(store_commit(store), STORE_OK);
    other = fixture_open(fixture, false);
    others = fixture_begin(other, "b");
    (void)fixture_add(other, fixture_connect(other, others, "10.0.0.2", "192.0.2.1"), others, &login);
    fixture_close(fixture, other);
    (void)fixture_add(store, connection, capture, &login);
    (void)fixture_add(store, fixture_connect(store, capture, "10.0.0.3", "192.0.2.1"), capture, &login);
    assert_int_equal(store_commit(store), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(summary(fixture, &capture, 1), plainly(fixture, "1"));
}

static void test_many_logins_of_one_user_are_counted(void **state)
{
    enum { MANY = 3000 };
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    int64_t capture = fixture_begin(store, "a");
    int64_t connection = fixture_connect(store, capture, "10.0.0.1", "192.0.2.1");
    struct imap_login login = fixture_login("a*b", IMAP_FORM_ATOM, IMAP_RESULT_NO);

    fixture_violate(&login, RULE_WILDCARD, IMAP_ARG_USERNAME);
    for (int i = 0; i < MANY; i++)
        (void)fixture_add(store, connection, capture, &login);
    assert_int_equal(store_commit(store), STORE_OK);
    fixture_close(fixture, store);
    assert_string_equal(summary(fixture, &capture, 1), plainly(fixture, "1"));
}

/* More senders and users than the cache holds, each with one login; the worst are others. */
static void test_what_the_cache_does_not_hold_is_counted(void **state)
{
    static const char many_sql[] =
        "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1600)"
        " INSERT INTO connections (id, capture_id, client_ip, client_port, server_ip, server_port, "
        "encryption,"
        "  midstream, one_sided, not_imap, lost_octets)"
        " SELECT i, 1, printf('z%060000d', i), 1, '192.0.2.1', 143, 'none', 0, 0, 0, 0 FROM n;"
        "INSERT INTO logins (id, connection_id, capture_id, time_ns, frame, command, username, result, "
        "incomplete)"
        " SELECT id, id, 1, 1, 1, 'LOGIN', printf('z%060000d', id), 'NO', 0 FROM connections WHERE id >= "
        "1000;"
        "INSERT INTO violations (login_id, rule, argument)"
        " SELECT id, 'unquoted-wildcard', 'username' FROM logins WHERE id >= 1000";
    struct fixture *fixture = *state;
    int64_t captures[CAPTURES];
    sqlite3 *db;

    fill(fixture, captures, true);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, many_sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_string_equal(summary(fixture, captures, CAPTURES), plainly(fixture, "1,2,3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_captures_in_turn_are_counted_each_for_itself),
        FIXTURE_TEST(test_captures_one_after_the_other_are_counted_each_for_itself),
        FIXTURE_TEST(test_logins_that_are_gone_are_not_counted),
        FIXTURE_TEST(test_capture_without_a_login_has_a_summary_of_zeros),
        FIXTURE_TEST(test_logins_of_others_are_counted_too),
        FIXTURE_TEST(test_others_rows_between_ours_do_not_hide_ours),
        FIXTURE_TEST(test_many_logins_of_one_user_are_counted),
        FIXTURE_TEST(test_what_the_cache_does_not_hold_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
