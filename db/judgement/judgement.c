/* Works the causes out, and writes them. */
#include "db/judgement/judgement.h"

#include "db/judgement/judge.h"

#include <string.h>

static void end_judge(struct judge *judge)
{
    struct judge_list *lists[] = {&judge->by_user, &judge->by_client, &judge->by_words,
                                  &judge->times,   &judge->clean,     &judge->gone};
    struct numbers *numbers[] = {&judge->ends,        &judge->wanted,  &judge->tolerated, &judge->accepted,
                                 &judge->connections, &judge->changes, &judge->aliases};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        sqlite3_free(lists[i]->entries);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        numbers_free(numbers[i]);
    strings_free(&judge->strings);
    (void)sqlite3_finalize(judge->later);
    (void)sqlite3_finalize(judge->whole);
    sqlite3_free(judge->logins);
    sqlite3_free(judge->verdicts);
    sqlite3_free(judge->broken);
    sqlite3_free(judge->addresses);
    sqlite3_free(judge->routes);
    sqlite3_free(judge->leg);
    sqlite3_free(judge->leg_grade);
    sqlite3_free(judge->outbound);
}

/* --- rows --- */

enum {
    ROW_LOGIN = 1,
    ROW_CAUSE,
    ROW_RULE,
    ROW_CERTAINTY,
    ROW_AUTHOR,
    ROW_EVIDENCE,
    ROW_INBOUND,
    ROW_SAID,
    ROW_SENTENCE
};

static void bind_login(const struct judge *judge, sqlite3_stmt *row, int column, uint32_t login)
{
    if (login == NO_LOGIN)
        (void)sqlite3_bind_null(row, column);
    else
        (void)sqlite3_bind_int64(row, column, judge->logins[login].id);
}

/* The rules that are blamed: several are "one of" them. */
static void bind_rules(const struct judge *judge, sqlite3_stmt *row, uint64_t rules)
{
    sqlite3_str *text = sqlite3_str_new(judge->db);

    for (unsigned rule = 0; rule < judge->rule_count; rule++)
        if ((rules & RULE_BIT(rule)) != 0)
            sqlite3_str_appendf(text, "%s%s", sqlite3_str_length(text) > 0 ? "," : "",
                                judge_rule_name(judge, rule));
    (void)sqlite3_bind_text(row, ROW_RULE, sqlite3_str_finish(text), -1, sqlite3_free);
}

static const char *certainty_name(unsigned certainty)
{
    static const char *const names[] = {"unknown", "likely", "proved"};

    return names[certainty];
}

static int write_row(const struct judge *judge, sqlite3_stmt *row, uint32_t login)
{
    const struct judge_verdict *verdict = &judge->verdicts[login];
    char *sentence = judge_sentence(judge, login);
    int rc;

    if (sentence == NULL)
        return SQLITE_NOMEM;
    (void)sqlite3_bind_int64(row, ROW_LOGIN, judge->logins[login].id);
    (void)sqlite3_bind_text(row, ROW_CAUSE, judge_cause_name(verdict->cause), -1, SQLITE_STATIC);
    bind_rules(judge, row,
               verdict->cause == CAUSE_SYNTAX || verdict->cause == CAUSE_PRIVACY ? verdict->rules : 0);
    (void)sqlite3_bind_text(row, ROW_CERTAINTY, certainty_name(verdict->certainty), -1, SQLITE_STATIC);
    bind_login(judge, row, ROW_AUTHOR, verdict->author);
    bind_login(judge, row, ROW_EVIDENCE, verdict->evidence);
    bind_login(judge, row, ROW_INBOUND, judge->leg[login]);
    if (verdict->said == 0)
        (void)sqlite3_bind_null(row, ROW_SAID);
    else
        (void)sqlite3_bind_text(row, ROW_SAID, strings_text(&judge->strings, verdict->said), -1,
                                SQLITE_STATIC);
    rc = sqlite3_bind_text(row, ROW_SENTENCE, sentence, -1, sqlite3_free);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(row) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(judge->db);
    (void)sqlite3_reset(row);
    return rc;
}

/* A login that another process has removed meanwhile gets no row. */
int judge_write(struct judge *judge, const char *schema)
{
    sqlite3_stmt *row = NULL;
    char *sql =
        sqlite3_mprintf("INSERT OR REPLACE INTO %s.causes (login_id, cause, rule, certainty, author_login_id,"
                        " evidence_login_id, inbound_login_id, said, sentence)"
                        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"
                        " WHERE EXISTS (SELECT 1 FROM logins WHERE id = ?1)",
                        schema);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(judge->db, sql, -1, &row, NULL);

    sqlite3_free(sql);
    for (uint32_t i = 0; rc == SQLITE_OK && i < judge->failed; i++)
        if (!judge->logins[i].copy && !judge->verdicts[i].kept)
            rc = write_row(judge, row, i);
    (void)sqlite3_finalize(row);
    return rc;
}

/* --- rows that are there --- */

static bool is_text(sqlite3_stmt *row, int column, const char *text)
{
    const char *there = (const char *)sqlite3_column_text(row, column);

    return there != NULL && strcmp(there, text) == 0;
}

