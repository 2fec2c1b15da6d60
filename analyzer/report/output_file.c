/*
 * Writes beside the file, and renames.
 */
#include "analyzer/report/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(const char *path, const char *what, char *why, size_t why_size)
{
    (void)snprintf(why, why_size, "%s: cannot write the file: %s", path, what);
    return false;
}

/* A link is followed, so that the file behind it is replaced, not the link. */
static bool find_place(struct output_file *file, const char *path)
{
    char *real = realpath(path, NULL);
    int length = snprintf(file->path, sizeof file->path, "%s", real != NULL ? real : path);

    free(real);
    if (length >= 0 && (size_t)length < sizeof file->path)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

/* Makes "FOLDER/.NAME.XXXXXX"; -1 and errno on failure. */
static int make_beside(struct output_file *file)
{
    const char *slash = strrchr(file->path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - file->path) + 1 : 0;
    int length = snprintf(file->temporary, sizeof file->temporary, "%.*s.%s.XXXXXX", (int)folder, file->path,
                          file->path + folder);

    if (length < 0 || (size_t)length >= sizeof file->temporary) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(file->temporary, O_CLOEXEC);
}

/* Standard output, by a descriptor of its own. */
static bool open_output(struct output_file *file, char *why, size_t why_size)
{
    int fd = dup(STDOUT_FILENO);

    (void)snprintf(file->path, sizeof file->path, "standard output");
    file->stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file->stream != NULL)
        return true;
    if (fd >= 0)
        (void)close(fd);
    return failed(file->path, strerror(errno), why, why_size);
}

bool output_file_open(struct output_file *file, const char *path, char *why, size_t why_size)
{
    struct stat facts;
    int fd;

    memset(file, 0, sizeof *file);
    if (strcmp(path, "-") == 0)
        return open_output(file, why, why_size);
    if (!find_place(file, path))
        return failed(path, strerror(errno), why, why_size);
    if (stat(file->path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return failed(path, strerror(EISDIR), why, why_size);
    if (stat(file->path, &facts) == 0 && !S_ISREG(facts.st_mode))
        fd = open(file->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    else
        fd = make_beside(file);
    if (fd < 0)
        return failed(path, strerror(errno), why, why_size);
    file->stream = fdopen(fd, "w");
    if (file->stream != NULL)
        return true;
    (void)close(fd);
    output_file_drop(file);
    return failed(path, strerror(ENOMEM), why, why_size);
}

bool output_file_keep(struct output_file *file, char *why, size_t why_size)
{
    bool written = fflush(file->stream) == 0 && !ferror(file->stream) &&
                   (file->temporary[0] == '\0' || fsync(fileno(file->stream)) == 0);
    int error = errno;

    if (fclose(file->stream) != 0 && written) {
        written = false;
        error = errno;
    }
    file->stream = NULL;
    if (written && file->temporary[0] != '\0' && rename(file->temporary, file->path) != 0) {
        written = false;
        error = errno;
    }
    if (written)
        return true;
    output_file_drop(file);
    return failed(file->path, strerror(error), why, why_size);
}

void output_file_drop(struct output_file *file)
{
    if (file->stream != NULL)
        (void)fclose(file->stream);
    file->stream = NULL;
    if (file->temporary[0] != '\0')
        (void)unlink(file->temporary);
}

bool output_file_is(const char *path, const char *other)
{
    struct stat one, two;

    return stat(path, &one) == 0 && stat(other, &two) == 0 && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino;
}

bool output_file_make(const char *path, bool (*write)(const void *what, FILE *out), const void *what,
                      char *why, size_t why_size)
{
    struct output_file file;
    int error;

    if (!output_file_open(&file, path, why, why_size))
        return false;
    if (write(what, file.stream))
        return output_file_keep(&file, why, why_size);
    error = errno;
    output_file_drop(&file);
    return failed(path, strerror(error), why, why_size);
}
