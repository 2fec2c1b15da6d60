/*
 * The columns that the judgement reads of a login and its connection, in the order of judge_failed_sql and
 * judge_login_sql; and those of every accepted login, in the order of judge_accepted_sql.
 */
#ifndef IMAPTAP_DB_JUDGEMENT_COLUMNS_H
#define IMAPTAP_DB_JUDGEMENT_COLUMNS_H

#include "db/judgement/judge.h"

enum judge_column {
    ID,
    TIME,
    LATENCY,
    FRAME,
    CAPTURE,
    CONNECTION,
    COMMAND,
    MECHANISM,
    USERNAME,
    USERNAME_FORM,
    PASSWORD_FORM,
    AUTHZID,
    RESULT,
    INCOMPLETE,
    AFTER_RESULT,
    AFTER_TEXT,
    CLIENT_IP,
    CLIENT_PORT,
    SERVER_IP,
    SERVER_PORT,
    VLAN,
    TUNNEL,
    PRODUCT,
    TAG,
    CODE,
    TEXT,
    CAPABILITIES,
    ENCRYPTION,
    MIDSTREAM,
    ONE_SIDED,
    LOST,
    CLOSED_BY,
    CLOSED,
    SERVER_IDENT,
    CLIENT_IDENT,
    INITIAL_RESPONSE,
    PASSWORD_EMPTY,
    OAUTH_ERROR
};

enum judge_accepted_column {
    OK_ID,
    OK_TIME,
    OK_CONNECTION,
    OK_COMMAND,
    OK_MECHANISM,
    OK_USERNAME,
    OK_USERNAME_FORM,
    OK_AUTHZID,
    OK_AFTER_RESULT,
    OK_INITIAL_RESPONSE
};

extern const char judge_failed_sql[], judge_login_sql[], judge_accepted_sql[];

bool judge_column_is(sqlite3_stmt *row, int column, const char *word);

/* The number of the net in these two columns: VLAN and tunnel. */
uint32_t judge_net(struct judge *judge, sqlite3_stmt *row, int vlan);

#endif
