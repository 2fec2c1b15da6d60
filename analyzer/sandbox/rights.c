/*
 * Capabilities, and whom a process of root becomes: through libcap-ng.
 */
#include "analyzer/sandbox/rights.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static int look_up(const char *name, struct rights_user *user)
{
    size_t size = 16 * 1024;
    char *buffer = malloc(size);
    struct passwd entry, *found = NULL;
    int error;

    if (buffer == NULL)
        return -1;
    error = getpwnam_r(name, &entry, buffer, size, &found);
    if (found != NULL) {
        *user = (struct rights_user){.uid = found->pw_uid, .gid = found->pw_gid};
        (void)snprintf(user->name, sizeof user->name, "%s", name);
    }
    free(buffer);
    errno = error != 0 ? error : ENOENT;
    return found != NULL ? 0 : -1;
}

int rights_find_user(const char *name, struct rights_user *user)
{
    if (name != NULL)
        return look_up(name, user);
    return look_up("imaptap", user) == 0 ? 0 : look_up("nobody", user);
}

/* Makes `keep` what libcap-ng will apply. True when the bounding set can be emptied too. */
static bool choose(const unsigned *keep, size_t count)
{
    bool had[64] = {false}, bounds;

    (void)capng_get_caps_process();
    for (size_t i = 0; i < count; i++)
        had[i] = i < sizeof had / sizeof had[0] && capng_have_capability(CAPNG_PERMITTED, keep[i]) != 0;
    bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    capng_clear(CAPNG_SELECT_ALL);
    for (size_t i = 0; i < count; i++)
        if (had[i])
            (void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, keep[i]);
    return bounds;
}

int rights_keep(const unsigned *keep, size_t count)
{
    bool bounds = choose(keep, count);

    errno = EPERM; /* libcap-ng does not always say why */
    return capng_apply(bounds ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) == 0 ? 0 : -1;
}

int rights_become(const struct rights_user *user, const unsigned *keep, size_t count)
{
    capng_flags_t flags = CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_AMBIENT;

    if (choose(keep, count))
        flags |= CAPNG_CLEAR_BOUNDING;
    errno = EPERM;
    return capng_change_id((int)user->uid, (int)user->gid, flags) == 0 ? 0 : -1;
}
