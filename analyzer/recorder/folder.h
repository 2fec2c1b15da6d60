/*
 * A folder that a capturing program rotates its files in: which files there are, in the order in which they
 * were begun, and which of them are still being written. Folders below it are not looked at.
 *
 * inotify reports what happens; file systems that do not (of a network, mostly) are looked through
 * now and then. A file is known by its inode and its beginning: renaming it does not make it another one,
 * writing it again does.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_FOLDER_H
#define IMAPTAP_ANALYZER_RECORDER_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct folder;

enum folder_writer {
    FOLDER_WRITER_UNKNOWN,
    FOLDER_WRITER_OPEN,  /* somebody writes to it */
    FOLDER_WRITER_CLOSED /* nobody does */
};

enum folder_place {
    FOLDER_LEFT_OUT, /* no capture, so far */
    FOLDER_WAITING,  /* to be handed out by folder_next, or handed out */
    FOLDER_DONE      /* folder_done was called for it */
};

struct folder_file {
    char *path;     /* its present one */
    int fd;         /* the caller's once it was handed out */
    uint64_t taken; /* octets read of it; the caller sets it with folder_taken */
    /* the folder's own */
    enum folder_writer writer;
    enum folder_place place;
    bool again; /* as passed to folder_done */
    bool copy;  /* of a file known before: the capturing program compresses what it has written */
    bool seen;
    bool grown; /* counted as such */
    dev_t device;
    ino_t inode;
    off_t size; /* and the times: when it was looked at last */
    struct timespec change, modified;
    uint64_t head; /* digest of the first octets taken */
    size_t head_length;
    uint64_t quiet_size; /* it has had this size since then; 0: it was not looked at */
    int64_t quiet_since_ms;
    struct folder_file *next;    /* of the same hash */
    struct folder_file *waiting; /* after it */
};

/* NULL: it cannot be opened, see errno. */
struct folder *folder_open(const char *path);

/* To poll for reading: something happened. -1: there is no such thing. */
int folder_fd(const struct folder *folder);

/* Finds out what happened; `thorough`: even what was not reported. Returns 0, or -1 when out of memory. */
int folder_look(struct folder *folder, bool thorough);

/* When folder_look wants to be called even if nothing is reported, in the milliseconds of
 * analyzer_run_now_ms. */
int64_t folder_next_look_ms(const struct folder *folder);

/* True when folder_next will have a file. */
bool folder_has_next(const struct folder *folder);

/* The next file, in the order in which they were begun; one that was rewritten comes again. The caller
 * owes a folder_done for it. NULL: there is none for now. */
struct folder_file *folder_next(struct folder *folder);

/* The caller has read the file up to `octets`. */
void folder_taken(struct folder_file *file, uint64_t octets);

/* True when nobody writes to the file any more, as far as can be known. */
bool folder_is_over(struct folder_file *file);

/* True when it is not the file any more of which octets were taken: it was cut, or rewritten. */
bool folder_was_replaced(const struct folder_file *file);

/* The caller has closed the file and is done with what it has taken of it. When it becomes another file, it
 * comes again; when it has more one day, then too if `again`, else it counts as grown. */
void folder_done(struct folder_file *file, bool again);

/* Files that are no captures, and files that had more after the caller was done. */
size_t folder_left_out(const struct folder *folder);
size_t folder_grown(const struct folder *folder);

void folder_close(struct folder *folder);

#endif
