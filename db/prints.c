/*
 * An array of prints for each table.
 */
#include "db/prints.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096
/* The print of a row of which nothing is known: it may have any text. */
#define UNKNOWN 0

struct table {
    int64_t first; /* the row of the first print */
    uint16_t *prints;
    size_t count, room;
};

struct prints {
    struct table tables[PRINTS_TABLES];
    bool given_up; /* there were too many rows */
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

void prints_forget(struct prints *prints)
{
    for (int i = 0; prints != NULL && i < PRINTS_TABLES; i++)
        prints->tables[i].count = 0;
}

static void give_up(struct prints *prints)
{
    for (int i = 0; i < PRINTS_TABLES; i++) {
        free(prints->tables[i].prints);
        prints->tables[i] = (struct table){0};
    }
    prints->given_up = true;
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
    uint16_t print;
    size_t at = 0;

    for (; at + sizeof word <= length; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        hash = mix(hash, word);
    }
    for (word = 0; at < length; at++)
        word = word << 8 | (uint8_t)text[at];
    print = (uint16_t)mix(hash, word);
    return print == UNKNOWN ? UNKNOWN + 1 : print;
}

static bool has_room(struct table *table, size_t count)
{
    size_t room = table->room == 0 ? FIRST_ROOM : table->room;
    uint16_t *larger;

    if (count <= table->room)
        return true;
    while (room < count)
        room *= 2;
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
    size_t place;

    if (prints == NULL || prints->given_up)
        return;
    table = &prints->tables[which];
    if (table->count == 0)
        table->first = row;
    if (row < table->first + (int64_t)table->count || row - table->first >= PRINTS_MOST_ROWS ||
        !has_room(table, (size_t)(row - table->first) + 1)) {
        give_up(prints);
        return;
    }
    place = (size_t)(row - table->first);
    memset(table->prints + table->count, UNKNOWN, (place - table->count) * sizeof *table->prints);
    table->prints[place] = print_of(text == NULL ? "" : text, text == NULL ? 0 : length);
    table->count = place + 1;
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
    wanted->bits[UNKNOWN / 64] |= UINT64_C(1) << UNKNOWN % 64;
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
