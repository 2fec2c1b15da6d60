/*
 * Keeps in memory what is safe of each file, sector by sector mixed with the rest when the power goes.
 */
#include "tests/unit/db/power_cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 8
#define SECTOR    512

static struct watched {
    char path[256];
    int is_safe; /* its name outlives the cut */
    int deleted; /* since it was safe; a file of that name by now is another one */
    unsigned char *octets;
    size_t size;
} files[MAX_FILES];

static struct watched *find(const char *path)
{
    for (int i = 0; i < MAX_FILES; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

int power_cut_opened(const char *path, sqlite3_file *real)
{
    struct watched *file = path == NULL ? NULL : find(path);
    sqlite3_int64 size = 0;

    if (path == NULL)
        return -1;
    if (file != NULL)
        return (int)(file - files);
    file = find("");
    if (file == NULL || strlen(path) >= sizeof file->path)
        abort();
    (void)snprintf(file->path, sizeof file->path, "%s", path);
    /* What was there before the test began is safe. */
    if (real->pMethods != NULL && real->pMethods->xFileSize(real, &size) == SQLITE_OK && size > 0)
        power_cut_synced((int)(file - files), real);
    return (int)(file - files);
}

void power_cut_synced(int number, sqlite3_file *real)
{
    struct watched *file;
    sqlite3_int64 size = 0;

    if (number < 0)
        return;
    file = &files[number];
    if (real->pMethods->xFileSize(real, &size) != SQLITE_OK)
        abort();
    file->octets = realloc(file->octets, (size_t)size + 1);
    if (file->octets == NULL ||
        (size > 0 && real->pMethods->xRead(real, file->octets, (int)size, 0) != SQLITE_OK))
        abort();
    file->size = (size_t)size;
    file->is_safe = 1;
    file->deleted = 0;
}

void power_cut_deleted(const char *path, int synced)
{
    struct watched *file = find(path);

    if (file == NULL)
        return;
    file->deleted = 1;
    file->is_safe = file->is_safe && !synced;
}

/* The whole file as it is now; *size 0 when there is none. */
static unsigned char *read_now(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    unsigned char *octets = NULL;
    struct stat facts;

    *size = 0;
    if (in == NULL)
        return NULL;
    if (fstat(fileno(in), &facts) == 0)
        octets = malloc((size_t)facts.st_size + 1);
    if (octets != NULL)
        *size = fread(octets, 1, (size_t)facts.st_size, in);
    (void)fclose(in);
    return octets;
}

static void lose_unsafe(struct watched *file, unsigned *seed)
{
    size_t now_size, size = file->size;
    unsigned char *now = read_now(file->path, &now_size), *left;
    FILE *out;

    if (file->is_safe && file->deleted) {
        /* The deletion may not have reached the disk: then the old file is there, else only what came after
         * it. */
        file->is_safe = rand_r(seed) % 2 == 0;
        if (file->is_safe)
            now_size = 0;
    }
    if (!file->is_safe) {
        /* Its name may have reached the disk all the same, with any of its octets. */
        if (now == NULL || rand_r(seed) % 2 == 0) {
            (void)unlink(file->path);
            free(now);
            return;
        }
        size = 0;
    }
    if (now_size > size && rand_r(seed) % 2 == 0)
        size = now_size;
    left = calloc(1, size + 1);
    if (left == NULL)
        abort();
    for (size_t at = 0; at < size; at += SECTOR) {
        size_t length = size - at < SECTOR ? size - at : SECTOR;
        int is_new = at + length <= now_size && (rand_r(seed) % 2 == 0 || !file->is_safe);

        if (is_new)
            memcpy(left + at, now + at, length);
        else if (file->is_safe && at < file->size)
            memcpy(left + at, file->octets + at, file->size - at < length ? file->size - at : length);
    }
    out = fopen(file->path, "wb");
    if (out == NULL || fwrite(left, 1, size, out) != size || fclose(out) != 0)
        abort();
    free(left);
    free(now);
}

void power_cut_now(unsigned seed)
{
    for (int i = 0; i < MAX_FILES && files[i].path[0] != '\0'; i++)
        lose_unsafe(&files[i], &seed);
    _exit(0);
}
