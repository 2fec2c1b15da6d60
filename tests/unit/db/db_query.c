/*
 * Asking: any SQL may be tried, and none can do more than read; any database of ours can be read, whatever
 * state it is in.
 */
#include "tests/unit/db/fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct query_options csv = {.format = QUERY_CSV};

static void fill(struct fixture *fixture, bool live)
{
    struct store *store = fixture_open(fixture, live);

    fixture_complete(store, fixture_begin(store, "a"), "a");
    fixture_close(fixture, store);
}

static void expect(struct fixture *fixture, const char *sql, enum query_status expected, const char *output)
{
    enum query_status status;
    char *text = fixture_query(fixture, sql, &csv, &status);

    if (status != expected)
        fail_msg("%s: status %d: %s", sql, (int)status, fixture->why);
    assert_string_equal(text, output);
    if (expected != QUERY_OK)
        assert_true(strlen(fixture->why) > 10);
    free(text);
}

static void test_free_sql_reads(void **state)
{
    static const struct {
        const char *sql, *csv;
    } cases[] = {
        {"SELECT count(*) AS n FROM captures", "n\r\n1\r\n"},
        {"select 1 as a;", "a\r\n1\r\n"},
        {"-- a comment\nSELECT 1 AS a; -- and another\n;", "a\r\n1\r\n"},
        {"VALUES (1)", "column1\r\n1\r\n"},
        {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT sum(i) AS s "
         "FROM n",
         "s\r\n6\r\n"},
        {"SELECT value FROM json_each('[1,2]')", "value\r\n1\r\n2\r\n"},
        {"SELECT name FROM pragma_table_info('rules') LIMIT 1", "name\r\nrule\r\n"},
        {"PRAGMA user_version", "user_version\r\n3\r\n"},
        {"SELECT 1 AS a WHERE 0", "a\r\n"},
    };
    struct fixture *fixture = *state;

    fill(fixture, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(fixture, cases[i].sql, QUERY_OK, cases[i].csv);
}

static void test_free_sql_cannot_do_more_than_read(void **state)
{
    static const char *const cases[] = {
        "DELETE FROM captures",
        "UPDATE captures SET source = 'x'",
        "INSERT INTO rules SELECT * FROM rules",
        "REPLACE INTO captures (id) VALUES (1)",
        "WITH x AS (SELECT 1) DELETE FROM captures",
        "INSERT INTO captures (source) VALUES ('x') RETURNING id",
        "DROP TABLE violations",
        "CREATE TABLE t (x)",
        "CREATE TEMP TABLE t (x)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIRTUAL TABLE t USING fts5(x)",
        "ALTER TABLE captures ADD COLUMN x",
        "ATTACH '/tmp/imaptap-attached.db' AS other",
        "DETACH main",
        "VACUUM",
        "VACUUM INTO '/tmp/imaptap-attached.db'",
        "REINDEX",
        "ANALYZE",
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "SAVEPOINT s",
        "PRAGMA user_version = 7",
        "PRAGMA application_id = 7",
        "PRAGMA journal_mode = WAL",
        "PRAGMA query_only = OFF",
        "PRAGMA query_only(0)",
        "PRAGMA writable_schema = 1",
        "PRAGMA wal_checkpoint",
        "PRAGMA optimize",
        "PRAGMA incremental_vacuum",
        "UPDATE sqlite_master SET sql = ''",
        "EXPLAIN DELETE FROM captures",
        "SELECT load_extension('/tmp/x.so')",
        "SELECT fts3_tokenizer('simple')",
        "SELECT writefile('/tmp/imaptap-attached.db', 'x')",
        "SELECT * FROM pragma_query_only(0)",
        "SELECT * FROM pragma_journal_mode('wal')",
    };
    struct fixture *fixture = *state;
    size_t before_size, after_size;
    unsigned char *before, *after;

    fill(fixture, false);
    before = fixture_read(fixture->path, &before_size);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum query_status status;

        free(fixture_query(fixture, cases[i], &csv, &status));
        if (status != QUERY_BAD_SQL)
            fail_msg("allowed: %s", cases[i]);
    }
    after = fixture_read(fixture->path, &after_size);
    assert_int_equal(before_size, after_size);
    assert_memory_equal(before, after, after_size);
    free(before);
    free(after);
    assert_false(fixture_exists("/tmp/imaptap-attached.db"));
}

