/*
 * Judges by a file's first octets whether it is a database of ours.
 */
#include "db/database_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The database header (SQLite's file format, section 1.3). */
#define HEADER_OCTETS         100
#define HEADER_MAGIC          "SQLite format 3" /* with its NUL */
#define HEADER_USER_VERSION   60
#define HEADER_APPLICATION_ID 68

static int32_t big_endian(const unsigned char *octets)
{
    return (int32_t)((uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
                     octets[3]);
}

/* Reads up to `size` octets from the file's start; -1 and errno on failure. */
static ssize_t read_front(int fd, unsigned char *octets, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t got = read(fd, octets + have, size - have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

enum database_file database_version_check(const char *path, int64_t application_id, int64_t version,
                                          char *why, size_t why_size)
{
    if (application_id != DATABASE_APPLICATION_ID) {
        (void)snprintf(
            why, why_size,
            "%s: this is the database of another program; it was left as it is: name another file with --db",
            path);
        return DATABASE_FOREIGN;
    }
    if (version > DATABASE_VERSION) {
        (void)snprintf(
            why, why_size,
            "%s: a newer imaptap made this database (version %lld, this one knows %d); it was left as it is: "
            "use the newer imaptap, or name another file with --db",
            path, (long long)version, DATABASE_VERSION);
        return DATABASE_NEWER;
    }
    if (version > 0 && version < DATABASE_VERSION) {
        (void)snprintf(why, why_size,
                       "%s: an older imaptap made this database (version %lld, this one asks version %d); it "
                       "was left as "
                       "it is: `imaptap migrate --db FILE` brings it up to date and keeps a copy beside it",
                       path, (long long)version, DATABASE_VERSION);
        return DATABASE_OLDER;
    }
    if (version < DATABASE_VERSION) {
        (void)snprintf(why, why_size, "%s: damaged: no imaptap made a database of version %lld", path,
                       (long long)version);
        return DATABASE_UNREADABLE;
    }
    return DATABASE_OURS;
}

enum database_file database_file_check(const char *path, char *why, size_t why_size)
{
    static const unsigned char zeros[HEADER_OCTETS];
    enum database_file verdict = DATABASE_UNREADABLE;
    unsigned char header[HEADER_OCTETS];
    struct stat facts;
    ssize_t length;
    /* Without O_NONBLOCK a FIFO would hold us up for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        verdict = errno == ENOENT ? DATABASE_MISSING : DATABASE_UNREADABLE;
        (void)snprintf(why, why_size, "%s: cannot open the database: %s", path, strerror(errno));
        return verdict;
    }
    if (fstat(fd, &facts) != 0) {
        (void)snprintf(why, why_size, "%s: cannot open the database: %s", path, strerror(errno));
        goto cleanup;
    }
    if (!S_ISREG(facts.st_mode)) {
        (void)snprintf(why, why_size, "%s: cannot open the database: this is %s", path,
                       S_ISDIR(facts.st_mode) ? "a folder" : "no plain file");
        goto cleanup;
    }
    length = read_front(fd, header, sizeof header);
    if (length < 0) {
        (void)snprintf(why, why_size, "%s: cannot read the database: %s", path, strerror(errno));
        goto cleanup;
    }
    /* A power cut while the database was created can leave zeros, with a journal that SQLite undoes them by.
     */
    if (length == 0 || (length == HEADER_OCTETS && memcmp(header, zeros, sizeof header) == 0)) {
        verdict = DATABASE_EMPTY;
        goto cleanup;
    }
    if (length < HEADER_OCTETS || memcmp(header, HEADER_MAGIC, sizeof HEADER_MAGIC) != 0) {
        (void)snprintf(why, why_size,
                       "%s: this is no SQLite database; it was left as it is: name another file with --db",
                       path);
        goto cleanup;
    }
    verdict = database_version_check(path, big_endian(header + HEADER_APPLICATION_ID),
                                     big_endian(header + HEADER_USER_VERSION), why, why_size);
cleanup:
    (void)close(fd);
    return verdict;
}
