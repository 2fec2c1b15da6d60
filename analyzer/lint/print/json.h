/* What the JSON of both formats needs. */
#ifndef IMAPTAP_ANALYZER_LINT_PRINT_JSON_H
#define IMAPTAP_ANALYZER_LINT_PRINT_JSON_H

#include "analyzer/lint/print/print.h"

#include <jansson.h>

/* The text as it is when it is UTF-8, else as show_text writes it; null when it is missing. */
json_t *json_text(struct imap_text text);

/* The octets that the violation names, each as show_text writes it. */
json_t *json_octets(const struct imap_violation *violation);

/* {"accept": [names], "refuse": [names], "unknown": [names]} */
json_t *json_servers(const struct lint_finding *finding);

/* Writes the value, indented as an item of a list, and frees it; NULL: there was no memory for it. */
void json_item(struct print *print, json_t *value);

#endif
