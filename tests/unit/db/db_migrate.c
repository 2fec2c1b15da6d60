/*
 * A database of an older version becomes exactly what a new one is, loses nothing on the way, and what it was
 * is kept. The files of older versions are in older/.
 */
#include "db/database_file.h"
#include "tests/unit/db/faulty_vfs.h"
#include "tests/unit/db/fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKUP "test.db.version-1.backup"

static void copy_file(const char *from, const char *to)
{
    size_t size;
    unsigned char *octets = fixture_read(from, &size);

    assert_non_null(octets);
    fixture_write(to, octets, size);
    free(octets);
}

/* Puts the file of version 1 in the place of the database: three captures, 42 logins, 55 violations. */
static void put_older(struct fixture *fixture)
{
    copy_file(OLDER_DATABASES "/version-1.sqlite", fixture->path);
    assert_int_equal(fixture_count(fixture->path, "PRAGMA user_version"), 1);
}

/* The first value as text of any length; free it. */
static char *ask(const char *path, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;
    char *text;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    text = strdup((const char *)sqlite3_column_text(statement, 0));
    assert_non_null(text);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return text;
}

static const char schema[] =
    "SELECT group_concat(type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, ''), char(10))"
    " FROM (SELECT * FROM sqlite_master ORDER BY type, name)";

/* What a violation of a rule that is none any more became. */
#define EXPOSURES "('cleartext-password', 'guessable-exchange')"

#define CONTENT(exposure)                                                                                    \
    "SELECT group_concat(line, char(10)) FROM ("                                                             \
    " SELECT json_array('c', id, source, kind, fingerprint, link_types, packets, bytes, kernel_drops,"       \
    "  interface_drops, first_ns, last_ns, state, error) AS line FROM captures"                              \
    " UNION ALL SELECT json_array('n', id, capture_id, client_ip, client_port, server_ip, server_port, "     \
    "greeting,"                                                                                              \
    "  capabilities, encryption, first_ns, last_ns, \"end\") FROM connections"                               \
    " UNION ALL SELECT json_array('l', id, connection_id, capture_id, time_ns, frame, tag, command, "        \
    "mechanism,"                                                                                             \
    "  username, username_form, password_form, result, response_text, latency_ns, after_text, " exposure     \
    ") FROM logins l"                                                                                        \
    " UNION ALL SELECT json_array('v', id, login_id, rule, argument, position, count, octets) FROM "         \
    "violations NOT INDEXED WHERE rule NOT IN " EXPOSURES                                                    \
    " UNION ALL SELECT json_array('s', name, seq) FROM sqlite_sequence)"

/* All that the tables of version 1 hold, in one text, whether a login's exposure stands in violations or in
 * the login; free it. */
static char *content(const char *path)
{
    const bool old = fixture_count(path, "PRAGMA user_version") < 3;
    const char *sql = old ? CONTENT("(SELECT CASE min(v.rule) WHEN 'cleartext-password' THEN 'password'"
                                    " WHEN 'guessable-exchange' THEN 'guessable' END FROM violations v"
                                    " WHERE v.login_id = l.id AND v.rule IN " EXPOSURES ")")
                          : CONTENT("exposure");

    return ask(path, sql);
}

static void expect_content(const char *path, const char *expected)
{
    char *found = content(path);

    assert_string_equal(found, expected);
    free(found);
}

static void expect_sound(const char *path)
{
    assert_string_equal(fixture_ask(path, "PRAGMA integrity_check"), "ok");
    assert_string_equal(fixture_ask(path, "PRAGMA foreign_key_check"), "");
}

static void expect_fresh_schema(struct fixture *fixture, const char *path)
{
    char *fresh, *found, fresh_path[160];
    struct store *store;

    (void)snprintf(fresh_path, sizeof fresh_path, "%s", fixture_file(fixture, "fresh.db"));
    (void)unlink(fresh_path);
    assert_int_equal(store_open(&store, fresh_path, false, 0, fixture->why, sizeof fixture->why), STORE_OK);
    fixture_close(fixture, store);
    fresh = ask(fresh_path, schema);
    found = ask(path, schema);
    assert_string_equal(found, fresh);
    free(fresh);
    free(found);
    assert_int_equal(fixture_count(path, "PRAGMA user_version"), DATABASE_VERSION);
}

