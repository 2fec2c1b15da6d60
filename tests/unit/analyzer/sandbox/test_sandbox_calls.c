/*
 * Within the sandbox, each system call that a process never needs ends it, and is named on standard error.
 */
#include "analyzer/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* How a child ended that tried something. */
enum outcome { ENDED_NAMED, ENDED_SILENTLY, REFUSED, ALLOWED, OTHER };

static int spare_fd; /* a file that was open before */

/* --- what is tried: each returns a negative number when it was refused --- */

#define TRY(name, expression)                                                                                \
    static long try_##name(void)                                                                             \
    {                                                                                                        \
        return (long)(expression);                                                                           \
    }

static const struct sockaddr_un somewhere = {.sun_family = AF_UNIX, .sun_path = "/run/nowhere"};
static char *const no_arguments[] = {NULL};

TRY(open, open("/etc/passwd", O_RDONLY))
TRY(create, open("/tmp/imaptap-never", O_WRONLY | O_CREAT, 0600))
TRY(openat2, syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0))
TRY(stat, syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &(struct stat){0}, 0))
TRY(unlink, unlink("/tmp/imaptap-never"))
TRY(rename, rename("/tmp/imaptap-never", "/tmp/imaptap-ever"))
TRY(memfd, memfd_create("never", 0))
TRY(other_output, write(spare_fd, "x", 1))
TRY(socket_unix, socket(AF_UNIX, SOCK_STREAM, 0))
TRY(socket_tcp, socket(AF_INET, SOCK_STREAM, 0))
TRY(socket_netlink, socket(AF_NETLINK, SOCK_RAW, 0))
TRY(socket_packet, socket(AF_PACKET, SOCK_RAW, 0))
TRY(socketpair, socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0}))
TRY(connect, connect(spare_fd, (const struct sockaddr *)&somewhere, sizeof somewhere))
TRY(bind, bind(spare_fd, (const struct sockaddr *)&somewhere, sizeof somewhere))
TRY(listen, listen(spare_fd, 1))
TRY(sendto, sendto(spare_fd, "x", 1, 0, NULL, 0))
TRY(fork, fork())
TRY(vfork_call, syscall(SYS_vfork))
TRY(clone3, syscall(SYS_clone3, NULL, 0))
TRY(namespace, syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL))
/* shares memory, but is no thread; the kernel, too, refuses that */
TRY(half_thread, syscall(SYS_clone, CLONE_VM | CLONE_THREAD, NULL, NULL, NULL, NULL))
TRY(unshare, unshare(CLONE_NEWUSER))
TRY(exec, execve("/bin/true", no_arguments, no_arguments))
TRY(execveat, syscall(SYS_execveat, AT_FDCWD, "/bin/true", no_arguments, no_arguments, 0))
TRY(ptrace, ptrace(PTRACE_ATTACH, getppid(), NULL, NULL))
TRY(look_into, syscall(SYS_process_vm_readv, getppid(), NULL, 0UL, NULL, 0UL, 0UL))
TRY(kill, kill(getppid(), 0))
TRY(kill_thread, syscall(SYS_tgkill, getppid(), getppid(), 0))
TRY(code, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0)
TRY(map_file, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, spare_fd, 0) == MAP_FAILED ? -1 : 0)
TRY(become_code, syscall(SYS_mprotect, NULL, 0, PROT_READ | PROT_EXEC))
TRY(keyboard, ioctl(spare_fd, TIOCSTI, "x"))
TRY(setsockopt, setsockopt(spare_fd, SOL_SOCKET, SO_DEBUG, NULL, 0))
TRY(dumpable, prctl(PR_SET_DUMPABLE, 1))
TRY(setuid, setuid(0))
TRY(chmod, chmod("/tmp/imaptap-never", 0777))
TRY(mount, syscall(SYS_mount, "none", "/", "tmpfs", 0UL, NULL))
TRY(chroot, chroot("/"))
TRY(bpf, syscall(SYS_bpf, 0, NULL, 0))
TRY(io_uring, syscall(SYS_io_uring_setup, 1, NULL))
TRY(userfaultfd, syscall(SYS_userfaultfd, 0))
TRY(perf, syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0UL))
TRY(keys, syscall(SYS_keyctl, 0, 0, 0, 0, 0))
TRY(module, syscall(SYS_finit_module, spare_fd, "", 0))
TRY(reboot, syscall(SYS_reboot, 0, 0, 0, NULL))

