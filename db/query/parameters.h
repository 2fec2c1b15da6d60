/*
 * Gives a statement the values of its parameters.
 */
#ifndef IMAPTAP_DB_QUERY_PARAMETERS_H
#define IMAPTAP_DB_QUERY_PARAMETERS_H

#include "db/query.h"

#include <sqlite3.h>

/* Binds the parameters that the statement names. The texts of `parameters` must stay until the statement is
 * finalized. False: the statement names another, or does not name one that has a value, or memory ran out:
 * `why` holds the sentence. */
bool parameters_bind(sqlite3_stmt *statement, const struct query_parameters *parameters, char *why,
                     size_t why_size);

/* Binds the addresses of the database's clients, or servers, that lie in the network, as a JSON array; NULL
 * for a network of NULL. Return an SQLite result code; SQLITE_MISMATCH: it is no network. */
int parameters_bind_clients(sqlite3_stmt *statement, int index, const char *network);
int parameters_bind_servers(sqlite3_stmt *statement, int index, const char *network);

#endif
