/*
 * Keeps the pages, and shows them to SQLite as a file that is mapped.
 *
 * A page that is mapped is not copied into SQLite's page cache; page 1 is, which does not change.
 */
#include "db/staged/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE ((sqlite3_int64)IMAGE_PAGE * IMAGE_PAGES)
/* The longest name of the file that is taken. */
#define NAME_SIZE 64
/* SQLite may read a little beyond a page that is mapped. */
#define BEYOND 256
/* Of pages that are not needed now, so many are kept. */
#define KEPT_PAGES 64u

struct image {
    uint8_t *octets[IMAGE_PAGES]; /* of page 1 and so on; NULL: none */
    uint32_t count;
    sqlite3_vfs vfs;
    char name[NAME_SIZE]; /* of the file system: no two have the same */
};

struct file {
    sqlite3_file base;
    struct image *image;
};

/* --- the file --- */

static int file_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

/* The page that holds the octet; NULL: there is none. */
static uint8_t *page_of(sqlite3_file *file, sqlite3_int64 offset)
{
    const struct image *image = ((struct file *)file)->image;

    if (offset < 0 || offset / IMAGE_PAGE >= image->count)
        return NULL;
    return image->octets[offset / IMAGE_PAGE];
}

static int file_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    uint8_t *page = page_of(file, offset);
    size_t length = amount < 0 ? 0 : (size_t)amount, at = (size_t)(offset % IMAGE_PAGE);

    if (page == NULL || length > IMAGE_PAGE - at) {
        memset(to, 0, length);
        return SQLITE_IOERR_SHORT_READ;
    }
    memcpy(to, page + at, length);
    return SQLITE_OK;
}

static int file_fetch(sqlite3_file *file, sqlite3_int64 offset, int amount, void **mapped)
{
    uint8_t *page = page_of(file, offset);
    size_t at = (size_t)(offset % IMAGE_PAGE);

    *mapped = NULL;
    if (page != NULL && amount >= 0 && (size_t)amount <= IMAGE_PAGE - at)
        *mapped = page + at;
    return SQLITE_OK;
}

static int file_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *mapped)
{
    (void)file;
    (void)offset;
    (void)mapped;
    return SQLITE_OK;
}

static int file_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset)
{
    (void)file;
    (void)from;
    (void)amount;
    (void)offset;
    return SQLITE_READONLY;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    (void)file;
    (void)size;
    return SQLITE_READONLY;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    (void)file;
    *size = FILE_SIZE;
    return SQLITE_OK;
}

/* Nobody else can see it, and nothing is kept: there is nothing to lock and nothing to write through. */
static int file_do_nothing(sqlite3_file *file, int what)
{
    (void)file;
    (void)what;
    return SQLITE_OK;
}

static int file_check_reserved_lock(sqlite3_file *file, int *reserved)
{
    (void)file;
    *reserved = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file)
{
    (void)file;
    return (int)IMAGE_PAGE;
}

static int file_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 3,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_do_nothing,
    .xFileSize = file_size,
    .xLock = file_do_nothing,
    .xUnlock = file_do_nothing,
    .xCheckReservedLock = file_check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xFetch = file_fetch,
    .xUnfetch = file_unfetch,
};

/* --- the file system --- */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
    struct file *opened = (struct file *)file;

    (void)name;
    opened->base.pMethods = NULL;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0) /* a journal would be for writing */
        return SQLITE_CANTOPEN;
    opened->base.pMethods = &methods;
    opened->image = vfs->pAppData;
    if (flags_out != NULL)
        *flags_out = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)name;
    (void)sync;
    return SQLITE_IOERR_DELETE_NOENT;
}

/* It has neither a journal nor a log. */
static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    (void)vfs;
    (void)name;
    (void)flags;
    *result = 0;
    return SQLITE_OK;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *full)
{
    (void)vfs;
    if (snprintf(full, (size_t)size, "%s", name) >= size)
        return SQLITE_CANTOPEN;
    return SQLITE_OK;
}

int image_attach(struct image *image, sqlite3 *db)
{
    char sql[NAME_SIZE + 256];
    int rc;

    (void)snprintf(image->name, sizeof image->name, "imaptap-staged-%p", (void *)image);
    image->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct file),
        .mxPathname = NAME_SIZE,
        .zName = image->name,
        .pAppData = image,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_pathname,
    };
    rc = sqlite3_vfs_register(&image->vfs, 0);
    if (rc != SQLITE_OK)
        return rc;
    /* Nothing writes to it, but of a database that is to be read only, SQLite does not know the CHECKs, and
     * takes its tables for others than those that have them. Were it synchronous, a commit would be one of
     * two files, with a journal for both. Pages are mapped; cache_size is for a SQLite that cannot map. */
    (void)snprintf(sql, sizeof sql,
                   "ATTACH 'file:/staged?vfs=%s' AS staged; PRAGMA staged.synchronous = OFF;"
                   "PRAGMA staged.mmap_size = %lld; PRAGMA staged.cache_size = 0",
                   image->name, (long long)FILE_SIZE);
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* --- the pages --- */

struct image *image_new(void)
{
    return calloc(1, sizeof(struct image));
}

uint32_t image_add(struct image *image)
{
    uint8_t **octets;

    if (image->count == IMAGE_PAGES)
        return 0;
    octets = &image->octets[image->count];
    if (*octets == NULL)
        *octets = malloc(IMAGE_PAGE + BEYOND);
    return *octets == NULL ? 0 : ++image->count;
}

uint8_t *image_at(struct image *image, uint32_t number)
{
    return image->octets[number - 1];
}

void image_swap(struct image *image, uint32_t a, uint32_t b)
{
    uint8_t *octets = image->octets[a - 1];

    image->octets[a - 1] = image->octets[b - 1];
    image->octets[b - 1] = octets;
}

uint32_t image_count(const struct image *image)
{
    return image->count;
}

void image_cut(struct image *image, uint32_t count)
{
    for (uint32_t i = count > KEPT_PAGES ? count : KEPT_PAGES; i < image->count; i++) {
        free(image->octets[i]);
        image->octets[i] = NULL;
    }
    if (count < image->count)
        image->count = count;
}

void image_free(struct image *image)
{
    if (image == NULL)
        return;
    if (image->vfs.zName != NULL)
        (void)sqlite3_vfs_unregister(&image->vfs);
    for (size_t i = 0; i < IMAGE_PAGES; i++)
        free(image->octets[i]);
    free(image);
}
