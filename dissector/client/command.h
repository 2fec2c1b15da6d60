/* The names of IMAP's commands, and what each means for the login phase. */
#ifndef IMAPTAP_DISSECTOR_CLIENT_COMMAND_H
#define IMAPTAP_DISSECTOR_CLIENT_COMMAND_H

#include "dissector/login.h"

#include <stdbool.h>

/* Octets of a name that are looked at; no known one is longer. */
#define COMMAND_NAME_OCTETS 20

enum command_kind {
    COMMAND_UNKNOWN,
    COMMAND_ANY_STATE,     /* CAPABILITY, NOOP ... */
    COMMAND_AUTHENTICATED, /* means something only after a login */
    COMMAND_ID,
    COMMAND_LOGIN,
    COMMAND_AUTHENTICATE,
    COMMAND_STARTTLS,
    COMMAND_COMPRESS,
    COMMAND_UNAUTHENTICATE,
    COMMAND_LOGOUT,
    COMMAND_SETTING /* ENABLE and NAMESPACE: as COMMAND_AUTHENTICATED, but they open no mailbox */
};

/* The case of the name does not matter. */
enum command_kind command_kind(struct imap_text name);
/* True when the OK of such a command says nothing of the mailbox. */
static inline bool command_is_silent(enum command_kind kind)
{
    return kind == COMMAND_ANY_STATE || kind == COMMAND_ID || kind == COMMAND_LOGOUT ||
           kind == COMMAND_SETTING;
}
/* The same where nothing else is asked than whether it is LOGIN or AUTHENTICATE. */
enum command_kind command_login_kind(struct imap_text name);

/* Appends to a name that is kept in COMMAND_NAME_OCTETS octets; its length stops one past them. */
void command_name_append(char *name, uint8_t *name_length, const uint8_t *octets, size_t length);

#endif
