/*
 * The table of exposures: what somebody on the path could take from a login, though it broke no rule. It
 * stands beside the table of rules (dissector/rules.h), which is for the grammar alone. `imaptap rules` lists
 * it.
 */
#ifndef IMAPTAP_DISSECTOR_EXPOSURES_H
#define IMAPTAP_DISSECTOR_EXPOSURES_H

#include "dissector/login.h"

struct imap_exposure_info {
    const char *id;        /* "password" or "guessable": stable, stands in the database (logins.exposure) */
    const char *title;     /* one line */
    const char *reference; /* RFC and section */
    const char *remedy;    /* what the author of the client, or who runs the server, should do */
    const char *rfc2060;   /* "yes", "no" or "conditional": whether this RFC forbids it */
    const char *rfc3501;
    const char *rfc9051;
};

/* The exposure's entry; NULL for IMAP_EXPOSURE_NONE. `exposure` must be below IMAP_EXPOSURES. Static storage.
 */
const struct imap_exposure_info *imap_exposure_info(enum imap_exposure exposure);

#endif
