/*
 * The challenge with which a server refuses a token (RFC 7628 section 3.2.2, and Google's XOAUTH2): JSON in
 * base64, with a status and a scope. Both are kept only when they are well known: nothing else of it is.
 */
#ifndef IMAPTAP_DISSECTOR_SASL_OAUTH_ERROR_H
#define IMAPTAP_DISSECTOR_SASL_OAUTH_ERROR_H

#include "dissector/bounded_text.h"

/* Octets of the challenge, in base64, that are read. */
#define OAUTH_CHALLENGE_OCTETS 1024

/* Reads the challenge (in base64) into `error`, which then holds the status, and a space and the scope.
 * False: it is none that refuses a token, and nothing changes. */
bool oauth_error_read(struct imap_text challenge, struct bounded_text *error, struct budget *budget);

#endif
