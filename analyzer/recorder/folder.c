/*
 * The files of a folder that is written to.
 */
#include "analyzer/recorder/folder.h"

#include "analyzer/recorder/analyzer_run.h"
#include "analyzer/recorder/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Looking through the folder: how often at most, and what part of the time it may take at most (1/n). */
#define SCAN_MS    1000
#define SCAN_SHARE 100
/* A file of which no more is known is over when it has not changed for so long. */
#define QUIET_MS 2000
/* Octets by which a file is known: enough for the first packet's time, after a long pcapng header too. */
#define HEAD    1024
#define BUCKETS 1024
/* Files that wait are kept open, so that the program that writes them may remove them: so many. */
#define MAX_OPEN 512

#define EVENTS                                                                                               \
    (IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR |         \
     IN_EXCL_UNLINK)

struct folder {
    char *path;
    int notices, watch; /* -1: none */
    int64_t next_scan_ms;
    struct folder_file *buckets[BUCKETS];
    struct folder_file *first_waiting, *last_waiting; /* not handed out yet */
    struct folder_file **found;                       /* by one look, before they are sorted */
    size_t found_count, found_room;
    size_t open_count; /* of the files that wait */
    size_t grown;
    bool no_memory;
};

/* --- one file --- */

/* The digest (FNV-1a) of at most `length` octets from the start; `length` becomes what there is. */
static uint64_t digest_of_head(int fd, size_t *length)
{
    uint8_t octets[HEAD];
    ssize_t n = pread(fd, octets, *length < sizeof octets ? *length : sizeof octets, 0);
    uint64_t digest = UINT64_C(14695981039346656037);

    *length = n < 0 ? 0 : (size_t)n;
    for (size_t i = 0; i < *length; i++)
        digest = (digest ^ octets[i]) * UINT64_C(1099511628211);
    return digest;
}

static int open_file(const struct folder_file *file)
{
    return open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

void folder_taken(struct folder_file *file, uint64_t octets)
{
    file->taken = octets;
    if (file->head_length == HEAD)
        return;
    file->head_length = octets < HEAD ? (size_t)octets : HEAD;
    file->head = digest_of_head(file->fd, &file->head_length);
}

static int64_t age_ms(const struct timespec *time)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return ((int64_t)now.tv_sec - time->tv_sec) * 1000 + (now.tv_nsec - time->tv_nsec) / 1000000;
}

bool folder_is_over(struct folder_file *file)
{
    struct stat about;

    if (file->writer == FOLDER_WRITER_CLOSED || fstat(file->fd, &about) != 0)
        return true;
    if (file->writer == FOLDER_WRITER_OPEN && about.st_nlink > 0)
        return false;
    if ((uint64_t)about.st_size != file->quiet_size || file->quiet_since_ms == 0) {
        file->quiet_size = (uint64_t)about.st_size;
        file->quiet_since_ms = analyzer_run_now_ms();
    }
    return age_ms(&about.st_mtim) >= QUIET_MS || analyzer_run_now_ms() - file->quiet_since_ms >= QUIET_MS;
}

bool folder_was_replaced(const struct folder_file *file)
{
    int fd = file->fd >= 0 ? file->fd : open_file(file);
    size_t length = file->head_length;
    struct stat about;
    bool replaced = false;

    if (fd < 0)
        return false;
    if (fstat(fd, &about) == 0)
        replaced = (uint64_t)about.st_size < file->taken || digest_of_head(fd, &length) != file->head ||
                   length != file->head_length;
    if (fd != file->fd)
        close(fd);
    return replaced && file->taken > 0;
}

static void free_file(struct folder_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file);
}

/* --- the files known --- */

static struct folder_file **bucket_of(struct folder *folder, ino_t inode)
{
    return &folder->buckets[inode % BUCKETS];
}

static struct folder_file *by_inode(struct folder *folder, const struct stat *about)
{
    struct folder_file *file = *bucket_of(folder, about->st_ino);

    while (file != NULL && (file->inode != about->st_ino || file->device != about->st_dev))
        file = file->next;
    return file;
}

static const char *name_of(const struct folder_file *file)
{
    return strrchr(file->path, '/') + 1;
}

/* True when a file is known whose name, with the ending of a compressed file, is `name`. */
static bool is_compressed_copy(const struct folder *folder, const char *name)
{
    static const char *const endings[] = {".gz", ".zst", ".lz4", ".xz", ".bz2"};
    const char *dot = strrchr(name, '.');
    bool compressed = false;

    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof endings[0]; i++)
        compressed = compressed || strcmp(dot, endings[i]) == 0;
    for (size_t i = 0; compressed && i < BUCKETS; i++)
        for (const struct folder_file *file = folder->buckets[i]; file != NULL; file = file->next)
            if (strlen(name_of(file)) == (size_t)(dot - name) &&
                strncmp(name_of(file), name, (size_t)(dot - name)) == 0)
                return true;
    return false;
}

