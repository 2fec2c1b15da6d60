/*
 * The words of the columns that have some.
 */
#include "db/columns.h"

#define WORDS_OF_WORD(NAME, name, detail)                                                                    \
    const char *const connection_##name##_words[CONNECTION_##NAME##_WORDS] = {COLUMN_LIST detail};
#define WORDS_OF_FLAG(NAME, name, detail)
#define WORDS_OF_SIZE(NAME, name, detail)
#define WORDS_OF_TEXT(NAME, name, detail)
#define WORDS_OF_LENGTH(NAME, name, detail)
#define WORDS_OF_TIME(NAME, name, detail)
#define WORDS(NAME, name, kind, detail) WORDS_OF_##kind(NAME, name, detail)

CONNECTION_CHANGES(WORDS)
