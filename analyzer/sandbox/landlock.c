/*
 * Landlock through its system calls: the C library has no functions for them.
 *
 * The numbers and the structure are the kernel's ABI. They are written out here, because Debian 12's headers
 * end with version 1 and the kernels it runs on do not. An older kernel takes the longer structure as long as
 * the fields that it does not know are zero.
 */
#include "analyzer/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ruleset {
    uint64_t files;   /* LANDLOCK_ACCESS_FS_... that are denied unless a rule allows them */
    uint64_t network; /* from version 4 */
    uint64_t scope;   /* from version 6 */
};

#define FILES_1        ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FILES_2_REFER  (UINT64_C(1) << 13)
#define FILES_3_TRUNC  (UINT64_C(1) << 14)
#define FILES_5_IOCTL  (UINT64_C(1) << 15)
#define NETWORK_4_TCP  UINT64_C(3) /* bind, connect */
#define SCOPE_6_SOCKET (UINT64_C(1) << 0)
#define SCOPE_6_SIGNAL (UINT64_C(1) << 1)

#define OF_A_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FILES_3_TRUNC)

static const uint64_t granted[] = {
    [SANDBOX_READ] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    [SANDBOX_WRITE] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                      LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                      LANDLOCK_ACCESS_FS_REMOVE_FILE | FILES_3_TRUNC,
};

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version < 0 ? 0 : (int)version;
}

static struct ruleset what_is_denied(int version, bool local)
{
    struct ruleset ruleset = {.files = FILES_1};

    if (version >= 2)
        ruleset.files |= FILES_2_REFER;
    if (version >= 3)
        ruleset.files |= FILES_3_TRUNC;
    if (version >= 4)
        ruleset.network = NETWORK_4_TCP;
    if (version >= 5)
        ruleset.files |= FILES_5_IOCTL;
    if (version >= 6)
        ruleset.scope = SCOPE_6_SIGNAL | (local ? 0 : SCOPE_6_SOCKET);
    return ruleset;
}

static int allow(int ruleset, const struct sandbox_path *path, uint64_t denied)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = granted[path->access] & denied};
    struct stat about;
    int status = -1, error;

    rule.parent_fd = open(path->path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return errno == ENOENT ? 0 : -1;
    if (fstat(rule.parent_fd, &about) == 0) {
        if (!S_ISDIR(about.st_mode))
            rule.allowed_access &= OF_A_FILE;
        status = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    error = errno;
    close(rule.parent_fd);
    errno = error;
    return status;
}

int landlock_hold(const struct sandbox_path *paths, size_t count, bool local)
{
    int version = landlock_version(), status = 0, error, ruleset;
    struct ruleset denied = what_is_denied(version, local);

    if (version == 0)
        return 0;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &denied, sizeof denied, 0);
    if (ruleset < 0)
        return -1;
    for (size_t i = 0; i < count && status == 0; i++)
        status = allow(ruleset, &paths[i], denied.files);
    if (status == 0)
        status = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    error = errno;
    close(ruleset);
    errno = error;
    return status;
}
