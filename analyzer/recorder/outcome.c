/*
 * What became of an input.
 */
#include "analyzer/recorder/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void outcome_set_error(struct outcome *outcome, const char *format, ...)
{
    va_list arguments;

    free(outcome->error);
    va_start(arguments, format);
    if (vasprintf(&outcome->error, format, arguments) < 0)
        outcome->error = NULL;
    va_end(arguments);
}
