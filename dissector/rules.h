/*
 * The table of rules: the only list of what imaptap can flag as an error of the grammar. `imaptap rules`, the
 * manual and the database's table `rules` are made from it. What a login exposes is no error: it stands in
 * dissector/exposures.h.
 */
#ifndef IMAPTAP_DISSECTOR_RULES_H
#define IMAPTAP_DISSECTOR_RULES_H

#include "dissector/login.h"

struct imap_rule_info {
    const char *id;        /* e.g. "unquoted-wildcard": stable, stands in the database */
    const char *severity;  /* "error" */
    const char *title;     /* one line */
    const char *reference; /* RFC and section, e.g. "RFC 3501 section 9 (astring, ATOM-CHAR)" */
    const char *remedy;    /* what the author of the client or proxy should do */
    const char *rfc2060;   /* "yes", "no" or "conditional": whether this RFC forbids it */
    const char *rfc3501;
    const char *rfc9051;
};

/* The rule's entry; `rule` must be below IMAP_RULES. Static storage. */
const struct imap_rule_info *imap_rule_info(enum imap_rule rule);

#endif
