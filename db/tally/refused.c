/*
 * Two passes: over what broke the grammar, for the users; and over all logins, for theirs.
 */
#include "db/tally/refused.h"

#include "db/tally/array.h"
#include "db/tally/texts.h"

#define MOST_LOGINS ((size_t)4 * 1024 * 1024)

static const char users_sql[] =
    "SELECT r.username FROM violations v JOIN judged_logins r ON r.id = v.login_id"
    " WHERE v.rule NOT IN ('cleartext-password', 'guessable-exchange')"
    " AND r.refused AND r.username IS NOT NULL";
static const char logins_sql[] = "SELECT username, id FROM logins WHERE username IS NOT NULL ORDER BY id";

struct finder {
    struct texts *users;
    int64_t *ids;
    size_t count, room;
};

static struct text name_of(sqlite3_stmt *row)
{
    struct text name = {(const char *)sqlite3_column_text(row, 0), 0};

    name.length = (size_t)sqlite3_column_bytes(row, 0);
    return name;
}

static int take_user(struct finder *finder, sqlite3_stmt *row)
{
    struct text name = name_of(row);

    if (name.octets == NULL)
        return SQLITE_NOMEM;
    return texts_number(finder->users, 0, name) == TEXTS_NONE ? SQLITE_FULL : SQLITE_OK;
}

static int take_login(struct finder *finder, sqlite3_stmt *row)
{
    struct text name = name_of(row);
    int64_t *ids;

    if (name.octets == NULL)
        return SQLITE_NOMEM;
    if (texts_find(finder->users, 0, name) == TEXTS_NONE)
        return SQLITE_OK;
    if (finder->count == MOST_LOGINS)
        return SQLITE_FULL;
    ids = array_room(finder->ids, &finder->room, finder->count + 1, sizeof *ids);
    if (ids == NULL)
        return SQLITE_NOMEM;
    finder->ids = ids;
    ids[finder->count++] = sqlite3_column_int64(row, 1);
    return SQLITE_OK;
}

static int pass(sqlite3 *db, const char *sql, struct finder *finder,
                int (*take)(struct finder *, sqlite3_stmt *))
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &row, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        rc = take(finder, row);
    (void)sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int find(sqlite3 *db, int64_t **values, size_t *rows)
{
    struct finder finder = {.users = texts_new()};
    int rc = finder.users == NULL ? SQLITE_NOMEM : pass(db, users_sql, &finder, take_user);

    if (rc == SQLITE_OK && texts_count(finder.users) > 0)
        rc = pass(db, logins_sql, &finder, take_login);
    if (rc == SQLITE_OK && finder.ids == NULL && (finder.ids = sqlite3_malloc(sizeof *finder.ids)) == NULL)
        rc = SQLITE_NOMEM;
    texts_free(finder.users);
    if (rc != SQLITE_OK) {
        sqlite3_free(finder.ids);
        finder.ids = NULL;
    }
    *values = finder.ids;
    *rows = finder.count;
    return rc;
}

const struct found refused_table = {
    .name = "refused_users_logins", .columns = "login_id", .column_count = 1, .find = find};
