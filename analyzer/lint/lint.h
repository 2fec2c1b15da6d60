/*
 * Judges the command lines of a client: what `imaptap lint` does, without files and formats.
 *
 * Only what the client's octets alone can prove is judged. Rules about what the server had announced or had
 * not yet answered are not, nor is the exposure of a secret: a text file has no network.
 */
#ifndef IMAPTAP_ANALYZER_LINT_LINT_H
#define IMAPTAP_ANALYZER_LINT_LINT_H

#include "analyzer/lint/layout.h"
#include "dissector/rules.h"

/* One fault of one command. Holds no octet of a password. Valid during the call that hands it out. */
struct lint_finding {
    const char *file;
    struct layout_place place;
    const struct imap_rule_info *rule; /* lint_hint for a hint */
    const struct imap_violation *violation;
    enum imap_form form; /* how the argument at fault was written; NONE: it is missing, or there is no such
                            argument of LOGIN */
    struct imap_text username;  /* missing: not known */
    const char *masked;         /* the command line, printable, with ******** for the password */
    size_t caret;               /* the column in it, from 0, of the fault */
    struct imap_text corrected; /* the command line as it should be sent, without its last CR LF; missing when
                                   what was meant is not certain */
};

/* The rule of hints: octets that the grammar allows and that a known server refuses. Its severity is "hint".
 */
extern const struct imap_rule_info lint_hint;

/* The number of the finding's rule: that of the dissector, or IMAP_RULES for the hint. */
unsigned lint_rule_number(const struct lint_finding *finding);

/* "username", "password", "tag", "mechanism", "initial-response", "response" or "command". */
const char *lint_argument(enum imap_argument argument);

struct lint_result {
    uint64_t logins, violations, hints;
    bool cut;       /* the input ends inside a command */
    bool encrypted; /* TLS begins in the stream, and what follows could not be judged */
    bool not_imap;  /* the stream is none of IMAP */
    bool failed;    /* out of memory */
};

/* Judges the input and adds what it finds to `result`, whose fields start as zero. Without `stream` each line
 * is a command, with whatever line end; octets of literals, and lines without a space behind AUTHENTICATE,
 * belong to the command before them. With `stream` the input is what a client sent, as it is. */
void lint_run(const struct lint_input *input, bool stream,
              void (*finding)(void *user, const struct lint_finding *finding), void *user,
              struct lint_result *result);

#endif
