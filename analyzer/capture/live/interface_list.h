/*
 * The interfaces that there are.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_LIVE_INTERFACE_LIST_H
#define IMAPTAP_ANALYZER_CAPTURE_LIVE_INTERFACE_LIST_H

#include <stdbool.h>
#include <stdio.h>

/* Writes a line each: its name, whether it is up, its IPv4 and IPv6 addresses. Only what carries network
 * frames is listed. False: it cannot be known, or not be written; why is said on `errors`. */
bool interface_list_print(FILE *out, FILE *errors);

#endif
