/*
 * The figures and rows that `read` ends with. The captures are handed to SQLite as a JSON array, so that
 * there can be any number of them.
 */
#include "db/summary.h"

#include "db/display.h"
#include "db/read_only.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Violations that tell of exposure, not of grammar: nearly every login in the clear has one. */
#define EXPOSURE "('cleartext-password', 'guessable-exchange')"
#define WANTED   "(SELECT value FROM json_each(?1))"
/* Logins are numbered as they come: those of the captures ?1 lie between ?3 and ?4, and where ?5 is 1, no
 * others do. Where ?6 is 1, the database has no other captures. */
#define WANTED_LOGINS "l.id BETWEEN ?3 AND ?4 AND (?5 OR l.capture_id IN " WANTED ")"
#define WANTED_VIOLATIONS                                                                                    \
    "v.login_id BETWEEN ?3 AND ?4 AND (?5 OR (SELECT w.capture_id FROM logins w WHERE w.id = v.login_id)"    \
    " IN " WANTED ")"

/* To count all rows of a table costs next to nothing. */
static const char logins_found_sql[] =
    "SELECT coalesce(min(first), 0), coalesce(max(last), 0), coalesce(sum(logins), 0),"
    " NOT EXISTS (SELECT 1 FROM captures WHERE id NOT IN " WANTED ") FROM"
    " (SELECT (SELECT min(l.id) FROM logins l WHERE l.capture_id = c.value) AS first,"
    "   (SELECT max(l.id) FROM logins l WHERE l.capture_id = c.value) AS last,"
    "   CASE WHEN EXISTS (SELECT 1 FROM captures WHERE id <> c.value)"
    "    THEN (SELECT count(*) FROM logins l WHERE l.capture_id = c.value)"
    "    ELSE (SELECT count(*) FROM logins) END AS logins"
    "  FROM (SELECT DISTINCT value FROM json_each(?1)) c)";

/* What is told of few rows has an index of its own. */
static const char connections_sql[] =
    "SELECT CASE WHEN ?6 THEN (SELECT count(*) FROM connections)"
    "  ELSE (SELECT count(*) FROM connections WHERE capture_id IN " WANTED ") END,"
    " coalesce(sum(encryption <> 'none'), 0), coalesce(sum(midstream), 0), coalesce(sum(one_sided), 0),"
    " coalesce(sum(not_imap), 0), coalesce(sum(lost_octets), 0)"
    " FROM connections WHERE capture_id IN " WANTED
    " AND (encryption <> 'none' OR midstream OR one_sided OR not_imap OR lost_octets > 0)";

/* Every login of theirs that broke the grammar, which the statements below share: each is looked up once,
 * with its connection, in the order of the rows. CROSS JOIN keeps an order. */
static const char broken_sql[] =
    "CREATE TEMP TABLE broken AS"
    " SELECT b.login_id, b.wildcard, l.refused, c.client_ip, c.server_ip,"
    "  CASE WHEN l.refused THEN l.username END AS username"
    " FROM (SELECT v.login_id, max(v.rule = 'unquoted-wildcard') AS wildcard FROM violations v"
    "   WHERE v.rule NOT IN " EXPOSURE " AND " WANTED_VIOLATIONS " GROUP BY v.login_id) b"
    " CROSS JOIN judged_logins l ON l.id = b.login_id CROSS JOIN connections c ON c.id = l.connection_id";

static const char logins_sql[] =
    "SELECT coalesce(sum(refused), 0), coalesce(sum(refused IS NULL), 0), coalesce(sum(incomplete), 0),"
    " (SELECT count(*) FROM temp.broken)"
    " FROM judged_logins WHERE capture_id IN " WANTED
    " AND (result IS NOT 'OK' OR after_result = 'BAD' OR incomplete)";

/* The worst are found among the logins with an unquoted wildcard, and only theirs are all counted: to group
 * all logins costs more than all the rest. */
