/*
 * An array of prints for each table.
 */
#include "db/prints.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096

struct table {
    int64_t first; /* the row of the first print */
    uint16_t *prints;
    size_t count, room;
};

struct prints {
    struct table tables[PRINTS_TABLES];
    bool given_up; /* not all rows can be known */
};

struct prints *prints_new(void)
{
    return calloc(1, sizeof(struct prints));
}

void prints_free(struct prints *prints)
{
    if (prints == NULL)
        return;
    for (int i = 0; i < PRINTS_TABLES; i++)
        free(prints->tables[i].prints);
    free(prints);
}

static void give_up(struct prints *prints)
{
    for (int i = 0; i < PRINTS_TABLES; i++) {
        free(prints->tables[i].prints);
        prints->tables[i] = (struct table){0};
    }
    prints->given_up = true;
}

/* What is known of rows before would be held against those that come: their connections may be older. */
void prints_forget(struct prints *prints)
{
    for (int i = 0; prints != NULL && i < PRINTS_TABLES; i++)
        if (prints->tables[i].count > 0)
            give_up(prints);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

/* Anybody can find names of one print: who sends them has all rows be read, as if there were none. */
static uint16_t print_of(const char *text, size_t length)
{
    uint64_t hash = length, word;
    size_t at = 0;

    for (; at + sizeof word <= length; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        hash = mix(hash, word);
    }
    for (word = 0; at < length; at++)
        word = word << 8 | (uint8_t)text[at];
    return (uint16_t)(mix(hash, word) >> 48);
}

static bool has_room(struct table *table)
{
    size_t room = table->room == 0 ? FIRST_ROOM : table->room * 2;
    uint16_t *larger;

    if (table->count < table->room)
        return true;
    if (room > PRINTS_MOST_ROWS)
        return false;
    larger = realloc(table->prints, room * sizeof *larger);
    if (larger == NULL)
        return false;
    table->prints = larger;
    table->room = room;
    return true;
}

void prints_add(struct prints *prints, enum prints_table which, int64_t row, const char *text, size_t length)
{
    struct table *table;

    if (prints == NULL || prints->given_up)
        return;
    table = &prints->tables[which];
    if (table->count == 0)
        table->first = row;
    /* a gap is somebody else's rows, which can have anything */
    if (row == table->first + (int64_t)table->count && has_room(table))
        table->prints[table->count++] = print_of(text == NULL ? "" : text, text == NULL ? 0 : length);
    else
        give_up(prints);
}

bool prints_cover(const struct prints *prints, int64_t first_login, int64_t last_login)
{
    const struct table *logins;

    if (prints == NULL || prints->given_up)
        return false;
    logins = &prints->tables[PRINTS_LOGINS];
    return logins->count > 0 && first_login >= logins->first &&
           last_login < logins->first + (int64_t)logins->count;
}

void prints_want(struct prints_wanted *wanted, const char *text, size_t length)
{
    uint16_t print = print_of(text, length);

    wanted->bits[print / 64] |= UINT64_C(1) << print % 64;
}

size_t prints_count(const struct prints *prints, enum prints_table table)
{
    return prints->tables[table].count;
}

int64_t prints_next(const struct prints *prints, enum prints_table which, const struct prints_wanted *wanted,
                    int64_t row)
{
    const struct table *table = &prints->tables[which];

    for (size_t i = row < table->first ? 0 : (size_t)(row - table->first) + 1; i < table->count; i++)
        if ((wanted->bits[table->prints[i] / 64] >> table->prints[i] % 64 & 1) != 0)
            return table->first + (int64_t)i;
    return 0;
}