static void rename_file(struct folder *folder, struct folder_file *file, const char *name)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", folder->path, name) < 0) {
        folder->no_memory = true;
        return;
    }
    free(file->path);
    file->path = path;
}

static struct folder_file *add_file(struct folder *folder, const char *name, const struct stat *about)
{
    struct folder_file *file = calloc(1, sizeof *file);

    if (file != NULL)
        rename_file(folder, file, name);
    if (file == NULL || file->path == NULL) {
        folder->no_memory = true;
        free(file);
        return NULL;
    }
    file->fd = -1;
    file->device = about->st_dev;
    file->inode = about->st_ino;
    file->copy = is_compressed_copy(folder, name);
    file->next = *bucket_of(folder, about->st_ino);
    *bucket_of(folder, about->st_ino) = file;
    return file;
}

/* --- looking --- */

/* Has the file wait to be read, if it is a capture. */
static void consider(struct folder *folder, struct folder_file *file, const struct stat *about)
{
    file->place = FOLDER_LEFT_OUT;
    file->grown = false;
    file->taken = 0;
    file->head_length = 0;
    if (file->copy || about->st_size == 0)
        return;
    file->fd = open_file(file);
    if (file->fd < 0)
        return;
    if (!inputs_is_capture(file->fd)) {
        close(file->fd);
        file->fd = -1;
        return;
    }
    if (folder->found_count == folder->found_room) {
        size_t room = folder->found_room ? folder->found_room * 2 : 16;
        struct folder_file **larger = realloc(folder->found, room * sizeof(struct folder_file *));

        if (larger == NULL) {
            folder->no_memory = true;
            return;
        }
        folder->found = larger;
        folder->found_room = room;
    }
    if (folder->open_count == MAX_OPEN) {
        close(file->fd);
        file->fd = -1;
    } else {
        folder->open_count++;
    }
    file->place = FOLDER_WAITING;
    folder->found[folder->found_count++] = file;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Looks what is new about the file of this name. NULL: there is no such file. */
static struct folder_file *look_at(struct folder *folder, const char *name, const struct stat *about)
{
    struct folder_file *file = by_inode(folder, about);
    bool is_new = file == NULL;

    if (is_new)
        file = add_file(folder, name, about);
    else if (strcmp(name_of(file), name) != 0)
        rename_file(folder, file, name);
    if (file == NULL)
        return NULL;
    file->seen = true;
    if (!is_new && file->size == about->st_size && is_same_time(file->change, about->st_ctim))
        return file;
    file->size = about->st_size;
    file->change = about->st_ctim;
    file->modified = about->st_mtim;
    if (file->place == FOLDER_LEFT_OUT) {
        consider(folder, file, about);
    } else if (file->place == FOLDER_DONE) {
        if (folder_was_replaced(file) || (file->again && (uint64_t)about->st_size > file->taken))
            consider(folder, file, about);
        else if ((uint64_t)about->st_size > file->taken && !file->grown) {
            file->grown = true;
            folder->grown++;
        }
    }
    return file;
}

static int by_time(const void *a, const void *b)
{
    const struct folder_file *left = *(struct folder_file *const *)a;
    const struct folder_file *right = *(struct folder_file *const *)b;

    if (left->modified.tv_sec != right->modified.tv_sec)
        return left->modified.tv_sec < right->modified.tv_sec ? -1 : 1;
    if (left->modified.tv_nsec != right->modified.tv_nsec)
        return left->modified.tv_nsec < right->modified.tv_nsec ? -1 : 1;
    return strcmp(left->path, right->path);
}

/* Has what was found wait, in its order. */
static void queue_found(struct folder *folder)
{
    if (folder->found_count > 1)
        qsort(folder->found, folder->found_count, sizeof(struct folder_file *), by_time);
    for (size_t i = 0; i < folder->found_count; i++) {
        struct folder_file *file = folder->found[i];

        file->waiting = NULL;
        if (folder->first_waiting == NULL)
            folder->first_waiting = file;
        else
            folder->last_waiting->waiting = file;
        folder->last_waiting = file;
    }
    folder->found_count = 0;
}

/* Forgets the files that are not there any more. */
static void forget_unseen(struct folder *folder)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct folder_file **at = &folder->buckets[i]; *at != NULL;) {
            struct folder_file *file = *at;

            if (!file->seen && file->place != FOLDER_WAITING) {
                *at = file->next;
                free_file(file);
                continue;
            }
            file->seen = false;
            at = &file->next;
        }
}

