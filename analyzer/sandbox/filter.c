/*
 * Makes a filter of the lists of system calls, and installs it.
 */
#include "analyzer/sandbox/filter.h"

#include "analyzer/sandbox/denied.h"
#include "analyzer/sandbox/system_calls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool filter_is_there(void)
{
    uint32_t action = SECCOMP_RET_TRAP;

    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 &&
           syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* Each of these returns 0, or a negative errno. */

static int add_checked(scmp_filter_ctx rules, const struct call_checked *checked, size_t count)
{
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++)
        status = seccomp_rule_add_array(rules, SCMP_ACT_ALLOW, checked[i].call, 1, &checked[i].argument);
    return status;
}

static int add_group(scmp_filter_ctx rules, const struct call_group *group)
{
    uint32_t action = group->refused == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint16_t)group->refused);
    int status = 0;

    for (size_t i = 0; i < group->count && status == 0; i++)
        status = seccomp_rule_add(rules, action, group->calls[i], 0);
    return status == 0 ? add_checked(rules, group->checked, group->checked_count) : status;
}

/* Memory of its own and no code; only its output; signals to itself alone. */
static int add_own(scmp_filter_ctx rules, int output)
{
    const struct scmp_arg_cmp memory[] = {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0},
                                          {3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS}};
    const struct call_checked own[] = {
        {SCMP_SYS(write), {0, SCMP_CMP_EQ, (scmp_datum_t)output, 0}},
        {SCMP_SYS(write), {0, SCMP_CMP_EQ, STDERR_FILENO, 0}},
        {SCMP_SYS(writev), {0, SCMP_CMP_EQ, STDERR_FILENO, 0}},
        {SCMP_SYS(tgkill), {0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0}},
    };
    int status = add_checked(rules, own, sizeof own / sizeof own[0]);

    if (status == 0)
        status = seccomp_rule_add_array(rules, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, memory);
    if (status == 0)
        status = seccomp_rule_add_array(rules, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 2, memory);
    return status;
}

static int install(scmp_filter_ctx rules, enum filter_role role, int output)
{
    const struct call_group *const *groups = calls_of(role);
    int status = seccomp_attr_set(rules, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);

    if (status == 0)
        status = seccomp_attr_set(rules, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary search, not a walk */
    for (size_t i = 0; groups[i] != NULL && status == 0; i++)
        status = add_group(rules, groups[i]);
    if (status == 0 && output >= 0)
        status = add_own(rules, output);
    return status == 0 ? seccomp_load(rules) : status;
}

int filter_install(enum filter_role role, int output)
{
    static const char *const who[] = {
        [FILTER_ANALYZER] = "the analyzer", [FILTER_LIVE_ANALYZER] = "the analyzer",
        [FILTER_RECORDER] = "the recorder", [FILTER_LIVE_RECORDER] = "the recorder",
        [FILTER_LAUNCHER] = "the launcher",
    };
    scmp_filter_ctx rules;
    int status;

    if (denied_prepare(who[role]) != 0)
        return -1;
    rules = seccomp_init(SCMP_ACT_TRAP);
    if (rules == NULL) {
        errno = ENOMEM;
        return -1;
    }
    status = install(rules, role, output);
    seccomp_release(rules);
    errno = -status;
    return status == 0 ? 0 : -1;
}
