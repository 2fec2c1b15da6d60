/* The client's side of an AUTHENTICATE: its responses, from base64 to what may be kept of them. */
#ifndef IMAPTAP_DISSECTOR_CLIENT_EXCHANGE_H
#define IMAPTAP_DISSECTOR_CLIENT_EXCHANGE_H

#include "dissector/client/lexer.h"
#include "dissector/sasl/base64.h"
#include "dissector/sasl/sasl.h"

struct imap_session;
struct attempt;
struct command;

struct exchange {
    enum sasl_mechanism mechanism;
    enum sasl_prompt prompt; /* of the last challenge */
    uint8_t answers;         /* of mechanism LOGIN */
    struct base64 base64;    /* of the response that is scanned */
    struct bounded_text decoded;
    uint64_t octets; /* of it, as sent */
    uint64_t before; /* octets of the one before */
    bool whole;      /* the one before was base64 without padding: more of it may follow */
    bool star;       /* its first octet is "*" */
};

/* Starts an exchange; `initial` is the initial response, or NULL. NULL: out of memory. */
struct exchange *exchange_begin(struct imap_session *session, const struct command *command,
                                const struct argument *initial);
/* An octet of a response. */
void exchange_octet(struct imap_session *session, struct exchange *exchange, struct attempt *attempt,
                    uint8_t octet);
/* The response is complete. `awaited`: the server had asked for it, or nobody knows. */
void exchange_response(struct imap_session *session, struct exchange *exchange, const struct command *command,
                       bool awaited);
void exchange_free(struct imap_session *session, struct exchange *exchange);

#endif
