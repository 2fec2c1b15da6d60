/*
 * Reads dates, times and ages.
 */
#include "analyzer/cli/moment.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

#define LONGEST_S (INT64_C(200) * 366 * 86400)

int64_t moment_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

bool moment_age(const char *text, int64_t *age_ns)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    int64_t number = 0;
    const char *at = text;

    for (; isdigit((unsigned char)*at); at++) {
        number = number * 10 + (*at - '0');
        if (number > LONGEST_S)
            return false;
    }
    if (at == text || *at == '\0' || at[1] != '\0')
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].unit == *at && number <= LONGEST_S / units[i].seconds) {
            *age_ns = number * units[i].seconds * SECOND_NS;
            return true;
        }
    return false;
}

/* Reads exactly `digits` digits; *at moves behind them. */
static bool number(const char **at, int digits, int least, int most, int *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return *value >= least && *value <= most;
}

static bool mark(const char **at, const char *marks)
{
    if (**at == '\0' || strchr(marks, **at) == NULL)
        return false;
    (*at)++;
    return true;
}

/* Up to nine digits behind the point. */
static bool fraction(const char **at, int64_t *ns)
{
    int64_t unit = SECOND_NS;

    while (isdigit((unsigned char)**at)) {
        unit /= 10;
        *ns += (*(*at)++ - '0') * unit;
        if (unit == 0)
            return false;
    }
    return unit < SECOND_NS;
}

/* "Z", "+01:00", "-0800" or nothing. */
static bool zone(const char **at, int *seconds)
{
    int sign = **at == '-' ? -1 : 1, hours, minutes;

    *seconds = 0;
    if (**at == '\0' || mark(at, "Zz"))
        return true;
    if (!mark(at, "+-") || !number(at, 2, 0, 23, &hours))
        return false;
    (void)mark(at, ":");
    if (!number(at, 2, 0, 59, &minutes))
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool date(const char **at, struct tm *tm)
{
    if (!number(at, 4, 1970, 2261, &tm->tm_year) || !mark(at, "-") || !number(at, 2, 1, 12, &tm->tm_mon) ||
        !mark(at, "-") || !number(at, 2, 1, 31, &tm->tm_mday))
        return false;
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return true;
}

static bool time_of_day(const char **at, struct tm *tm, int64_t *ns)
{
    if (!number(at, 2, 0, 23, &tm->tm_hour) || !mark(at, ":") || !number(at, 2, 0, 59, &tm->tm_min))
        return false;
    if (!mark(at, ":"))
        return true;
    return number(at, 2, 0, 60, &tm->tm_sec) && (!mark(at, ".,") || fraction(at, ns));
}

bool moment_parse(const char *text, int64_t now_ns, int64_t *time_ns)
{
    struct tm tm = {.tm_isdst = 0}, normal;
    const char *at = text;
    int64_t age, ns = 0;
    int offset = 0;
    time_t seconds;

    if (moment_age(text, &age)) {
        *time_ns = now_ns - age;
        return true;
    }
    if (!date(&at, &tm))
        return false;
    if (*at != '\0' &&
        (!mark(&at, "Tt ") || !time_of_day(&at, &tm, &ns) || !zone(&at, &offset) || *at != '\0'))
        return false;
    normal = tm;
    seconds = timegm(&normal);
    if (normal.tm_mday != tm.tm_mday && tm.tm_sec < 60)
        return false; /* the 30th of February */
    *time_ns = ((int64_t)seconds - offset) * SECOND_NS + ns;
    return true;
}
