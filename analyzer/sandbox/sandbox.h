/*
 * The sandbox around the two processes: what each gives up before the analyzer looks at the first octet that
 * comes from the network. There are three, one behind the other, so that none has to hold alone:
 *
 *   - seccomp: a list of the system calls that the process needs (filter.c). Any other is named on standard
 *     error and ends the process with SIGSYS.
 *   - Landlock: the files that it can reach by name (landlock.c). The analyzer: none. The recorder: the
 *     folders it is given. No TCP port, no other's process where the kernel knows to deny that.
 *   - rights: capabilities, the user, limits of resources (rights.c, sandbox.c).
 *
 * A kernel may lack the first two: sandbox_suffice says so. A layer that the kernel has and that cannot be
 * raised is an error of the functions below. What was raised stays, also for processes started later.
 *
 * The order: open everything; sandbox_suffice; sandbox_enter_recorder; then, for each analyzer, fork and in
 * the child sandbox_close_descriptors and sandbox_enter_analyzer. Of a live capture: rights_become, as root;
 * fork the launcher, which starts the analyzers in the same way; open the rest; sandbox_enter_recorder. An
 * analyzer may be started between the recorder's two halves, whose calls include its own.
 */
#ifndef IMAPTAP_ANALYZER_SANDBOX_SANDBOX_H
#define IMAPTAP_ANALYZER_SANDBOX_SANDBOX_H

#include "analyzer/sandbox/rights.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* No memory image of this process, which sees credentials, may reach a disk, and nobody of the same user can
 * look into it. Changing the user undoes it: the functions below do it again. */
void sandbox_forbid_core_files(void);

/* --- what this kernel has --- */

struct sandbox_offer {
    bool seccomp;
    int landlock; /* its ABI version; 0: none */
};

struct sandbox_offer sandbox_offer(void);

/* Writes one line without its end, such as "seccomp; Landlock ABI 7". */
void sandbox_describe(char *text, size_t size);

/* Writes to `errors` what this kernel lacks, a sentence each; nothing when it lacks nothing. Returns false
 * when it lacks something and `required`: then the caller must not go on. */
bool sandbox_suffice(bool required, FILE *errors);

/* --- the recorder --- */

enum sandbox_access {
    SANDBOX_READ, /* the file, or all below the folder */
    SANDBOX_WRITE /* the same, and write, make and remove files */
};

struct sandbox_path {
    const char *path; /* one that does not exist is left out */
    enum sandbox_access access;
};

struct sandbox_recorder {
    bool live; /* it starts no analyzers, but talks to the launcher, to syslog and to systemd */
    const struct sandbox_path *paths; /* what it opens later: /dev/null and /dev/urandom are added */
    size_t path_count;
};

/* Holds the recorder: it can start no program, trace nobody, and reach no other files; it can fork analyzers,
 * unless it is live, and start no thread.
 * Root keeps the capabilities that writing a user's database and holding analyzers take; anybody else keeps
 * none. Returns 0, or -1 with errno set. */
int sandbox_enter_recorder(const struct sandbox_recorder *recorder);

/* The same in two halves: rights, limits and files first, then the system calls. An analyzer that is to be
 * signalled must be started after the first. */
int sandbox_enter_recorder_files(const struct sandbox_recorder *recorder);
int sandbox_enter_recorder_calls(bool live);

/* --- the analyzer --- */

/* Closes all descriptors but standard error and the `count` given (sorted in place). */
void sandbox_close_descriptors(int *keep, size_t count);

struct sandbox_analyzer {
    int parent; /* the process that started it: when that dies, so does this one */
    int output; /* the only descriptor that can be written to, besides standard error */
    bool live;  /* it reads a packet socket: poll, recv, getsockopt. libpcap's pcap_stats opens files: the
                   recorder must ask for the interface's drops */
    const struct rights_user *user; /* whom it becomes, if it is root; NULL: it stays who it is */
};

/* Holds the analyzer: it can open nothing, connect to nothing, write to nothing but its output, start no
 * process, map no code, and has no capability. Its memory is locked where its limit allows (root; systemd's
 * LimitMEMLOCK=infinity), so that no credential reaches swap space. Returns 0, or -1 with errno set. */
int sandbox_enter_analyzer(const struct sandbox_analyzer *analyzer);

/* --- the launcher of live analyzers --- */

/* Holds the launcher: it opens interfaces, for which it keeps CAP_NET_RAW alone, and starts analyzers; it
 * dies with `recorder`, its parent. Close what it must not have before. Returns 0, or -1 with errno set. */
int sandbox_enter_launcher(int recorder);

#endif
