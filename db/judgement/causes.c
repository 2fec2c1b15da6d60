/*
 * The cause of each login that failed. What follows is asked in this order, and the first that holds decides:
 * was everything captured; what do the server's words say; was the same user accepted without the fault; was
 * the same refused without it. Where nothing holds, the cause is not known: an accusation needs a reason,
 * silence none.
 */
#include "db/judgement/judge.h"

#include <string.h>

struct decision {
    struct judge *judge;
    uint32_t index;
    const struct judge_login *login;
    struct judge_verdict *verdict;
    uint64_t anybody, this_user; /* rules that are tolerated */
};

static void decide(struct decision *d, enum judge_cause cause, enum judge_certainty certainty,
                   enum judge_ground ground)
{
    d->verdict->cause = (uint8_t)cause;
    d->verdict->certainty = (uint8_t)certainty;
    d->verdict->ground = (uint8_t)ground;
}

static void unknown(struct decision *d, enum judge_ground ground)
{
    decide(d, CAUSE_UNKNOWN, CERTAINTY_UNKNOWN, ground);
}

/* --- legs --- */

/*
 * Follows a fault to where it was written: from hop to hop as long as it came in as it went out. *inbound is
 * the login that came in without it; NO_LOGIN: that was not seen.
 */
static uint32_t author_of(const struct judge *judge, uint32_t login, uint64_t rules, uint32_t *inbound)
{
    const struct judge_login *first = &judge->logins[login];

    *inbound = NO_LOGIN;
    for (unsigned hops = 0; hops < 16; hops++) {
        uint32_t i = judge->leg[login];

        if (i == NO_LOGIN)
            return login;
        if (!judge_shares(judge, first, &judge->logins[i], rules)) {
            *inbound = i;
            return login;
        }
        if ((judge->logins[i].broken & rules) != rules)
            return login; /* one fault of several came in: who wrote the one that counts is not known */
        login = i;
    }
    return login;
}

/* Who wrote a broken rule; the certainty falls where it may only have been passed on. */
static void set_author(struct decision *d, uint32_t *inbound)
{
    const struct judge *judge = d->judge;
    uint32_t author = author_of(judge, d->index, d->verdict->rules, inbound);
    const struct judge_login *by = &judge->logins[author];
    bool passes_on = judge_is_server(judge, by->client) && by->client != by->server && *inbound == NO_LOGIN &&
                     numbers_find(&judge->changes, (uint64_t)by->client + 1, 0) == 0;

    d->verdict->author = author;
    if (passes_on && d->verdict->certainty == CERTAINTY_PROVED)
        d->verdict->certainty = CERTAINTY_LIKELY;
}

/* --- the server's words --- */

bool judge_is_reason(unsigned says)
{
    return says == REPLY_LIMIT || says == REPLY_POLICY || says == REPLY_PRIVACY || says == REPLY_ACCOUNT ||
           says == REPLY_UNAVAILABLE;
}

/* The server says by a code that the password was checked, of a login that gave it as it is. */
bool judge_is_about_password(const struct judge *judge, const struct judge_login *login,
                             const struct judge_verdict *verdict)
{
    return login->result == RESULT_NO && login->broken == 0 && verdict->by_code &&
           verdict->says == REPLY_CREDENTIALS && login->mechanism == 0 && login->actor == login->user &&
           strchr(strings_text(&judge->strings, login->user), '\\') == NULL;
}

static enum judge_cause cause_of(unsigned says)
{
    switch (says) {
    case REPLY_LIMIT:
        return CAUSE_LIMIT;
    case REPLY_POLICY:
        return CAUSE_POLICY;
    case REPLY_PRIVACY:
        return CAUSE_PRIVACY;
    case REPLY_ACCOUNT:
        return CAUSE_ACCOUNT;
    case REPLY_UNAVAILABLE:
        return CAUSE_UNAVAILABLE;
    default:
        return CAUSE_UNKNOWN;
    }
}

static bool is_syntax(const struct judge_verdict *verdict)
{
    return verdict->says == REPLY_SYNTAX || verdict->says == REPLY_LITERAL;
}

