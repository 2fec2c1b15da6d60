/*
 * What a report is narrowed to, in words.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_NARROWING_H
#define IMAPTAP_ANALYZER_REPORT_NARROWING_H

#include "db/query.h"

#include <stdio.h>

/* Writes "Only what happened since .. and before .., from .., at .., of the user ..."; `parameters` is a
 * struct query_parameters that narrows something (narrowing_is_any), `which` is not looked at: a words_say.
 * Times are UTC. */
void narrowing_say(const void *parameters, int which, FILE *out);

#endif
