/*
 * Addresses and users are numbers here: connections of proxies are told by their ends' numbers, and a user's
 * logins at a proxy, which are put in order all together, by the number of the user there.
 */
#include "db/tally/legs.h"

#include "db/tally/array.h"
#include "db/tally/texts.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LINKS ((size_t)4 * 1024 * 1024)
#define MOST_LEGS  ((size_t)1024 * 1024)

/* A connection, by the numbers of its addresses. */
struct link {
    int64_t id;
    uint32_t client, server;
};

/* What an address has been. */
enum { CLIENT = 1, SERVER = 2, PROXY = CLIENT | SERVER };

/* A login at a proxy, or of one. */
struct leg {
    int64_t time_ns, capture_id, frame, id;
    uint32_t user; /* the number of the user at this proxy */
    bool outbound;
};

/* A row of the table. */
struct leg_pair {
    int64_t outbound_id, inbound_id;
};
static_assert(sizeof(struct leg_pair) == 2 * sizeof(int64_t), "a row is its values");

struct finder {
    struct texts *texts;  /* addresses, and users of each address */
    unsigned char *roles; /* of addresses */
    struct link *links;
    struct leg *legs;
    size_t role_room, link_room, link_count, leg_room, leg_count;
    bool in_order; /* the legs are */
};

/* --- connections --- */

/* The number of an address, which is noted to have this role. TEXTS_NONE: out of room. */
static uint32_t note_address(struct finder *finder, sqlite3_stmt *connection, int column, unsigned char role)
{
    struct text text = {(const char *)sqlite3_column_text(connection, column), 0};
    uint32_t known = texts_count(finder->texts), number;
    unsigned char *roles;

    text.length = (size_t)sqlite3_column_bytes(connection, column);
    if (text.octets == NULL) /* only where others wrote the file, or for want of memory */
        text = (struct text){"", 0};
    number = texts_number(finder->texts, TEXTS_NONE, text);
    if (number == TEXTS_NONE)
        return TEXTS_NONE;
    roles = array_room(finder->roles, &finder->role_room, number + (size_t)1, sizeof *roles);
    if (roles == NULL)
        return TEXTS_NONE;
    finder->roles = roles;
    if (number == known)
        roles[number] = 0;
    roles[number] |= role;
    return number;
}

static int add_link(struct finder *finder, sqlite3_stmt *connection)
{
    struct link *links = array_room(finder->links, &finder->link_room, finder->link_count + 1, sizeof *links);
    struct link link = {.id = sqlite3_column_int64(connection, 0)};

    if (links == NULL)
        return SQLITE_NOMEM;
    finder->links = links;
    link.client = note_address(finder, connection, 1, CLIENT);
    link.server = note_address(finder, connection, 2, SERVER);
    if (finder->link_count == MOST_LINKS || link.client == TEXTS_NONE || link.server == TEXTS_NONE)
        return SQLITE_FULL;
    links[finder->link_count++] = link;
    return SQLITE_OK;
}

static bool is_proxy(const struct finder *finder, uint32_t address)
{
    return finder->roles[address] == PROXY;
}

/* Keeps the connections of proxies alone. */
static void drop_other_links(struct finder *finder)
{
    size_t kept = 0;

    for (size_t i = 0; i < finder->link_count; i++)
        if (is_proxy(finder, finder->links[i].client) || is_proxy(finder, finder->links[i].server))
            finder->links[kept++] = finder->links[i];
    finder->link_count = kept;
}

static int find_links(struct finder *finder, sqlite3 *db)
{
    sqlite3_stmt *connection = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT id, client_ip, server_ip FROM connections ORDER BY id", -1,
                                &connection, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(connection)) == SQLITE_ROW)
        rc = add_link(finder, connection);
    (void)sqlite3_finalize(connection);
    if (rc != SQLITE_DONE)
        return rc;
    drop_other_links(finder);
    return SQLITE_OK;
}

/* --- logins --- */

static int by_time(const void *first, const void *second)
{
    const struct leg *a = first, *b = second;

    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    if (a->capture_id != b->capture_id)
        return a->capture_id < b->capture_id ? -1 : 1;
    if (a->frame != b->frame)
        return a->frame < b->frame ? -1 : 1;
    if (a->outbound != b->outbound)
        return a->outbound ? -1 : 1; /* a login is not its own */
    return (a->id > b->id) - (a->id < b->id);
}

static int add_leg(struct finder *finder, struct leg leg, uint32_t proxy, struct text user)
{
    struct leg *legs = array_room(finder->legs, &finder->leg_room, finder->leg_count + 1, sizeof *legs);

    if (legs == NULL)
        return SQLITE_NOMEM;
    finder->legs = legs;
    leg.user = texts_number(finder->texts, proxy, user);
    if (finder->leg_count == MOST_LEGS || leg.user == TEXTS_NONE)
        return SQLITE_FULL;
    if (finder->leg_count > 0 && by_time(&legs[finder->leg_count - 1], &leg) > 0)
        finder->in_order = false;
    legs[finder->leg_count++] = leg;
    return SQLITE_OK;
}