static void *note_that_it_ran(void *ran)
{
    *(bool *)ran = true;
    return NULL;
}

static long start_a_thread(void)
{
    bool ran = false;
    pthread_t thread;

    if (pthread_create(&thread, NULL, note_that_it_ran, &ran) != 0)
        return -1;
    return pthread_join(thread, NULL) == 0 && ran ? 0 : -1;
}

struct attempt {
    long (*try)(void);
    const char *call;   /* as it is named; "newfstatat" and the like are what the C library makes of it */
    bool of_sanitizers; /* they need it too */
};

static const struct attempt everyones[] = {
    {try_openat2, "openat2", false},
    {try_socket_tcp, "socket", false},
    {try_socketpair, "socketpair", false},
    {try_listen, "listen", false},
    {try_vfork_call, "vfork", false},
    {try_namespace, "clone", true},
    {try_half_thread, "clone", true},
    {try_unshare, "unshare", false},
    {try_exec, "execve", false},
    {try_execveat, "execveat", false},
    {try_ptrace, "ptrace", true},
    {try_look_into, "process_vm_readv", false},
    {try_code, "mmap", false},
    {try_become_code, "mprotect", false},
    {try_keyboard, "ioctl", false},
    {try_chmod, "chmod", false},
    {try_mount, "mount", false},
    {try_chroot, "chroot", false},
    {try_bpf, "bpf", false},
    {try_io_uring, "io_uring_setup", false},
    {try_userfaultfd, "userfaultfd", false},
    {try_perf, "perf_event_open", false},
    {try_keys, "keyctl", false},
    {try_module, "finit_module", false},
    {try_reboot, "reboot", false},
};

/* what starting an analyzer takes */
static const struct attempt forking[] = {
    {try_fork, "clone", true},
    {try_clone3, "clone3", false}, /* threads, too */
    {try_kill, "kill", false},
    {try_setuid, "setuid", false},
};

/* forking, but with memory that is shared */
static const struct attempt threading = {start_a_thread, "clone", true};

/* what keeping a database takes */
static const struct attempt changing[] = {{try_unlink, "unlink", false}, {try_rename, "rename", false}};

/* what is the launcher's alone */
static const struct attempt capturing[] = {
    {try_socket_netlink, "socket", false},
    {try_socket_packet, "socket", false},
    {try_bind, "bind", false},
    {try_setsockopt, "setsockopt", false},
};

/* what the recorder of captures in files does without */
static const struct attempt talking[] = {
    {try_socket_unix, "socket", false},
    {try_connect, "connect", false},
    {try_sendto, "sendto", false},
};

static const struct attempt analyzers[] = {
    {try_socket_netlink, "socket", false}, {try_memfd, "memfd_create", false},
    {try_open, "openat", false},           {try_create, "openat", false},
    {try_stat, "newfstatat", false},       {try_unlink, "unlink", false},
    {try_rename, "rename", false},         {try_other_output, "write", false},
    {try_socket_unix, "socket", false},    {try_socket_packet, "socket", false},
    {try_connect, "connect", false},       {try_bind, "bind", false},
    {try_sendto, "sendto", false},         {try_fork, "clone", false},
    {try_clone3, "clone3", false},         {try_kill, "kill", false},
    {try_kill_thread, "tgkill", false},    {try_map_file, "mmap", false},
    {try_setsockopt, "setsockopt", false}, {try_dumpable, "prctl", true},
    {try_setuid, "setuid", false},
};

