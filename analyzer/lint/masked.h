/*
 * The command line as a reader may see it: rebuilt from the dissector's record, never echoed, with ********
 * for whatever password there was, and [...] for octets that may belong to one.
 */
#ifndef IMAPTAP_ANALYZER_LINT_MASKED_H
#define IMAPTAP_ANALYZER_LINT_MASKED_H

#include "analyzer/lint/layout.h"

/* Returns the line, which the caller frees, and in *caret the column, from 0, of the violation; NULL: out of
 * memory. `offset` becomes that of the fault in the input, or of the nearest part before it that may be
 * reported.
 */
char *masked_line(const struct lint_input *input, const struct imap_login *login, const struct layout *layout,
                  const struct imap_violation *violation, size_t *caret, size_t *offset);

#endif
