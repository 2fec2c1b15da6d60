/*
 * Opening and closing: who may read the file, which journal it has, and whose files are left alone.
 */
#include "db/database_file.h"
#include "tests/unit/db/fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static mode_t mode_of(const char *path)
{
    struct stat facts;

    assert_int_equal(stat(path, &facts), 0);
    return facts.st_mode & 07777;
}

/* Opening must fail with `status`, a sentence that names the path, and not an octet of the file changed. */
static void refuse(struct fixture *fixture, enum store_status status, bool live)
{
    struct store *store = (struct store *)(void *)fixture;
    size_t before_size, after_size;
    unsigned char *before = fixture_read(fixture->path, &before_size), *after;

    assert_int_equal(store_open(&store, fixture->path, live, 0, fixture->why, sizeof fixture->why), status);
    assert_null(store);
    assert_non_null(strstr(fixture->why, fixture->path));
    after = fixture_read(fixture->path, &after_size);
    assert_int_equal(after_size, before_size);
    if (after_size != SIZE_MAX)
        assert_memory_equal(after, before, after_size);
    free(before);
    free(after);
    assert_false(fixture_exists(fixture_file(fixture, "test.db-journal")));
    assert_false(fixture_exists(fixture_file(fixture, "test.db-wal")));
    assert_false(fixture_exists(fixture_file(fixture, "test.db-shm")));
}

static void test_new_database_is_for_its_owner_alone_whatever_the_umask(void **state)
{
    static const mode_t masks[] = {0, 022, 0777};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        mode_t before = umask(masks[i]);
        struct store *store;

        (void)unlink(fixture->path);
        store = fixture_open(fixture, false);
        (void)umask(before);
        assert_int_equal(mode_of(fixture->path), 0600);
        fixture_close(fixture, store);
        assert_int_equal(mode_of(fixture->path), 0600);
    }
}

static void test_journal_and_log_are_for_the_owner_alone(void **state)
{
    struct fixture *fixture = *state;
    mode_t before = umask(0);
    struct store *store = fixture_open(fixture, false);

    (void)fixture_begin(store, "a");
    assert_int_equal(mode_of(fixture_file(fixture, "test.db-journal")), 0600);
    fixture_close(fixture, store);
    store = fixture_open(fixture, true);
    assert_int_equal(mode_of(fixture_file(fixture, "test.db-wal")), 0600);
    assert_int_equal(mode_of(fixture_file(fixture, "test.db-shm")), 0600);
    fixture_close(fixture, store);
    (void)umask(before);
}

static void test_empty_file_becomes_a_database_for_its_owner_alone(void **state)
{
    struct fixture *fixture = *state;

    fixture_write(fixture->path, "", 0);
    assert_int_equal(chmod(fixture->path, 0644), 0);
    fixture_close(fixture, fixture_open(fixture, false));
    assert_int_equal(mode_of(fixture->path), 0600);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM rules"), RULE_COUNT);
}

static void test_database_carries_its_marks(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture, fixture_open(fixture, false));
    assert_int_equal(fixture_count(fixture->path, "PRAGMA application_id"), DATABASE_APPLICATION_ID);
    assert_int_equal(fixture_count(fixture->path, "PRAGMA user_version"), DATABASE_VERSION);
}

static void test_read_leaves_one_file_in_journal_mode_delete(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture, fixture_open(fixture, false));
    assert_string_equal(fixture_ask(fixture->path, "PRAGMA journal_mode"), "delete");
    assert_false(fixture_exists(fixture_file(fixture, "test.db-journal")));
}

static void test_live_writes_in_wal_mode(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, true);

    assert_string_equal(fixture_ask(fixture->path, "PRAGMA journal_mode"), "wal");
    fixture_close(fixture, store);
}

static void test_live_leaves_one_file(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, true);

    (void)fixture_begin(store, "a");
    fixture_close(fixture, store);
    assert_false(fixture_exists(fixture_file(fixture, "test.db-wal")));
    assert_false(fixture_exists(fixture_file(fixture, "test.db-shm")));
    assert_string_equal(fixture_ask(fixture->path, "PRAGMA journal_mode"), "delete");
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 1);
}

