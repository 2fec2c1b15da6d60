/*
 * Landlock alone, without the system calls' filter before it: what a process can still reach by name, and by
 * the network.
 */
#include "analyzer/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char inside[64], outside[64];

static char *at(const char *folder, const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static int make_folders(void **state)
{
    (void)state;
    strcpy(inside, "/tmp/imaptap-inside-XXXXXX");
    strcpy(outside, "/tmp/imaptap-outside-XXXXXX");
    assert_non_null(mkdtemp(inside));
    assert_non_null(mkdtemp(outside));
    make_file(at(inside, "file"));
    make_file(at(outside, "file"));
    return 0;
}

static int remove_folders(void **state)
{
    const char *names[] = {"file", "new", "other"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlink(at(inside, names[i]));
        unlink(at(outside, names[i]));
    }
    return rmdir(inside) == 0 && rmdir(outside) == 0 ? 0 : -1;
}

/* Runs `try` within the sandbox, in a process of its own; returns the errno that it returns, or 0. */
static int within(const struct sandbox_path *paths, size_t count, int (*try)(void))
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || landlock_hold(paths, count, false) != 0)
            _exit(255);
        _exit(try());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int errno_of(int result)
{
    return result < 0 ? errno : 0;
}

static int read_inside(void)
{
    return errno_of(open(at(inside, "file"), O_RDONLY));
}

static int list_inside(void)
{
    return errno_of(open(inside, O_RDONLY | O_DIRECTORY));
}

static int write_inside(void)
{
    return errno_of(open(at(inside, "file"), O_RDWR | O_TRUNC));
}

static int make_inside(void)
{
    return errno_of(open(at(inside, "new"), O_RDWR | O_CREAT, 0600));
}

static int rename_inside(void)
{
    return errno_of(rename(at(inside, "file"), at(inside, "other")));
}

static int remove_inside(void)
{
    return errno_of(unlink(at(inside, "file")));
}

static int read_outside(void)
{
    return errno_of(open(at(outside, "file"), O_RDONLY));
}

static int list_outside(void)
{
    return errno_of(open(outside, O_RDONLY | O_DIRECTORY));
}

static int write_outside(void)
{
    return errno_of(open(at(outside, "file"), O_WRONLY));
}

static int make_outside(void)
{
    return errno_of(open(at(outside, "new"), O_RDWR | O_CREAT, 0600));
}

static int remove_outside(void)
{
    return errno_of(unlink(at(outside, "file")));
}

static int move_out(void)
{
    return errno_of(rename(at(inside, "file"), at(outside, "other")));
}

static int link_in(void)
{
    return errno_of(link(at(outside, "file"), at(inside, "other")));
}

static int link_symbolically(void)
{
    return errno_of(symlink(at(outside, "file"), at(inside, "other")));
}

static int make_folder(void)
{
    return errno_of(mkdir(at(inside, "folder"), 0700));
}

static int truncate_outside(void)
{
    return errno_of(truncate(at(outside, "file"), 0));
}

static int connect_by_tcp(void)
{
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(9)};

    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return errno_of(
        connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&nobody, sizeof nobody));
}

static int listen_by_tcp(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(40999)};

    return errno_of(bind(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&any, sizeof any));
}

static int signal_the_parent(void)
{
    return errno_of(kill(getppid(), 0));
}

static int signal_itself(void)
{
    return errno_of(kill(getpid(), 0));
}

static int talk_to_an_abstract_socket(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    (void)snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "imaptap-test-%d", getppid());
    return errno_of(
        connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)&name,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name.sun_path + 1))));
}

static void test_without_a_path_nothing_is_in_reach(void **state)
{
    (void)state;
    assert_int_equal(within(NULL, 0, read_inside), EACCES);
    assert_int_equal(within(NULL, 0, list_inside), EACCES);
    assert_int_equal(within(NULL, 0, write_inside), EACCES);
    assert_int_equal(within(NULL, 0, make_inside), EACCES);
    assert_int_equal(within(NULL, 0, remove_inside), EACCES);
    assert_int_equal(within(NULL, 0, rename_inside), EACCES);
}

