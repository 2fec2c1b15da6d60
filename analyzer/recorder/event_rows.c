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
    int64_t lost_octets;   /* as last reported */
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
#define TAKE_TEXT(name)                row.name = event->name;
#define TAKE_WORD(name)                row.name = connection_##name##_words[event->name];
#define TAKE_FLAG(name)                row.name = event->name;
#define TAKE_SIZE(name)                row.name = event->name;
#define TAKE_LENGTH(name)              row.name = event->name;
#define TAKE_TIME(name)                row.name = event->name;
#define TAKE(NAME, name, kind, detail) TAKE_##kind(name)

enum event_rows_status event_rows_take_connection(struct event_rows *rows, struct store *store,
                                                  int64_t capture_id, const struct event_connection *event,
                                                  int64_t *more_lost)
{
    struct slot *slot = slot_of(rows, event->slot);
    char community[COMMUNITY_ID_SIZE];
    struct store_connection row = {
        .capture_id = capture_id,
        .client_port = event->client_port,
        .server_port = event->server_port,
        .vlan = event->vlan,
        .tunnel = event->tunnel[0] ? event->tunnel : NULL,
        .first_ns = event->first_ns,
        .last_ns = event->last_ns,
        .same_texts = event->same_texts,
    };
    int status;

    if (slot == NULL)
        return EVENT_ROWS_NO_MEMORY;
    /* where nothing is lost on the way and no other file begins, the analyzer knows what was kept; elsewhere
     * it sends all each time */
    if (capture_id == 0 || event->again != (!rows->undo && slot->row != 0))
        return EVENT_ROWS_UNKNOWN;
    *more_lost = event->lost_octets - slot->lost_octets;
    slot->lost_octets = event->lost_octets;
    CONNECTION_CHANGES(TAKE)
    CONNECTION_TEXTS(TAKE)
    if (slot->row == 0) {
        address_write(event->client, row.client_ip);
        address_write(event->server, row.server_ip);
        community_id(event, community);
        row.community_id = community;
        status = store_connection_add(store, &row, &slot->row);
    } else {
        status = store_connection_update(store, slot->row, &row);
    }
    if (event->ended)
        memset(slot, 0, sizeof *slot);
    return status == STORE_OK ? EVENT_ROWS_OK : EVENT_ROWS_STORE;
}

enum event_rows_status event_rows_take_login(struct event_rows *rows, struct store *store, int64_t capture_id,
                                             const struct event_login *event, int64_t *id)
{
    struct slot *slot = slot_of(rows, event->slot);
    int64_t row;

    if (slot == NULL)
        return EVENT_ROWS_NO_MEMORY;
    if (slot->row == 0 || capture_id == 0)
        return EVENT_ROWS_UNKNOWN;
    if (store_login_add(store, slot->row, capture_id, &event->login, &row) != STORE_OK)
        return EVENT_ROWS_STORE;
    if (event->login.result == IMAP_RESULT_OK) {
        slot->login_row = row;
        slot->login_number = event->login.number;
    }
    if (id != NULL)
        *id = row;
    return EVENT_ROWS_OK;
}

enum event_rows_status event_rows_take_after(struct event_rows *rows, struct store *store,
                                             const struct event_after *event)
{
    const struct slot *slot = event->slot < rows->slot_count ? &rows->slots[event->slot] : NULL;

    if (slot == NULL || slot->login_row == 0 || slot->login_number != event->number)
        return EVENT_ROWS_UNKNOWN;
    return store_login_after(store, slot->login_row, event->result, event->text) == STORE_OK
               ? EVENT_ROWS_OK
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
