/*
 * Raises the sandbox, in the order in which they can be raised.
 */
#include "analyzer/sandbox/sandbox.h"

#include "analyzer/sandbox/filter.h"
#include "analyzer/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_PATHS 16

/* An analyzer waits for no more at a time: interfaces, and the recorder. */
#define LIVE_DESCRIPTORS 32

static int limit(int resource, rlim_t value)
{
    struct rlimit limit = {value, value};

    return setrlimit((__rlimit_resource_t)resource, &limit);
}

void sandbox_forbid_core_files(void)
{
    (void)limit(RLIMIT_CORE, 0);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

/* --- what this kernel has --- */

struct sandbox_offer sandbox_offer(void)
{
    return (struct sandbox_offer){filter_is_there(), landlock_version()};
}

void sandbox_describe(char *text, size_t size)
{
    struct sandbox_offer offer = sandbox_offer();
    char landlock[64] = "not by Landlock, which this kernel lacks";

    if (offer.landlock > 0)
        (void)snprintf(landlock, sizeof landlock, "Landlock ABI %d", offer.landlock);
    (void)snprintf(text, size, "%s; %s",
                   offer.seccomp ? "seccomp" : "not by seccomp filters, which this kernel lacks", landlock);
}

bool sandbox_suffice(bool required, FILE *errors)
{
    static const char refused[] = "nothing was read, as --require-sandbox asks";
    static const char weaker[] = "imaptap goes on with what is left; --require-sandbox refuses instead";
    struct sandbox_offer offer = sandbox_offer();

    if (!offer.seccomp)
        fprintf(errors, "imaptap: this kernel has no seccomp filters to hold a process's system calls: %s\n",
                required ? refused : weaker);
    if (offer.landlock == 0)
        fprintf(errors, "imaptap: this kernel has no Landlock to hold a process's files: %s\n",
                required ? refused : weaker);
    return !required || (offer.seccomp && offer.landlock > 0);
}

/* What both sandbox need, and Landlock. */
static int hold_files(const struct sandbox_path *paths, size_t count, bool local)
{
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return landlock_hold(paths, count, local);
}

static int hold_calls(enum filter_role role, int output)
{
    return filter_is_there() ? filter_install(role, output) : 0;
}

/* --- the recorder --- */

int sandbox_enter_recorder_files(const struct sandbox_recorder *recorder)
{
    /* root's: the files of a database belong to its owner; an analyzer becomes nobody, and may have to be
     * killed */
    static const unsigned keep[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER,
                                    CAP_KILL,  CAP_SETGID,       CAP_SETUID};
    struct sandbox_path paths[MAX_PATHS] = {
        {"/dev/null", SANDBOX_WRITE},
        {"/dev/urandom", SANDBOX_READ}, /* SQLite's, for names of files */
#ifdef IMAPTAP_SANITIZED
        {"/proc", SANDBOX_READ},
#endif
    };
    size_t count = 0;

    while (paths[count].path != NULL)
        count++;
    if (recorder->path_count > MAX_PATHS - count) {
        errno = E2BIG;
        return -1;
    }
    for (size_t i = 0; i < recorder->path_count; i++)
        paths[count + i] = recorder->paths[i];
    (void)limit(RLIMIT_MEMLOCK, RLIM_INFINITY); /* for the analyzers; root may */
    if (rights_keep(keep, geteuid() == 0 ? COUNT(keep) : 0) != 0 || limit(RLIMIT_CORE, 0) != 0)
        return -1;
    return hold_files(paths, count + recorder->path_count, recorder->live);
}

int sandbox_enter_recorder_calls(bool live)
{
    return hold_calls(live ? FILTER_LIVE_RECORDER : FILTER_RECORDER, -1);
}

int sandbox_enter_recorder(const struct sandbox_recorder *recorder)
{
    return sandbox_enter_recorder_files(recorder) == 0 ? sandbox_enter_recorder_calls(recorder->live) : -1;
}

/* --- the analyzer --- */

static int by_number(const void *a, const void *b)
{
    const int *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

void sandbox_close_descriptors(int *keep, size_t count)
{
    unsigned next = 0;

    qsort(keep, count, sizeof *keep, by_number);
    for (size_t i = 0; i <= count; i++) {
        unsigned kept = i < count ? (unsigned)keep[i] : ~0U;

        /* around standard error too */
        if (next <= STDERR_FILENO && kept > STDERR_FILENO) {
            if (next < STDERR_FILENO)
                close_range(next, STDERR_FILENO - 1, 0);
            next = STDERR_FILENO + 1;
        }
        if (next < kept)
            close_range(next, kept - 1, 0);
        next = kept + 1;
    }
}

/* Pages are locked as they are touched. Without a limit only: otherwise memory would not be available where
 * it could not be locked. And not the terabytes that the sanitizers reserve. */
static void keep_out_of_swap(void)
{
#ifndef IMAPTAP_SANITIZED
    struct rlimit locked;

    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur == RLIM_INFINITY)
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
#endif
}

static int die_with(int parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return -1;
    if (getppid() != parent) {
        errno = ESRCH; /* it died before the line above */
        return -1;
    }
    return 0;
}

/* No new descriptor, file, process or core file: what holds where the kernel has nothing better. */
static int set_limits(bool live)
{
    /* poll takes no more descriptors than may be open: for interfaces, there are as many as it needs, of
     * which none is free */
    int descriptors = live ? LIVE_DESCRIPTORS : 0;
    struct stat log;

    for (int fd = 0; fd < descriptors; fd++)
        if (fcntl(fd, F_GETFD) < 0 && dup2(STDERR_FILENO, fd) < 0)
            return -1;
    if (limit(RLIMIT_NOFILE, (rlim_t)descriptors) != 0 || limit(RLIMIT_NPROC, 0) != 0 ||
        limit(RLIMIT_CORE, 0) != 0)
        return -1;
    /* a log that is a file must still take the analyzer's last words */
    if (fstat(STDERR_FILENO, &log) == 0 && S_ISREG(log.st_mode))
        return 0;
    return limit(RLIMIT_FSIZE, 0);
}

int sandbox_enter_analyzer(const struct sandbox_analyzer *analyzer)
{
    int status;

    keep_out_of_swap();
    if (geteuid() == 0 && analyzer->user != NULL)
        status = rights_become(analyzer->user, NULL, 0);
    else
        status = rights_keep(NULL, 0);
    /* Landlock takes a descriptor, which the limits do not leave */
    if (status != 0 || die_with(analyzer->parent) != 0 || hold_files(NULL, 0, false) != 0 ||
        set_limits(analyzer->live) != 0)
        return -1;
    return hold_calls(analyzer->live ? FILTER_LIVE_ANALYZER : FILTER_ANALYZER, analyzer->output);
}

/* --- the launcher --- */

int sandbox_enter_launcher(int recorder)
{
    static const unsigned keep[] = {CAP_NET_RAW};
    /* libpcap asks there what kind an interface is, and what it dropped */
    static const struct sandbox_path paths[] = {
        {"/sys/class/net", SANDBOX_READ},
        {"/sys/devices", SANDBOX_READ},
        {"/dev/urandom", SANDBOX_READ},
#ifdef IMAPTAP_SANITIZED
        {"/proc", SANDBOX_READ},
#endif
    };

    (void)limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
    if (rights_keep(keep, COUNT(keep)) != 0 || limit(RLIMIT_CORE, 0) != 0 || die_with(recorder) != 0 ||
        hold_files(paths, COUNT(paths), false) != 0)
        return -1;
    return hold_calls(FILTER_LAUNCHER, -1);
}
