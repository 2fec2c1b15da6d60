/*
 * One pass over what broke the grammar, with its logins and connections, in the order of the rows.
 */
#include "db/summary/broken.h"

#include <string.h>

/* CROSS JOIN keeps the order; a login comes once for each rule. */
#define BROKEN_ROWS                                                                                          \
    " FROM violations v CROSS JOIN judged_logins l ON l.id = v.login_id"                                     \
    " CROSS JOIN connections c ON c.id = l.connection_id"                                                    \
    " WHERE v.rule NOT IN " EXPOSURE " AND " WANTED_VIOLATIONS

static const char broken_sql[] = "SELECT v.login_id, v.rule = 'unquoted-wildcard', l.refused, l.username,"
                                 " c.client_ip, c.server_ip" BROKEN_ROWS " ORDER BY v.login_id";

/* For so many octets of them rows are counted in memory: there are fewer senders than users. */
#define SENDERS_OCTETS ((size_t)4 * 1024 * 1024)
#define USERS_OCTETS   ((size_t)16 * 1024 * 1024)

enum { LOGIN_ID, WILDCARD, REFUSED, USERNAME, CLIENT_IP, SERVER_IP };

static const char table_sql[] = "CREATE TEMP TABLE worst (id INTEGER PRIMARY KEY, username, client_ip,"
                                " server_ip, logins, refused, of)";
static const char insert_sql[] =
    "INSERT INTO temp.worst (username, client_ip, server_ip, logins, refused, of)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/* The same of all that there are. */
#define WORST_OF(logins)                                                                                     \
    "WITH found AS MATERIALIZED (SELECT username, client_ip, server_ip, count(*) AS logins,"                 \
    "   sum(refused IS 1) AS refused FROM (" logins ") GROUP BY 1, 2, 3)"                                    \
    "INSERT INTO temp.worst (username, client_ip, server_ip, logins, refused, of)"                           \
    " SELECT *, (SELECT count(*) FROM found) FROM found ORDER BY 5 DESC, 4 DESC, 1, 2, 3 LIMIT ?2"

static const char *const worst_sql[BROKEN_KINDS] = {
    [BROKEN_SENDERS] = WORST_OF("SELECT '' AS username, c.client_ip, c.server_ip, l.refused" BROKEN_ROWS
                                " AND v.rule = 'unquoted-wildcard' GROUP BY v.login_id"),
    [BROKEN_USERS] = WORST_OF("SELECT l.username, c.client_ip, c.server_ip, l.refused" BROKEN_ROWS
                              " AND l.refused AND l.username IS NOT NULL GROUP BY v.login_id"),
};

/* --- counting --- */

/* What does not fit is left to SQLite. */
static int settle(struct broken *broken, enum broken_kind kind, int rc)
{
    if (rc != SQLITE_FULL)
        return rc;
    worst_free(broken->worst[kind]);
    broken->worst[kind] = NULL;
    broken->too_many[kind] = true;
    return SQLITE_OK;
}

static struct text text_of(sqlite3_stmt *row, int column)
{
    const char *octets = (const char *)sqlite3_column_text(row, column);

    return (struct text){octets == NULL ? "" : octets, (size_t)sqlite3_column_bytes(row, column)};
}

static int count_one(struct broken *broken, enum broken_kind kind, sqlite3_stmt *row)
{
    struct worst_counts counts = {1, sqlite3_column_int(row, REFUSED)};
    struct worst_key key = {{{"", 0}, text_of(row, CLIENT_IP), text_of(row, SERVER_IP)}};

    if (broken->too_many[kind])
        return SQLITE_OK;
    if (kind == BROKEN_USERS)
        key.texts[WORST_USER] = text_of(row, USERNAME);
    return settle(broken, kind, worst_add(broken->worst[kind], &key, &counts));
}

int broken_count(struct broken *broken, const struct capture_scope *asked, sqlite3 *db)
{
    sqlite3_stmt *row = NULL;
    int64_t login = 0;
    bool sent = true; /* this login's wildcard is counted */
    int rc = capture_scope_prepare(asked, db, broken_sql, &row);

    *broken = (struct broken){.worst = {worst_new(SENDERS_OCTETS), worst_new(USERS_OCTETS)}};
    if (broken->worst[BROKEN_SENDERS] == NULL || broken->worst[BROKEN_USERS] == NULL)
        rc = SQLITE_NOMEM;
    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (broken->logins == 0 || sqlite3_column_int64(row, LOGIN_ID) != login) {
            login = sqlite3_column_int64(row, LOGIN_ID);
            broken->logins++;
            sent = false;
            if (sqlite3_column_int(row, REFUSED) != 0 && sqlite3_column_type(row, USERNAME) != SQLITE_NULL)
                rc = count_one(broken, BROKEN_USERS, row);
        }
        if (rc == SQLITE_OK && !sent && sqlite3_column_int(row, WILDCARD) != 0) {
            sent = true;
            rc = count_one(broken, BROKEN_SENDERS, row);
        }
    }
    (void)sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

void broken_free(struct broken *broken)
{
    for (int kind = 0; kind < BROKEN_KINDS; kind++)
        worst_free(broken->worst[kind]);
    *broken = (struct broken){0};
}

int broken_add(struct broken *broken, const struct broken *other)
{
    int rc = SQLITE_OK;

    broken->logins += other->logins;
    for (unsigned kind = 0; kind < BROKEN_KINDS && rc == SQLITE_OK; kind++) {
        if (other->too_many[kind])
            rc = settle(broken, kind, SQLITE_FULL);
        else if (!broken->too_many[kind])
            rc = settle(broken, kind, worst_add_all(broken->worst[kind], other->worst[kind]));
    }
    return rc;
}

/* --- telling --- */

static int insert_row(sqlite3_stmt *statement, const struct worst_row *row, size_t of)
{
    int rc = SQLITE_OK;

    for (int i = 0; i < WORST_TEXTS && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_text(statement, i + 1, row->key.texts[i].octets, (int)row->key.texts[i].length,
                               SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 4, row->counts.logins);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 5, row->counts.refused);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 6, (int64_t)of);
    if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_DONE)
        rc = sqlite3_reset(statement);
    return rc;
}

static int insert_rows(const struct worst *worst, size_t most, sqlite3 *db)
{
    struct worst_row *rows = sqlite3_malloc64((most + 1) * sizeof *rows);
    sqlite3_stmt *statement = NULL;
    size_t count = rows == NULL ? 0 : worst_tell(worst, rows, most);
    int rc = rows == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, insert_sql, -1, &statement, NULL);

    for (size_t i = 0; i < count && rc == SQLITE_OK; i++)
        rc = insert_row(statement, &rows[i], worst_count(worst));
    (void)sqlite3_finalize(statement);
    sqlite3_free(rows);
    return rc;
}

int broken_tell(const struct broken *broken, enum broken_kind kind, const struct capture_scope *asked,
                sqlite3 *db)
{
    int rc = capture_scope_run(asked, db, table_sql);

    if (rc != SQLITE_OK)
        return rc;
    return broken->too_many[kind] ? capture_scope_run(asked, db, worst_sql[kind])
                                  : insert_rows(broken->worst[kind], (size_t)asked->numbers[ROWS], db);
}
