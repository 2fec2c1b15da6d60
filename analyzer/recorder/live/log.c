/*
 * What a live capture says while it runs.
 */
#include "analyzer/recorder/live/log.h"

#include "db/display.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

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

void log_say(enum log_level level, const char *format, ...)
{
    static const char *const priorities[] = {
        [LOG_LEVEL_ERROR] = SD_ERR, [LOG_LEVEL_WARNING] = SD_WARNING, [LOG_LEVEL_NOTICE] = SD_NOTICE};
    char text[1500], *shown;
    va_list arguments;
    size_t length;

    if (is_quiet && level == LOG_LEVEL_NOTICE)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    shown = display_escape(text, strlen(text), &length);
    fprintf(stderr, "%simaptap: %s\n", is_journal() ? priorities[level] : "",
            shown == NULL ? "out of memory" : shown);
    free(shown);
}
