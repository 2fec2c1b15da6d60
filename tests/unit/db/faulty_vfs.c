/*
 * A file system for SQLite that fails on demand; everything else is handed to the real one.
 */
#include "tests/unit/db/faulty_vfs.h"

#include "tests/unit/db/power_cut.h"

#include <sqlite3.h>
#include <stddef.h>

struct faulty_vfs faulty_vfs;

static sqlite3_vfs *real_vfs;

/* The real file follows behind. */
struct file {
    sqlite3_file base;
    int number; /* for the power cut */
    int padding;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return (sqlite3_file *)((struct file *)(void *)file + 1);
}

static bool fails(enum faulty_what what)
{
    if (what != faulty_vfs.what)
        return false;
    faulty_vfs.count++;
    if (faulty_vfs.power_cut && faulty_vfs.count == faulty_vfs.fail_at)
        power_cut_now((unsigned)faulty_vfs.fail_at);
    return faulty_vfs.fail_at > 0 && (faulty_vfs.count == faulty_vfs.fail_at ||
                                      (faulty_vfs.lasting && faulty_vfs.count > faulty_vfs.fail_at));
}

static int file_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int file_read(sqlite3_file *file, void *octets, int size, sqlite3_int64 offset)
{
    if (fails(FAULTY_READS))
        return faulty_vfs.code;
    return real_of(file)->pMethods->xRead(real_of(file), octets, size, offset);
}

/* Half of the octets reach the disk before it fails. */
static int file_write(sqlite3_file *file, const void *octets, int size, sqlite3_int64 offset)
{
    if (!fails(FAULTY_WRITES))
        return real_of(file)->pMethods->xWrite(real_of(file), octets, size, offset);
    if (faulty_vfs.count == faulty_vfs.fail_at)
        (void)real_of(file)->pMethods->xWrite(real_of(file), octets, size / 2, offset);
    return faulty_vfs.code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return fails(FAULTY_WRITES) ? faulty_vfs.code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    int rc = fails(FAULTY_WRITES) ? faulty_vfs.code : real_of(file)->pMethods->xSync(real_of(file), flags);

    if (rc == SQLITE_OK && faulty_vfs.power_cut)
        power_cut_synced(((struct file *)(void *)file)->number, real_of(file));
    return rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int kind)
{
    if (fails(FAULTY_LOCKS))
        return faulty_vfs.code;
    return real_of(file)->pMethods->xLock(real_of(file), kind);
}

static int file_unlock(sqlite3_file *file, int kind)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), kind);
}

static int file_reserved(sqlite3_file *file, int *answer)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), answer);
}

static int file_control(sqlite3_file *file, int what, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, argument);
}

static int file_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_features(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, memory);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    if (flags & SQLITE_SHM_LOCK && fails(FAULTY_LOCKS))
        return faulty_vfs.code;
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_features,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    int rc = real_vfs->xOpen(real_vfs, name, real_of(file), flags, out_flags);

    (void)vfs;
    file->pMethods = real_of(file)->pMethods != NULL ? &methods : NULL;
    if (faulty_vfs.power_cut)
        ((struct file *)(void *)file)->number = power_cut_opened(name, real_of(file));
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (fails(FAULTY_WRITES))
        return faulty_vfs.code;
    if (faulty_vfs.power_cut)
        power_cut_deleted(name, sync_folder);
    return real_vfs->xDelete(real_vfs, name, sync_folder);
}

static sqlite3_vfs vfs;

void faulty_vfs_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "faulty";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    (void)sqlite3_vfs_register(&vfs, 1);
}

void faulty_vfs_remove(void)
{
    (void)sqlite3_vfs_unregister(&vfs);
    (void)sqlite3_vfs_register(real_vfs, 1);
    faulty_vfs = (struct faulty_vfs){0};
}
