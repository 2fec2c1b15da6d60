/* What the cause of one login says of another: once each has its own. */
#include "db/judgement/judge.h"

#include <stdlib.h>

/* Words that blame the password are no reason where a rule was broken that the server is proved to refuse. */
static bool doubt_words(struct judge *judge)
{
    struct numbers proved = {0};
    bool done = true;

    for (size_t i = 0; done && i < judge->failed; i++)
        for (unsigned rule = 0; done && rule < judge->rule_count; rule++)
            if (judge->verdicts[i].cause == CAUSE_SYNTAX &&
                judge->verdicts[i].certainty == CERTAINTY_PROVED &&
                (judge->verdicts[i].rules & RULE_BIT(rule)) != 0)
                done = numbers_take(&proved, judge_key(judge, 1, judge->logins[i].end, rule, 0), 1) != NULL;
    for (size_t i = 0; done && i < judge->failed && proved.count > 0; i++) {
        struct judge_verdict *verdict = &judge->verdicts[i];

        if (verdict->cause != CAUSE_CREDENTIALS || judge->logins[i].broken == 0)
            continue;
        for (unsigned rule = 0; rule < judge->rule_count; rule++)
            if ((judge->logins[i].broken & RULE_BIT(rule)) != 0 &&
                numbers_find(&proved, judge_key(judge, 1, judge->logins[i].end, rule, 0), 0) != 0) {
                verdict->cause = CAUSE_UNKNOWN;
                verdict->certainty = CERTAINTY_UNKNOWN;
                verdict->ground = GROUND_NOT_DECIDED;
            }
    }
    numbers_free(&proved);
    return done;
}

/* The fault of Exchange 2007 that Microsoft describes: everything that it says must be seen. */
static void name_kb(struct judge *judge, uint32_t index)
{
    struct judge_verdict *verdict = &judge->verdicts[index];
    const struct judge_login *author = verdict->author == NO_LOGIN ? NULL : &judge->logins[verdict->author];
    const struct judge_login *inbound =
        verdict->inbound == NO_LOGIN ? NULL : &judge->logins[verdict->inbound];
    const char *ident = strings_text(&judge->strings, verdict->client_ident);

    verdict->kb =
        verdict->cause == CAUSE_SYNTAX && verdict->certainty == CERTAINTY_PROVED &&
        verdict->rules == RULE_BIT(RULE_WILDCARD) && verdict->author == index && author != NULL &&
        inbound != NULL && judge->leg_grade[index] == LEG_EXACT &&
        (*ident == '\0' || sqlite3_strlike("%exchange%", ident, 0) == 0) &&
        sqlite3_strlike("Exchange 2007%", strings_text(&judge->strings, inbound->product), 0) == 0 &&
        sqlite3_strlike("Exchange 2003%", strings_text(&judge->strings, author->product), 0) == 0 &&
        !judge_sender_quotes(judge, author);
}

/* The server that was asked first only passes on what the one behind it said. */
static void pass_back(struct judge *judge, uint32_t outbound)
{
    uint32_t inbound = judge->leg[outbound];
    const struct judge_verdict *o = &judge->verdicts[outbound];
    struct judge_verdict *i;

    if (inbound == NO_LOGIN || inbound >= judge->failed || o->cause == CAUSE_HUNG_UP ||
        o->cause == CAUSE_GAVE_UP)
        return;
    i = &judge->verdicts[inbound];
    if (i->by_code && (i->cause == CAUSE_LIMIT || i->cause == CAUSE_ACCOUNT || i->cause == CAUSE_POLICY ||
                       i->cause == CAUSE_PRIVACY))
        return;
    i->cause = o->cause;
    i->rules = o->rules;
    i->certainty = o->certainty;
    i->ground = GROUND_BEHIND;
    i->behind = true;
    i->evidence = outbound;
    i->inbound = NO_LOGIN;
    i->author = o->author;
}

static int latest_first(const void *first, const void *second)
{
    const struct judge_entry *a = first, *b = second;

    return (a->time < b->time) - (a->time > b->time);
}

static bool pass_back_all(struct judge *judge)
{
    struct judge_list list = {0};
    bool done = true;

    for (size_t i = 0; done && i < judge->failed; i++)
        if (judge->leg[i] != NO_LOGIN)
            done =
                judge_add(&list, (struct judge_entry){.time = judge->logins[i].time, .login = (uint32_t)i});
    if (list.count > 1)
        qsort(list.entries, list.count, sizeof *list.entries, latest_first);
    for (size_t i = 0; i < list.count; i++)
        pass_back(judge, list.entries[i].login);
    sqlite3_free(list.entries);
    return done;
}

int judge_compare(struct judge *judge)
{
    if (!doubt_words(judge) || !pass_back_all(judge))
        return SQLITE_NOMEM;
    for (size_t i = 0; i < judge->failed; i++)
        name_kb(judge, (uint32_t)i);
    return SQLITE_OK;
}
