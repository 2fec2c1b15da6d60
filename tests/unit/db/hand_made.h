/*
 * Rows made by hand, so that views and canned queries can be asked about any case.
 */
#ifndef IMAPTAP_TESTS_DB_HAND_MADE_H
#define IMAPTAP_TESTS_DB_HAND_MADE_H

#include "tests/unit/db/fixture.h"

/* One login on a connection of its own; what is left out is NULL, 0 or said beside it. */
struct hand_made {
    const char *client, *server; /* "c" and "s" */
    int port;                    /* 143 */
    const char *product, *ident, *capabilities;
    const char *encryption; /* none */
    int not_imap;
    int at_ms;                        /* when the command began */
    const char *username;             /* NULL: the connection has no login */
    const char *form, *password_form; /* atom */
    const char *exposure;             /* NULL: none */
    const char *mechanism;            /* of AUTHENTICATE; NULL: LOGIN */
    const char *result, *code, *said,
        *after;        /* said: with the result; after: with a BAD to the next command */
    int latency_ms;    /* 1, where there is a result */
    const char *rules; /* "rule argument [octets [position]]", separated by ";" */
};

/* What most cases are about. */
#define WILDCARD "unquoted-wildcard username *"

/* Empties the database and adds the rows: row i becomes connection and login i + 1. */
void hand_made_put(struct fixture *fixture, const struct hand_made *rows, size_t count);

#endif
