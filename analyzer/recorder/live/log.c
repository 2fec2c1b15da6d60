/*
 * What a live capture says while it runs.
 */
#include "analyzer/recorder/live/log.h"

#include "db/display.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_quiet;

void log_be_quiet(void)
{
    is_quiet = true;
}

void log_say(enum log_level level, const char *format, ...)
{
    char text[1500], *shown;
    va_list arguments;
    size_t length;

    if (is_quiet && level == LOG_LEVEL_NOTICE)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    shown = display_escape(text, strlen(text), &length);
    fprintf(stderr, "imaptap: %s\n", shown == NULL ? "out of memory" : shown);
    free(shown);
}