/* Whether the mechanism stands in the list of capabilities as AUTH=mechanism; true where no list was seen. */
static bool is_announced(const struct judge *judge, const struct judge_login *login,
                         const struct judge_verdict *verdict)
{
    const char *list = strings_text(&judge->strings, verdict->capabilities);
    const char *name = strings_text(&judge->strings, login->mechanism);
    size_t length = strlen(name);

    if (*list == '\0' || login->mechanism == 0)
        return true;
    for (const char *at = list; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " "))
        if (sqlite3_strnicmp(at, "AUTH=", 5) == 0 && strcspn(at + 5, " ") == length &&
            sqlite3_strnicmp(at + 5, name, (int)length) == 0)
            return true;
    return false;
}

static bool refused_mechanism(struct decision *d)
{
    const struct judge_login *login = d->login;
    bool clean = (login->broken & ~RULE_BIT(RULE_NOT_ANNOUNCED)) == 0;

    if (login->mechanism == 0 || is_announced(d->judge, login, d->verdict) ||
        judge_ever_accepted(d->judge, login->end, login->mechanism))
        return false;
    return d->verdict->says == REPLY_MECHANISM || (login->result == RESULT_BAD && clean);
}

/* A mechanism that is not announced was refused by NO before anything else was sent: no password was checked.
 */
static bool refused_at_once(const struct decision *d)
{
    const struct judge_login *login = d->login;

    return login->mechanism != 0 && login->username_form == FORM_NONE && login->password_form == FORM_NONE &&
           login->broken == RULE_BIT(RULE_NOT_ANNOUNCED) && login->result == RESULT_NO &&
           d->verdict->says == REPLY_NONE && !login->incomplete &&
           !is_announced(d->judge, login, d->verdict) &&
           !judge_ever_accepted(d->judge, login->end, login->mechanism);
}

/* --- steps --- */

static bool was_not_answered(struct decision *d)
{
    const struct judge_verdict *verdict = d->verdict;

    if (d->login->result != RESULT_NONE)
        return false;
    if (verdict->lost)
        unknown(d, GROUND_NOT_CAPTURED);
    else if ((verdict->closed_by_server || verdict->closed_by_client) &&
             judge_was_answered_later(d->judge, d->login))
        unknown(d, GROUND_NOT_DECIDED);
    else if (verdict->closed_by_server)
        decide(d, CAUSE_HUNG_UP, CERTAINTY_PROVED, GROUND_CLOSED);
    else if (verdict->closed_by_client)
        decide(d, CAUSE_GAVE_UP, CERTAINTY_PROVED, GROUND_CLOSED);
    else
        unknown(d, GROUND_NOT_CAPTURED);
    return true;
}

/* LOGINDISABLED was announced: unless the server checked the password all the same, or has taken LOGIN. */
static bool was_disabled(struct decision *d)
{
    if ((d->login->broken & ~d->anybody & RULE_BIT(RULE_LOGIN_DISABLED)) == 0)
        return false;
    if (d->verdict->by_code && judge_is_reason(d->verdict->says) && d->verdict->says != REPLY_PRIVACY)
        return false;
    if (d->verdict->says == REPLY_CREDENTIALS &&
        sqlite3_strnicmp(strings_text(&d->judge->strings, d->verdict->code), "AUTHENTICATIONFAILED", 20) == 0)
        decide(d, CAUSE_CREDENTIALS, CERTAINTY_LIKELY, GROUND_WORDS);
    else {
        decide(d, CAUSE_PRIVACY, CERTAINTY_PROVED, GROUND_DISABLED);
        d->verdict->rules = RULE_BIT(RULE_LOGIN_DISABLED);
    }
    return true;
}

static bool server_says_why(struct decision *d)
{
    unsigned says = d->verdict->says;

    if (judge_is_reason(says)) {
        decide(d, cause_of(says), d->verdict->by_code ? CERTAINTY_PROVED : CERTAINTY_LIKELY, GROUND_WORDS);
        return true;
    }
    if (says == REPLY_MAILBOX) {
        decide(d, CAUSE_MAILBOX, CERTAINTY_LIKELY, GROUND_WORDS);
        return true;
    }
    if (refused_mechanism(d)) {
        decide(d, CAUSE_MECHANISM, CERTAINTY_PROVED, GROUND_NOT_ANNOUNCED);
        return true;
    }
    if (says == REPLY_ALERT || (d->login->result == RESULT_BYE && says != REPLY_CREDENTIALS)) {
        unknown(d, GROUND_NO_REASON);
        return true;
    }
    return false;
}

