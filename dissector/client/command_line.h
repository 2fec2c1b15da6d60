/*
 * The words of the client's lines: which command a line is, where its tag is or is missing, and, for LOGIN
 * and AUTHENTICATE, the attempt that it becomes.
 */
#ifndef IMAPTAP_DISSECTOR_CLIENT_COMMAND_LINE_H
#define IMAPTAP_DISSECTOR_CLIENT_COMMAND_LINE_H

#include "dissector/client/login.h"

/* The next octet is the first of a line that belongs to no command. */
void command_line_begin_line(struct imap_session *session);
/* An octet of the tag, the command's name or the arguments, as the client's state says. */
void command_line_octet(struct imap_session *session, uint8_t octet, const struct imap_mark *mark);
/* As command_line_octet for the octets of the tag or the command's name at the front that mean nothing but
 * themselves; returns how many they are, 0 when the next one needs a closer look. */
size_t command_line_plain(struct imap_session *session, const uint8_t *octets, size_t length,
                          const struct imap_mark *mark);
/* The second word of the line is complete: says by the client's state what the line is. */
void command_line_classify(struct imap_session *session);
/* The line is no command: what it says may be part of a password that a login waiting for its verdict has
 * spilt. */
void command_line_suspect(struct imap_session *session);
/* The line ends with its first word. False: it is no command. */
bool command_line_end_lonely(struct imap_session *session);
/* The line ends, and no literal follows. */
void command_line_end_arguments(struct imap_session *session);
/* The octets of LOGIN or AUTHENTICATE are over, for whatever reason. */
void command_line_end_login(struct imap_session *session, enum command_end end);
/* The SASL exchange is over for the client: what follows is no response of it. */
void command_line_end_exchange(struct imap_session *session);
void command_line_drop_exchange(struct imap_session *session);
void command_line_drop_lexer(struct imap_session *session);

#endif
