/*
 * Times as people write them on a command line.
 */
#ifndef IMAPTAP_ANALYZER_CLI_MOMENT_H
#define IMAPTAP_ANALYZER_CLI_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a length of time: a number and s, m, h, d or w ("90d", "24h"). At most 200 years. */
bool moment_age(const char *text, int64_t *age_ns);

/* Reads a point of time, in nanoseconds since 1970 UTC: a date (its beginning), a date and time of ISO 8601
 * ("2026-11-24", "2026-11-24T02:22", "2026-11-24 02:22:51.5Z", "2026-11-24T03:22:51+01:00"; UTC where no zone
 * stands), or an age, which is subtracted from `now_ns`. From 1970 to 2261. */
bool moment_parse(const char *text, int64_t now_ns, int64_t *time_ns);

/* Now, in nanoseconds since 1970 UTC. */
int64_t moment_now(void);

#endif