static void test_one_statement_is_run(void **state)
{
    static const char *const cases[] = {"",
                                        "  -- only a comment",
                                        ";",
                                        "SELECT 1; SELECT 2",
                                        "SELECT 1; nonsense",
                                        "SELECT 1; DELETE FROM captures",
                                        "SELECT",
                                        "nonsense",
                                        "SELECT * FROM nowhere",
                                        "SELECT count(*) FROM captures WHERE source = ?)"};
    struct fixture *fixture = *state;

    fill(fixture, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(fixture, cases[i], QUERY_BAD_SQL, "");
    expect(fixture, "SELECT * FROM nowhere", QUERY_BAD_SQL, "");
    assert_non_null(strstr(fixture->why, "no such table: nowhere"));
}

#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "

static void test_sql_that_never_ends_is_stopped(void **state)
{
    struct query_options options = {.format = QUERY_CSV, .time_limit_s = 1};
    struct fixture *fixture = *state;
    enum query_status status;
    char *text;

    fill(fixture, false);
    text = fixture_query(fixture, ENDLESS "SELECT count(*) AS c FROM n", &options, &status);
    assert_int_equal(status, QUERY_CUT);
    assert_non_null(strstr(fixture->why, "stopped after 1 s"));
    assert_string_equal(text, "c\r\n");
    free(text);
}

/* What a limit cut can still be read by other programs. */
static void test_rows_past_the_limit_are_cut(void **state)
{
    static const struct {
        enum query_format format;
        const char *text;
    } cases[] = {{QUERY_TABLE, "i\n-\n1\n2\n"},
                 {QUERY_CSV, "i\r\n1\r\n2\r\n"},
                 {QUERY_JSON, "[\n{\"i\":1},\n{\"i\":2}\n]\n"},
                 {QUERY_NDJSON, "{\"i\":1}\n{\"i\":2}\n"},
                 {QUERY_MARKDOWN, "| i |\n| ---: |\n| 1 |\n| 2 |\n"}};
    struct fixture *fixture = *state;

    fill(fixture, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct query_options options = {.format = cases[i].format, .row_limit = 2};
        enum query_status status;
        char *text = fixture_query(fixture, ENDLESS "SELECT i FROM n", &options, &status);

        assert_int_equal(status, QUERY_CUT);
        assert_non_null(strstr(fixture->why, "cut after 2"));
        assert_string_equal(text, cases[i].text);
        free(text);
        text = fixture_query(fixture, "VALUES (1), (2)", &options, &status);
        assert_int_equal(status, QUERY_OK);
        free(text);
    }
}

static void test_canned_queries_take_what_their_sql_names(void **state)
{
    (void)state;
    assert_true(query_takes(query_find("findings"), "rule"));
    assert_true(query_takes(query_find("senders"), "server"));
    assert_false(query_takes(query_find("senders"), "user"));
    assert_false(query_takes(query_find("captures"), "client"));
    assert_false(query_takes(query_find("senders"), "serve"));
}

static void test_parameters_are_bound(void **state)
{
    static const struct {
        struct query_parameters parameters;
        const char *sql, *csv;
    } cases[] = {
        {QUERY_NO_PARAMETERS, "SELECT :user AS a, :rule AS b, :client AS c, :since AS d, :until AS e",
         "a,b,c,d,e\r\n,,,,\r\n"},
        {{.since_ns = INT64_MIN, .until_ns = INT64_MAX, .user = "'--", .rule = "x"},
         "SELECT :user AS a, :rule AS b",
         "a,b\r\n'--,x\r\n"},
        {{.since_ns = -7, .until_ns = 7}, "SELECT :since AS a, :until AS b", "a,b\r\n-7,7\r\n"},
        {{.since_ns = INT64_MIN, .until_ns = INT64_MAX, .client = "192.0.2.0/24"},
         "SELECT :client AS a",
         "a\r\n[]\r\n"},
    };
    struct fixture *fixture = *state;

    fill(fixture, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct query_options options = {.format = QUERY_CSV, .parameters = &cases[i].parameters};
        enum query_status status;
        char *text = fixture_query(fixture, cases[i].sql, &options, &status);

        assert_int_equal(status, QUERY_OK);
        assert_string_equal(text, cases[i].csv);
        free(text);
    }
}

static void test_parameters_that_are_not_known_or_not_named_are_reported(void **state)
{
    struct query_parameters parameters = {.since_ns = INT64_MIN, .until_ns = INT64_MAX, .rule = "x"};
    struct query_options options = {.format = QUERY_CSV, .parameters = &parameters};
    struct fixture *fixture = *state;
    enum query_status status;

    fill(fixture, false);
    expect(fixture, "SELECT :nobody AS a", QUERY_BAD_SQL, "");
    expect(fixture, "SELECT ? AS a", QUERY_BAD_SQL, "");
    expect(fixture, "SELECT @user AS a", QUERY_BAD_SQL, "");
    free(fixture_query(fixture, "SELECT 1", &options, &status));
    assert_int_equal(status, QUERY_BAD_SQL);
    assert_non_null(strstr(fixture->why, "--rule"));
}

static void test_value_of_huge_size_is_refused(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture, false);
    expect(fixture, "SELECT zeroblob(1000000000) AS z", QUERY_BAD_SQL, "z\r\n");
}

