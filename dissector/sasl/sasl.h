/*
 * Reads who logs in from the client's messages of a SASL exchange (RFC 4422), and no more: of a password, a
 * proof or a token only that it was sent, and for a while the octets, to recognise an echo of them.
 */
#ifndef IMAPTAP_DISSECTOR_SASL_SASL_H
#define IMAPTAP_DISSECTOR_SASL_SASL_H

#include "dissector/attempt/credentials.h"

/* Octets of a decoded message that are read. */
#define SASL_MESSAGE_OCTETS 8192

enum sasl_mechanism {
    SASL_OTHER, /* GSSAPI, GSS-SPNEGO, ANONYMOUS and unknown ones: they are known by name only */
    SASL_PLAIN,
    SASL_LOGIN,
    SASL_CRAM_MD5,
    SASL_DIGEST_MD5,
    SASL_NTLM,
    SASL_SCRAM, /* whatever the hash, with and without channel binding */
    SASL_XOAUTH2,
    SASL_OAUTHBEARER,
    SASL_EXTERNAL,
    SASL_MECHANISMS
};

/* What the server's challenge before the message asked for. */
enum sasl_prompt { SASL_NO_PROMPT, SASL_USER_PROMPT, SASL_PASSWORD_PROMPT };

/* A decoded message of the client. */
struct sasl_message {
    struct imap_text octets;
    bool whole;      /* it was not longer than what is read */
    bool initial;    /* it came with the command */
    bool unprompted; /* what it answers was lost */
    uint8_t number;  /* how many came before it, counting those that could not be decoded */
    enum sasl_prompt prompt;
};

/* `name` in capitals. */
enum sasl_mechanism sasl_mechanism(struct imap_text name);
/* The secret crosses the wire as it is, and can be used again. */
bool sasl_is_readable(enum sasl_mechanism mechanism);
/* The password can be guessed offline from what crosses the wire; of SCRAM, RFC 5802 section 9 says so. */
bool sasl_is_guessable(enum sasl_mechanism mechanism);
/* What the start of a challenge in base64 asks for. */
enum sasl_prompt sasl_prompt(struct imap_text challenge);

/* Reads a message; what is malformed is left alone. */
void sasl_read(enum sasl_mechanism mechanism, const struct sasl_message *message, struct budget *budget,
               struct credentials *who);

/* NTLM's AUTHENTICATE_MESSAGE ([MS-NLMP] section 2.2.1.3): sets the user name, as DOMAIN\user when a domain
 * is given, and the workstation. False: it is another message, or malformed. */
bool ntlm_read(struct imap_text message, struct budget *budget, struct bounded_text *username,
               struct bounded_text *workstation);

#endif
