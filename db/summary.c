/*
 * The figures and rows that `read` ends with, by the views of queries, narrowed to the captures that were
 * read.
 */
#include "db/summary.h"

#include "db/capture_scope.h"
#include "db/display.h"
#include "db/read_only.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* Captures that were read; connections and logins of which not all went well have indexes by these. */
#define WANTED "(SELECT id FROM temp.wanted)"

static const char connections_sql[] =
    "SELECT (SELECT count(*) FROM main.connections WHERE capture_id IN " WANTED "),"
    " coalesce(sum(encryption <> 'none'), 0), coalesce(sum(midstream), 0), coalesce(sum(one_sided), 0),"
    " coalesce(sum(not_imap), 0), coalesce(sum(lost_octets), 0)"
    " FROM main.connections WHERE capture_id IN " WANTED
    " AND (encryption <> 'none' OR midstream OR one_sided OR not_imap OR lost_octets > 0)";

/* What breaks the grammar, as few logins do: a row a violation, which the next three read. CROSS JOIN keeps
 * the order. */
static const char broken_sql[] =
    "CREATE TEMP TABLE broken AS"
    " SELECT l.id AS login_id, l.username, l.refused, c.client_ip, c.server_ip, v.rule"
    " FROM violations v CROSS JOIN judged_logins l ON l.id = v.login_id"
    " CROSS JOIN connections c ON c.id = l.connection_id";

static const char logins_sql[] =
    "SELECT (SELECT count(*) FROM logins WHERE capture_id IN " WANTED "),"
    " l.refused, l.unanswered, l.incomplete,"
    " (SELECT count(DISTINCT login_id) FROM temp.broken), e.readable, e.guessable"
    " FROM (SELECT coalesce(sum(exposure = 'password'), 0) AS readable,"
    "       coalesce(sum(exposure = 'guessable'), 0) AS guessable"
    "       FROM logins WHERE capture_id IN " WANTED ") e,"
    " (SELECT coalesce(sum(refused), 0) AS refused, coalesce(sum(refused IS NULL), 0) AS unanswered,"
    "  coalesce(sum(incomplete), 0) AS incomplete"
    "  FROM judged_logins WHERE capture_id IN " WANTED
    "  AND (result IS NOT 'OK' OR after_result = 'BAD' OR after_result = 'NO' OR incomplete)) l";

/* The worst rows of the view senders, whose logins alone are all counted: the view counts everybody's, which
 * takes as long as all the rest. */
static const char senders_sql[] =
    "WITH worst AS MATERIALIZED"
    "  (SELECT client_ip, server_ip, count(*) AS unquoted, sum(refused IS 1) AS refused"
    "   FROM (SELECT client_ip, server_ip, refused FROM temp.broken WHERE rule = 'unquoted-wildcard'"
    "         GROUP BY login_id)"
    "   GROUP BY client_ip, server_ip ORDER BY refused DESC, unquoted DESC, client_ip, server_ip LIMIT ?1)"
    "SELECT w.client_ip, w.server_ip, coalesce(max(c.server_product), ''), count(*), w.unquoted,"
    " sum(l.wildcard_quoted), w.refused"
    " FROM connections c CROSS JOIN worst w ON w.client_ip = c.client_ip AND w.server_ip = c.server_ip"
    " CROSS JOIN judged_logins l ON l.connection_id = c.id"
    " WHERE c.client_ip IN (SELECT client_ip FROM worst) GROUP BY w.client_ip, w.server_ip"
    " ORDER BY w.refused DESC, w.unquoted DESC, w.client_ip, w.server_ip";

/* What the view diagnosis says of failed logins, the worst first, without what it says besides of all
 * connections. What only was passed on is said of who is at fault. The last column is how many there are in
 * all. */
static const char diagnosis_sql[] =
    "SELECT verdict, sentence, count(*) OVER () FROM cause_counts WHERE own > 0"
    " ORDER BY verdict = 'proved' DESC, verdict = 'likely' DESC, verdict = 'unknown' DESC, logins DESC,"
    " client_ip, server_ip, server_port, cause LIMIT ?1";

/* The worst rows of the view affected_users, one a client. The last column is how many there are in all. */
static const char users_sql[] =
    "WITH affected AS MATERIALIZED"
    "  (SELECT b.username, b.client_ip, b.server_ip, group_concat(DISTINCT b.rule) AS rules,"
    "    count(DISTINCT b.login_id) AS refused,"
    "    max(CASE k.certainty WHEN 'proved' THEN 2 WHEN 'likely' THEN 1 ELSE 0 END) AS weight"
    "   FROM temp.broken b CROSS JOIN causes k ON k.login_id = b.login_id"
    "   WHERE b.refused AND b.username IS NOT NULL AND (k.cause = 'unknown'"
    "    OR k.cause = 'syntax' AND instr(',' || k.rule || ',', ',' || b.rule || ',') > 0)"
    "   GROUP BY b.username, b.client_ip, b.server_ip),"
    " shown AS MATERIALIZED"
    "  (SELECT * FROM affected ORDER BY refused DESC, username, client_ip, server_ip LIMIT ?1),"
    " accepted AS MATERIALIZED (SELECT l.username, c.server_ip, count(*) AS logins"
    "   FROM judged_logins l CROSS JOIN connections c ON c.id = l.connection_id"
    "   WHERE l.username IN (SELECT username FROM shown) AND l.refused = 0"
    "   GROUP BY l.username, c.server_ip)"
    "SELECT s.username, s.client_ip, s.server_ip, s.rules,"
    " CASE s.weight WHEN 2 THEN 'proved' WHEN 1 THEN 'likely' ELSE 'unknown' END, s.refused, "
    "coalesce(a.logins, 0),"
    " (SELECT count(*) FROM affected)"
    " FROM shown s LEFT JOIN accepted a ON a.username = s.username AND a.server_ip = s.server_ip"
    " ORDER BY s.refused DESC, s.username, s.client_ip, s.server_ip";

