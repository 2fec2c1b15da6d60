/*
 * One line on a terminal that says how far the reading is.
 */
#include "analyzer/recorder/progress.h"

#include "db/format_number.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

void progress_start(struct progress *progress, bool shown, uint64_t total_octets)
{
    *progress = (struct progress){.shown = shown, .total = total_octets, .started_ns = now()};
}

static size_t columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79;
}

/* At most five times a second. */
static bool is_due(struct progress *progress, int64_t time)
{
    if (!progress->shown || time - progress->drawn_ns < SECOND / 5)
        return false;
    progress->drawn_ns = time;
    progress->drawn = true;
    return true;
}

static void put(const char *line)
{
    fprintf(stderr, "\r%.*s\033[K", (int)columns(), line);
}

void progress_draw(struct progress *progress, const struct event_ring_figures *figures)
{
    int64_t time = now();
    uint64_t octets = atomic_load(&figures->octets);
    double seconds = (double)(time - progress->started_ns) / SECOND;
    char line[256], share[64] = "";

    if (!is_due(progress, time))
        return;
    if (progress->total > 0 && octets > 0) {
        double part = octets < progress->total ? (double)octets / (double)progress->total : 1;

        /* first: a narrow terminal cuts the line's end */
        (void)snprintf(share, sizeof share, "%3.0f%%, %.0f s left: ", part * 100, seconds / part - seconds);
    }
    (void)snprintf(line, sizeof line, "%s%s, %s frames, %s connections, %s logins, %s/s", share,
                   format_octets(octets).text, format_number(atomic_load(&figures->frames)).text,
                   format_number(atomic_load(&figures->connections)).text,
                   format_number(atomic_load(&figures->logins)).text,
                   format_octets((uint64_t)((double)octets / (seconds > 0 ? seconds : 1))).text);
    put(line);
}

void progress_draw_hashing(struct progress *progress, uint64_t octets)
{
    char line[256];

    if (!is_due(progress, now()))
        return;
    (void)snprintf(line, sizeof line, "%3.0f%% of the SHA-256 of %s; all else is done",
                   progress->total == 0 ? 0 : (double)octets * 100 / (double)progress->total,
                   format_octets(progress->total).text);
    put(line);
}

void progress_end(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