/* --- trying it --- */

enum process { READ_ANALYZER, LIVE_ANALYZER, READ_RECORDER, LIVE_RECORDER, LAUNCHER };

static int enter_sandbox(enum process process, int output)
{
    struct sandbox_analyzer analyzer = {
        .parent = getppid(), .output = output, .live = process == LIVE_ANALYZER};
    struct sandbox_recorder recorder = {.live = process == LIVE_RECORDER};

    if (process == READ_ANALYZER || process == LIVE_ANALYZER)
        return sandbox_enter_analyzer(&analyzer);
    if (process == LAUNCHER)
        return sandbox_enter_launcher(getppid());
    return sandbox_enter_recorder(&recorder);
}

static enum outcome outcome_of(int status, const char *said, const char *call)
{
    char named[64];

    (void)snprintf(named, sizeof named, " made the system call %s, which its sandbox denies", call);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return strstr(said, named) != NULL ? ENDED_NAMED : ENDED_SILENTLY;
    if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
        return WEXITSTATUS(status) == 1 ? REFUSED : ALLOWED;
    return OTHER;
}

/* Tries it in a process of its own; `said` is what came on its standard error. */
static enum outcome attempt(enum process process, const struct attempt *what, char *said, size_t size)
{
    int errors[2], output[2], status;
    size_t got = 0;
    ssize_t n;
    pid_t child;

    assert_int_equal(pipe(errors), 0);
    assert_int_equal(pipe(output), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(errors[1], STDERR_FILENO);
        if (enter_sandbox(process, output[1]) != 0)
            _exit(99);
        _exit(what->try() < 0 ? 1 : 0);
    }
    close(errors[1]);
    while ((n = read(errors[0], said + got, size - 1 - got)) > 0)
        got += (size_t)n;
    said[got] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    close(errors[0]);
    close(output[0]);
    close(output[1]);
    return outcome_of(status, said, what->call);
}

#define assert_denied(process, attempts)                                                                     \
    assert_all_denied(process, attempts, sizeof(attempts) / sizeof((attempts)[0]))

static void assert_all_denied(enum process process, const struct attempt *attempts, size_t count)
{
    char said[512];

    for (size_t i = 0; i < count; i++) {
        enum outcome outcome = attempt(process, &attempts[i], said, sizeof said);

#ifdef IMAPTAP_SANITIZED /* the sanitizers may try more, some of it in vain */
        if (outcome == REFUSED || (outcome == ALLOWED && attempts[i].of_sanitizers))
            continue;
#endif
        if (outcome != ENDED_NAMED)
            fail_msg("process %d, call %zu (%s): outcome %d, said: %s", process, i, attempts[i].call, outcome,
                     said);
    }
}

/* The C library blocks all signals while it starts a thread, so nothing can name the call any more. */
static void assert_no_thread(enum process process)
{
    char said[512];
    enum outcome outcome = attempt(process, &threading, said, sizeof said);

#ifdef IMAPTAP_SANITIZED /* LeakSanitizer needs one */
    if (outcome == REFUSED || outcome == ALLOWED)
        return;
#endif
    if (outcome != ENDED_SILENTLY)
        fail_msg("process %d: a thread: outcome %d, said: %s", process, outcome, said);
}

static void test_the_analyzer_of_files(void **state)
{
    (void)state;
    assert_denied(READ_ANALYZER, everyones);
    assert_denied(READ_ANALYZER, analyzers);
}

static void test_the_analyzer_of_interfaces(void **state)
{
    (void)state;
    assert_denied(LIVE_ANALYZER, everyones);
    assert_denied(LIVE_ANALYZER, analyzers);
}

