/*
 * The captures that were asked for: names and folders become open descriptors.
 */
#include "analyzer/recorder/inputs.h"

#include "analyzer/capture/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Thousands of files may be open at once: take as many descriptors as the process may have. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Room for one more, all zero. NULL: out of memory. */
static struct input *reserve(struct inputs *inputs)
{
    if (inputs->count == inputs->room) {
        size_t room = inputs->room ? inputs->room * 2 : 16;
        struct input *larger = realloc(inputs->items, room * sizeof *larger);

        if (larger == NULL)
            return NULL;
        inputs->items = larger;
        inputs->room = room;
    }
    memset(&inputs->items[inputs->count], 0, sizeof *inputs->items);
    return &inputs->items[inputs->count];
}

static const struct beginning {
    uint8_t length;
    uint8_t octets[6];
} captures[] =
    {
        {4, {0xa1, 0xb2, 0xc3, 0xd4}}, {4, {0xd4, 0xc3, 0xb2, 0xa1}}, {4, {0xa1, 0xb2, 0x3c, 0x4d}},
        {4, {0x4d, 0x3c, 0xb2, 0xa1}}, {4, {0xa1, 0xb2, 0xcd, 0x34}}, {4, {0x34, 0xcd, 0xb2, 0xa1}},
        {4, {0x0a, 0x0d, 0x0d, 0x0a}},
},
  packed[] = {
      {2, {0x1f, 0x8b}},
      {4, {0x28, 0xb5, 0x2f, 0xfd}},
      {4, {0x04, 0x22, 0x4d, 0x18}},
      {5, {0xfd, '7', 'z', 'X', 'Z'}},
      {3, {'B', 'Z', 'h'}},
};

static bool begins_like(int fd, const struct beginning *beginnings, size_t count)
{
    uint8_t start[sizeof beginnings->octets] = {0};
    ssize_t n = pread(fd, start, sizeof start, 0);

    for (size_t i = 0; i < count; i++)
        if (n >= beginnings[i].length && memcmp(start, beginnings[i].octets, beginnings[i].length) == 0)
            return true;
    return false;
}

static bool is_packed(int fd)
{
    return begins_like(fd, packed, sizeof packed / sizeof packed[0]);
}

bool inputs_is_capture(int fd)
{
    return begins_like(fd, captures, sizeof captures / sizeof captures[0]) || is_packed(fd);
}

static int add(struct inputs *inputs, const char *name, bool standard, int fd, const struct stat *about,
               FILE *errors)
{
    struct input *input = reserve(inputs);

    if (input == NULL)
        return -1;
    input->fd = fd;
    input->is_standard = standard;
    input->is_pipe = !S_ISREG(about->st_mode);
    if (!input->is_pipe) {
        input->octets = (uint64_t)about->st_size;
        input->modified = about->st_mtim;
        input->packed = is_packed(fd);
        if (fingerprint_of_file(fd, input->fingerprint) != 0) {
            fprintf(errors, "imaptap: %s: cannot be read: %s\n", name, strerror(errno));
            inputs->failed++;
            close(fd);
            return 0;
        }
    }
    input->name = strdup(name);
    if (input->name == NULL)
        return -1;
    inputs->count++;
    return 0;
}

int inputs_add_growing(struct inputs *inputs, const char *name, int fd)
{
    struct input *input = reserve(inputs);

    allow_descriptors();
    if (input == NULL)
        return -1;
    input->name = strdup(name);
    if (input->name == NULL)
        return -1;
    input->fd = fd;
    input->grows = true;
    inputs->count++;
    return 0;
}

static void report_unopened(struct inputs *inputs, const char *name, int error, FILE *errors)
{
    fprintf(errors, "imaptap: %s: cannot be opened: %s\n", name, strerror(error));
    inputs->failed++;
}

static void report_foreign(struct inputs *inputs, const char *name, int fd, FILE *errors)
{
    uint8_t head[FOREIGN_HEAD];
    char text[FOREIGN_TEXT];
    ssize_t n = pread(fd, head, sizeof head, 0);

    if (n < 0) {
        (void)snprintf(text, sizeof text, "cannot be read: %s", strerror(errno));
        inputs->failed++;
    } else {
        foreign_describe(head, (size_t)n, text, sizeof text);
        inputs->foreign++;
    }
    fprintf(errors, "imaptap: %s: %s\n", name, text);
}

static int add_folder(struct inputs *inputs, const char *name, FILE *errors)
{
    char *paths[] = {strdup(name), NULL};
    FTS *walk = paths[0] == NULL ? NULL : fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    size_t before = inputs->count;
    int result = walk == NULL ? -1 : 0;
    FTSENT *entry;

    while (result == 0 && (entry = fts_read(walk)) != NULL) {
        int fd;

        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            report_unopened(inputs, entry->fts_path, entry->fts_errno, errors);
        if (entry->fts_info != FTS_F)
            continue;
        fd = open(entry->fts_accpath, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0) {
            report_unopened(inputs, entry->fts_path, errno, errors);
        } else if (!S_ISREG(entry->fts_statp->st_mode) || !inputs_is_capture(fd)) {
            inputs->skipped++;
            close(fd);
        } else {
            result = add(inputs, entry->fts_path, false, fd, entry->fts_statp, errors);
        }
    }
    if (result == 0 && inputs->count == before) {
        fprintf(errors, "imaptap: %s: holds no capture files\n", name);
        inputs->failed++;
    }
    if (walk != NULL)
        fts_close(walk);
    free(paths[0]);
    return result;
}

int inputs_add(struct inputs *inputs, const char *name, FILE *errors)
{
    struct stat about;
    bool standard = strcmp(name, "-") == 0;
    int fd;

    allow_descriptors();
    if (standard)
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    else if (stat(name, &about) == 0 && S_ISDIR(about.st_mode))
        return add_folder(inputs, name, errors);
    else
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &about) != 0) {
        report_unopened(inputs, name, errno, errors);
        if (fd >= 0)
            close(fd);
        return 0;
    }
    if (S_ISDIR(about.st_mode)) {
        report_unopened(inputs, name, EISDIR, errors);
        close(fd);
        return 0;
    }
    if (S_ISREG(about.st_mode) && !inputs_is_capture(fd)) {
        report_foreign(inputs, name, fd, errors);
        close(fd);
        return 0;
    }
    if (standard && inputs->standard_name != NULL)
        name = inputs->standard_name;
    return add(inputs, name, standard, fd, &about, errors);
}

bool inputs_have_pipe(const struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        if (inputs->items[i].is_pipe)
            return true;
    return false;
}

void inputs_free(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (inputs->items[i].fd >= 0)
            close(inputs->items[i].fd);
        free(inputs->items[i].name);
    }
    free(inputs->items);
    memset(inputs, 0, sizeof *inputs);
}
