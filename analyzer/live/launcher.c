/*
 * The launcher's two sides: the recorder's requests, and the process that serves them.
 */
#include "analyzer/live/launcher.h"

#include "analyzer/live/live_analyzer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum request_kind { REQUEST_START, REQUEST_KILL };

struct request {
    uint32_t kind, worker, interfaces, skipped_count;
    struct event_ring_ends skipped[LAUNCHER_SKIPPED];
};

struct answer {
    uint32_t worker;
    int32_t status;
};

/* Sent along with REQUEST_START. */
enum { FD_MEMORY, FD_SENDER, FD_LEASH, FDS };

struct launcher {
    int fd;
    pid_t pid;
};

/* --- the launcher's process --- */

struct service {
    const struct launcher_options *options;
    int fd;                          /* to the recorder */
    int signals;                     /* SIGCHLD */
    pid_t workers[LAUNCHER_WORKERS]; /* 0: none */
};

static void answer(const struct service *service, unsigned worker, int status)
{
    struct answer answer = {worker, status};

    /* should the recorder be gone, the next request says so */
    (void)send(service->fd, &answer, sizeof answer, MSG_NOSIGNAL);
}

static void start(struct service *service, const struct request *request, const int fds[FDS])
{
    struct live_analyzer analyzer = {
        .options = service->options,
        .worker = request->worker,
        .interfaces = request->interfaces,
        .memory = fds[FD_MEMORY],
        .sender = fds[FD_SENDER],
        .leash = fds[FD_LEASH],
        .skipped = request->skipped,
        .skipped_count = request->skipped_count,
        .launcher = getpid(),
    };
    pid_t pid;

    if (request->worker >= service->options->workers || request->skipped_count > LAUNCHER_SKIPPED)
        return;
    pid = service->workers[request->worker] == 0 ? fork() : -1;
    if (pid == 0) {
        close(service->fd);
        close(service->signals);
        live_analyzer_run(&analyzer);
    }
    if (pid > 0)
        service->workers[request->worker] = pid;
    else
        answer(service, request->worker, -1);
}

static void reap(struct service *service)
{
    struct signalfd_siginfo ignored;
    int status;
    pid_t pid;

    while (read(service->signals, &ignored, sizeof ignored) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (unsigned i = 0; i < LAUNCHER_WORKERS; i++)
            if (service->workers[i] == pid) {
                service->workers[i] = 0;
                answer(service, i, status);
            }
}

/* Receives a request and the descriptors that came along (-1: none). False: the recorder is gone. */
static bool receive(int fd, struct request *request, int fds[FDS])
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(FDS * sizeof(int))];
    } control = {0};
    struct iovec octets = {request, sizeof *request};
    struct msghdr message = {
        .msg_iov = &octets, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header;
    ssize_t n;

    for (int i = 0; i < FDS; i++)
        fds[i] = -1;
    do
        n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(FDS * sizeof(int)))
        memcpy(fds, CMSG_DATA(header), FDS * sizeof(int));
    return n == (ssize_t)sizeof *request;
}

/* False: the recorder is gone. */
static bool serve_request(struct service *service)
{
    struct request request = {0};
    int fds[FDS];
    bool there = receive(service->fd, &request, fds);

    if (there && request.kind == REQUEST_START && fds[FD_LEASH] >= 0)
        start(service, &request, fds);
    else if (there && request.kind == REQUEST_KILL && request.worker < LAUNCHER_WORKERS &&
             service->workers[request.worker] > 0)
        kill(service->workers[request.worker], SIGKILL);
    for (int i = 0; i < FDS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return there;
}

static _Noreturn void be_launcher(const struct launcher_options *options, int fd, pid_t recorder)
{
    struct service service = {.options = options, .fd = fd};
    sigset_t children;

    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_SETMASK, &children, NULL);
    /* the recorder decides when to stop, also where all get the signal (from a terminal, from systemd) */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    service.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (service.signals < 0 || live_launcher_hold(options->user, recorder, fd, service.signals) != 0) {
        fprintf(stderr, "imaptap: the launcher cannot start: %s\n", strerror(errno));
        _exit(EXIT_FAILURE);
    }
    for (;;) {
        struct pollfd ready[] = {{fd, POLLIN, 0}, {service.signals, POLLIN, 0}};

        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            break;
        if (ready[1].revents != 0)
            reap(&service);
        if (ready[0].revents != 0 && !serve_request(&service))
            break;
    }
    _exit(EXIT_SUCCESS);
}

/* --- the recorder's side --- */

struct launcher *launcher_new(const struct launcher_options *options)
{
    struct launcher *launcher = calloc(1, sizeof *launcher);
    pid_t recorder = getpid();
    int ends[2];

    if (launcher == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        free(launcher);
        return NULL;
    }
    launcher->pid = fork();
    if (launcher->pid == 0) {
        close(ends[0]);
        be_launcher(options, ends[1], recorder);
    }
    close(ends[1]);
    launcher->fd = ends[0];
    if (launcher->pid < 0) {
        close(ends[0]);
        free(launcher);
        return NULL;
    }
    return launcher;
}

static int send_request(const struct launcher *launcher, struct request *request, const int *fds)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(FDS * sizeof(int))];
    } control = {0};
    struct iovec octets = {request, sizeof *request};
    struct msghdr message = {.msg_iov = &octets, .msg_iovlen = 1};
    ssize_t n;

    if (fds != NULL) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control.room;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(FDS * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, FDS * sizeof(int));
    }
    do
        n = sendmsg(launcher->fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *request ? 0 : -1;
}

int launcher_start(struct launcher *launcher, unsigned worker, uint32_t interfaces,
                   const struct event_ring *ring, int leash, const struct event_ring_ends *skipped,
                   size_t skipped_count)
{
    struct request request = {.kind = REQUEST_START, .worker = worker, .interfaces = interfaces};
    int fds[FDS] = {
        [FD_MEMORY] = event_ring_memory_fd(ring),
        [FD_SENDER] = event_ring_sender_fd(ring),
        [FD_LEASH] = leash,
    };

    request.skipped_count = (uint32_t)(skipped_count < LAUNCHER_SKIPPED ? skipped_count : LAUNCHER_SKIPPED);
    for (uint32_t i = 0; i < request.skipped_count; i++)
        request.skipped[i] = skipped[i];
    return send_request(launcher, &request, fds);
}

void launcher_kill(struct launcher *launcher, unsigned worker)
{
    struct request request = {.kind = REQUEST_KILL, .worker = worker};

    (void)send_request(launcher, &request, NULL);
}

int launcher_fd(const struct launcher *launcher)
{
    return launcher->fd;
}

enum launcher_news launcher_news(struct launcher *launcher, unsigned *worker, int *status)
{
    struct answer news;
    ssize_t n;

    do
        n = recv(launcher->fd, &news, sizeof news, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return LAUNCHER_QUIET;
    if (n != (ssize_t)sizeof news || news.worker >= LAUNCHER_WORKERS)
        return LAUNCHER_GONE;
    *worker = news.worker;
    *status = news.status;
    return LAUNCHER_ENDED;
}

void launcher_free(struct launcher *launcher)
{
    if (launcher == NULL)
        return;
    close(launcher->fd);
    (void)waitpid(launcher->pid, NULL, 0);
    free(launcher);
}
