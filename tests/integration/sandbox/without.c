/*
 * without LACKING PROGRAM ARGUMENTS...: runs the program as a kernel would that lacks `seccomp`, `landlock`
 * or `both`: the system calls answer as they do there.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    scmp_filter_ctx rules = seccomp_init(SCMP_ACT_ALLOW);
    int status = rules == NULL ? -1 : 0;

    if (argc < 3)
        return 2;
    if (strcmp(argv[1], "landlock") != 0) {
        status |= seccomp_rule_add(rules, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0);
        status |= seccomp_rule_add(rules, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                                   SCMP_A0(SCMP_CMP_EQ, PR_GET_SECCOMP));
    }
    if (strcmp(argv[1], "seccomp") != 0)
        status |= seccomp_rule_add(rules, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
    if (status != 0 || seccomp_load(rules) != 0)
        return 2;
    seccomp_release(rules);
    (void)execv(argv[2], argv + 2);
    perror(argv[2]);
    return 2;
}
