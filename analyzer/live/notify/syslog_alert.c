/*
 * Messages to the system's log: datagrams in the form that the C library gives them.
 */
#include "analyzer/live/notify/syslog_alert.h"

#include <errno.h>
#include <paths.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

int syslog_alert_open(void)
{
    struct sockaddr_un daemon = {.sun_family = AF_UNIX, .sun_path = _PATH_LOG};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&daemon, sizeof daemon) != 0) {
        error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

char *syslog_alert_message(int priority, const char *text)
{
    time_t now = time(NULL);
    char when[32] = "", *message;
    struct tm local;

    if (localtime_r(&now, &local) != NULL)
        (void)strftime(when, sizeof when, "%b %e %T", &local);
    if (asprintf(&message, "<%d>%s imaptap[%d]: %s", LOG_DAEMON | priority, when, (int)getpid(), text) < 0)
        return NULL;
    return message;
}
