/*
 * Finds files below folders, and hashes those that may be the one that is searched.
 */
#include "analyzer/verify/candidates.h"

#include "analyzer/capture/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct candidate {
    char *path;
    int64_t size;
    bool is_hashed;
    char sha256[DIGEST_TEXT]; /* "": it cannot be read */
};

struct candidates {
    struct candidate *items;
    size_t count, room;
};

struct candidates *candidates_new(void)
{
    return calloc(1, sizeof(struct candidates));
}

static int add_file(struct candidates *candidates, const char *path, int64_t size)
{
    if (candidates->count == candidates->room) {
        size_t room = candidates->room ? candidates->room * 2 : 64;
        struct candidate *larger = realloc(candidates->items, room * sizeof *larger);

        if (larger == NULL)
            return -1;
        candidates->items = larger;
        candidates->room = room;
    }
    candidates->items[candidates->count] = (struct candidate){.path = strdup(path), .size = size};
    if (candidates->items[candidates->count].path == NULL)
        return -1;
    candidates->count++;
    return 0;
}

int candidates_add(struct candidates *candidates, const char *name, FILE *errors, unsigned *failed)
{
    char *paths[] = {strdup(name), NULL};
    FTS *walk = paths[0] == NULL ? NULL : fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    int result = walk == NULL ? -1 : 0;
    FTSENT *entry;

    while (result == 0 && (entry = fts_read(walk)) != NULL) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
            fprintf(errors, "imaptap: %s: cannot be opened: %s\n", entry->fts_path,
                    strerror(entry->fts_errno));
            ++*failed;
        }
        if (entry->fts_info == FTS_F)
            result = add_file(candidates, entry->fts_path, entry->fts_statp->st_size);
    }
    if (walk != NULL)
        fts_close(walk);
    free(paths[0]);
    return result;
}

static void hash(struct candidate *candidate)
{
    int fd = open(candidate->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    uint64_t octets;

    candidate->is_hashed = true;
    if (fd < 0)
        return;
    if (digest_of_file(fd, &octets, candidate->sha256) != 0)
        candidate->sha256[0] = '\0';
    (void)close(fd);
}

const char *candidates_find(struct candidates *candidates, int64_t size, const char *sha256)
{
    for (size_t i = 0; i < candidates->count; i++) {
        struct candidate *candidate = &candidates->items[i];

        if (candidate->size != size)
            continue;
        if (!candidate->is_hashed)
            hash(candidate);
        if (strcmp(candidate->sha256, sha256) == 0)
            return candidate->path;
    }
    return NULL;
}

void candidates_free(struct candidates *candidates)
{
    if (candidates == NULL)
        return;
    for (size_t i = 0; i < candidates->count; i++)
        free(candidates->items[i].path);
    free(candidates->items);
    free(candidates);
}