static void test_live_leaves_the_log_to_who_reads(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, true);
    sqlite3 *reader;

    assert_int_equal(sqlite3_open(fixture->path, &reader), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM captures", NULL, NULL, NULL),
                     SQLITE_OK);
    (void)fixture_begin(store, "a");
    fixture_close(fixture, store);
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 1);
}

static void test_read_beside_a_live_writer_leaves_its_log_alone(void **state)
{
    struct fixture *fixture = *state;
    struct store *live = fixture_open(fixture, true);
    struct store *store;

    assert_int_equal(store_commit(live), STORE_OK);
    store = fixture_open(fixture, false);
    (void)fixture_begin(store, "a");
    fixture_close(fixture, store);
    (void)fixture_begin(live, "b");
    fixture_close(fixture, live);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 2);
}

static void test_database_of_another_program_is_refused_untouched(void **state)
{
    static const char *const made_by[] = {
        "CREATE TABLE moz_places (id); PRAGMA application_id = 252006674",
        "CREATE TABLE captures (id)", /* no application_id, though the name is one of ours */
        "PRAGMA journal_mode = WAL; CREATE TABLE t (x); PRAGMA application_id = 252006674",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof made_by / sizeof *made_by; i++) {
        (void)unlink(fixture->path);
        (void)fixture_ask(fixture->path, made_by[i]);
        refuse(fixture, STORE_FOREIGN, false);
        refuse(fixture, STORE_FOREIGN, true);
    }
}

/* SQLite itself would take the journal back and delete it. */
static void test_journal_of_another_program_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    size_t journal_size, file_size, size;
    unsigned char *journal, *file, *octets;
    char journal_path[160], copy[128];
    struct store *store;
    sqlite3 *db = NULL;

    (void)fixture_ask(fixture->path, "CREATE TABLE t (x); INSERT INTO t VALUES (randomblob(100000))");
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA cache_size = 1; BEGIN; UPDATE t SET x = randomblob(100000)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    (void)snprintf(journal_path, sizeof journal_path, "%s", fixture_file(fixture, "test.db-journal"));
    (void)snprintf(copy, sizeof copy, "%s", fixture_file(fixture, "copy.db"));
    journal = fixture_read(journal_path, &journal_size);
    file = fixture_read(fixture->path, &file_size);
    assert_true(journal_size > 0 && journal_size != SIZE_MAX);
    fixture_write(copy, file, file_size);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    (void)snprintf(journal_path, sizeof journal_path, "%s", fixture_file(fixture, "copy.db-journal"));
    fixture_write(journal_path, journal, journal_size);
    assert_int_equal(store_open(&store, copy, false, 0, fixture->why, sizeof fixture->why), STORE_FOREIGN);
    octets = fixture_read(journal_path, &size);
    assert_int_equal(size, journal_size);
    assert_memory_equal(octets, journal, size);
    free(octets);
    octets = fixture_read(copy, &size);
    assert_int_equal(size, file_size);
    assert_memory_equal(octets, file, size);
    free(octets);
    free(journal);
    free(file);
}

static void test_database_of_a_newer_version_is_refused_untouched(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture, fixture_open(fixture, false));
    (void)fixture_ask(fixture->path, "PRAGMA user_version = 999");
    refuse(fixture, STORE_NEWER, false);
    refuse(fixture, STORE_NEWER, true);
}

static void copy_file(const char *from, const char *to)
{
    size_t size;
    unsigned char *octets = fixture_read(from, &size);

    assert_non_null(octets);
    fixture_write(to, octets, size);
    free(octets);
}

static void expect_same(const char *one, const char *other)
{
    size_t one_size, other_size;
    unsigned char *one_octets = fixture_read(one, &one_size);
    unsigned char *other_octets = fixture_read(other, &other_size);

    assert_non_null(one_octets);
    assert_int_equal(one_size, other_size);
    assert_memory_equal(one_octets, other_octets, one_size);
    free(one_octets);
    free(other_octets);
}