static const char senders_sql[] =
    "WITH worst AS MATERIALIZED (SELECT client_ip, server_ip, count(*) AS unquoted, sum(refused IS 1) AS "
    "refused"
    "   FROM temp.broken WHERE wildcard"
    "   GROUP BY client_ip, server_ip ORDER BY 4 DESC, 3 DESC, 1, 2 LIMIT ?2)"
    " SELECT w.client_ip, w.server_ip, coalesce(max(c.server_product), ''), count(*), w.unquoted,"
    " sum(l.wildcard_quoted), w.refused"
    " FROM connections c CROSS JOIN worst w ON w.client_ip = c.client_ip AND w.server_ip = c.server_ip"
    " CROSS JOIN judged_logins l ON l.connection_id = c.id"
    " WHERE c.client_ip IN (SELECT client_ip FROM worst) AND l.capture_id IN " WANTED
    " GROUP BY w.client_ip, w.server_ip ORDER BY 7 DESC, 5 DESC, 1, 2";

/* The same for users; the last column is how many there are in all. */
static const char users_sql[] =
    "WITH users AS MATERIALIZED (SELECT username, client_ip, server_ip, count(*) AS logins"
    "   FROM temp.broken WHERE username IS NOT NULL GROUP BY username, client_ip, server_ip),"
    " worst AS MATERIALIZED (SELECT * FROM users ORDER BY logins DESC, 1, 2, 3 LIMIT ?2),"
    " theirs AS MATERIALIZED (SELECT w.*, group_concat(DISTINCT v.rule) AS rules"
    "   FROM temp.broken b CROSS JOIN worst w"
    "    ON w.username = b.username AND w.client_ip = b.client_ip AND w.server_ip = b.server_ip"
    "   CROSS JOIN violations v ON v.login_id = b.login_id AND v.rule NOT IN " EXPOSURE
    "   WHERE b.username IN (SELECT username FROM worst) GROUP BY w.username, w.client_ip, w.server_ip),"
    " let_in AS MATERIALIZED (SELECT l.username, c.server_ip, count(*) AS logins"
    "   FROM judged_logins l CROSS JOIN connections c ON c.id = l.connection_id"
    "   WHERE l.username IN (SELECT username FROM worst) AND " WANTED_LOGINS " AND l.refused = 0"
    "   GROUP BY l.username, c.server_ip)"
    "SELECT t.username, t.client_ip, t.server_ip, t.rules, t.logins, coalesce(i.logins, 0),"
    " (SELECT count(*) FROM users)"
    " FROM theirs t LEFT JOIN let_in i ON i.username = t.username AND i.server_ip = t.server_ip"
    " ORDER BY 5 DESC, 1, 2, 3";

/* A password in the clear is what nearly every login has: all violations, without the others. LIMIT -1 keeps
 * SQLite from counting them twice. */
static const char rules_sql[] =
    "WITH others AS MATERIALIZED (SELECT v.rule, count(*) AS count FROM violations v"
    "   WHERE v.rule NOT IN " EXPOSURE " AND " WANTED_VIOLATIONS " GROUP BY v.rule"
    "  UNION ALL SELECT 'guessable-exchange', count(*) FROM violations v"
    "   WHERE v.rule = 'guessable-exchange' AND " WANTED_VIOLATIONS "),"
    " counts AS (SELECT * FROM others"
    "  UNION ALL SELECT 'cleartext-password', CASE WHEN ?6 THEN (SELECT count(*) FROM violations)"
    "    ELSE (SELECT count(*) FROM violations v WHERE " WANTED_VIOLATIONS ") END"
    "   - (SELECT sum(count) FROM others) LIMIT -1)"
    " SELECT v.rule, r.severity, r.title, v.count FROM counts v JOIN rules r ON r.rule = v.rule"
    " WHERE v.count > 0 ORDER BY r.severity = 'info', r.severity = 'warning', v.count DESC, v.rule";

/* One reading of the summary. */
struct reading {
    const struct summary_handler *handler;
    void *user;
    struct summary_counts counts;
};

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

static void on_connections(sqlite3_stmt *row, struct reading *reading)
{
    struct summary_counts *counts = &reading->counts;

    counts->connections = sqlite3_column_int64(row, 0);
    counts->encrypted = sqlite3_column_int64(row, 1);
    counts->midstream = sqlite3_column_int64(row, 2);
    counts->one_sided = sqlite3_column_int64(row, 3);
    counts->not_imap = sqlite3_column_int64(row, 4);
    counts->lost_octets = sqlite3_column_int64(row, 5);
}

