/*
 * One IMAP connection that the generator puts on the wire, step by step, and the truth about its login.
 */
#ifndef IMAPTAP_TESTS_BENCH_CONVERSATION_H
#define IMAPTAP_TESTS_BENCH_CONVERSATION_H

#include "tests/bench/truth.h"
#include "tests/bench/wire.h"

#define CONVERSATION_STEPS 24

struct step {
    uint8_t from; /* 0: the client, 1: the server */
    uint8_t flags;
    uint16_t at, length; /* of the text */
    bool login;          /* the login's command begins here */
    uint32_t mail;       /* instead of the text: so many octets of mail, and the client's ACKs */
};

struct conversation {
    struct wire_end ends[2]; /* client, server */
    struct step steps[CONVERSATION_STEPS];
    unsigned step_count, next;
    uint32_t mailed;
    unsigned server_kind;
    char text[1024];
    unsigned text_length;
    /* the login */
    char tag[16], username[64], password[64];
    unsigned form;
    const char *result, *after_result, *after_text;
};

/* Fills in conversation number `number` (no two have the same addresses and ports): handshake, greeting,
 * CAPABILITY, LOGIN, verdict, with `mail` octets of mail read if the login succeeds, LOGOUT, FINs. */
void conversation_start(struct conversation *conversation, struct wire *wire, uint32_t number, uint32_t mail);

/* Writes the next segment. False: that was the last one. */
bool conversation_step(struct conversation *conversation, struct wire *wire, struct truth *truth);

#endif