/* A process was killed before its log reached the file: closing must not move it there. */
static void test_newer_version_that_stands_only_in_the_log_is_refused_untouched(void **state)
{
    struct fixture *fixture = *state;
    char log[128], copy[128], copied_log[128];
    struct store *store;
    sqlite3 *db = NULL;

    (void)snprintf(log, sizeof log, "%s", fixture_file(fixture, "test.db-wal"));
    (void)snprintf(copy, sizeof copy, "%s", fixture_file(fixture, "copy.db"));
    (void)snprintf(copied_log, sizeof copied_log, "%s", fixture_file(fixture, "copy.db-wal"));
    fixture_close(fixture, fixture_open(fixture, true));
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA user_version = 999", NULL, NULL, NULL),
        SQLITE_OK);
    copy_file(fixture->path, copy);
    copy_file(log, copied_log);
    assert_int_equal(store_open(&store, copy, false, 0, fixture->why, sizeof fixture->why), STORE_NEWER);
    expect_same(copy, fixture->path);
    expect_same(copied_log, log);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_file_that_is_no_database_is_refused_untouched(void **state)
{
    static const char *const texts[] = {"x", "This is a letter to my aunt, and no database at all.",
                                        "SQLite format 3", "SQLite format 3\0 cut short"};
    static const char long_text[8192] = "a capture, say";
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fixture_write(fixture->path, texts[i], strlen(texts[i]) + 1);
        refuse(fixture, STORE_CANNOT_OPEN, false);
    }
    fixture_write(fixture->path, long_text, sizeof long_text);
    refuse(fixture, STORE_CANNOT_OPEN, true);
}

static void test_damaged_version_is_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture, fixture_open(fixture, false));
    (void)fixture_ask(fixture->path, "PRAGMA user_version = 0");
    refuse(fixture, STORE_CANNOT_OPEN, false);
}

static void test_what_is_no_plain_file_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;

    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(store_open(&store, fixture->path, false, 0, fixture->why, sizeof fixture->why),
                     STORE_CANNOT_OPEN);
    assert_non_null(strstr(fixture->why, "folder"));
    assert_int_equal(rmdir(fixture->path), 0);
    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    assert_int_equal(store_open(&store, fixture->path, false, 0, fixture->why, sizeof fixture->why),
                     STORE_CANNOT_OPEN);
    assert_int_equal(unlink(fixture->path), 0);
    assert_int_equal(symlink("nowhere", fixture->path), 0);
    assert_int_equal(store_open(&store, fixture->path, false, 0, fixture->why, sizeof fixture->why),
                     STORE_CANNOT_OPEN);
    assert_non_null(strstr(fixture->why, "link"));
    assert_false(fixture_exists(fixture_file(fixture, "nowhere")));
}

static void test_folder_that_is_not_there_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    char path[256];

    (void)snprintf(path, sizeof path, "%s", fixture_file(fixture, "no/such/folder.db"));
    assert_int_equal(store_open(&store, path, false, 0, fixture->why, sizeof fixture->why),
                     STORE_CANNOT_OPEN);
    assert_null(store);
    assert_non_null(strstr(fixture->why, path));
    assert_non_null(strstr(fixture->why, "No such file or directory"));
}

/* A database that was hashed and handed over, and a capture in it that is read again. */
static void test_opening_again_changes_not_an_octet(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);
    char copy[128];

    (void)snprintf(copy, sizeof copy, "%s", fixture_file(fixture, "copy.db"));
    fixture_complete(store, fixture_begin(store, "a"), "a");
    fixture_close(fixture, store);
    copy_file(fixture->path, copy);
    fixture_close(fixture, fixture_open(fixture, false));
    expect_same(copy, fixture->path);
}

/* What several processes do that begin at the same time: each opens, writes and closes. */
static int open_and_write(struct fixture *fixture, bool live)
{
    struct store_capture capture = fixture_capture(NULL);
    struct store *store;
    int64_t id;

    if (store_open(&store, fixture->path, live, 20000, fixture->why, sizeof fixture->why) != STORE_OK)
        return 1;
    if (store_rules(store, fixture_rules, RULE_COUNT) != STORE_OK ||
        store_capture_begin(store, &capture, &id) != STORE_OK)
        return 2;
    return store_close(store, fixture->why, sizeof fixture->why) == STORE_OK ? 0 : 3;
}

