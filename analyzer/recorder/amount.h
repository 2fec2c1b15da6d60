/*
 * Numbers as people read them.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_AMOUNT_H
#define IMAPTAP_ANALYZER_RECORDER_AMOUNT_H

#include <stdint.h>

struct amount_text {
    char text[32];
};

/* "1,234,567" */
struct amount_text amount_of(uint64_t number);

/* "999 octets", "1.2 kB", "3.4 GB": decimal units */
struct amount_text amount_of_octets(uint64_t octets);

/* "2026-11-24 02:00:11 UTC" */
struct amount_text amount_of_time(int64_t time_ns);

#endif
