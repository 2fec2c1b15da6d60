/*
 * The columns of the tables that findings are kept in, as db/columns.def lists them: their order is that of
 * the values of a row that waits (db/store/row_buffer.h).
 */
#ifndef IMAPTAP_DB_COLUMNS_H
#define IMAPTAP_DB_COLUMNS_H

#include "db/columns.def"

#include <stddef.h>

#define CONNECTION_COLUMN(NAME, name, kind, detail) CONNECTION_##NAME,
#define LOGIN_COLUMN(NAME, name, kind, detail)      LOGIN_##NAME,
#define VIOLATION_COLUMN(NAME, name, kind, detail)  VIOLATION_##NAME,

enum connection_column {
    CONNECTION_ID,
    CONNECTION_STAYS(CONNECTION_COLUMN) CONNECTION_LAST_NS,
    CONNECTION_TEXTS(CONNECTION_COLUMN) CONNECTION_FIRST_CHANGE,
    CONNECTION_LAST_TEXT = CONNECTION_FIRST_CHANGE - 1,
    CONNECTION_CHANGES(CONNECTION_COLUMN) CONNECTION_COLUMNS
};

enum login_column {
    LOGIN_ID,
    LOGIN_STAYS(LOGIN_COLUMN) IMAP_LOGIN_COMMAND(LOGIN_COLUMN) LOGIN_CHANGES(LOGIN_COLUMN)
        IMAP_LOGIN_WHOLE(LOGIN_COLUMN) LOGIN_COLUMNS
};

enum violation_column { VIOLATION_LOGIN_ID, VIOLATION_FIELDS(VIOLATION_COLUMN) VIOLATION_COLUMNS };

/* Their names, as SQL takes them. */
#define COLUMN_NAME(NAME, name, kind, detail) ",\"" #name "\""
#define CONNECTION_NAMES                                                                                     \
    "id" CONNECTION_STAYS(COLUMN_NAME) ",last_ns" CONNECTION_TEXTS(COLUMN_NAME)                              \
        CONNECTION_CHANGES(COLUMN_NAME)
#define LOGIN_NAMES                                                                                          \
    "id" LOGIN_STAYS(COLUMN_NAME) IMAP_LOGIN_COMMAND(COLUMN_NAME) LOGIN_CHANGES(COLUMN_NAME)                 \
        IMAP_LOGIN_WHOLE(COLUMN_NAME)
#define VIOLATION_NAMES "login_id" VIOLATION_FIELDS(COLUMN_NAME)

/* A list in the SET of an UPDATE, behind another column. */
#define COLUMN_SET(NAME, name, kind, detail) ",\"" #name "\" = ?"

/* The words of a column: const char *const connection_NAME_words[CONNECTION_NAME_WORDS]. */
#define COLUMN_LIST(...) __VA_ARGS__
#define COLUMN_WORDS_OF_WORD(NAME, name, detail)                                                             \
    enum { CONNECTION_##NAME##_WORDS = sizeof((const char *[]){COLUMN_LIST detail}) / sizeof(char *) };      \
    extern const char *const connection_##name##_words[CONNECTION_##NAME##_WORDS];
#define COLUMN_WORDS_OF_FLAG(NAME, name, detail)
#define COLUMN_WORDS_OF_SIZE(NAME, name, detail)
#define COLUMN_WORDS_OF_TEXT(NAME, name, detail)
#define COLUMN_WORDS_OF_LENGTH(NAME, name, detail)
#define COLUMN_WORDS_OF_TIME(NAME, name, detail)
#define COLUMN_WORDS(NAME, name, kind, detail) COLUMN_WORDS_OF_##kind(NAME, name, detail)

CONNECTION_CHANGES(COLUMN_WORDS)

#endif
