/*
 * Conversations as tests: what both sides send, step by step, and the rows that must come out, as text. Each
 * case is also run with its octets cut in every place and in random ones, and with what the sessions of other
 * cases left after (the rows must not change), and the rows are searched for its secret.
 */
#ifndef IMAPTAP_TESTS_UNIT_DISSECTOR_TRANSCRIPT_H
#define IMAPTAP_TESTS_UNIT_DISSECTOR_TRANSCRIPT_H

#include "dissector/session.h"

#define MOST_STEPS 24

/* One step; the n-th, from 1, happens at frame n and time n microseconds. */
struct step {
    enum imap_direction direction;
    const char *octets; /* NULL: `length` octets were never captured */
    size_t length;
};

/* The client sends, the server sends, octets of either are lost. */
#define C(octets)                                                                                            \
    {                                                                                                        \
        IMAP_FROM_CLIENT, (octets), sizeof(octets) - 1                                                       \
    }
#define S(octets)                                                                                            \
    {                                                                                                        \
        IMAP_FROM_SERVER, (octets), sizeof(octets) - 1                                                       \
    }
#define CLIENT_LOST(count)                                                                                   \
    {                                                                                                        \
        IMAP_FROM_CLIENT, NULL, (count)                                                                      \
    }
#define SERVER_LOST(count)                                                                                   \
    {                                                                                                        \
        IMAP_FROM_SERVER, NULL, (count)                                                                      \
    }

struct conversation {
    const char *name;
    struct step steps[MOST_STEPS]; /* ends at the first one without octets and length */
    size_t count;                  /* of steps, where one is a loss of unknown length; else 0 */
    const char *rows;              /* see transcript_rows */
    const char *facts;             /* see transcript_facts; NULL: not compared */
    bool undamaged;                /* means something else when a part is missing: see damaged.h */
    const char *secret;            /* must be nowhere; NULL: "secret" */
    struct imap_session_options options;
};

/* Runs the cases; a failure names the case and prints both texts. */
void check_conversations(const struct conversation *conversations, size_t count);

/*
 * The rows of a session, one a line:
 *   LOGIN 1 @frame tag=... mechanism=... user=NAME:form:length password=form[:length] authzid=... RESULT
 * code=... text=... +latency incomplete        (what is missing is left out; octets that are not printable as
 * \xNN) ! rule argument position xcount [octets]    for each violation, - for what is not reported
 *   exposed ID                                       what the login exposed, after them
 *   AFTER 1 RESULT text
 */
#define TRANSCRIPT_OCTETS 65536
struct transcript {
    char rows[TRANSCRIPT_OCTETS];
    size_t length;
};

struct imap_session *transcript_begin(struct transcript *transcript,
                                      const struct imap_session_options *options);

#endif
