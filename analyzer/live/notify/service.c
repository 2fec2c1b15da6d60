/*
 * What a supervisor is sent: the protocol of sd_notify(3), but without ever waiting for long, which
 * libsystemd does while nobody takes the messages.
 */
#include "analyzer/live/notify/service.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

/* How long it is waited to say what is said once. */
#define ONCE_MS 1000

/* The supervisor's address; its length is 0 when there is none. */
static socklen_t supervisor(struct sockaddr_un *address)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t length = name == NULL ? 0 : strlen(name);

    if (length < 2 || length >= sizeof address->sun_path || (name[0] != '/' && name[0] != '@'))
        return 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, length);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* Tries for `patience_ms`. False: the supervisor takes nothing now. */
static bool notify(const char *text, int patience_ms)
{
    static int fd = -1;
    struct sockaddr_un address;
    socklen_t length = supervisor(&address);

    if (length == 0)
        return true;
    if (fd < 0)
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    for (;;) {
        if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, length) >= 0 ||
            errno != EAGAIN)
            return true;
        if (patience_ms <= 0)
            return false;
        (void)poll(NULL, 0, 100);
        patience_ms -= 100;
    }
}

void service_ready(void)
{
    (void)notify("READY=1", ONCE_MS);
}

void service_status(const char *text)
{
    static char sent[256];
    char message[sizeof "STATUS=" + sizeof sent];

    if (strncmp(sent, text, sizeof sent - 1) == 0)
        return;
    (void)snprintf(message, sizeof message, "STATUS=%.255s", text);
    if (notify(message, 0))
        (void)snprintf(sent, sizeof sent, "%s", text);
}

void service_stopping(void)
{
    (void)notify("STOPPING=1", ONCE_MS);
}

int64_t service_alive(int64_t now_ms)
{
    static int64_t due_ms;
    uint64_t limit_us;

    if (sd_watchdog_enabled(0, &limit_us) <= 0)
        return INT64_MAX;
    if (now_ms >= due_ms) {
        (void)notify("WATCHDOG=1", 0);
        due_ms = now_ms + (int64_t)(limit_us / 2000);
    }
    return due_ms - now_ms;
}