static void test_the_recorder_of_files(void **state)
{
    (void)state;
    assert_denied(READ_RECORDER, everyones);
    assert_denied(READ_RECORDER, capturing);
    assert_denied(READ_RECORDER, talking);
    assert_no_thread(READ_RECORDER);
}

static void test_the_recorder_of_interfaces(void **state)
{
    (void)state;
    assert_denied(LIVE_RECORDER, everyones);
    assert_denied(LIVE_RECORDER, capturing);
    assert_denied(LIVE_RECORDER, forking);
}

static void test_the_launcher(void **state)
{
    (void)state;
    assert_denied(LAUNCHER, everyones);
    assert_denied(LAUNCHER, changing);
    assert_no_thread(LAUNCHER);
}

/* --- what still works --- */

static long allocate(void)
{
    for (size_t size = 16; size < (size_t)64 << 20; size *= 4) {
        char *memory = malloc(size);

        if (memory == NULL)
            return -1;
        memset(memory, 1, size);
        free(memory);
    }
    return 0;
}

static long fork_one(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return child > 0 && waitpid(child, NULL, 0) == child ? 0 : -1;
}

static void assert_allowed(enum process process, long (*try)(void))
{
    struct attempt what = {try, "", false};
    char said[512];
    enum outcome outcome = attempt(process, &what, said, sizeof said);

    if (outcome != ALLOWED)
        fail_msg("process %d: outcome %d, said: %s", process, outcome, said);
}

static void test_memory_can_be_had(void **state)
{
    (void)state;
    assert_allowed(READ_ANALYZER, allocate);
    assert_allowed(LIVE_ANALYZER, allocate);
    assert_allowed(READ_RECORDER, allocate);
    assert_allowed(LIVE_RECORDER, allocate);
}

static void test_analyzers_can_be_started(void **state)
{
    (void)state;
    assert_allowed(READ_RECORDER, fork_one);
    assert_allowed(LAUNCHER, fork_one);
}

static long hold_an_analyzer(void)
{
    pid_t recorder = getpid(), child = fork();
    int status = -1;

    if (child == 0) {
        struct sandbox_analyzer analyzer = {.parent = recorder, .output = STDERR_FILENO};

        _exit(sandbox_enter_analyzer(&analyzer) == 0 ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

static void test_analyzers_can_enter_their_sandbox_within(void **state)
{
    (void)state;
    assert_allowed(READ_RECORDER, hold_an_analyzer);
    assert_allowed(LAUNCHER, hold_an_analyzer);
}

static void test_a_log_that_is_a_file_takes_the_last_words(void **state)
{
    char path[] = "/tmp/imaptap-log-XXXXXX", text[256] = {0};
    int log = mkstemp(path), status;
    pid_t child = fork();

    (void)state;
    assert_true(log >= 0 && child >= 0);
    if (child == 0) {
        (void)dup2(log, STDERR_FILENO);
        if (enter_sandbox(READ_ANALYZER, STDERR_FILENO) == 0)
            (void)try_mount();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    assert_true(pread(log, text, sizeof text - 1, 0) > 0);
    assert_string_equal(text,
                        "imaptap: the analyzer made the system call mount, which its sandbox denies: it was "
                        "ended\n");
    close(log);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_analyzer_of_files),
        cmocka_unit_test(test_the_analyzer_of_interfaces),
        cmocka_unit_test(test_the_recorder_of_files),
        cmocka_unit_test(test_the_recorder_of_interfaces),
        cmocka_unit_test(test_the_launcher),
        cmocka_unit_test(test_memory_can_be_had),
        cmocka_unit_test(test_analyzers_can_be_started),
        cmocka_unit_test(test_analyzers_can_enter_their_sandbox_within),
        cmocka_unit_test(test_a_log_that_is_a_file_takes_the_last_words),
    };

    if (!sandbox_offer().seccomp) {
        print_message("this kernel has no seccomp filters\n");
        return 77;
    }
    spare_fd = open("/dev/null", O_RDWR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
