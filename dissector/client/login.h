/* Turns the scanned arguments of LOGIN and AUTHENTICATE into what is kept of the attempt, and judges them. */
#ifndef IMAPTAP_DISSECTOR_CLIENT_LOGIN_H
#define IMAPTAP_DISSECTOR_CLIENT_LOGIN_H

#include "dissector/session_state.h"

/* Why no more octets of the command come. */
enum command_end {
    COMMAND_WHOLE,   /* its line ended */
    COMMAND_REFUSED, /* the server answered instead of awaiting a literal */
    COMMAND_CUT      /* a hole in the capture, or the connection ended */
};

/* Takes the arguments from the client's lexer into the attempt. `first`: the index of the first argument,
 * which is 1 when the scan took the tag for the command. */
void login_arguments(struct imap_session *session, struct attempt *attempt, unsigned first,
                     enum command_end end);
void authenticate_arguments(struct imap_session *session, struct attempt *attempt, unsigned first,
                            enum command_end end);

/* Rules about a literal's announcement, judged when it was sent. */
void login_literal_announced(struct imap_session *session, struct attempt *attempt,
                             const struct argument *argument, enum imap_argument name);

#endif
