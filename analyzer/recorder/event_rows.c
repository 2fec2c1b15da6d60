/*
 * Connections and logins as rows.
 */
#include "analyzer/recorder/event_rows.h"

#include "analyzer/recorder/address.h"
#include "analyzer/recorder/community_id.h"

#include <stdlib.h>
#include <string.h>

/* An open connection of the analyzer. */
struct slot {
    int64_t row;           /* 0: none */
    int64_t lost_octets;   /* as last told */
    int64_t login_row;     /* of the last login that succeeded */
    uint32_t login_number; /* and its number */
};

/* What a slot was before. */
struct change {
    uint32_t number;
    struct slot before;
};

struct event_rows {
    struct slot *slots;
    uint32_t slot_count;
    bool undo;
    struct change *changes; /* since the last commit */
    size_t change_count, change_room;
};

struct event_rows *event_rows_new(bool undo)
{
    struct event_rows *rows = calloc(1, sizeof *rows);

    if (rows != NULL)
        rows->undo = undo;
    return rows;
}

/* The slot, which the caller is about to change. NULL: out of memory. */
static struct slot *slot_of(struct event_rows *rows, uint32_t number)
{
    if (number >= rows->slot_count) {
        uint32_t count = number + number / 2 + 64;
        struct slot *larger = realloc(rows->slots, count * sizeof *larger);

        if (larger == NULL)
            return NULL;
        memset(larger + rows->slot_count, 0, (count - rows->slot_count) * sizeof *larger);
        rows->slots = larger;
        rows->slot_count = count;
    }
    if (!rows->undo)
        return &rows->slots[number];
    if (rows->change_count == rows->change_room) {
        size_t room = rows->change_room ? rows->change_room * 2 : 256;
        struct change *larger = realloc(rows->changes, room * sizeof *larger);

        if (larger == NULL)
            return NULL;
        rows->changes = larger;
        rows->change_room = room;
    }
    rows->changes[rows->change_count++] = (struct change){number, rows->slots[number]};
    return &rows->slots[number];
}

/* What an event says of a column, by its kind. */
#define TAKE_TEXT(name)                row.name = told->name;
#define TAKE_WORD(name)                row.name = connection_##name##_words[told->name];
#define TAKE_FLAG(name)                row.name = told->name;
#define TAKE_SIZE(name)                row.name = told->name;
#define TAKE_LENGTH(name)              row.name = told->name;
#define TAKE_TIME(name)                row.name = told->name;
#define TAKE(NAME, name, kind, detail) TAKE_##kind(name)

enum event_rows_status event_rows_take_connection(struct event_rows *rows, struct store *store,
                                                  int64_t capture_id, const struct event_connection *told,
                                                  int64_t *more_lost)
{
    struct slot *slot = slot_of(rows, told->slot);
    char community[COMMUNITY_ID_SIZE];
    struct store_connection row = {
        .capture_id = capture_id,
        .client_port = told->client_port,
        .server_port = told->server_port,
        .vlan = told->vlan,
        .tunnel = told->tunnel[0] ? told->tunnel : NULL,
        .first_ns = told->first_ns,
        .last_ns = told->last_ns,
        .same_texts = told->same_texts,
    };
    int status;

    if (slot == NULL)
        return EVENT_ROWS_NO_MEMORY;
    /* where nothing is lost on the way and no other file begins, the analyzer knows what was told; elsewhere
     * it tells all each time */
    if (capture_id == 0 || told->again != (!rows->undo && slot->row != 0))
        return EVENT_ROWS_UNKNOWN;
    *more_lost = told->lost_octets - slot->lost_octets;
    slot->lost_octets = told->lost_octets;
    CONNECTION_CHANGES(TAKE)
    CONNECTION_TEXTS(TAKE)
    if (slot->row == 0) {
        address_write(told->client, row.client_ip);
        address_write(told->server, row.server_ip);
        community_id(told, community);
        row.community_id = community;
        status = store_connection_add(store, &row, &slot->row);
    } else {
        status = store_connection_update(store, slot->row, &row);
    }
    if (told->ended)
        memset(slot, 0, sizeof *slot);
    return status == STORE_OK ? EVENT_ROWS_OK : EVENT_ROWS_STORE;
}

enum event_rows_status event_rows_take_login(struct event_rows *rows, struct store *store, int64_t capture_id,
                                             const struct event_login *told, int64_t *id)
{
    struct slot *slot = slot_of(rows, told->slot);
    int64_t row;

    if (slot == NULL)
        return EVENT_ROWS_NO_MEMORY;
    if (slot->row == 0 || capture_id == 0)
        return EVENT_ROWS_UNKNOWN;
    if (store_login_add(store, slot->row, capture_id, &told->login, &row) != STORE_OK)
        return EVENT_ROWS_STORE;
    if (told->login.result == IMAP_RESULT_OK) {
        slot->login_row = row;
        slot->login_number = told->login.number;
    }
    if (id != NULL)
        *id = row;
    return EVENT_ROWS_OK;
}

enum event_rows_status event_rows_take_after(struct event_rows *rows, struct store *store,
                                             const struct event_after *told)
{
    const struct slot *slot = told->slot < rows->slot_count ? &rows->slots[told->slot] : NULL;

    if (slot == NULL || slot->login_row == 0 || slot->login_number != told->number)
        return EVENT_ROWS_UNKNOWN;
    return store_login_after(store, slot->login_row, told->result, told->text) == STORE_OK ? EVENT_ROWS_OK
                                                                                           : EVENT_ROWS_STORE;
}

void event_rows_forget(struct event_rows *rows)
{
    rows->change_count = 0;
    if (rows->slot_count > 0)
        memset(rows->slots, 0, rows->slot_count * sizeof *rows->slots);
}

void event_rows_forget_one(struct event_rows *rows, uint32_t number)
{
    struct slot *slot = slot_of(rows, number);

    if (slot != NULL)
        memset(slot, 0, sizeof *slot);
}

void event_rows_committed(struct event_rows *rows)
{
    rows->change_count = 0;
}

void event_rows_rolled_back(struct event_rows *rows)
{
    while (rows->change_count > 0) {
        const struct change *change = &rows->changes[--rows->change_count];

        rows->slots[change->number] = change->before;
    }
}

void event_rows_free(struct event_rows *rows)
{
    if (rows == NULL)
        return;
    free(rows->slots);
    free(rows->changes);
    free(rows);
}
