/*
 * The figures and rows that `read` ends with. Two threads, where they can be had, ask for half of them each.
 */
#include "db/summary.h"

#include "db/display.h"
#include "db/memory.h"
#include "db/read_only.h"
#include "db/summary/among.h"
#include "db/summary/broken.h"
#include "db/summary/capture_scope.h"
#include "db/summary/near.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is told of few rows has an index of its own. */
static const char connections_sql[] =
    "SELECT CASE WHEN ?6 THEN (SELECT count(*) FROM connections)"
    "  ELSE (SELECT count(*) FROM connections WHERE capture_id IN " WANTED ") END,"
    " coalesce(sum(encryption <> 'none'), 0), coalesce(sum(midstream), 0), coalesce(sum(one_sided), 0),"
    " coalesce(sum(not_imap), 0), coalesce(sum(lost_octets), 0)"
    " FROM connections WHERE capture_id IN " WANTED
    " AND (encryption <> 'none' OR midstream OR one_sided OR not_imap OR lost_octets > 0)";

static const char logins_sql[] =
    "SELECT coalesce(sum(refused), 0), coalesce(sum(refused IS NULL), 0), coalesce(sum(incomplete), 0)"
    " FROM judged_logins WHERE capture_id IN " WANTED
    " AND (result IS NOT 'OK' OR after_result = 'BAD' OR incomplete)";

/* Only the logins of the worst are all counted: to group all logins costs more than all the rest. CROSS JOIN
 * keeps an order; among() is what among.h makes, and temp.near what near.h does. */
static const char senders_sql[] =
    "SELECT w.client_ip, w.server_ip, coalesce(max(c.server_product), ''), count(*), w.logins,"
    " sum(l.wildcard_quoted), w.refused"
    " FROM temp.near c CROSS JOIN temp.worst w ON w.client_ip = c.client_ip AND w.server_ip = c.server_ip"
    " CROSS JOIN judged_logins l ON l.connection_id = c.id"
    " WHERE among(c.client_ip) AND l.capture_id IN " WANTED " GROUP BY w.id ORDER BY w.id";

/* All that the users with the most refused logins did, looked up once; the last column is how many there are
 * in all. */
