/*
 * What a live capture says while it runs. Who reads it (a pipe, the journal) may hang: the capture goes on,
 * and lines are lost.
 */
#include "analyzer/live/log.h"

#include "db/display.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* A pipe that is ready for writing takes so much without waiting (PIPE_BUF). */
#define LINE_SIZE 4096

static bool is_quiet;

/* True when standard error is the journal, which takes a priority in front of each line. */
static bool is_journal(void)
{
    static enum { UNKNOWN, NO, YES } journal;
    const char *stream = getenv("JOURNAL_STREAM");
    char ours[64];
    struct stat about;

    if (journal == UNKNOWN) {
        journal = NO;
        if (stream != NULL && fstat(fileno(stderr), &about) == 0) {
            (void)snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)about.st_dev, (uintmax_t)about.st_ino);
            journal = strcmp(ours, stream) == 0 ? YES : NO;
        }
    }
    return journal == YES;
}

void log_be_quiet(void)
{
    is_quiet = true;
}

/* False: that would have to wait, or failed. */
static bool write_line(enum log_level level, const char *text)
{
    static const char *const priorities[] = {
        [LOG_LEVEL_ERROR] = SD_ERR, [LOG_LEVEL_WARNING] = SD_WARNING, [LOG_LEVEL_NOTICE] = SD_NOTICE};
    struct pollfd ready = {STDERR_FILENO, POLLOUT, 0};
    char line[LINE_SIZE];
    int length =
        snprintf(line, sizeof line, "%simaptap: %.4000s\n", is_journal() ? priorities[level] : "", text);

    return poll(&ready, 1, 0) == 1 && write(STDERR_FILENO, line, (size_t)length) == length;
}

void log_say(enum log_level level, const char *format, ...)
{
    static unsigned lost;
    char text[1500], *shown;
    va_list arguments;
    size_t length;

    if (is_quiet && level == LOG_LEVEL_NOTICE)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    shown = display_escape(text, strlen(text), &length);
    if (!write_line(level, shown == NULL ? "out of memory" : shown))
        lost++;
    free(shown);
    if (lost == 0)
        return;
    (void)snprintf(text, sizeof text, "%u lines of this log were lost, since nobody took them", lost);
    if (write_line(LOG_LEVEL_WARNING, text))
        lost = 0;
}
