/*
 * Most texts are told by a set of bits for the last octets; the others are compared with each.
 */
#include "db/summary/among.h"

#include "db/tally/array.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BITS      4096 /* 2^12 */
#define BITS_LOG2 12

struct one {
    int length;
    char octets[];
};

struct among {
    uint64_t bits[BITS / 64];
    struct one **texts;
    size_t count, room;
};

static void free_among(void *user)
{
    struct among *among = user;

    for (size_t i = 0; i < among->count; i++)
        sqlite3_free(among->texts[i]);
    sqlite3_free(among->texts);
    sqlite3_free(among);
}

/* Whoever sends many texts of one bit makes each be compared with the few, no more. */
static unsigned bit_of(const char *octets, int length)
{
    uint64_t last = 0;

    if (length >= (int)sizeof last)
        memcpy(&last, octets + length - sizeof last, sizeof last);
    else if (length > 0)
        memcpy(&last, octets, (size_t)length);
    return (unsigned)(last * UINT64_C(0x9E3779B97F4A7C15) >> (64 - BITS_LOG2));
}

/* Texts are compared as octets: sqlite3_value_text would copy each to end it with a zero. */
static void find(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct among *among = sqlite3_user_data(context);
    bool is_text = sqlite3_value_type(values[0]) == SQLITE_TEXT, found = false;
    const char *octets = sqlite3_value_blob(values[0]);
    int length = sqlite3_value_bytes(values[0]);
    unsigned bit = bit_of(octets, length);

    (void)count;
    if (is_text && (among->bits[bit / 64] >> bit % 64 & 1) != 0)
        for (size_t i = 0; i < among->count && !found; i++)
            found = among->texts[i]->length == length &&
                    (length == 0 || memcmp(among->texts[i]->octets, octets, (size_t)length) == 0);
    sqlite3_result_int(context, found);
}

static int take(struct among *among, sqlite3_stmt *row)
{
    const char *octets = (const char *)sqlite3_column_text(row, 0);
    int length = sqlite3_column_bytes(row, 0);
    unsigned bit = bit_of(octets, length);
    struct one **texts = array_room(among->texts, &among->room, among->count + 1, sizeof(struct one *));
    struct one *one;

    if (texts == NULL || octets == NULL)
        return SQLITE_NOMEM;
    among->texts = texts;
    one = sqlite3_malloc64(sizeof *one + (size_t)length);
    if (one == NULL)
        return SQLITE_NOMEM;
    one->length = length;
    memcpy(one->octets, octets, (size_t)length);
    texts[among->count++] = one;
    among->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    return SQLITE_OK;
}

int among_make(sqlite3 *db, const char *sql)
{
    struct among *among = sqlite3_malloc64(sizeof *among);
    sqlite3_stmt *statement = NULL;
    int rc;

    if (among == NULL)
        return SQLITE_NOMEM;
    memset(among, 0, sizeof *among);
    rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        rc = take(among, statement);
    (void)sqlite3_finalize(statement);
    if (rc != SQLITE_DONE) {
        free_among(among);
        return rc;
    }
    return sqlite3_create_function_v2(db, "among", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                      among, find, NULL, NULL, free_among);
}
