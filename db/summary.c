/*
 * The figures and rows that `read` ends with. The captures are handed to SQLite as a JSON array, so that
 * there can be any number of them.
 */
#include "db/summary.h"

#include "db/display.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Violations that tell of exposure, not of grammar: nearly every login in the clear has one. */
#define EXPOSURE "('cleartext-password', 'guessable-exchange')"
#define WANTED   "(SELECT value FROM json_each(?1))"

static const char counts_sql[] =
    "WITH wanted AS (SELECT * FROM connections WHERE capture_id IN " WANTED
    "   OR id IN (SELECT connection_id FROM logins WHERE capture_id IN " WANTED ")),"
    " kept AS (SELECT * FROM judged_logins WHERE capture_id IN " WANTED ")"
    "SELECT (SELECT count(*) FROM wanted),"
    " (SELECT count(*) FROM wanted WHERE encryption <> 'none'),"
    " (SELECT count(*) FROM wanted WHERE midstream),"
    " (SELECT count(*) FROM wanted WHERE one_sided),"
    " (SELECT count(*) FROM wanted WHERE not_imap),"
    " (SELECT coalesce(sum(lost_octets), 0) FROM wanted),"
    " (SELECT count(*) FROM kept),"
    " (SELECT count(*) FROM kept WHERE refused),"
    " (SELECT count(*) FROM kept WHERE refused IS NULL),"
    " (SELECT count(*) FROM kept WHERE incomplete),"
    " (SELECT count(*) FROM kept WHERE EXISTS (SELECT 1 FROM violations v WHERE v.login_id = kept.id"
    "   AND v.rule NOT IN " EXPOSURE "))";

static const char senders_sql[] =
    "SELECT client_ip, server_ip, coalesce(max(server_product), ''), count(*), sum(wildcard_unquoted),"
    " sum(wildcard_quoted), coalesce(sum(refused AND wildcard_unquoted), 0)"
    " FROM judged_logins l JOIN connections c ON c.id = l.connection_id WHERE l.capture_id IN " WANTED
    " GROUP BY client_ip, server_ip HAVING sum(wildcard_unquoted) > 0 ORDER BY 7 DESC, 5 DESC, 1, 2";

static const char users_sql[] =
    "WITH let_in AS (SELECT o.username, d.server_ip, count(*) AS logins"
    "   FROM judged_logins o JOIN connections d ON d.id = o.connection_id"
    "   WHERE o.capture_id IN " WANTED " AND o.refused = 0 GROUP BY o.username, d.server_ip)"
    "SELECT l.username, c.client_ip, c.server_ip, group_concat(DISTINCT v.rule), count(DISTINCT l.id),"
    " coalesce(max(let_in.logins), 0)"
    " FROM judged_logins l JOIN connections c ON c.id = l.connection_id"
    " JOIN violations v ON v.login_id = l.id AND v.rule NOT IN " EXPOSURE
    " LEFT JOIN let_in ON let_in.username = l.username AND let_in.server_ip = c.server_ip"
    " WHERE l.capture_id IN " WANTED " AND l.refused AND l.username IS NOT NULL"
    " GROUP BY l.username, c.client_ip, c.server_ip ORDER BY 5 DESC, 1, 2, 3";

static const char rules_sql[] =
    "SELECT v.rule, r.severity, r.title, count(*) FROM violations v JOIN rules r ON r.rule = v.rule"
    " JOIN logins l ON l.id = v.login_id WHERE l.capture_id IN " WANTED
    " GROUP BY v.rule ORDER BY r.severity = 'info', r.severity = 'warning', 4 DESC, 1";

/* Texts of one row, escaped for a terminal; freed before the next. */
struct texts {
    char *texts[4];
    unsigned used;
};

static const char *text(struct texts *texts, sqlite3_stmt *statement, int column)
{
    const char *raw = (const char *)sqlite3_column_text(statement, column);
    size_t length;
    char *escaped =
        raw == NULL ? NULL : display_escape(raw, (size_t)sqlite3_column_bytes(statement, column), &length);

    if (escaped == NULL)
        return "";
    texts->texts[texts->used++] = escaped;
    return escaped;
}