static void scan(struct folder *folder)
{
    int64_t start = analyzer_run_now_ms(), end;
    DIR *directory = opendir(folder->path);
    const struct dirent *entry;
    struct stat about;

    while (directory != NULL && (entry = readdir(directory)) != NULL)
        if (fstatat(dirfd(directory), entry->d_name, &about, 0) == 0 && S_ISREG(about.st_mode))
            (void)look_at(folder, entry->d_name, &about);
    if (directory != NULL)
        closedir(directory);
    queue_found(folder);
    forget_unseen(folder);
    end = analyzer_run_now_ms();
    folder->next_scan_ms =
        end + ((end - start) * SCAN_SHARE > SCAN_MS ? (end - start) * SCAN_SHARE : SCAN_MS);
}

static void take_notice(struct folder *folder, const struct inotify_event *notice)
{
    struct folder_file *file = NULL;
    struct stat about;
    char *path = NULL;

    if (notice->mask & IN_Q_OVERFLOW) {
        folder->next_scan_ms = 0;
        for (size_t i = 0; i < BUCKETS; i++)
            for (file = folder->buckets[i]; file != NULL; file = file->next)
                file->writer = FOLDER_WRITER_UNKNOWN;
        return;
    }
    if (notice->mask & IN_IGNORED)
        folder->watch = -1;
    if (notice->len == 0 || notice->mask & IN_ISDIR)
        return;
    if (asprintf(&path, "%s/%s", folder->path, notice->name) < 0) {
        folder->no_memory = true;
        return;
    }
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode))
        file = look_at(folder, notice->name, &about);
    free(path);
    if (file == NULL)
        return;
    if (notice->mask & IN_MODIFY)
        file->writer = FOLDER_WRITER_OPEN;
    else if (notice->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
        file->writer = FOLDER_WRITER_CLOSED;
    queue_found(folder);
}

static void take_notices(struct folder *folder)
{
    _Alignas(struct inotify_event) char buffer[16 * 1024];
    ssize_t n;

    while ((n = read(folder->notices, buffer, sizeof buffer)) > 0)
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *notice = (const struct inotify_event *)(buffer + at);

            take_notice(folder, notice);
            at += (ssize_t)(sizeof *notice + notice->len);
        }
}

int folder_look(struct folder *folder, bool thorough)
{
    if (folder->notices >= 0 && folder->watch < 0)
        folder->watch = inotify_add_watch(folder->notices, folder->path, EVENTS);
    if (folder->notices >= 0)
        take_notices(folder);
    if (thorough || analyzer_run_now_ms() >= folder->next_scan_ms)
        scan(folder);
    return folder->no_memory ? -1 : 0;
}

/* --- for the caller --- */

struct folder *folder_open(const char *path)
{
    struct folder *folder;
    DIR *directory = opendir(path);
    size_t length = strlen(path);

    if (directory == NULL)
        return NULL;
    closedir(directory);
    folder = calloc(1, sizeof *folder);
    if (folder == NULL)
        return NULL;
    while (length > 1 && path[length - 1] == '/')
        length--;
    folder->path = strndup(path, length);
    if (folder->path == NULL) {
        free(folder);
        return NULL;
    }
    folder->watch = -1;
    folder->notices = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return folder;
}

int folder_fd(const struct folder *folder)
{
    return folder->notices;
}

int64_t folder_next_look_ms(const struct folder *folder)
{
    return folder->next_scan_ms;
}

bool folder_has_next(const struct folder *folder)
{
    return folder->first_waiting != NULL;
}

void folder_done(struct folder_file *file, bool again)
{
    file->place = FOLDER_DONE;
    file->fd = -1;
    file->again = again;
    file->size = (off_t)file->taken; /* what it has more by now is noticed with the next look */
    file->change = (struct timespec){0, 0};
}

struct folder_file *folder_next(struct folder *folder)
{
    struct folder_file *file;

    while ((file = folder->first_waiting) != NULL) {
        folder->first_waiting = file->waiting;
        if (file->fd >= 0) {
            folder->open_count--;
            return file;
        }
        file->fd = open_file(file);
        if (file->fd >= 0)
            return file;
        folder_done(file, true); /* it has been removed meanwhile */
    }
    return NULL;
}

size_t folder_left_out(const struct folder *folder)
{
    size_t count = 0;

    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct folder_file *file = folder->buckets[i]; file != NULL; file = file->next)
            count += file->place == FOLDER_LEFT_OUT && !file->copy && file->size > 0;
    return count;
}

size_t folder_grown(const struct folder *folder)
{
    return folder->grown;
}

void folder_close(struct folder *folder)
{
    if (folder == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (folder->buckets[i] != NULL) {
            struct folder_file *file = folder->buckets[i];

            folder->buckets[i] = file->next;
            free_file(file);
        }
    if (folder->notices >= 0)
        close(folder->notices);
    free(folder->found);
    free(folder->path);
    free(folder);
}