/* A rule is at fault. `certainty` is what the answer alone is worth. */
static void blame(struct decision *d, uint64_t rules, enum judge_certainty certainty, uint32_t evidence)
{
    uint32_t inbound;

    d->verdict->rules = rules;
    decide(d, CAUSE_SYNTAX, certainty, evidence != NO_LOGIN ? GROUND_EVIDENCE : GROUND_ALONE);
    set_author(d, &inbound);
    d->verdict->evidence = evidence;
    if (inbound != NO_LOGIN) {
        d->verdict->inbound = inbound;
        d->verdict->ground = GROUND_LEG;
    }
}

/* Whether what came in broke none of the rules. */
static bool came_in_clean(const struct decision *d, uint64_t rules)
{
    uint32_t inbound;

    (void)author_of(d->judge, d->index, rules, &inbound);
    return inbound != NO_LOGIN;
}

/* No rule is broken: the server refuses what it must take. */
static bool another_form(struct decision *d, int64_t window, enum judge_certainty certainty)
{
    uint32_t found = judge_other_form(d->judge, d->index, window);
    bool same_user, refused = found != NO_LOGIN && judge_form_refused(d->judge, d->index, found, &same_user);

    if (found == NO_LOGIN)
        return false;
    if (refused && same_user) {
        unknown(d, GROUND_SAME_WORDS);
        return true;
    }
    decide(d, CAUSE_FORM, refused ? CERTAINTY_LIKELY : certainty, GROUND_OTHER_FORM);
    d->verdict->evidence = found;
    return true;
}

/* Courier takes no [ ] } in an atom, though the grammar does. */
static bool is_refused_by_habit(const struct decision *d)
{
    return d->login->courier && d->login->username_form == FORM_ATOM && is_syntax(d->verdict) &&
           strpbrk(strings_text(&d->judge->strings, d->login->user), "[]}") != NULL;
}

/* The server refuses a legal form by words of syntax. */
static bool refuses_form(struct decision *d, uint64_t rules)
{
    bool habit = is_refused_by_habit(d);

    if (rules != 0 || !is_syntax(d->verdict) || (d->login->broken != 0 && !habit))
        return false;
    if (another_form(d, WINDOW_NO, CERTAINTY_LIKELY))
        return true;
    if (habit)
        decide(d, CAUSE_FORM, CERTAINTY_LIKELY, GROUND_HABIT);
    return habit;
}

/* An empty password is refused, whatever the words, where nothing else is wrong. */
static bool is_empty(struct decision *d)
{
    if (!d->login->empty_password || !judge_is_clean(d->login))
        return false;
    decide(d, CAUSE_CREDENTIALS, CERTAINTY_LIKELY, GROUND_EMPTY);
    return true;
}

static bool another_mechanism(struct decision *d)
{
    uint32_t found = judge_other_mechanism(d->judge, d->index);

    if (found == NO_LOGIN || judge_mechanism_refused(d->judge, d->index, found))
        return false;
    decide(d, CAUSE_MECHANISM, CERTAINTY_LIKELY, GROUND_OTHER_MECHANISM);
    d->verdict->evidence = found;
    return true;
}

static bool refused_without(struct decision *d, bool bad_only, bool quoted)
{
    uint32_t found = judge_clean_refusal(d->judge, d->index, bad_only, quoted);

    if (found == NO_LOGIN)
        return false;
    unknown(d, GROUND_CLEAN_REFUSED);
    d->verdict->evidence = found;
    return true;
}

/* A rule that the answer BAD, or a refused mailbox, can be for. */
static void blame_by_bad(struct decision *d)
{
    uint64_t rules = d->login->broken & ~d->anybody;
    bool others_may = rules == 0, same, clean;
    uint32_t evidence;

    if (others_may)
        rules = d->login->broken & ~d->this_user;
    evidence = judge_evidence(d->judge, d->index, rules, WINDOW_PROOF, false);
    clean = came_in_clean(d, rules);
    same = judge_same_bad(d->judge, d->index);
    if (evidence != NO_LOGIN || clean)
        blame(d, rules, same || others_may ? CERTAINTY_LIKELY : CERTAINTY_PROVED, evidence);
    else if (same || others_may)
        unknown(d, same ? GROUND_SAME_WORDS : GROUND_TOLERATED);
    else
        blame(d, rules, CERTAINTY_LIKELY, NO_LOGIN);
}

