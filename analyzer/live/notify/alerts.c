/*
 * Reports each finding to others as soon as it is committed.
 */
#include "analyzer/live/notify/alerts.h"

#include "analyzer/live/log.h"
#include "analyzer/live/notify/syslog_alert.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* A pipe that is ready for writing takes so much without waiting (PIPE_BUF). */
#define PIECE 4096

struct alerts {
    enum alerts_way way;
    enum finding_schema schema;
    int fd;     /* to the system's log: ours, and -1 while its daemon is not there */
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
    if (way == ALERTS_NONE)
        return alerts;
    alerts->room = malloc(ALERTS_ROOM);
    if (alerts->room == NULL) {
        free(alerts);
        return NULL;
    }
    if (way == ALERTS_NDJSON)
        return alerts;
    tzset(); /* the zone's file cannot be opened later */
    alerts->fd = syslog_alert_open();
    if (alerts->fd < 0)
        log_say(LOG_LEVEL_WARNING, "syslog cannot be reached (%s): alerts wait for it", strerror(errno));
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

static void report_one(void *user, struct sqlite3_stmt *row)
{
    static const int priorities[] = {
        [FINDING_ERROR] = LOG_WARNING, [FINDING_WARNING] = LOG_NOTICE, [FINDING_INFO] = LOG_INFO};
    struct alerts *alerts = user;
    char *text = alerts->way == ALERTS_NDJSON ? finding_line(alerts->schema, row) : finding_sentence(row);

    if (text != NULL && alerts->way == ALERTS_SYSLOG) {
        char *message = syslog_alert_message(priorities[finding_severity(row)], text);

        free(text);
        text = message;
    }
    if (text == NULL)
        alerts->lost++;
    else
        add_line(alerts, text);
    free(text);
}

void alerts_report(struct alerts *alerts, struct store *store, const int64_t *logins, size_t count)
{
    if (alerts->way == ALERTS_NONE)
        return;
    for (size_t i = 0; i < count; i++)
        if (store_findings(store, logins[i], report_one, alerts) != STORE_OK)
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

/* Writes the next piece, as long as that needs no waiting. Returns how many octets; 0: not now; -1: nobody
 * reads any more. */
static ssize_t write_piece(struct alerts *alerts)
{
    struct pollfd ready = {alerts->fd, POLLOUT, 0};
    size_t length = alerts->end - alerts->start;
    ssize_t n;

    if (poll(&ready, 1, 0) <= 0)
        return 0;
    n = write(alerts->fd, alerts->room + alerts->start, length < PIECE ? length : PIECE);
    return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : n;
}

/* Sends the next line to the system's log, whose daemon may have been restarted. Returns as write_piece
 * does. */
static ssize_t send_line(struct alerts *alerts)
{
    const char *line = alerts->room + alerts->start;
    size_t length = (size_t)((const char *)memchr(line, '\n', alerts->end - alerts->start) - line);

    for (int tries = 0; tries < 2; tries++) {
        if (alerts->fd < 0)
            alerts->fd = syslog_alert_open();
        if (alerts->fd < 0)
            return 0;
        if (send(alerts->fd, line, length, MSG_NOSIGNAL) >= 0)
            return (ssize_t)length + 1;
        if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
            return 0;
        (void)close(alerts->fd);
        alerts->fd = -1;
    }
    return 0;
}

void alerts_push(struct alerts *alerts)
{
    while (alerts_is_waiting(alerts)) {
        ssize_t n = alerts->way == ALERTS_NDJSON ? write_piece(alerts) : send_line(alerts);

        if (n == 0)
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

int alerts_fd(const struct alerts *alerts)
{
    return alerts->fd;
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
    if (alerts->way == ALERTS_SYSLOG && alerts->fd >= 0)
        (void)close(alerts->fd);
    lost = alerts->lost;
    free(alerts->room);
    free(alerts);
    return lost;
}
