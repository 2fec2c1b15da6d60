/*
 * The files of a folder that is written to: their order, and when one is over, renamed, or another one.
 */
#include "analyzer/recorder/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define START 1700000000
#define MAGIC "\xd4\xc3\xb2\xa1"

static char path[64];
static struct folder *folder;

static const char *at(const char *name)
{
    static char text[2][128];
    static int turn;

    turn = !turn;
    snprintf(text[turn], sizeof text[turn], "%s/%s", path, name);
    return text[turn];
}

/* Writes octets; returns the open descriptor. */
static int put(const char *name, int flags, const char *octets)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | flags, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, octets, strlen(octets)), strlen(octets));
    return fd;
}

static void put_whole(const char *name, const char *octets, int64_t age)
{
    struct timespec times[2];
    int fd = put(name, O_TRUNC, octets);

    clock_gettime(CLOCK_REALTIME, &times[0]);
    if (age > 0)
        times[0] = (struct timespec){START - age, 0};
    times[1] = times[0];
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static struct folder_file *next(void)
{
    assert_int_equal(folder_look(folder, false), 0);
    return folder_next(folder);
}

static struct folder_file *expect(const char *name)
{
    struct folder_file *file = next();

    assert_non_null(file);
    assert_string_equal(file->path, at(name));
    return file;
}

static void done(struct folder_file *file, uint64_t taken, bool again)
{
    folder_taken(file, taken);
    close(file->fd);
    folder_done(file, again);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(path, "/tmp/imaptap-folder-XXXXXX");
    if (mkdtemp(path) == NULL)
        return -1;
    folder = folder_open(path);
    return folder == NULL ? -1 : 0;
}

static int remove_one(const char *name, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(name);
}

static int tear_down(void **state)
{
    (void)state;
    folder_close(folder);
    return nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void files_come_by_time_then_name(void **state)
{
    static const char *const order[] = {"z", "b", "c", "a"};

    (void)state;
    put_whole("c", MAGIC "3", 50);
    put_whole("b", MAGIC "2", 50);
    put_whole("a", MAGIC "4", 10);
    put_whole("z", MAGIC "1", 99);
    for (size_t i = 0; i < 4; i++)
        done(expect(order[i]), 5, false);
    assert_null(next());
}

static void what_is_no_capture_is_counted_until_it_becomes_one(void **state)
{
    (void)state;
    put_whole("notes", "text", 0);
    put_whole("empty", "", 0);
    assert_int_equal(mkdir(at("below"), 0700), 0);
    assert_null(next());
    assert_int_equal(folder_left_out(folder), 1);
    close(put("empty", O_APPEND, MAGIC));
    (void)expect("empty");
}

static void a_file_is_over_when_its_writer_closes_it(void **state)
{
    struct folder_file *file;
    int fd;

    (void)state;
    assert_null(next());
    fd = put("a", 0, MAGIC);
    file = expect("a");
    assert_false(folder_is_over(file));
    close(fd);
    assert_int_equal(folder_look(folder, false), 0);
    assert_true(folder_is_over(file));
    fd = put("a", O_APPEND, "more");
    assert_int_equal(folder_look(folder, false), 0);
    assert_false(folder_is_over(file));
    close(fd);
}

static void an_old_file_is_over_and_a_young_one_perhaps_not(void **state)
{
    struct folder_file *old, *young;

    (void)state;
    put_whole("old", MAGIC "1", 60);
    put_whole("young", MAGIC "2", 0);
    old = expect("old");
    young = expect("young");
    assert_true(folder_is_over(old));
    assert_false(folder_is_over(young));
}

static void a_renamed_file_is_the_same(void **state)
{
    (void)state;
    put_whole("a", MAGIC "1", 0);
    done(expect("a"), 5, false);
    assert_int_equal(rename(at("a"), at("b")), 0);
    assert_null(next());
}

static void a_file_rewritten_comes_again(void **state)
{
    struct folder_file *file;

    (void)state;
    put_whole("a", MAGIC "first", 0);
    file = expect("a");
    folder_taken(file, 9);
    assert_false(folder_was_replaced(file));
    put_whole("a", MAGIC "f", 0);
    assert_true(folder_was_replaced(file));
    put_whole("a", MAGIC "other and longer", 0);
    assert_true(folder_was_replaced(file));
    close(file->fd);
    folder_done(file, false);
    (void)expect("a");
}

static void a_file_that_grows_after_its_end_is_counted_or_comes_again(void **state)
{
    (void)state;
    put_whole("a", MAGIC "1", 0);
    put_whole("b", MAGIC "2", 0);
    done(expect("a"), 5, false);
    done(expect("b"), 5, true);
    close(put("a", O_APPEND, "more"));
    close(put("b", O_APPEND, "more"));
    (void)expect("b");
    assert_null(next());
    assert_int_equal(folder_grown(folder), 1);
    close(put("a", O_APPEND, "and more"));
    assert_null(next());
    assert_int_equal(folder_grown(folder), 1);
}

static void a_file_that_waits_can_be_removed(void **state)
{
    struct folder_file *file;
    char octets[8];

    (void)state;
    put_whole("a", MAGIC "1", 0);
    assert_int_equal(folder_look(folder, false), 0);
    assert_int_equal(unlink(at("a")), 0);
    file = next();
    assert_non_null(file);
    assert_int_equal(pread(file->fd, octets, sizeof octets, 0), 5);
}

static void a_compressed_copy_is_left_out(void **state)
{
    (void)state;
    put_whole("a.pcap", MAGIC "1", 0);
    done(expect("a.pcap"), 5, false);
    put_whole("a.pcap.gz", "\x1f\x8b", 0);
    put_whole("b.pcap.gz", "\x1f\x8b", 0);
    (void)expect("b.pcap.gz");
    assert_null(next());
    assert_int_equal(folder_left_out(folder), 0);
}

static void without_notices_files_are_found_by_looking(void **state)
{
    (void)state;
    close(folder_fd(folder));
    assert_null(next());
    put_whole("a", MAGIC "1", 0);
    usleep(1100 * 1000);
    (void)expect("a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_come_by_time_then_name),
        TEST(what_is_no_capture_is_counted_until_it_becomes_one),
        TEST(a_file_is_over_when_its_writer_closes_it),
        TEST(an_old_file_is_over_and_a_young_one_perhaps_not),
        TEST(a_renamed_file_is_the_same),
        TEST(a_file_rewritten_comes_again),
        TEST(a_file_that_grows_after_its_end_is_counted_or_comes_again),
        TEST(a_file_that_waits_can_be_removed),
        TEST(a_compressed_copy_is_left_out),
        TEST(without_notices_files_are_found_by_looking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
