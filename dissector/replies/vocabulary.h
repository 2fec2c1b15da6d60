/* The vocabulary: which cause the words of a text name. */
#ifndef IMAPTAP_DISSECTOR_REPLIES_VOCABULARY_H
#define IMAPTAP_DISSECTOR_REPLIES_VOCABULARY_H

#include "dissector/replies/replies.h"

struct vocabulary_meaning {
    enum reply_cause cause;
    enum reply_certainty certainty;
    bool by_denial; /* REPLY_POLICY only because something is "denied" or "not allowed" */
};

/* Looks at REPLY_TEXT_OCTETS of `text`. */
struct vocabulary_meaning vocabulary_judge(const char *text, size_t length);

#endif