static void test_processes_that_make_the_database_at_once_do_not_disturb_each_other(void **state)
{
    enum { PROCESSES = 6, ROUNDS = 5 };
    struct fixture *fixture = *state;

    for (int round = 0; round < ROUNDS; round++) {
        (void)unlink(fixture->path);
        for (int i = 0; i < PROCESSES; i++) {
            pid_t child = fork();

            assert_true(child >= 0);
            if (child == 0)
                _exit(open_and_write(fixture, (round + i) % 3 == 0));
        }
        for (int i = 0; i < PROCESSES; i++) {
            int status = 0;

            assert_true(wait(&status) > 0);
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), 0);
        }
        assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), PROCESSES);
    }
}

static void test_close_commits(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_open(fixture, false);

    (void)fixture_begin(store, "a");
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 0);
    fixture_close(fixture, store);
    assert_int_equal(fixture_count(fixture->path, "SELECT count(*) FROM captures"), 1);
}

/* SQLite takes such a name for a URI. */
static void test_path_that_begins_as_a_uri_is_a_path(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    char *before = getcwd(NULL, 0);

    assert_non_null(before);
    assert_int_equal(chdir(fixture->folder), 0);
    assert_int_equal(store_open(&store, "file:a.db?mode=ro", false, 0, fixture->why, sizeof fixture->why),
                     STORE_OK);
    (void)fixture_begin(store, "a");
    fixture_close(fixture, store);
    assert_int_equal(chdir(before), 0);
    free(before);
    assert_false(fixture_exists(fixture_file(fixture, "a.db")));
    assert_int_equal(
        fixture_count(fixture_file(fixture, "file:a.db?mode=ro"), "SELECT count(*) FROM captures"), 1);
}

/* What somebody loaded a dump into. */
static void test_database_in_utf_16_is_refused_untouched(void **state)
{
    struct fixture *fixture = *state;
    char sql[256];
    sqlite3 *db;

    (void)snprintf(sql, sizeof sql,
                   "PRAGMA encoding = 'UTF-16'; PRAGMA application_id = %d; PRAGMA user_version = %d;"
                   "CREATE TABLE captures (id)",
                   DATABASE_APPLICATION_ID, DATABASE_VERSION);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    refuse(fixture, STORE_FAILED, false);
    assert_non_null(strstr(fixture->why, "UTF-16"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_new_database_is_for_its_owner_alone_whatever_the_umask),
        FIXTURE_TEST(test_journal_and_log_are_for_the_owner_alone),
        FIXTURE_TEST(test_empty_file_becomes_a_database_for_its_owner_alone),
        FIXTURE_TEST(test_database_carries_its_marks),
        FIXTURE_TEST(test_read_leaves_one_file_in_journal_mode_delete),
        FIXTURE_TEST(test_live_writes_in_wal_mode),
        FIXTURE_TEST(test_live_leaves_one_file),
        FIXTURE_TEST(test_live_leaves_the_log_to_who_reads),
        FIXTURE_TEST(test_read_beside_a_live_writer_leaves_its_log_alone),
        FIXTURE_TEST(test_database_of_another_program_is_refused_untouched),
        FIXTURE_TEST(test_journal_of_another_program_is_left_alone),
        FIXTURE_TEST(test_database_of_a_newer_version_is_refused_untouched),
        FIXTURE_TEST(test_newer_version_that_stands_only_in_the_log_is_refused_untouched),
        FIXTURE_TEST(test_file_that_is_no_database_is_refused_untouched),
        FIXTURE_TEST(test_damaged_version_is_refused),
        FIXTURE_TEST(test_what_is_no_plain_file_is_refused),
        FIXTURE_TEST(test_folder_that_is_not_there_is_named),
        FIXTURE_TEST(test_opening_again_changes_not_an_octet),
        FIXTURE_TEST(test_close_commits),
        FIXTURE_TEST(test_path_that_begins_as_a_uri_is_a_path),
        FIXTURE_TEST(test_database_in_utf_16_is_refused_untouched),
        FIXTURE_TEST(test_processes_that_make_the_database_at_once_do_not_disturb_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