static const char users_sql[] =
    "WITH theirs AS MATERIALIZED (SELECT l.id, l.username, l.refused, c.client_ip, c.server_ip"
    "   FROM temp.near l CROSS JOIN connections c ON c.id = l.connection_id"
    "   WHERE among(l.username) AND l.refused IS NOT NULL AND " WANTED_LOGINS "),"
    " broken AS MATERIALIZED (SELECT w.id, group_concat(DISTINCT v.rule) AS rules"
    "   FROM theirs t CROSS JOIN temp.worst w"
    "    ON w.username = t.username AND w.client_ip = t.client_ip AND w.server_ip = t.server_ip"
    "   CROSS JOIN violations v ON v.login_id = t.id AND v.rule NOT IN " EXPOSURE
    "   WHERE t.refused GROUP BY w.id),"
    " let_in AS MATERIALIZED (SELECT username, server_ip, count(*) AS logins"
    "   FROM theirs WHERE refused = 0 GROUP BY username, server_ip)"
    "SELECT w.username, w.client_ip, w.server_ip, b.rules, w.logins, coalesce(i.logins, 0), w.of"
    " FROM temp.worst w JOIN broken b ON b.id = w.id"
    " LEFT JOIN let_in i ON i.username = w.username AND i.server_ip = w.server_ip ORDER BY w.id";

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
struct analyzer_run {
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

static void on_connections(sqlite3_stmt *row, struct analyzer_run *reading)
{
    struct summary_counts *counts = &reading->counts;

    counts->connections = sqlite3_column_int64(row, 0);
    counts->encrypted = sqlite3_column_int64(row, 1);
    counts->midstream = sqlite3_column_int64(row, 2);
    counts->one_sided = sqlite3_column_int64(row, 3);
    counts->not_imap = sqlite3_column_int64(row, 4);
    counts->lost_octets = sqlite3_column_int64(row, 5);
}

static void on_logins(sqlite3_stmt *row, struct analyzer_run *reading)
{
    struct summary_counts *counts = &reading->counts;

    counts->refused = sqlite3_column_int64(row, 0);
    counts->unanswered = sqlite3_column_int64(row, 1);
    counts->incomplete = sqlite3_column_int64(row, 2);
    if (reading->handler->counts != NULL)
        reading->handler->counts(reading->user, counts);
}

static void on_sender(sqlite3_stmt *row, struct analyzer_run *reading)
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

static void on_user(sqlite3_stmt *row, struct analyzer_run *reading)
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

static void on_rule(sqlite3_stmt *row, struct analyzer_run *reading)
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

/* --- the two halves --- */

/* What is told, in this order. */
enum part { CONNECTIONS, LOGINS, SENDERS, USERS, RULES, PARTS };

static const struct {
    const char *sql;
    void (*row)(sqlite3_stmt *, struct analyzer_run *);
} parts[PARTS] = {
    [CONNECTIONS] = {connections_sql, on_connections},
    [LOGINS] = {logins_sql, on_logins},
    [SENDERS] = {senders_sql, on_sender},
    [USERS] = {users_sql, on_user},
    [RULES] = {rules_sql, on_rule},
};

/* Each has a connection of its own, on which it begins some of the parts. */
struct half {
    const char *path;
    bool counts; /* connections, logins and rules, and fewer of the broken logins */
    enum part worst_part;
    enum broken_kind worst_kind;
    const char *worst_names; /* those that among() is to know */
    struct near_rows near;   /* which rows may have them */
    sqlite3 *db;
    struct capture_scope asked;
    struct broken broken;       /* of its share of the logins */
    const struct broken *worst; /* of all */
    sqlite3_stmt *statements[PARTS];
    int rc;
    char why[1024]; /* why it could not be opened */
};

/* When the first row is there, all work is done: each part sorts, or adds up. */
static int begin(struct half *half, enum part part)
{
    int rc = capture_scope_prepare(&half->asked, half->db, parts[part].sql, &half->statements[part]);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(half->statements[part]);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Of the broken logins, the half that has nothing else to count looks up five of six, so that both take the
 * same time. */
static struct capture_scope share_of(const struct half *half)
{
    struct capture_scope share = half->asked;
    int64_t first = share.numbers[FIRST_LOGIN], last = share.numbers[LAST_LOGIN];
    int64_t middle = (int64_t)((uint64_t)first + ((uint64_t)last - (uint64_t)first) / 6 * 5);

    if (!half->counts) {
        share.numbers[LAST_LOGIN] = middle;
    } else if (middle < last) {
        share.numbers[FIRST_LOGIN] = middle + 1;
    } else {
        share.numbers[FIRST_LOGIN] = 1; /* none is left */
        share.numbers[LAST_LOGIN] = 0;
    }
    return share;
}

static void *count_half(void *user)
{
    static const enum part counted[] = {CONNECTIONS, LOGINS, RULES};
    struct half *half = user;
    struct capture_scope share;

    if (!read_only_open(&half->db, half->path, half->why, sizeof half->why)) {
        half->rc = SQLITE_CANTOPEN;
        return NULL;
    }
    half->rc = capture_scope_find(&half->asked, half->db);
    for (size_t i = 0; half->counts && half->rc == SQLITE_OK && i < sizeof counted / sizeof counted[0]; i++)
        half->rc = begin(half, counted[i]);
    share = share_of(half);
    if (half->rc == SQLITE_OK)
        half->rc = broken_count(&half->broken, &share, half->db);
    return NULL;
}

static void *find_worst(void *user)
{
    struct half *half = user;

    half->rc = broken_tell(half->worst, half->worst_kind, &half->asked, half->db);
    if (half->rc == SQLITE_OK)
        half->rc = among_make(half->db, half->worst_names);
    if (half->rc == SQLITE_OK)
        half->rc = near_make(half->db, &half->near, half->worst_names, half->asked.numbers[FIRST_LOGIN],
                             half->asked.numbers[LAST_LOGIN]);
    if (half->rc == SQLITE_OK)
        half->rc = begin(half, half->worst_part);
    return NULL;
}

static void end_half(struct half *half)
{
    for (size_t i = 0; i < PARTS; i++)
        (void)sqlite3_finalize(half->statements[i]);
    broken_free(&half->broken);
    (void)sqlite3_close(half->db);
}

/* The second beside the first if a thread can be had, else after it. */
static void run_both(void *(*run)(void *half), struct half halves[2])
{
    pthread_t thread;
    bool beside = !memory_is_exclusive() && pthread_create(&thread, NULL, run, &halves[1]) == 0;

    (void)run(&halves[0]);
    if (beside)
        (void)pthread_join(thread, NULL);
    else
        (void)run(&halves[1]);
}

/* --- all of it --- */

static int tell(struct half *half, enum part part, struct analyzer_run *reading)
{
    sqlite3_stmt *row = half->statements[part];
    int rc = sqlite3_data_count(row) > 0 ? SQLITE_ROW : SQLITE_DONE;

    while (rc == SQLITE_ROW) {
        parts[part].row(row, reading);
        rc = sqlite3_step(row);
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static bool read_halves(struct half halves[2], struct analyzer_run *reading)
{
    run_both(count_half, halves);
    if (halves[0].rc == SQLITE_OK && halves[1].rc == SQLITE_OK)
        halves[0].rc = broken_add(&halves[0].broken, &halves[1].broken);
    if (halves[0].rc != SQLITE_OK || halves[1].rc != SQLITE_OK)
        return false;
    halves[0].worst = halves[1].worst = &halves[0].broken;
    broken_free(&halves[1].broken);
    run_both(find_worst, halves);
    reading->counts.logins = halves[0].asked.logins;
    reading->counts.broken = halves[0].broken.logins;
    for (unsigned part = 0; part < PARTS && halves[0].rc == SQLITE_OK && halves[1].rc == SQLITE_OK; part++) {
        struct half *half = &halves[halves[0].statements[part] == NULL];

        half->rc = tell(half, part, reading);
    }
    return halves[0].rc == SQLITE_OK && halves[1].rc == SQLITE_OK;
}

int summary_read(const char *path, const int64_t *ids, size_t count, unsigned rows,
                 const struct prints *prints, const struct summary_handler *handler, void *user, char *why,
                 size_t why_size)
{
    struct half halves[2] = {
        {.path = path,
         .worst_part = USERS,
         .worst_kind = BROKEN_USERS,
         .worst_names = "SELECT username FROM temp.worst",
         .near = {"judged_logins", prints, PRINTS_LOGINS}},
        {.path = path,
         .counts = true,
         .worst_part = SENDERS,
         .worst_kind = BROKEN_SENDERS,
         .worst_names = "SELECT client_ip FROM temp.worst",
         .near = {"connections", prints, PRINTS_CONNECTIONS}},
    };
    struct analyzer_run reading = {.handler = handler, .user = user};
    struct capture_scope asked;
    bool done;

    if (!capture_scope_begin(&asked, ids, count, rows)) {
        (void)snprintf(why, why_size, "%s: the summary cannot be read: out of memory", path);
        return -1;
    }
    halves[0].asked = halves[1].asked = asked;
    done = read_halves(halves, &reading);
    if (!done) {
        struct half *failed = &halves[halves[0].rc == SQLITE_OK];

        if (failed->why[0] != '\0')
            (void)snprintf(why, why_size, "%s", failed->why);
        else
            (void)snprintf(why, why_size, "%s: the summary cannot be read: %s", path,
                           (sqlite3_errcode(failed->db) & 0xFF) == (failed->rc & 0xFF)
                               ? sqlite3_errmsg(failed->db)
                               : sqlite3_errstr(failed->rc));
    }
    end_half(&halves[0]);
    end_half(&halves[1]);
    capture_scope_end(&asked);
    return done ? 0 : -1;
}
