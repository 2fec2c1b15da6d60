/*
 * How findings are printed: as text, JSON or SARIF 2.1.0 (OASIS standard). Each format is a printer; it
 * writes as the findings come, so that none of them is kept.
 */
#ifndef IMAPTAP_ANALYZER_LINT_PRINT_PRINT_H
#define IMAPTAP_ANALYZER_LINT_PRINT_PRINT_H

#include "analyzer/lint/lint.h"

#include <stdio.h>

struct print {
    FILE *out;
    bool servers;     /* say which known servers accept it */
    uint64_t printed; /* findings so far */
    bool failed;      /* out of memory; errors of writing are those of `out` */
};

struct printer {
    const char *format; /* its name on the command line */
    void (*begin)(struct print *print);
    void (*finding)(struct print *print, const struct lint_finding *finding);
    /* `unread`: some input could not be read or judged to its end. */
    void (*end)(struct print *print, const struct lint_result *result, bool unread);
};

extern const struct printer printer_text, printer_json, printer_sarif;

#endif
