/* Works the causes out, and writes them. */
#include "db/judgement/judgement.h"

#include "db/judgement/judge.h"

static void end_judge(struct judge *judge)
{
    struct judge_list *lists[] = {&judge->by_user, &judge->by_client, &judge->by_words, &judge->times,
                                  &judge->clean};
    struct numbers *numbers[] = {&judge->ends,     &judge->roles,       &judge->wanted,  &judge->tolerated,
                                 &judge->accepted, &judge->connections, &judge->changes, &judge->aliases};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        sqlite3_free(lists[i]->entries);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        numbers_free(numbers[i]);
    strings_free(&judge->strings);
    (void)sqlite3_finalize(judge->later);
    sqlite3_free(judge->logins);
    sqlite3_free(judge->verdicts);
    sqlite3_free(judge->broken);
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

static int write_row(const struct judge *judge, sqlite3_stmt *row, uint32_t login)
{
    static const char *const certainties[] = {"unknown", "likely", "proved"};
    const struct judge_verdict *verdict = &judge->verdicts[login];
    char *sentence = judge_sentence(judge, login);
    int rc;

    if (sentence == NULL)
        return SQLITE_NOMEM;
    (void)sqlite3_bind_int64(row, ROW_LOGIN, judge->logins[login].id);
    (void)sqlite3_bind_text(row, ROW_CAUSE, judge_cause_name(verdict->cause), -1, SQLITE_STATIC);
    bind_rules(judge, row, verdict->cause == CAUSE_SYNTAX ? verdict->rules : 0);
    (void)sqlite3_bind_text(row, ROW_CERTAINTY, certainties[verdict->certainty], -1, SQLITE_STATIC);
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

int judge_write(struct judge *judge, const char *schema)
{
    sqlite3_stmt *row = NULL;
    char *sql = sqlite3_mprintf("INSERT INTO %s.causes (login_id, cause, rule, certainty, author_login_id,"
                                " evidence_login_id, inbound_login_id, said, sentence)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                                schema);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(judge->db, sql, -1, &row, NULL);

    sqlite3_free(sql);
    for (uint32_t i = 0; rc == SQLITE_OK && i < judge->failed; i++)
        if (!judge->logins[i].copy)
            rc = write_row(judge, row, i);
    (void)sqlite3_finalize(row);
    return rc;
}

/* --- the whole --- */

static int forget(sqlite3 *db, const char *schema)
{
    char *sql = sqlite3_mprintf("DELETE FROM %s.causes", schema);
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_exec(db, sql, NULL, NULL, NULL);

    sqlite3_free(sql);
    return rc;
}

int judgement_work_out(sqlite3 *db, const char *schema)
{
    struct judge judge = {.db = db};
    int rc = sqlite3_exec(db, "SAVEPOINT judgement", NULL, NULL, NULL);
    bool begun = rc == SQLITE_OK;

    sqlite3_randomness((int)sizeof judge.key, &judge.key);
    if (rc == SQLITE_OK)
        rc = forget(db, schema);
    if (rc == SQLITE_OK)
        rc = judge_load(&judge);
    if (rc == SQLITE_OK && judge.failed > 0) {
        rc = judge_load_others(&judge);
        if (rc == SQLITE_OK)
            rc = judge_lists(&judge);
        if (rc == SQLITE_OK)
            rc = judge_legs(&judge);
        if (rc == SQLITE_OK)
            rc = judge_causes(&judge);
        if (rc == SQLITE_OK)
            rc = judge_write(&judge, schema);
    }
    end_judge(&judge);
    if (begun && rc != SQLITE_OK)
        (void)sqlite3_exec(db, "ROLLBACK TO judgement", NULL, NULL, NULL);
    if (begun) {
        int released = sqlite3_exec(db, "RELEASE judgement", NULL, NULL, NULL);

        rc = rc == SQLITE_OK ? released : rc;
    }
    return rc;
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
