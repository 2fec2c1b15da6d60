/*
 * The sentence that says why a capture is broken.
 */
#include "analyzer/capture/capture_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void capture_error_set(struct capture_error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
}

void capture_error_add(struct capture_error *error, const char *format, ...)
{
    size_t length = strlen(error->text);
    va_list arguments;

    if (length > 0 && length + 2 < sizeof error->text) {
        memcpy(error->text + length, "; ", 3);
        length += 2;
    }
    va_start(arguments, format);
    (void)vsnprintf(error->text + length, sizeof error->text - length, format, arguments);
    va_end(arguments);
}

const char *capture_number(uint64_t number, char text[CAPTURE_NUMBER_SIZE])
{
    char digits[21];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *to = text;

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}
