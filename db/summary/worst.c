/*
 * An open table of places, each with its row's hash, so that a new key need not look at other rows. They
 * stand one behind the other, in memory of which the system gives what is used. It is SQLite's, so that its
 * limit holds for it too.
 */
#include "db/summary/worst.h"

#include <sqlite3.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define FIRST_PLACES ((size_t)4096)

/* There are many: what is too large for these fields does not fit. */
struct row {
    uint32_t logins, refused;
    uint16_t lengths[WORST_TEXTS];
    char texts[]; /* one behind the other */
};

struct place {
    uint32_t hash, row; /* row: where it stands in the array, and 1; 0: there is none */
};

struct worst {
    uint64_t hash_key;
    char *rows;
    size_t room, used; /* octets of them */
    struct place *places;
    size_t place_count, count; /* a power of two, at least 4/3 as many as rows */
};

struct worst *worst_new(size_t octets)
{
    struct worst *worst = sqlite3_malloc64(sizeof *worst);

    if (worst == NULL)
        return NULL;
    *worst = (struct worst){.hash_key = text_hash_key(), .rows = sqlite3_malloc64(octets), .room = octets};
    if (worst->rows != NULL)
        return worst;
    worst_free(worst);
    return NULL;
}

void worst_free(struct worst *worst)
{
    if (worst == NULL)
        return;
    sqlite3_free(worst->rows);
    sqlite3_free(worst->places);
    sqlite3_free(worst);
}

/* --- rows --- */

static size_t size_of_row(const uint16_t lengths[WORST_TEXTS])
{
    size_t size = offsetof(struct row, texts);

    for (int i = 0; i < WORST_TEXTS; i++)
        size += lengths[i];
    return (size + alignof(struct row) - 1) / alignof(struct row) * alignof(struct row);
}

static struct row *row_at(const struct worst *worst, size_t at)
{
    return (struct row *)(void *)(worst->rows + at);
}

static struct worst_row told(const struct row *row)
{
    struct worst_row told = {.counts = {row->logins, row->refused}};
    const char *at = row->texts;

    for (int i = 0; i < WORST_TEXTS; i++) {
        told.key.texts[i] = (struct text){at, row->lengths[i]};
        at += row->lengths[i];
    }
    return told;
}

static bool is_key_of(const struct row *row, const struct worst_key *key)
{
    const char *at = row->texts;

    for (int i = 0; i < WORST_TEXTS; i++) {
        if (row->lengths[i] != key->texts[i].length || memcmp(at, key->texts[i].octets, row->lengths[i]) != 0)
            return false;
        at += row->lengths[i];
    }
    return true;
}

/* --- adding --- */

/* Twice as many places. */
static int grow_places(struct worst *worst)
{
    size_t count = worst->place_count == 0 ? FIRST_PLACES : worst->place_count * 2;
    struct place *places = sqlite3_malloc64(count * sizeof *places);

    if (places == NULL)
        return SQLITE_NOMEM;
    memset(places, 0, count * sizeof *places);
    for (size_t i = 0; i < worst->place_count; i++) {
        size_t place = worst->places[i].hash & (count - 1);

        if (worst->places[i].row == 0)
            continue;
        while (places[place].row != 0)
            place = (place + 1) & (count - 1);
        places[place] = worst->places[i];
    }
    sqlite3_free(worst->places);
    worst->places = places;
    worst->place_count = count;
    return SQLITE_OK;
}

/* Appends a row in which nothing is counted yet. */
static int add_row(struct worst *worst, const struct worst_key *key, struct row **row)
{
    struct row made = {0};
    size_t size;
    char *at;

    for (int i = 0; i < WORST_TEXTS; i++) {
        if (key->texts[i].length > UINT16_MAX)
            return SQLITE_FULL;
        made.lengths[i] = (uint16_t)key->texts[i].length;
    }
    size = size_of_row(made.lengths);
    if (size > worst->room - worst->used)
        return SQLITE_FULL;
    *row = row_at(worst, worst->used);
    memcpy(*row, &made, offsetof(struct row, texts));
    at = (*row)->texts;
    for (int i = 0; i < WORST_TEXTS; i++) {
        memcpy(at, key->texts[i].octets, made.lengths[i]);
        at += made.lengths[i];
    }
    worst->used += size;
    worst->count++;
    return SQLITE_OK;
}

