/*
 * Why a connection at an IMAP port ended without a login. Pure: it takes what was seen, and says nothing of
 * what was not.
 */
#ifndef IMAPTAP_ANALYZER_PIPELINE_NO_LOGIN_H
#define IMAPTAP_ANALYZER_PIPELINE_NO_LOGIN_H

#include "analyzer/ipc/event.h"
#include "analyzer/pipeline/tls_watch.h"
#include "analyzer/stream/connection.h"
#include "dissector/session.h"

struct no_login_facts {
    const struct imap_session_facts *session; /* NULL: no octet came */
    const struct tls_watch *tls;
    bool logins;  /* there was one, answered or not */
    bool seen[2]; /* by side: a segment was captured */
    bool sent[2]; /* by side: an octet was captured, or known to be lost */
    bool midstream;
    bool lost; /* octets are missing */
    uint16_t server_port;
    enum connection_end end;
    enum connection_closer closer;
};

enum no_login no_login_reason(const struct no_login_facts *facts);

/* It was seen why; otherwise a login may only have been missed, or none is needed. */
bool no_login_is_known(enum no_login reason);

/* Whether the TLS that was seen came to something, so that what followed could not be seen. */
bool no_login_is_encrypted(const struct no_login_facts *facts);

#endif
