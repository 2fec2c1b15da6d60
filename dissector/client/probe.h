/*
 * Is it a literal, or the next command? A client that was refused a synchronizing literal sends another
 * command in its place. Where the server's answer is not known, the octets themselves show which it is.
 */
#ifndef IMAPTAP_DISSECTOR_CLIENT_PROBE_H
#define IMAPTAP_DISSECTOR_CLIENT_PROBE_H

#include "dissector/login.h"

#include <stdbool.h>

/* Octets of a tag and a command's name that are looked at. */
#define PROBE_OCTETS 64

enum probe_answer { PROBE_OPEN, PROBE_LITERAL, PROBE_COMMAND };

/* All zero is the start. */
struct probe {
    bool bad_spacing;            /* what was found before the literal */
    bool unawaited;              /* the server was heard, and had not asked for the literal */
    enum imap_argument argument; /* that the literal is */
    struct imap_mark begin;      /* of the first octet */
    unsigned count;              /* its number among the arguments, from 1 */
    uint8_t length;
    uint8_t tag_length; /* 0: its end was not seen */
    char octets[PROBE_OCTETS];
};

/* Looks at one octet more, and keeps it. A command is a tag, one space and a known name: LOGIN and
 * AUTHENTICATE with an argument, others only after a tag that continues `tag`, the one of the command
 * before.
 */
enum probe_answer probe_octet(struct probe *probe, uint8_t octet, struct imap_text tag);

#endif