static void test_rows_are_counted(void **state)
{
    struct fixture *fixture = *state;
    FILE *out = fopen("/dev/null", "w");
    uint64_t rows = 0;

    fill(fixture, false);
    assert_non_null(out);
    assert_int_equal(
        query_run(fixture->path, "SELECT * FROM rules", &csv, out, &rows, fixture->why, sizeof fixture->why),
        QUERY_OK);
    assert_int_equal(rows, RULE_COUNT);
    (void)fclose(out);
}

static void test_output_that_cannot_be_written_is_reported(void **state)
{
    static const enum query_format formats[] = {QUERY_TABLE, QUERY_CSV, QUERY_JSON, QUERY_NDJSON,
                                                QUERY_MARKDOWN};
    struct fixture *fixture = *state;

    fill(fixture, false);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct query_options options = {.format = formats[i]};
        FILE *out = fopen("/dev/full", "w");

        assert_non_null(out);
        assert_int_equal(query_run(fixture->path, "SELECT * FROM rules", &options, out, NULL, fixture->why,
                                   sizeof fixture->why),
                         QUERY_OUTPUT);
        assert_non_null(strstr(fixture->why, "No space left"));
        (void)fclose(out);
    }
}

static void test_what_is_no_database_of_ours_is_refused(void **state)
{
    struct fixture *fixture = *state;

    expect(fixture, "SELECT 1", QUERY_CANNOT_OPEN, "");
    assert_non_null(strstr(fixture->why, fixture->path));
    assert_false(fixture_exists(fixture->path));
    fixture_write(fixture->path, "", 0);
    expect(fixture, "SELECT 1", QUERY_CANNOT_OPEN, "");
    fixture_write(fixture->path, "a letter", 8);
    expect(fixture, "SELECT 1", QUERY_CANNOT_OPEN, "");
    (void)unlink(fixture->path);
    (void)fixture_ask(fixture->path, "CREATE TABLE t (x)");
    expect(fixture, "SELECT 1", QUERY_CANNOT_OPEN, "");
    (void)unlink(fixture->path);
    fill(fixture, false);
    (void)fixture_ask(fixture->path, "PRAGMA user_version = 999");
    expect(fixture, "SELECT 1", QUERY_CANNOT_OPEN, "");
    assert_non_null(strstr(fixture->why, "newer"));
}