static void decide_bad(struct decision *d)
{
    const struct judge_login *login = d->login;

    if (login->broken != 0 && (login->broken & ~d->this_user) == 0) {
        unknown(d, GROUND_TOLERATED);
        return;
    }
    if (judge_outage(d->judge, d->index)) {
        unknown(d, GROUND_OUTAGE);
        return;
    }
    if (login->broken != 0) {
        if (!refused_without(d, true, false))
            blame_by_bad(d);
        return;
    }
    if (login->incomplete)
        unknown(d, GROUND_NOT_CAPTURED);
    else if (!another_form(d, WINDOW_PROOF, CERTAINTY_PROVED) && !another_mechanism(d) && !is_empty(d)) {
        if (d->verdict->says == REPLY_MECHANISM)
            decide(d, CAUSE_MECHANISM, CERTAINTY_LIKELY, GROUND_WORDS);
        else
            unknown(d, GROUND_NO_REASON);
    }
}

/* What this server is known to do explains its NO to this argument. Dovecot has a list of characters of user
 * names, which it takes in no form; Cyrus judges the user name before it reads the password. */
static bool is_excused(const struct decision *d, const struct judge_broken *broken)
{
    bool bare = (RULE_BIT(broken->rule) & (RULE_BIT(RULE_WILDCARD) | RULE_BIT(RULE_SPECIAL))) != 0;

    if (broken->argument == ARGUMENT_USERNAME && bare)
        return is_syntax(d->verdict) ? is_refused_by_habit(d) : d->login->dovecot;
    return broken->argument == ARGUMENT_PASSWORD && d->login->cyrus &&
           strcmp(strings_text(&d->judge->strings, d->verdict->said), "Invalid user") == 0;
}

/* The rules that an answer NO can be for: not those that the server must have read, unless it speaks of
 * syntax. */
static uint64_t rules_of_no(const struct decision *d)
{
    const struct judge *judge = d->judge;
    size_t first, last = judge_broken_of(judge, d->login->id, &first);
    uint64_t rules = 0;

    for (size_t i = first; i < last; i++)
        if (!is_excused(d, &judge->broken[i]))
            rules |= RULE_BIT(judge->broken[i].rule);
    if (is_syntax(d->verdict))
        return rules & ~d->anybody;
    return rules & ~d->anybody & ~rules_that_are_read &
           ~(RULE_BIT(RULE_LOGIN_DISABLED) | RULE_BIT(RULE_NOT_ANNOUNCED));
}

/* What the server reads is not what was meant: then even AUTHENTICATIONFAILED is for the rule. */
static bool reads_otherwise(struct decision *d, uint64_t rules)
{
    uint64_t change = rules & rules_that_change;
    uint64_t nothing = rules & rules_that_leave_nothing;
    uint32_t evidence = change == 0 ? NO_LOGIN : judge_evidence(d->judge, d->index, change, WINDOW_NO, true);

    if (evidence != NO_LOGIN && judge_clean_refusal(d->judge, d->index, false, true) == NO_LOGIN) {
        blame(d, change, CERTAINTY_LIKELY, evidence);
        return true;
    }
    if (nothing != 0 && d->verdict->says != REPLY_MECHANISM) {
        blame(d, nothing, CERTAINTY_LIKELY, judge_evidence(d->judge, d->index, nothing, WINDOW_NO, true));
        return true;
    }
    return false;
}

static bool is_about_credentials(struct decision *d)
{
    if (d->verdict->says == REPLY_CREDENTIALS) {
        decide(d, CAUSE_CREDENTIALS, CERTAINTY_LIKELY, GROUND_WORDS);
        return true;
    }
    if (judge_outage(d->judge, d->index)) {
        unknown(d, GROUND_OUTAGE);
        return true;
    }
    if (is_empty(d))
        return true;
    if (d->verdict->oauth_error != 0 && d->login->result == RESULT_NO) {
        decide(d, CAUSE_CREDENTIALS, CERTAINTY_LIKELY, GROUND_WORDS);
        return true;
    }
    if (d->login->result == RESULT_NO && !is_syntax(d->verdict) && d->verdict->says != REPLY_MECHANISM &&
        judge_said_to_clean(d->judge, d->index)) {
        decide(d, CAUSE_CREDENTIALS, CERTAINTY_LIKELY, GROUND_SAME_WORDS);
        return true;
    }
    return false;
}

