/*
 * What is known of servers: which of them take a fault for what was meant, and which refuse it. What is not
 * known is reported as unknown, never guessed.
 */
#ifndef IMAPTAP_ANALYZER_LINT_SERVERS_H
#define IMAPTAP_ANALYZER_LINT_SERVERS_H

#include "analyzer/lint/lint.h"

enum server_answer { SERVER_UNKNOWN, SERVER_ACCEPTS, SERVER_REFUSES, SERVER_ANSWERS };

#define SERVERS 6

/* The server's name; `server` is below SERVERS. */
const char *server_name(unsigned server);
/* Whether one of them refuses an octet that the grammar allows in an atom. */
bool servers_refuse_legal(uint8_t octet);
enum server_answer server_answer(unsigned server, const struct lint_finding *finding);
/* "accept", "refuse" or "unknown". */
const char *server_answer_name(enum server_answer answer);

#endif