static bool is_login(const struct judge *judge, sqlite3_stmt *row, int column, uint32_t login)
{
    return login == NO_LOGIN ? sqlite3_column_type(row, column) == SQLITE_NULL
                             : sqlite3_column_int64(row, column) == judge->logins[login].id;
}

/* Whether the row says what would be written. The rule stands in the sentence. */
static bool is_same(const struct judge *judge, sqlite3_stmt *row, uint32_t login)
{
    const struct judge_verdict *verdict = &judge->verdicts[login];
    char *sentence = judge_sentence(judge, login);
    bool same = sentence != NULL && is_text(row, 1, judge_cause_name(verdict->cause)) &&
                is_text(row, 2, certainty_name(verdict->certainty)) &&
                is_login(judge, row, 3, verdict->author) && is_login(judge, row, 4, verdict->evidence) &&
                is_login(judge, row, 5, judge->leg[login]) && is_text(row, 6, sentence);

    sqlite3_free(sentence);
    return same;
}

/* Compares what is there with what is to be: the rows that go are listed, those that stay are marked. Both
 * are in the order of the logins. */
static int compare_rows(struct judge *judge, const char *schema)
{
    sqlite3_stmt *row = NULL;
    char *sql = sqlite3_mprintf(
        "SELECT login_id, cause, certainty, author_login_id, evidence_login_id, inbound_login_id,"
        " sentence FROM %s.causes ORDER BY login_id",
        schema);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(judge->db, sql, -1, &row, NULL);
    uint32_t next = 0;

    sqlite3_free(sql);
    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(row, 0);

        rc = SQLITE_OK;
        while (next < judge->failed && judge->logins[next].id < id)
            next++;
        if (next < judge->failed && judge->logins[next].id == id && !judge->logins[next].copy)
            judge->verdicts[next].kept = is_same(judge, row, next);
        else if (!judge_add(&judge->gone, (struct judge_entry){.time = id}))
            rc = SQLITE_NOMEM;
    }
    (void)sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int remove_gone(const struct judge *judge, const char *schema)
{
    sqlite3_stmt *row = NULL;
    char *sql = sqlite3_mprintf("DELETE FROM %s.causes WHERE login_id = ?1", schema);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(judge->db, sql, -1, &row, NULL);

    sqlite3_free(sql);
    for (size_t i = 0; rc == SQLITE_OK && i < judge->gone.count; i++) {
        (void)sqlite3_bind_int64(row, 1, judge->gone.entries[i].time);
        rc = sqlite3_step(row) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(judge->db);
        (void)sqlite3_reset(row);
    }
    (void)sqlite3_finalize(row);
    return rc;
}

/* --- the whole --- */

static int work_out(struct judge *judge, const char *schema)
{
    int rc = judge_load(judge);

    if (rc == SQLITE_OK && judge->failed > 0) {
        rc = judge_load_others(judge);
        if (rc == SQLITE_OK)
            rc = judge_lists(judge);
        if (rc == SQLITE_OK)
            rc = judge_legs(judge);
        if (rc == SQLITE_OK)
            rc = judge_causes(judge);
    }
    return rc == SQLITE_OK ? compare_rows(judge, schema) : rc;
}

int judgement_begin(sqlite3 *db, const char *schema, struct judge **judge)
{
    int rc;

    *judge = sqlite3_malloc64(sizeof **judge);
    if (*judge == NULL)
        return SQLITE_NOMEM;
    **judge = (struct judge){.db = db};
    sqlite3_randomness((int)sizeof(*judge)->key, &(*judge)->key);
    rc = work_out(*judge, schema);
    if (rc != SQLITE_OK) {
        judgement_end(*judge);
        *judge = NULL;
    }
    return rc;
}

int judgement_write(struct judge *judge, const char *schema)
{
    int rc = remove_gone(judge, schema);

    return rc == SQLITE_OK ? judge_write(judge, schema) : rc;
}

void judgement_end(struct judge *judge)
{
    if (judge != NULL)
        end_judge(judge);
    sqlite3_free(judge);
}

int judgement_work_out(sqlite3 *db, const char *schema)
{
    struct judge *judge;
    int rc = sqlite3_exec(db, "SAVEPOINT judgement", NULL, NULL, NULL), released;

    if (rc != SQLITE_OK)
        return rc;
    rc = judgement_begin(db, schema, &judge);
    if (rc == SQLITE_OK)
        rc = judgement_write(judge, schema);
    judgement_end(judge);
    if (rc != SQLITE_OK)
        (void)sqlite3_exec(db, "ROLLBACK TO judgement", NULL, NULL, NULL);
    released = sqlite3_exec(db, "RELEASE judgement", NULL, NULL, NULL);
    return rc == SQLITE_OK ? released : rc;
}

int judgement_work_out_beside(sqlite3 *db)
{
    int rc = sqlite3_exec(db,
                          "CREATE TEMP TABLE causes (login_id INTEGER PRIMARY KEY, cause TEXT, rule TEXT,"
                          " certainty TEXT, author_login_id INTEGER, evidence_login_id INTEGER,"
                          " inbound_login_id INTEGER, said TEXT, sentence TEXT)",
                          NULL, NULL, NULL);

    return rc == SQLITE_OK ? judgement_work_out(db, "temp") : rc;
}