static void test_locked_database_is_reported(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *other = NULL;

    fill(fixture, false);
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    expect(fixture, "SELECT 1", QUERY_CANNOT_OPEN, "");
    assert_non_null(strstr(fixture->why, "locked"));
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void test_live_database_in_use_shows_what_is_committed(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, true);

    (void)fixture_begin(store, "a");
    assert_int_equal(store_commit(store), STORE_OK);
    (void)fixture_begin(store, "b");
    expect(fixture, "SELECT fingerprint FROM captures", QUERY_OK, "fingerprint\r\na\r\n");
    fixture_close(fixture, store);
    expect(fixture, "SELECT count(*) AS n FROM captures", QUERY_OK, "n\r\n2\r\n");
}

static int ask(struct fixture *fixture)
{
    enum query_status status;
    char *text = fixture_query(fixture, "SELECT count(*) AS n FROM captures", &csv, &status);

    if (status == QUERY_OK && strcmp(text, "n\r\n1\r\n") != 0)
        status = (enum query_status)99;
    free(text);
    return (int)status;
}

/* Evidence lies on a CD, or in a folder of root's; a live capture left it in WAL mode. */
static void test_database_in_a_folder_without_permission_can_be_read(void **state)
{
    struct fixture *fixture = *state;

    for (int live = 0; live <= 1; live++) {
        assert_int_equal(chmod(fixture->folder, 0700), 0);
        (void)unlink(fixture->path);
        fill(fixture, live);
        assert_int_equal(chmod(fixture->path, 0444), 0);
        assert_int_equal(chmod(fixture->folder, 0555), 0);
        assert_int_equal(fixture_unprivileged(ask, fixture), QUERY_OK);
    }
}

static void test_path_with_characters_of_a_uri_can_be_read(void **state)
{
    struct fixture *fixture = *state;

    (void)snprintf(fixture->path, sizeof fixture->path, "%s/a%%20b?c#d.db", fixture->folder);
    fill(fixture, true);
    assert_int_equal(chmod(fixture->path, 0444), 0);
    assert_int_equal(chmod(fixture->folder, 0555), 0);
    assert_int_equal(fixture_unprivileged(ask, fixture), QUERY_OK);
}

/* A writer was killed in the middle of a commit. */
static void test_database_with_a_cut_off_write_shows_what_was_before(void **state)
{
    struct fixture *fixture = *state;
    size_t file_size, journal_size;
    unsigned char *file, *journal;
    sqlite3 *db = NULL;

    fill(fixture, false);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "PRAGMA cache_size = 1; BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                     " FROM n WHERE i < 2000) INSERT INTO captures (source, kind, packets, bytes, state)"
                     " SELECT printf('%0200d', i), 'file', 1, 1, 'running' FROM n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    file = fixture_read(fixture->path, &file_size);
    journal = fixture_read(fixture_file(fixture, "test.db-journal"), &journal_size);
    assert_true(journal_size > 512 && journal_size != SIZE_MAX);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    fixture_write(fixture->path, file, file_size);
    fixture_write(fixture_file(fixture, "test.db-journal"), journal, journal_size);
    free(file);
    free(journal);
    assert_int_equal(ask(fixture), QUERY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_free_sql_reads),
        FIXTURE_TEST(test_free_sql_cannot_do_more_than_read),
        FIXTURE_TEST(test_one_statement_is_run),
        FIXTURE_TEST(test_sql_that_never_ends_is_stopped),
        FIXTURE_TEST(test_rows_past_the_limit_are_cut),
        FIXTURE_TEST(test_canned_queries_take_what_their_sql_names),
        FIXTURE_TEST(test_parameters_are_bound),
        FIXTURE_TEST(test_parameters_that_are_not_known_or_not_named_are_reported),
        FIXTURE_TEST(test_value_of_huge_size_is_refused),
        FIXTURE_TEST(test_rows_are_counted),
        FIXTURE_TEST(test_output_that_cannot_be_written_is_reported),
        FIXTURE_TEST(test_what_is_no_database_of_ours_is_refused),
        FIXTURE_TEST(test_locked_database_is_reported),
        FIXTURE_TEST(test_live_database_in_use_shows_what_is_committed),
        FIXTURE_TEST(test_database_in_a_folder_without_permission_can_be_read),
        FIXTURE_TEST(test_path_with_characters_of_a_uri_can_be_read),
        FIXTURE_TEST(test_database_with_a_cut_off_write_shows_what_was_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
