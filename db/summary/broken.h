/*
 * Every login that broke the grammar, looked up once: how many there are, and whose are the most.
 */
#ifndef IMAPTAP_DB_SUMMARY_BROKEN_H
#define IMAPTAP_DB_SUMMARY_BROKEN_H

#include "db/summary/capture_scope.h"
#include "db/summary/worst.h"

/* Whose logins are counted. */
enum broken_kind {
    BROKEN_SENDERS, /* of an unquoted wildcard, and the server that got it */
    BROKEN_USERS,   /* one of whose logins was refused, with the same two */
    BROKEN_KINDS
};

struct broken {
    int64_t logins;
    struct worst *worst[BROKEN_KINDS]; /* NULL: none yet, or too many to hold them in memory */
    bool too_many[BROKEN_KINDS];
};

/* Counts those of the logins that are asked for. An SQLite result code, as of the others; broken_free is due
 * in any case. */
int broken_count(struct broken *broken, const struct capture_scope *asked, sqlite3 *db);
void broken_free(struct broken *broken);

/* Adds what another part of the logins has. */
int broken_add(struct broken *broken, const struct broken *other);

/* Makes the table temp.worst of this connection: of one kind the rows asked for, the worst first, with the
 * columns id (1, 2 and so on), username, client_ip, server_ip, logins, refused, and of (how many there are in
 * all). Where they were too many, SQLite sorts all. */
int broken_tell(const struct broken *broken, enum broken_kind kind, const struct capture_scope *asked,
                sqlite3 *db);

#endif
