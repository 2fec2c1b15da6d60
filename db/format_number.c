/*
 * Numbers as people read them.
 */
#include "db/format_number.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct formatted format_number(uint64_t number)
{
    struct formatted result = {""};
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *out = result.text;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return result;
}

struct formatted format_octets(uint64_t octets)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    struct formatted result = {""};
    double scaled = (double)octets / 1000;
    size_t unit = 0;

    if (octets < 1000) {
        (void)snprintf(result.text, sizeof result.text, "%u octets", (unsigned)octets);
        return result;
    }
    for (; scaled >= 999.95 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        scaled /= 1000;
    (void)snprintf(result.text, sizeof result.text, "%.1f %s", scaled, units[unit]);
    return result;
}

struct formatted format_time(int64_t time_ns)
{
    struct formatted result = {""};
    time_t seconds = time_ns / 1000000000;
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(result.text, sizeof result.text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        strcpy(result.text, "unknown time");
    return result;
}

void amount_print(const char *before, int64_t number, const char *one)
{
    printf("%s%s %s%s", before, format_number((uint64_t)number).text, one, number == 1 ? "" : "s");
}
