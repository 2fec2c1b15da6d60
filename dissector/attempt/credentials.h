/*
 * Who logs in, as far as LOGIN's arguments or a SASL exchange say, and the secret, which is kept only to
 * recognise an echo of it in a response.
 */
#ifndef IMAPTAP_DISSECTOR_ATTEMPT_CREDENTIALS_H
#define IMAPTAP_DISSECTOR_ATTEMPT_CREDENTIALS_H

#include "dissector/bounded_text.h"

/* Octets of a response text that are kept; of a secret as many, since no more can be repeated. */
#define REPLY_OCTETS       2048
#define SECRET_OCTETS      REPLY_OCTETS
#define WORKSTATION_OCTETS 256

/* All zero is the start. */
struct credentials {
    struct bounded_text username, authzid, secret;
    struct bounded_text workstation; /* empty: not sent */
    struct bounded_text scraps;      /* words that may be parts of a secret, or are one in base64 */
    bool has_username, has_authzid, has_secret;
    bool shifted;     /* of PLAIN: a part is missing, and nobody knows which */
    bool is_password; /* the secret is the password itself */
    bool overflown;   /* of LOGIN: there were more scraps than are kept */
};

void credentials_free(struct credentials *credentials, struct budget *budget);

#endif
