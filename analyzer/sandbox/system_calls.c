/*
 * The lists of system calls. What is in no list of a process is denied, named and ends it (denied.c). A
 * number that the machine's architecture does not have is passed over.
 *
 * To find out what a change needs: run the tests against a Release build; whatever is missing is named.
 */
#include "analyzer/sandbox/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GROUP(calls, checked)                                                                                \
    {                                                                                                        \
        calls, COUNT(calls), checked, COUNT(checked), 0                                                      \
    }

/* --- every process: memory, clocks, signals, waiting, descriptors that it has, the end --- */

static const int basic[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(_llseek),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(_newselect),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(pread64),
    SCMP_SYS(pselect6),
    SCMP_SYS(pselect6_time64),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),
    SCMP_SYS(select),
    SCMP_SYS(sigreturn),
    SCMP_SYS(sysinfo), /* qsort asks how much memory there is */
    SCMP_SYS(time),
};

static const struct call_checked basic_checked[] = {
    {SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
};

static const struct call_group basic_group = GROUP(basic, basic_checked);

/* --- reading a capture; more, which depends on the process, is in filter.c --- */

static const struct call_checked analyzing_checked[] = {
    {SCMP_SYS(newfstatat), {3, SCMP_CMP_EQ, AT_EMPTY_PATH, 0}}, /* how the C library writes fstat */
    {SCMP_SYS(fcntl), {1, SCMP_CMP_EQ, F_GETFL, 0}},            /* whether a pipe blocks */
    {SCMP_SYS(fcntl), {1, SCMP_CMP_EQ, F_SETFL, 0}},
    {SCMP_SYS(fcntl64), {1, SCMP_CMP_EQ, F_GETFL, 0}},
    {SCMP_SYS(fcntl64), {1, SCMP_CMP_EQ, F_SETFL, 0}},
};

static const struct call_group analyzing_group = {NULL, 0, analyzing_checked, COUNT(analyzing_checked), 0};

/* --- reading an interface: a ring of packets, and the drops that the kernel counted --- */

static const int packets[] = {
    SCMP_SYS(getsockname), /* whether the interface that went down is gone */
    SCMP_SYS(getsockopt),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
};

static const struct call_checked packets_checked[] = {
    {SCMP_SYS(setsockopt), {2, SCMP_CMP_EQ, PACKET_RX_RING, 0}}, /* giving up the ring */
    {SCMP_SYS(setsockopt), {2, SCMP_CMP_EQ, PACKET_DROP_MEMBERSHIP, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFFLAGS, 0}}, /* whether the interface is still there */
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFINDEX, 0}},
};

static const struct call_group packets_group = GROUP(packets, packets_checked);

/* --- SQLite, the terminal, the folder that is followed, the event ring to an analyzer --- */

static const int keeping[] = {
    SCMP_SYS(access),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fallocate),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchown),
    SCMP_SYS(fchown32),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fstatfs),
    SCMP_SYS(fstatat64),
    SCMP_SYS(fsync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64),
    SCMP_SYS(getcwd),
    SCMP_SYS(getdents64),
    SCMP_SYS(geteuid),
    SCMP_SYS(geteuid32),
    SCMP_SYS(getuid),
    SCMP_SYS(getrlimit),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_rm_watch),
    SCMP_SYS(lstat),
    SCMP_SYS(lstat64),
    SCMP_SYS(memfd_create),
    SCMP_SYS(newfstatat),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(pwrite64),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(stat),
    SCMP_SYS(stat64),
    SCMP_SYS(statfs),
    SCMP_SYS(statx),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(sync_file_range2),
    SCMP_SYS(tgkill),
    SCMP_SYS(ugetrlimit),
    SCMP_SYS(uname),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

static const struct call_checked keeping_checked[] = {
    {SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_SYS(mmap2), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TCGETS, 0}}, /* isatty */
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TIOCGWINSZ, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FIONREAD, 0}},
};

static const struct call_group keeping_group = GROUP(keeping, keeping_checked);

/* --- starting, holding and ending analyzers --- */

static const int starting[] = {
    SCMP_SYS(capget),
    SCMP_SYS(capset),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(getegid),
    SCMP_SYS(geteuid),
    SCMP_SYS(geteuid32),
    SCMP_SYS(getgid),
    SCMP_SYS(getgroups),
    SCMP_SYS(getresgid),
    SCMP_SYS(getresuid),
    SCMP_SYS(getuid),
    SCMP_SYS(kill),
    SCMP_SYS(landlock_add_rule),
    SCMP_SYS(landlock_create_ruleset),
    SCMP_SYS(landlock_restrict_self),
    SCMP_SYS(mlockall),
    SCMP_SYS(newfstatat),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(prlimit64),
    SCMP_SYS(rseq),
    SCMP_SYS(seccomp),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(setgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(setresgid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setrlimit),
    SCMP_SYS(setuid),
    SCMP_SYS(tgkill),
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    SCMP_SYS(waitpid),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

#define NEW_NAMESPACE                                                                                        \
    (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER |            \
     CLONE_NEWUTS)

static const struct call_checked starting_checked[] = {
    {SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_SYS(mmap2), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, NEW_NAMESPACE | CLONE_VM, 0}}, /* fork */
    /* what sandbox.c and libcap-ng set and ask */
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_SET_DUMPABLE, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_SET_KEEPCAPS, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_GET_NO_NEW_PRIVS, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_GET_SECCOMP, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_CAPBSET_READ, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_CAPBSET_DROP, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_CAP_AMBIENT, 0}},
    {SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_GET_SECUREBITS, 0}},
};