static void blame_by_no(struct decision *d, uint64_t rules)
{
    uint32_t evidence;

    if (refused_without(d, false, false))
        return;
    evidence = judge_evidence(d->judge, d->index, rules, WINDOW_NO, true);
    if (evidence != NO_LOGIN || came_in_clean(d, rules) || is_syntax(d->verdict))
        blame(d, rules, CERTAINTY_LIKELY, evidence);
    else if (d->verdict->says == REPLY_MECHANISM)
        decide(d, CAUSE_MECHANISM, CERTAINTY_LIKELY, GROUND_WORDS);
    else
        unknown(d, GROUND_NO_REASON);
}

static void decide_no(struct decision *d)
{
    uint64_t rules = rules_of_no(d);
    const char *said = strings_text(&d->judge->strings, d->verdict->said);

    if (refuses_form(d, rules))
        return;
    if (rules == 0 && another_mechanism(d))
        return;
    if (reads_otherwise(d, rules) || is_about_credentials(d))
        return;
    if (refused_at_once(d))
        decide(d, CAUSE_MECHANISM, CERTAINTY_LIKELY, GROUND_NOT_ANNOUNCED);
    else if (rules != 0)
        blame_by_no(d, rules);
    else if (d->verdict->says == REPLY_MECHANISM)
        decide(d, CAUSE_MECHANISM, CERTAINTY_LIKELY, GROUND_WORDS);
    else if (judge_is_clean(d->login) && *said == '\0' && d->login->result == RESULT_NO)
        decide(d, CAUSE_CREDENTIALS, CERTAINTY_LIKELY, GROUND_NO_REASON);
    else
        unknown(d, d->login->incomplete ? GROUND_NOT_CAPTURED : GROUND_NO_REASON);
}

/* Accepted, but no command works. Where it was for how the login was written, that is shown by one that was
 * not. */
static bool has_no_mailbox(struct decision *d)
{
    uint64_t rules = d->login->broken & ~d->anybody;

    if (!d->login->refused_mailbox)
        return false;
    if (rules != 0 && judge_evidence(d->judge, d->index, rules, WINDOW_PROOF, false) != NO_LOGIN &&
        judge_clean_refusal(d->judge, d->index, false, false) == NO_LOGIN)
        decide_bad(d);
    else if (judge_is_reason(d->verdict->says))
        decide(d, cause_of(d->verdict->says), CERTAINTY_LIKELY, GROUND_WORDS);
    else
        decide(d, CAUSE_MAILBOX, CERTAINTY_PROVED, GROUND_WORDS);
    return true;
}

static void decide_login(struct decision *d)
{
    d->verdict->author = d->index;
    if (judge_is_about_password(d->judge, d->login, d->verdict)) {
        decide(d, CAUSE_CREDENTIALS, CERTAINTY_LIKELY, GROUND_WORDS);
        return;
    }
    judge_tolerated(d->judge, d->index, &d->anybody, &d->this_user);
    if (was_not_answered(d) || has_no_mailbox(d))
        return;
    if (d->verdict->late || d->verdict->says == REPLY_STATE) {
        unknown(d, d->verdict->late ? GROUND_LATE : GROUND_NO_REASON);
        return;
    }
    if (was_disabled(d) || server_says_why(d))
        return;
    if (d->login->result == RESULT_BAD && d->verdict->says != REPLY_CREDENTIALS &&
        (d->login->broken == 0 || d->verdict->says != REPLY_MECHANISM))
        decide_bad(d);
    else
        decide_no(d);
}

int judge_causes(struct judge *judge)
{
    if (!judge_note_switches(judge))
        return SQLITE_NOMEM;
    for (size_t i = 0; i < judge->failed; i++) {
        struct decision d = {
            .judge = judge, .index = (uint32_t)i, .login = &judge->logins[i], .verdict = &judge->verdicts[i]};

        if (!judge->logins[i].copy)
            decide_login(&d);
    }
    return judge_compare(judge);
}