static void free_texts(struct texts *texts)
{
    while (texts->used > 0)
        free(texts->texts[--texts->used]);
}

static void on_counts(sqlite3_stmt *row, const struct summary_handler *handler, void *user)
{
    int64_t values[11];
    struct summary_counts counts;

    for (int i = 0; i < 11; i++)
        values[i] = sqlite3_column_int64(row, i);
    counts = (struct summary_counts){values[0], values[1], values[2], values[3], values[4], values[5],
                                     values[6], values[7], values[8], values[9], values[10]};
    if (handler->counts != NULL)
        handler->counts(user, &counts);
}

static void on_sender(sqlite3_stmt *row, const struct summary_handler *handler, void *user)
{
    struct texts texts = {{NULL}, 0};
    struct summary_sender sender = {
        .client_ip = text(&texts, row, 0),
        .server_ip = text(&texts, row, 1),
        .server_product = text(&texts, row, 2),
        .logins = sqlite3_column_int64(row, 3),
        .unquoted = sqlite3_column_int64(row, 4),
        .quoted = sqlite3_column_int64(row, 5),
        .unquoted_refused = sqlite3_column_int64(row, 6),
    };

    if (handler->sender != NULL)
        handler->sender(user, &sender);
    free_texts(&texts);
}

static void on_user(sqlite3_stmt *row, const struct summary_handler *handler, void *user)
{
    struct texts texts = {{NULL}, 0};
    struct summary_user told = {
        .username = text(&texts, row, 0),
        .client_ip = text(&texts, row, 1),
        .server_ip = text(&texts, row, 2),
        .rules = text(&texts, row, 3),
        .refused = sqlite3_column_int64(row, 4),
        .let_in = sqlite3_column_int64(row, 5),
    };

    if (handler->user != NULL)
        handler->user(user, &told);
    free_texts(&texts);
}

static void on_rule(sqlite3_stmt *row, const struct summary_handler *handler, void *user)
{
    struct texts texts = {{NULL}, 0};
    struct summary_rule rule = {
        .rule = text(&texts, row, 0),
        .severity = text(&texts, row, 1),
        .title = text(&texts, row, 2),
        .count = sqlite3_column_int64(row, 3),
    };

    if (handler->rule != NULL)
        handler->rule(user, &rule);
    free_texts(&texts);
}

static char *json_of(const int64_t *ids, size_t count)
{
    size_t size = count * 21 + 3, length = 1;
    char *json = malloc(size);

    if (json == NULL)
        return NULL;
    strcpy(json, "[");
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(json + length, size - length, "%s%" PRId64, i > 0 ? "," : "", ids[i]);
    strcpy(json + length, "]");
    return json;
}

int summary_read(const char *path, const int64_t *ids, size_t count, const struct summary_handler *handler,
                 void *user, char *why, size_t why_size)
{
    static const struct {
        const char *sql;
        void (*row)(sqlite3_stmt *, const struct summary_handler *, void *);
    } parts[] = {
        {counts_sql, on_counts}, {senders_sql, on_sender}, {users_sql, on_user}, {rules_sql, on_rule}};
    char *json = json_of(ids, count);
    sqlite3 *db = NULL;
    int rc = json == NULL ? SQLITE_NOMEM : sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);

    if (rc == SQLITE_OK)
        (void)sqlite3_busy_timeout(db, 5000);
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof parts / sizeof parts[0]; i++) {
        sqlite3_stmt *statement = NULL;

        rc = sqlite3_prepare_v2(db, parts[i].sql, -1, &statement, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_text(statement, 1, json, -1, SQLITE_STATIC);
        while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
            parts[i].row(statement, handler, user);
            rc = SQLITE_OK;
        }
        if (rc == SQLITE_DONE)
            rc = SQLITE_OK;
        (void)sqlite3_finalize(statement);
    }
    if (rc != SQLITE_OK)
        (void)snprintf(why, why_size, "%s: the summary cannot be read: %s", path,
                       db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
    (void)sqlite3_close(db);
    free(json);
    return rc == SQLITE_OK ? 0 : -1;
}