/* The row of this key, which is added when it is not there yet. */
static int take_row(struct worst *worst, const struct worst_key *key, struct row **row)
{
    uint32_t hash = 0;
    size_t place;
    int rc = 4 * (worst->count + 1) <= 3 * worst->place_count ? SQLITE_OK : grow_places(worst);

    if (rc != SQLITE_OK)
        return rc;
    for (int i = 0; i < WORST_TEXTS; i++)
        hash = text_hash(worst->hash_key, hash, key->texts[i]);
    place = hash & (worst->place_count - 1);
    for (; worst->places[place].row != 0; place = (place + 1) & (worst->place_count - 1)) {
        *row = row_at(worst, worst->places[place].row - 1);
        if (worst->places[place].hash == hash && is_key_of(*row, key))
            return SQLITE_OK;
    }
    worst->places[place] = (struct place){hash, (uint32_t)worst->used + 1};
    rc = add_row(worst, key, row);
    if (rc != SQLITE_OK)
        worst->places[place].row = 0;
    return rc;
}

int worst_add(struct worst *worst, const struct worst_key *key, const struct worst_counts *counts)
{
    struct row *row = NULL;
    int rc = take_row(worst, key, &row);

    if (rc != SQLITE_OK)
        return rc;
    if (counts->logins > UINT32_MAX - row->logins || counts->refused > UINT32_MAX - row->refused)
        return SQLITE_FULL;
    row->logins += (uint32_t)counts->logins;
    row->refused += (uint32_t)counts->refused;
    return SQLITE_OK;
}

int worst_add_all(struct worst *worst, const struct worst *other)
{
    int rc = SQLITE_OK;

    for (size_t at = 0; rc == SQLITE_OK && at < other->used;) {
        const struct row *row = row_at(other, at);
        struct worst_row added = told(row);

        rc = worst_add(worst, &added.key, &added.counts);
        at += size_of_row(row->lengths);
    }
    return rc;
}

size_t worst_count(const struct worst *worst)
{
    return worst->count;
}

/* --- telling --- */

static int compare_texts(const struct text *a, const struct text *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->octets, b->octets, shorter);

    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static bool is_worse(const struct worst_row *a, const struct worst_row *b)
{
    if (a->counts.refused != b->counts.refused)
        return a->counts.refused > b->counts.refused;
    if (a->counts.logins != b->counts.logins)
        return a->counts.logins > b->counts.logins;
    for (int i = 0; i < WORST_TEXTS; i++) {
        int order = compare_texts(&a->key.texts[i], &b->key.texts[i]);

        if (order != 0)
            return order < 0;
    }
    return false;
}

/* Puts a row in its place among the `count` that there are, of which one is lost if there are `most`. Returns
 * how many there are then. */
static size_t insert(struct worst_row *rows, size_t count, size_t most, const struct worst_row *row)
{
    size_t place = count;

    while (place > 0 && is_worse(row, &rows[place - 1]))
        place--;
    if (place == most)
        return count;
    if (count < most)
        count++;
    memmove(&rows[place + 1], &rows[place], (count - 1 - place) * sizeof *rows);
    rows[place] = *row;
    return count;
}

size_t worst_tell(const struct worst *worst, struct worst_row *rows, size_t most)
{
    size_t count = 0;

    for (size_t at = 0; at < worst->used;) {
        const struct row *row = row_at(worst, at);
        struct worst_row candidate = told(row);

        count = insert(rows, count, most, &candidate);
        at += size_of_row(row->lengths);
    }
    return count;
}
