/*
 * Preloaded into imaptap: has one of its processes try what the variable TRY says ("analyzer fork", "recorder
 * write /path") at a moment when it is in its sandbox, and says on standard error what came of it. The
 * analyzer is known by reading a capture, the recorder by waiting for an analyzer.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

int pcap_next_ex(void *pcap, void *header, void *octets);
pid_t waitpid(pid_t process, int *status, int options);

static long connect_somewhere(void)
{
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(9)};

    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&nobody, sizeof nobody);
}

static long try_it(const char *what, const char *path)
{
    char *const arguments[] = {"true", NULL};

    if (strcmp(what, "read") == 0)
        return open(path, O_RDONLY);
    if (strcmp(what, "write") == 0)
        return open(path, O_WRONLY | O_CREAT, 0600);
    if (strcmp(what, "remove") == 0)
        return unlink(path);
    if (strcmp(what, "socket") == 0)
        return socket(AF_UNIX, SOCK_STREAM, 0);
    if (strcmp(what, "connect") == 0)
        return connect_somewhere();
    if (strcmp(what, "fork") == 0)
        return fork();
    if (strcmp(what, "exec") == 0)
        return execv("/bin/true", arguments);
    if (strcmp(what, "ptrace") == 0)
        return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
    return 0;
}

static void try_as(const char *process)
{
    static int tried;
    const char *asked = getenv("TRY");
    char who[16], what[16], path[256] = "";
    long result;

    if (tried || asked == NULL || sscanf(asked, "%15s %15s %255s", who, what, path) < 2 ||
        strcmp(who, process) != 0)
        return;
    tried = 1;
    result = try_it(what, path);
    (void)dprintf(STDERR_FILENO, "tried %s: %s\n", what, result < 0 ? strerror(errno) : "it can");
}

int pcap_next_ex(void *pcap, void *header, void *octets)
{
    int (*real)(void *, void *, void *);

    *(void **)&real = dlsym(RTLD_NEXT, "pcap_next_ex");
    try_as("analyzer");
    return real(pcap, header, octets);
}

pid_t waitpid(pid_t process, int *status, int options)
{
    pid_t (*real)(pid_t, int *, int);

    *(void **)&real = dlsym(RTLD_NEXT, "waitpid");
    try_as("recorder");
    return real(process, status, options);
}
