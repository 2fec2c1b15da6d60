/* The templates: which of them a text matches, and where its places are. */
#ifndef IMAPTAP_DISSECTOR_REPLIES_TEMPLATES_H
#define IMAPTAP_DISSECTOR_REPLIES_TEMPLATES_H

#include "dissector/replies/replies.h"

enum reply_saying { REPLY_REFUSED, REPLY_ACCEPTED };

struct reply_template {
    enum reply_saying saying;
    enum reply_cause cause;
    enum reply_certainty certainty;
    const char *code; /* "": any, or none */
    const char *text; /* as it stands in templates.def */
    const char *products;
};

/* One line of templates.def, in its order; NULL beyond the last. */
const struct reply_template *template_at(size_t number);

/* The template that matches, NULL when none does. `spans` and `count` may be NULL. `code` without its
 * arguments. */
const struct reply_template *template_find(enum reply_saying saying, const char *code, size_t code_length,
                                           const char *text, size_t length,
                                           struct reply_span spans[REPLY_SPANS], size_t *count);

/* True when it ends in a place: what is there can say more than the template. */
bool template_is_open(const struct reply_template *template);

#endif
