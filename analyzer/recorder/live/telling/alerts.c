/*
 * Tells others of each finding as soon as it is committed.
 */
#include "analyzer/recorder/live/telling/alerts.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* A pipe that is ready for writing takes so much without waiting (PIPE_BUF). */
#define PIECE 4096

struct alerts {
    enum alerts_way way;
    enum finding_schema schema;
    int fd;
    char *room; /* ALERTS_ROOM octets; lines from `start` to `end` */
    size_t start, end;
    uint64_t lost;
    bool gone; /* nobody reads any more */
};

struct alerts *alerts_new(enum alerts_way way, enum finding_schema schema, int fd)
{
    struct alerts *alerts = calloc(1, sizeof *alerts);

    if (alerts == NULL)
        return NULL;
    *alerts = (struct alerts){.way = way, .schema = schema, .fd = fd};
    if (way == ALERTS_NDJSON) {
        (void)signal(SIGPIPE, SIG_IGN); /* a reader that goes does not end the capture */
        alerts->room = malloc(ALERTS_ROOM);
    }
    if (way == ALERTS_NDJSON && alerts->room == NULL) {
        free(alerts);
        return NULL;
    }
    if (way == ALERTS_SYSLOG)
        openlog("imaptap", LOG_PID | LOG_NDELAY, LOG_DAEMON);
    return alerts;
}

static void add_line(struct alerts *alerts, const char *line)
{
    size_t length = strlen(line);

    if (alerts->gone || ALERTS_ROOM - (alerts->end - alerts->start) < length + 1) {
        alerts->lost++;
        return;
    }
    if (ALERTS_ROOM - alerts->end < length + 1) {
        memmove(alerts->room, alerts->room + alerts->start, alerts->end - alerts->start);
        alerts->end -= alerts->start;
        alerts->start = 0;
    }
    memcpy(alerts->room + alerts->end, line, length);
    alerts->room[alerts->end + length] = '\n';
    alerts->end += length + 1;
}

static void tell_one(void *user, struct sqlite3_stmt *row)
{
    static const int priorities[] = {
        [FINDING_ERROR] = LOG_WARNING, [FINDING_WARNING] = LOG_NOTICE, [FINDING_INFO] = LOG_INFO};
    struct alerts *alerts = user;
    char *text = alerts->way == ALERTS_NDJSON ? finding_line(alerts->schema, row) : finding_sentence(row);

    if (text == NULL)
        alerts->lost++;
    else if (alerts->way == ALERTS_NDJSON)
        add_line(alerts, text);
    else
        syslog(priorities[finding_severity(row)], "%s", text);
    free(text);
}

void alerts_tell(struct alerts *alerts, struct store *store, const int64_t *logins, size_t count)
{
    if (alerts->way == ALERTS_NONE)
        return;
    for (size_t i = 0; i < count; i++)
        if (store_findings(store, logins[i], tell_one, alerts) != STORE_OK)
            alerts->lost++;
    alerts_push(alerts);
}

bool alerts_is_waiting(const struct alerts *alerts)
{
    return alerts->end > alerts->start;
}

/* Nobody reads any more: each line that waits is an alert lost. */
static void drop_all(struct alerts *alerts)
{
    for (size_t i = alerts->start; i < alerts->end; i++)
        alerts->lost += alerts->room[i] == '\n';
    alerts->start = alerts->end = 0;
}

void alerts_push(struct alerts *alerts)
{
    while (alerts_is_waiting(alerts)) {
        struct pollfd ready = {alerts->fd, POLLOUT, 0};
        size_t length = alerts->end - alerts->start;
        ssize_t n;

        if (poll(&ready, 1, 0) <= 0)
            return;
        n = write(alerts->fd, alerts->room + alerts->start, length < PIECE ? length : PIECE);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        if (n < 0) {
            alerts->gone = true;
            drop_all(alerts);
            return;
        }
        alerts->start += (size_t)n;
    }
    alerts->start = alerts->end = 0;
}

uint64_t alerts_take_lost(struct alerts *alerts)
{
    uint64_t lost = alerts->lost;

    alerts->lost = 0;
    return lost;
}

uint64_t alerts_close(struct alerts *alerts, int patience_ms)
{
    uint64_t lost;

    if (alerts == NULL)
        return 0;
    alerts_push(alerts);
    for (int waited = 0; alerts_is_waiting(alerts) && waited < patience_ms; waited += 100) {
        struct pollfd ready = {alerts->fd, POLLOUT, 0};

        (void)poll(&ready, 1, 100);
        alerts_push(alerts);
    }
    drop_all(alerts);
    if (alerts->way == ALERTS_SYSLOG)
        closelog();
    lost = alerts->lost;
    free(alerts->room);
    free(alerts);
    return lost;
}
