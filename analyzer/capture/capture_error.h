/*
 * The sentence that says why a capture is broken: written once, by whichever part met it.
 */
#ifndef IMAPTAP_ANALYZER_CAPTURE_CAPTURE_ERROR_H
#define IMAPTAP_ANALYZER_CAPTURE_CAPTURE_ERROR_H

#include <stdint.h>

struct capture_error {
    char text[400];
};

/* Replaces the sentence. */
__attribute__((format(printf, 2, 3))) void capture_error_set(struct capture_error *error, const char *format,
                                                             ...);

/* Adds to the sentence, after a semicolon when there is one. */
__attribute__((format(printf, 2, 3))) void capture_error_add(struct capture_error *error, const char *format,
                                                             ...);

/* Octets of a number's text with separators, the terminator counted. */
#define CAPTURE_NUMBER_SIZE 27

/* The number for people: 1234567 as "1,234,567". Returns `text`. */
const char *capture_number(uint64_t number, char text[CAPTURE_NUMBER_SIZE]);

#endif