static void test_a_folder_to_write_is_the_only_one_in_reach(void **state)
{
    const struct sandbox_path paths[] = {{inside, SANDBOX_WRITE}};

    (void)state;
    assert_int_equal(within(paths, 1, read_inside), 0);
    assert_int_equal(within(paths, 1, list_inside), 0);
    assert_int_equal(within(paths, 1, write_inside), 0);
    assert_int_equal(within(paths, 1, make_inside), 0);
    assert_int_equal(within(paths, 1, read_outside), EACCES);
    assert_int_equal(within(paths, 1, list_outside), EACCES);
    assert_int_equal(within(paths, 1, write_outside), EACCES);
    assert_int_equal(within(paths, 1, make_outside), EACCES);
    assert_int_equal(within(paths, 1, remove_outside), EACCES);
    assert_int_equal(within(paths, 1, link_symbolically), EACCES);
    assert_int_equal(within(paths, 1, make_folder), EACCES);
    assert_true(within(paths, 1, move_out) != 0);
    assert_true(within(paths, 1, link_in) != 0);
    assert_int_equal(within(paths, 1, rename_inside), 0);
}

static void test_a_folder_to_read_cannot_be_written(void **state)
{
    const struct sandbox_path paths[] = {{inside, SANDBOX_READ}};

    (void)state;
    assert_int_equal(within(paths, 1, read_inside), 0);
    assert_int_equal(within(paths, 1, list_inside), 0);
    assert_int_equal(within(paths, 1, write_inside), EACCES);
    assert_int_equal(within(paths, 1, make_inside), EACCES);
    assert_int_equal(within(paths, 1, remove_inside), EACCES);
}

static void test_a_path_that_is_not_there_is_left_out(void **state)
{
    const struct sandbox_path paths[] = {{"/nowhere", SANDBOX_WRITE}, {inside, SANDBOX_READ}};

    (void)state;
    assert_int_equal(within(paths, 2, read_inside), 0);
    assert_int_equal(within(paths, 2, read_outside), EACCES);
}

static void test_no_file_is_cut(void **state)
{
    (void)state;
    if (landlock_version() < 3)
        skip();
    assert_int_equal(within(NULL, 0, truncate_outside), EACCES);
}

static void test_no_port_of_tcp_is_in_reach(void **state)
{
    (void)state;
    if (landlock_version() < 4)
        skip();
    assert_int_equal(within(NULL, 0, connect_by_tcp), EACCES);
    assert_int_equal(within(NULL, 0, listen_by_tcp), EACCES);
}

static void test_no_other_process_is_in_reach(void **state)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    if (landlock_version() < 6)
        skip();
    (void)snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "imaptap-test-%d", getpid());
    assert_int_equal(
        bind(listener, (const struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name.sun_path + 1))),
        0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(within(NULL, 0, signal_itself), 0);
    assert_int_equal(within(NULL, 0, signal_the_parent), EPERM);
    assert_int_equal(within(NULL, 0, talk_to_an_abstract_socket), EPERM);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_a_path_nothing_is_in_reach, make_folders,
                                        remove_folders),
        cmocka_unit_test_setup_teardown(test_a_folder_to_write_is_the_only_one_in_reach, make_folders,
                                        remove_folders),
        cmocka_unit_test_setup_teardown(test_a_folder_to_read_cannot_be_written, make_folders,
                                        remove_folders),
        cmocka_unit_test_setup_teardown(test_a_path_that_is_not_there_is_left_out, make_folders,
                                        remove_folders),
        cmocka_unit_test_setup_teardown(test_no_file_is_cut, make_folders, remove_folders),
        cmocka_unit_test(test_no_port_of_tcp_is_in_reach),
        cmocka_unit_test(test_no_other_process_is_in_reach),
    };

    if (landlock_version() == 0) {
        print_message("this kernel has no Landlock\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