static void on_logins(sqlite3_stmt *row, struct reading *reading)
{
    struct summary_counts *counts = &reading->counts;

    counts->refused = sqlite3_column_int64(row, 0);
    counts->unanswered = sqlite3_column_int64(row, 1);
    counts->incomplete = sqlite3_column_int64(row, 2);
    counts->broken = sqlite3_column_int64(row, 3);
    if (reading->handler->counts != NULL)
        reading->handler->counts(reading->user, counts);
}

static void on_sender(sqlite3_stmt *row, struct reading *reading)
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

    if (reading->handler->sender != NULL)
        reading->handler->sender(reading->user, &sender);
    free_texts(&texts);
}

static void on_user(sqlite3_stmt *row, struct reading *reading)
{
    struct texts texts = {{NULL}, 0};
    struct summary_user told = {
        .username = text(&texts, row, 0),
        .client_ip = text(&texts, row, 1),
        .server_ip = text(&texts, row, 2),
        .rules = text(&texts, row, 3),
        .refused = sqlite3_column_int64(row, 4),
        .let_in = sqlite3_column_int64(row, 5),
        .users = sqlite3_column_int64(row, 6),
    };

    if (reading->handler->user != NULL)
        reading->handler->user(reading->user, &told);
    free_texts(&texts);
}

static void on_rule(sqlite3_stmt *row, struct reading *reading)
{
    struct texts texts = {{NULL}, 0};
    struct summary_rule rule = {
        .rule = text(&texts, row, 0),
        .severity = text(&texts, row, 1),
        .title = text(&texts, row, 2),
        .count = sqlite3_column_int64(row, 3),
    };

    if (reading->handler->rule != NULL)
        reading->handler->rule(reading->user, &rule);
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

/* The numbers that the statements ask for, ?2 and those behind it. */
enum { ROWS, FIRST_LOGIN, LAST_LOGIN, NO_OTHERS, NO_OTHER_CAPTURES, NUMBERS };

/* Prepares a statement and binds the captures and the numbers that it asks for. */
static int prepare(sqlite3 *db, const char *sql, const char *json, const int64_t numbers[NUMBERS],
                   sqlite3_stmt **statement)
{
    int rc = sqlite3_prepare_v2(db, sql, -1, statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(*statement, 1, json, -1, SQLITE_STATIC);
    for (int i = 0; rc == SQLITE_OK && i < NUMBERS && i + 2 <= sqlite3_bind_parameter_count(*statement); i++)
        rc = sqlite3_bind_int64(*statement, i + 2, numbers[i]);
    return rc;
}

static int find_logins(sqlite3 *db, const char *json, int64_t numbers[NUMBERS], int64_t *logins)
{
    sqlite3_stmt *statement = NULL;
    int rc = prepare(db, logins_found_sql, json, numbers, &statement);

    if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        numbers[FIRST_LOGIN] = sqlite3_column_int64(statement, 0);
        numbers[LAST_LOGIN] = sqlite3_column_int64(statement, 1);
        *logins = sqlite3_column_int64(statement, 2);
        numbers[NO_OTHER_CAPTURES] = sqlite3_column_int(statement, 3);
        numbers[NO_OTHERS] =
            numbers[NO_OTHER_CAPTURES] != 0 || *logins == numbers[LAST_LOGIN] - numbers[FIRST_LOGIN] + 1;
        rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return rc;
}

int summary_read(const char *path, const int64_t *ids, size_t count, unsigned rows,
                 const struct summary_handler *handler, void *user, char *why, size_t why_size)
{
    static const struct {
        const char *sql;
        void (*row)(sqlite3_stmt *, struct reading *);
    } parts[] = {{connections_sql, on_connections}, {broken_sql, NULL},   {logins_sql, on_logins},
                 {senders_sql, on_sender},          {users_sql, on_user}, {rules_sql, on_rule}};
    struct reading reading = {.handler = handler, .user = user};
    int64_t numbers[NUMBERS] = {[ROWS] = rows};
    char *json = json_of(ids, count);
    sqlite3 *db = NULL;
    int rc = SQLITE_NOMEM;

    if (json != NULL && !read_only_open(&db, path, why, why_size)) {
        free(json);
        return -1;
    }
    if (json != NULL)
        rc = find_logins(db, json, numbers, &reading.counts.logins);
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof parts / sizeof parts[0]; i++) {
        sqlite3_stmt *statement = NULL;

        rc = prepare(db, parts[i].sql, json, numbers, &statement);
        while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
            if (parts[i].row != NULL)
                parts[i].row(statement, &reading);
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