static void test_version_1_becomes_exactly_what_a_new_database_is(void **state)
{
    struct fixture *fixture = *state;

    put_older(fixture);
    fixture_close(fixture, fixture_open(fixture, false));
    expect_fresh_schema(fixture, fixture->path);
    expect_sound(fixture->path);
}

/* 56 logins of three captures; the views were others. */
static void test_version_2_becomes_exactly_what_a_new_database_is_and_keeps_its_rows(void **state)
{
    struct fixture *fixture = *state;
    char *before;

    copy_file(OLDER_DATABASES "/version-2.sqlite", fixture->path);
    assert_int_equal(fixture_count(fixture->path, "PRAGMA user_version"), 2);
    before = content(fixture->path);
    fixture_close(fixture, fixture_open(fixture, false));
    expect_fresh_schema(fixture, fixture->path);
    expect_sound(fixture->path);
    expect_content(fixture->path, before);
    free(before);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM logins"), 56);
    assert_int_equal(fixture_count(fixture->path, "SELECT sum(logins) FROM pair_counts"), 56);
}

static void test_no_row_is_lost_or_changed(void **state)
{
    struct fixture *fixture = *state;
    char *before;

    put_older(fixture);
    before = content(fixture->path);
    fixture_close(fixture, fixture_open(fixture, false));
    expect_content(fixture->path, before);
    free(before);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM logins"), 42);
    assert_string_equal(fixture_ask(fixture->path, "SELECT count(*) FROM captures WHERE run_id IS NOT NULL"
                                                   " OR sha256 IS NOT NULL OR size IS NOT NULL"),
                        "0");
}

/* Logins as an older version could have kept them: 1 to 6 of the file lose their violations first. */
static void test_what_was_a_rule_of_exposure_becomes_a_fact_of_the_login(void **state)
{
    static const char *const files[] = {OLDER_DATABASES "/version-1.sqlite",
                                        OLDER_DATABASES "/version-2.sqlite"};
    static const char make[] =
        "INSERT INTO rules SELECT 'guessable-exchange', 'info', title, reference, remedy, 'no', 'no', 'no'"
        " FROM rules WHERE rule = 'cleartext-password'"
        " AND NOT EXISTS (SELECT 1 FROM rules WHERE rule = 'guessable-exchange');"
        "DELETE FROM violations WHERE login_id <= 6;"
        "UPDATE logins SET command = 'AUTHENTICATE', password_form = 'sasl' WHERE id BETWEEN 2 AND 6;"
        "UPDATE logins SET mechanism = 'CRAM-MD5' WHERE id IN (2, 3);"
        "UPDATE logins SET mechanism = 'SCRAM-SHA-256' WHERE id IN (4, 5);"
        "UPDATE logins SET mechanism = 'SCRAMBLED' WHERE id = 6;"
        "UPDATE logins SET password_form = NULL WHERE id = 5;" /* the client's proof was not seen */
        "INSERT INTO violations (login_id, rule, argument) VALUES (2, 'guessable-exchange', 'mechanism'),"
        " (3, 'guessable-exchange', 'mechanism'), (3, 'cleartext-password', 'password'),"
        " (3, 'unquoted-special', 'username');";
    static const char gone[] =
        "SELECT (SELECT count(*) FROM violations WHERE rule IN " EXPOSURES ")"
        " + (SELECT count(*) FROM rules WHERE rule IN " EXPOSURES ")"
        " + (SELECT count(*) FROM sqlite_master WHERE name LIKE 'violations!_of!_%' ESCAPE '!')";
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        copy_file(files[i], fixture->path);
        assert_string_equal(fixture_ask(fixture->path, make), "");
        fixture_close(fixture, fixture_open(fixture, false));
        assert_string_equal(fixture_ask(fixture->path,
                                        "SELECT group_concat(coalesce(exposure, '-'))"
                                        " FROM (SELECT * FROM logins WHERE id <= 7 ORDER BY id)"),
                            "-,guessable,password,guessable,-,-,password");
        assert_string_equal(
            fixture_ask(fixture->path, "SELECT group_concat(rule) FROM violations WHERE login_id <= 6"),
            "unquoted-special");
        assert_int_equal(fixture_count(fixture->path, gone), 0);
        expect_sound(fixture->path);
    }
}

