/*
 * Numbers as people read them.
 */
#ifndef IMAPTAP_DB_FORMAT_NUMBER_H
#define IMAPTAP_DB_FORMAT_NUMBER_H

#include <stdint.h>

struct formatted {
    char text[32];
};

/* "1,234,567" */
struct formatted format_number(uint64_t number);

/* "999 octets", "1.2 kB", "3.4 GB": decimal units */
struct formatted format_octets(uint64_t octets);

/* "2026-11-24 02:00:11 UTC" */
struct formatted format_time(int64_t time_ns);

/* Prints on standard output what stands before it, and "1 login" or "1,234 logins". */
void amount_print(const char *before, int64_t number, const char *one);

#endif