static const struct call_group starting_group = GROUP(starting, starting_checked);

/* The C library then forks by clone, of which the flags can be checked. */
static const int newer[] = {SCMP_SYS(clone3)};

static const struct call_group newer_group = {newer, COUNT(newer), NULL, 0, ENOSYS};

/* --- the launcher, syslog, systemd, and the state of interfaces on a socket that is open --- */

static const int talking[] = {
    SCMP_SYS(getegid),    SCMP_SYS(getegid32), SCMP_SYS(getgid),      SCMP_SYS(getgid32),
    SCMP_SYS(getuid32),   SCMP_SYS(connect),   SCMP_SYS(getpeername), SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt), SCMP_SYS(recvfrom),  SCMP_SYS(recvmsg),     SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),     SCMP_SYS(wait4),     SCMP_SYS(waitid),      SCMP_SYS(waitpid),
};

static const struct call_checked talking_checked[] = {
    {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_UNIX, 0}},
    /* sd_notify makes room for its message */
    {SCMP_SYS(setsockopt), {2, SCMP_CMP_EQ, SO_SNDBUF, 0}},
    {SCMP_SYS(setsockopt), {2, SCMP_CMP_EQ, SO_SNDBUFFORCE, 0}},
};

static const struct call_group talking_group = GROUP(talking, talking_checked);

/* --- opening an interface --- */

static const int opening[] = {
    SCMP_SYS(access),     SCMP_SYS(bind),    SCMP_SYS(eventfd2), SCMP_SYS(ftruncate),  SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt), SCMP_SYS(pipe2),   SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),    SCMP_SYS(sendmsg), SCMP_SYS(sendto),   SCMP_SYS(setsockopt), SCMP_SYS(stat),
    SCMP_SYS(statx),      SCMP_SYS(uname),
};

static const struct call_checked opening_checked[] = {
    {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_PACKET, 0}},
    {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_NETLINK, 0}}, /* libpcap asks SIOCETHTOOL on one */
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFFLAGS, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFHWADDR, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFINDEX, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFMTU, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFNAME, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCETHTOOL, 0}},
};

static const struct call_group opening_group = GROUP(opening, opening_checked);

/* --- the sanitizers --- */

#ifdef IMAPTAP_SANITIZED

static const int sanitizing[] = {
    SCMP_SYS(getdents),  SCMP_SYS(getdents64),        SCMP_SYS(getrlimit),   SCMP_SYS(prctl),
    SCMP_SYS(prlimit64), SCMP_SYS(sched_getaffinity), SCMP_SYS(sigaltstack), SCMP_SYS(tgkill),
};

/* LeakSanitizer stops the process from a thread of its own and looks into it. */
static const int tracing[] = {SCMP_SYS(clone), SCMP_SYS(ptrace)};

/* Calls by which a report is made readable. It comes without them too, if they fail instead of ending the
 * process. */
static const int failing[] = {
    SCMP_SYS(access),     SCMP_SYS(clone),      SCMP_SYS(execve), SCMP_SYS(fork),
    SCMP_SYS(open),       SCMP_SYS(openat),     SCMP_SYS(pipe),   SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(socketpair), SCMP_SYS(stat),
};

static const struct call_checked failing_checked[] = {
    {SCMP_SYS(ioctl), {1, SCMP_CMP_NE, SIOCGIFFLAGS, 0}}, /* an analyzer of interfaces may ask that */
};

static const struct call_group sanitizing_group = {sanitizing, COUNT(sanitizing), NULL, 0, 0};
static const struct call_group tracing_group = {tracing, COUNT(tracing), NULL, 0, 0};
static const struct call_group failing_group = {failing, COUNT(failing), failing_checked,
                                                COUNT(failing_checked), EACCES};

#define SANITIZED_ANALYZER &sanitizing_group, &failing_group,
#define SANITIZED          &sanitizing_group, &tracing_group,
#else
#define SANITIZED_ANALYZER
#define SANITIZED
#endif

/* --- --- */

static const struct call_group *const analyzer[] = {&basic_group, &analyzing_group, SANITIZED_ANALYZER NULL};
static const struct call_group *const live_analyzer[] = {&basic_group, &analyzing_group, &packets_group,
                                                         SANITIZED_ANALYZER NULL};
static const struct call_group *const recorder[] = {&basic_group, &keeping_group, &starting_group,
                                                    &newer_group, SANITIZED NULL};
static const struct call_group *const live_recorder[] = {&basic_group, &keeping_group, &talking_group,
                                                         SANITIZED NULL};
static const struct call_group *const launcher[] = {&basic_group, &starting_group, &newer_group,
                                                    &opening_group, SANITIZED NULL};

const struct call_group *const *calls_of(enum filter_role role)
{
    static const struct call_group *const *const groups[] = {
        [FILTER_ANALYZER] = analyzer, [FILTER_LIVE_ANALYZER] = live_analyzer,
        [FILTER_RECORDER] = recorder, [FILTER_LIVE_RECORDER] = live_recorder,
        [FILTER_LAUNCHER] = launcher,
    };

    return groups[role];
}