static const char rules_sql[] =
    "SELECT v.rule, r.severity, r.title, v.count"
    " FROM (SELECT rule, count(*) AS count FROM violations GROUP BY rule) v JOIN rules r ON r.rule = v.rule"
    " ORDER BY r.severity = 'info', r.severity = 'warning', v.count DESC, v.rule";

/* One reading of the summary. */
struct reading {
    const struct summary_handler *handler;
    void *user;
    struct summary_counts counts;
};

/* Texts of one row, escaped for a terminal; freed before the next. */
struct texts {
    char *texts[5];
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

    counts->logins = sqlite3_column_int64(row, 0);
    counts->refused = sqlite3_column_int64(row, 1);
    counts->unanswered = sqlite3_column_int64(row, 2);
    counts->incomplete = sqlite3_column_int64(row, 3);
    counts->broken = sqlite3_column_int64(row, 4);
    counts->readable = sqlite3_column_int64(row, 5);
    counts->guessable = sqlite3_column_int64(row, 6);
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

static void on_diagnosis(sqlite3_stmt *row, struct reading *reading)
{
    struct texts texts = {{NULL}, 0};
    struct summary_diagnosis diagnosis = {
        .verdict = text(&texts, row, 0),
        .sentence = text(&texts, row, 1),
        .diagnoses = sqlite3_column_int64(row, 2),
    };

    if (reading->handler->diagnosis != NULL)
        reading->handler->diagnosis(reading->user, &diagnosis);
    free_texts(&texts);
}

static void on_user(sqlite3_stmt *row, struct reading *reading)
{
    struct texts texts = {{NULL}, 0};
    struct summary_user user = {
        .username = text(&texts, row, 0),
        .client_ip = text(&texts, row, 1),
        .server_ip = text(&texts, row, 2),
        .rules = text(&texts, row, 3),
        .certainty = text(&texts, row, 4),
        .refused = sqlite3_column_int64(row, 5),
        .let_in = sqlite3_column_int64(row, 6),
        .users = sqlite3_column_int64(row, 7),
    };

    if (reading->handler->user != NULL)
        reading->handler->user(reading->user, &user);
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

/* --- all of it --- */

/* Asks, and takes the rows one by one. */
static int ask(sqlite3 *db, const char *sql, unsigned rows, void (*take)(sqlite3_stmt *, struct reading *),
               struct reading *reading)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK && sqlite3_bind_parameter_count(statement) > 0)
        rc = sqlite3_bind_int64(statement, 1, rows);
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
            take(statement, reading);
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* In one transaction, so that all of it is of one state of the database. */
static int read_all(sqlite3 *db, const int64_t *ids, size_t count, unsigned rows, struct reading *reading)
{
    int rc = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = capture_scope_narrow(db, ids, count);
    if (rc == SQLITE_OK)
        rc = ask(db, connections_sql, rows, on_connections, reading);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, broken_sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = ask(db, logins_sql, rows, on_logins, reading);
    if (rc == SQLITE_OK)
        rc = ask(db, senders_sql, rows, on_sender, reading);
    if (rc == SQLITE_OK)
        rc = ask(db, diagnosis_sql, rows, on_diagnosis, reading);
    if (rc == SQLITE_OK)
        rc = ask(db, users_sql, rows, on_user, reading);
    if (rc == SQLITE_OK)
        rc = ask(db, rules_sql, rows, on_rule, reading);
    return rc;
}

int summary_read(const char *path, const int64_t *ids, size_t count, unsigned rows,
                 const struct summary_handler *handler, void *user, char *why, size_t why_size)
{
    struct reading reading = {.handler = handler, .user = user};
    sqlite3 *db;
    int rc;

    if (!read_only_open(&db, path, why, why_size))
        return -1;
    rc = read_all(db, ids, count, rows, &reading);
    if (rc != SQLITE_OK)
        (void)snprintf(why, why_size, "%s: the summary cannot be read: %s", path,
                       (sqlite3_errcode(db) & 0xFF) == (rc & 0xFF) ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
    (void)sqlite3_close(db);
    return rc == SQLITE_OK ? 0 : -1;
}