/* The legs of a login: one between two proxies is one of each. */
static int add_login(struct finder *finder, const struct link *link, sqlite3_stmt *login)
{
    struct leg leg = {.outbound = true,
                      .id = sqlite3_column_int64(login, 0),
                      .time_ns = sqlite3_column_int64(login, 1),
                      .capture_id = sqlite3_column_int64(login, 2),
                      .frame = sqlite3_column_int64(login, 3)};
    struct text user = {(const char *)sqlite3_column_text(login, 4), 0};
    int rc = SQLITE_OK;

    user.length = (size_t)sqlite3_column_bytes(login, 4);
    if (user.length == 0)
        return SQLITE_OK; /* nobody is passed on */
    if (is_proxy(finder, link->client))
        rc = add_leg(finder, leg, link->client, user);
    leg.outbound = false;
    if (rc == SQLITE_OK && is_proxy(finder, link->server))
        rc = add_leg(finder, leg, link->server, user);
    return rc;
}

static int find_legs(struct finder *finder, sqlite3 *db)
{
    sqlite3_stmt *login = NULL;
    int rc = sqlite3_prepare_v2(
        db, "SELECT id, time_ns, capture_id, frame, username FROM logins WHERE connection_id = ?1", -1,
        &login, NULL);

    for (size_t i = 0; rc == SQLITE_OK && i < finder->link_count; i++) {
        (void)sqlite3_bind_int64(login, 1, finder->links[i].id);
        while (rc == SQLITE_OK && (rc = sqlite3_step(login)) == SQLITE_ROW)
            rc = add_login(finder, &finder->links[i], login);
        (void)sqlite3_reset(login);
        if (rc == SQLITE_DONE)
            rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(login);
    if (rc == SQLITE_OK && !finder->in_order)
        qsort(finder->legs, finder->leg_count, sizeof *finder->legs, by_time);
    return rc;
}

/* --- pairs --- */

static int by_outbound(const void *first, const void *second)
{
    const struct leg_pair *a = first, *b = second;

    return (a->outbound_id > b->outbound_id) - (a->outbound_id < b->outbound_id);
}

/* Each outbound leg with the latest inbound one before it, of which `latest` keeps the place and one more,
 * for each user at a proxy: 0 at first. */
static size_t pair_legs(const struct finder *finder, uint32_t *latest, struct leg_pair *pairs)
{
    size_t count = 0;
    bool in_order = true;

    for (size_t i = 0; i < finder->leg_count; i++) {
        const struct leg *leg = &finder->legs[i];

        if (!leg->outbound) {
            latest[leg->user] = (uint32_t)i + 1;
        } else if (latest[leg->user] > 0) {
            pairs[count] = (struct leg_pair){leg->id, finder->legs[latest[leg->user] - 1].id};
            in_order = in_order && (count == 0 || by_outbound(&pairs[count - 1], &pairs[count]) < 0);
            count++;
        }
    }
    if (!in_order)
        qsort(pairs, count, sizeof *pairs, by_outbound);
    return count;
}

static int make_pairs(const struct finder *finder, struct leg_pair **pairs, size_t *count)
{
    size_t users = texts_count(finder->texts);
    uint32_t *latest = sqlite3_malloc64((users + 1) * sizeof *latest);
    int rc = SQLITE_NOMEM;

    *pairs = sqlite3_malloc64((finder->leg_count + 1) * sizeof **pairs);
    if (latest != NULL && *pairs != NULL) {
        memset(latest, 0, users * sizeof *latest);
        *count = pair_legs(finder, latest, *pairs);
        rc = SQLITE_OK;
    }
    sqlite3_free(latest);
    return rc;
}

static int find(sqlite3 *db, int64_t **values, size_t *count)
{
    struct leg_pair *pairs = NULL;
    struct finder finder = {.texts = texts_new(), .in_order = true};
    int rc = finder.texts == NULL ? SQLITE_NOMEM : find_links(&finder, db);

    *count = 0;
    if (rc == SQLITE_OK)
        rc = find_legs(&finder, db);
    if (rc == SQLITE_OK)
        rc = make_pairs(&finder, &pairs, count);
    if (rc != SQLITE_OK) {
        sqlite3_free(pairs);
        pairs = NULL;
    }
    *values = (int64_t *)pairs;
    texts_free(finder.texts);
    sqlite3_free(finder.roles);
    sqlite3_free(finder.links);
    sqlite3_free(finder.legs);
    return rc;
}

const struct found legs_table = {
    .name = "proxy_legs", .columns = "outbound_id, inbound_id", .column_count = 2, .find = find};