static void test_numbers_of_captures_that_are_gone_stay_unused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;

    put_older(fixture);
    store = fixture_open(fixture, false);
    assert_int_equal(fixture_begin(store, "a"), 5); /* number 4 was removed */
    fixture_close(fixture, store);
    put_older(fixture);
    (void)fixture_ask(fixture->path, "PRAGMA foreign_keys = ON; DELETE FROM captures");
    store = fixture_open(fixture, false);
    assert_int_equal(fixture_begin(store, "a"), 5);
    fixture_close(fixture, store);
}

static void test_what_it_was_is_kept_for_the_owner_alone_and_reported(void **state)
{
    struct fixture *fixture = *state;
    char backup[160], *before;
    struct store *store;
    struct stat facts;
    mode_t mask = umask(0);

    put_older(fixture);
    (void)snprintf(backup, sizeof backup, "%s", fixture_file(fixture, BACKUP));
    before = content(fixture->path);
    store = fixture_open(fixture, false);
    (void)umask(mask);
    assert_non_null(store_notice(store));
    assert_non_null(strstr(store_notice(store), backup));
    fixture_close(fixture, store);
    assert_int_equal(stat(backup, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    assert_int_equal(fixture_count(backup, "PRAGMA user_version"), 1);
    expect_content(backup, before);
    expect_sound(backup);
    free(before);
    assert_false(fixture_exists(fixture_file(fixture, "test.db.backup-part")));
    store = fixture_open(fixture, false);
    assert_null(store_notice(store));
    fixture_close(fixture, store);
}

static void test_a_backup_that_is_there_is_never_overwritten(void **state)
{
    struct fixture *fixture = *state;
    unsigned char *octets;
    size_t size;

    put_older(fixture);
    fixture_write(fixture_file(fixture, BACKUP), "mine", 4);
    fixture_close(fixture, fixture_open(fixture, false));
    octets = fixture_read(fixture_file(fixture, BACKUP), &size);
    assert_int_equal(size, 4);
    assert_memory_equal(octets, "mine", 4);
    free(octets);
    assert_int_equal(fixture_count(fixture_file(fixture, BACKUP ".2"), "SELECT count(*) FROM logins"), 42);
}

static void test_rows_that_stand_only_in_the_log_are_in_the_backup(void **state)
{
    struct fixture *fixture = *state;
    char log[160], copy[160], copied_log[160];
    struct store *store;
    sqlite3 *db = NULL;

    put_older(fixture);
    (void)snprintf(log, sizeof log, "%s", fixture_file(fixture, "test.db-wal"));
    (void)snprintf(copy, sizeof copy, "%s", fixture_file(fixture, "copy.db"));
    (void)snprintf(copied_log, sizeof copied_log, "%s", fixture_file(fixture, "copy.db-wal"));
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL; UPDATE captures SET source = 'logged'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    copy_file(fixture->path, copy);
    copy_file(log, copied_log);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(store_open(&store, copy, false, 0, fixture->why, sizeof fixture->why), STORE_OK);
    fixture_close(fixture, store);
    (void)snprintf(copy, sizeof copy, "%s", fixture_file(fixture, "copy.db.version-1.backup"));
    assert_int_equal(fixture_count(copy, "SELECT count(*) FROM captures WHERE source = 'logged'"), 3);
    assert_false(fixture_exists(fixture_file(fixture, "copy.db.version-1.backup-wal")));
}

static void test_what_others_added_stays(void **state)
{
    struct fixture *fixture = *state;

    put_older(fixture);
    (void)fixture_ask(
        fixture->path,
        "CREATE TABLE notes (capture_id REFERENCES captures (id), note); INSERT INTO notes VALUES (1, 'x');"
        "CREATE VIEW mine AS SELECT source FROM captures JOIN notes ON capture_id = id");
    fixture_close(fixture, fixture_open(fixture, false));
    assert_string_equal(fixture_ask(fixture->path, "SELECT source FROM mine"), "exchange-kb932605.pcap");
    expect_sound(fixture->path);
}

static void test_processes_that_meet_an_older_version_at_once_make_one_backup(void **state)
{
    struct fixture *fixture = *state;

    put_older(fixture);
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            struct store *store;

            if (store_open(&store, fixture->path, i % 2 == 1, 20000, fixture->why, sizeof fixture->why) !=
                STORE_OK)
                _exit(1);
            _exit(store_close(store, fixture->why, sizeof fixture->why) == STORE_OK ? 0 : 2);
        }
    }
    for (int i = 0; i < 4; i++) {
        int status = 0;

        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    expect_fresh_schema(fixture, fixture->path);
    assert_true(fixture_exists(fixture_file(fixture, BACKUP)));
    assert_false(fixture_exists(fixture_file(fixture, BACKUP ".2")));
}

/* Whatever operation fails (every one of `step`), it is the one version or the other, and the next opening
 * brings it to the new one. */
static void fail_each(struct fixture *fixture, bool lasting, int code, int step)
{
    char *before = NULL;

    for (int n = 1;; n += step) {
        struct store *store = NULL;
        bool reached;
        int status;

        (void)unlink(fixture_file(fixture, "test.db-journal"));
        (void)unlink(fixture_file(fixture, BACKUP));
        (void)unlink(fixture_file(fixture, BACKUP ".2"));
        (void)unlink(fixture_file(fixture, BACKUP "-journal"));
        put_older(fixture);
        if (before == NULL)
            before = content(fixture->path);
        faulty_vfs_install();
        faulty_vfs.fail_at = n;
        faulty_vfs.code = code;
        faulty_vfs.lasting = lasting;
        status = store_open(&store, fixture->path, false, 0, fixture->why, sizeof fixture->why);
        if (status == STORE_OK)
            status = store_close(store, fixture->why, sizeof fixture->why);
        reached = faulty_vfs.count >= n;
        faulty_vfs_remove();
        expect_sound(fixture->path);
        expect_content(fixture->path, before);
        if (fixture_count(fixture->path, "PRAGMA user_version") == 1)
            assert_int_not_equal(status, STORE_OK);
        else
            expect_content(fixture_file(fixture, BACKUP), before);
        fixture_close(fixture, fixture_open(fixture, false));
        assert_int_equal(fixture_count(fixture->path, "PRAGMA user_version"), DATABASE_VERSION);
        expect_content(fixture->path, before);
        if (!reached) {
            assert_int_equal(status, STORE_OK);
            expect_fresh_schema(fixture, fixture->path);
            assert_true(n > 20); /* so many operations there are at least */
            break;
        }
    }
    free(before);
}

static void test_one_failing_operation_leaves_one_version_or_the_other(void **state)
{
    fail_each(*state, false, SQLITE_IOERR_WRITE, 4);
}

static void test_pulled_plug_leaves_one_version_or_the_other(void **state)
{
    fail_each(*state, true, SQLITE_FULL, 7);
}

static void test_asking_an_older_version_says_what_to_do_and_changes_nothing(void **state)
{
    static const struct query_options options = {.format = QUERY_CSV};
    struct fixture *fixture = *state;
    size_t before_size, after_size;
    unsigned char *before, *after;
    enum query_status status;

    put_older(fixture);
    before = fixture_read(fixture->path, &before_size);
    free(fixture_query(fixture, "SELECT 1", &options, &status));
    after = fixture_read(fixture->path, &after_size);
    assert_int_equal(status, QUERY_CANNOT_OPEN);
    assert_non_null(strstr(fixture->why, "imaptap migrate"));
    assert_non_null(strstr(fixture->why, fixture->path));
    assert_int_equal(after_size, before_size);
    assert_memory_equal(after, before, before_size);
    free(before);
    free(after);
    assert_false(fixture_exists(fixture_file(fixture, BACKUP)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_version_1_becomes_exactly_what_a_new_database_is),
        FIXTURE_TEST(test_version_2_becomes_exactly_what_a_new_database_is_and_keeps_its_rows),
        FIXTURE_TEST(test_no_row_is_lost_or_changed),
        FIXTURE_TEST(test_what_was_a_rule_of_exposure_becomes_a_fact_of_the_login),
        FIXTURE_TEST(test_numbers_of_captures_that_are_gone_stay_unused),
        FIXTURE_TEST(test_what_it_was_is_kept_for_the_owner_alone_and_reported),
        FIXTURE_TEST(test_a_backup_that_is_there_is_never_overwritten),
        FIXTURE_TEST(test_rows_that_stand_only_in_the_log_are_in_the_backup),
        FIXTURE_TEST(test_what_others_added_stays),
        FIXTURE_TEST(test_processes_that_meet_an_older_version_at_once_make_one_backup),
        FIXTURE_TEST(test_one_failing_operation_leaves_one_version_or_the_other),
        FIXTURE_TEST(test_pulled_plug_leaves_one_version_or_the_other),
        FIXTURE_TEST(test_asking_an_older_version_says_what_to_do_and_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
