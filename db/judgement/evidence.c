/* What other logins say about one: looked up in sorted lists, no list is ever crossed with another. */
#include "db/judgement/judge.h"

#include <stdlib.h>

/* So many logins of one user are looked at on each side of a time. */
#define MOST_LOOKED_AT 200

bool judge_add(struct judge_list *list, struct judge_entry entry)
{
    struct judge_entry *entries = judge_room(list->entries, &list->room, list->count + 1, sizeof *entries);

    if (entries == NULL)
        return false;
    list->entries = entries;
    entries[list->count++] = entry;
    return true;
}

static int compare(const struct judge_entry *entry, uint32_t first, uint32_t second, int64_t time)
{
    if (entry->first != first)
        return entry->first < first ? -1 : 1;
    if (entry->second != second)
        return entry->second < second ? -1 : 1;
    return (entry->time > time) - (entry->time < time);
}

static int by_entry(const void *first, const void *second)
{
    const struct judge_entry *a = first, *b = second;
    int order = compare(a, b->first, b->second, b->time);

    return order != 0 ? order : (a->login > b->login) - (a->login < b->login);
}

void judge_sort(struct judge_list *list)
{
    if (list->count > 1)
        qsort(list->entries, list->count, sizeof *list->entries, by_entry);
}

size_t judge_lower(const struct judge_list *list, uint32_t first, uint32_t second, int64_t time)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(&list->entries[middle], first, second, time) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t judge_near(const struct judge_list *list, uint32_t first, uint32_t second, int64_t time,
                  int64_t window)
{
    return judge_lower(list, first, second, time + window + 1) -
           judge_lower(list, first, second, time - window);
}

bool judge_is_clean(const struct judge_login *login)
{
    return login->broken == 0 && !login->incomplete;
}

/* --- the same user --- */

/* Calls `fits` with the logins of a list around a time, the nearest first; the first that fits. */
typedef bool judge_fits(struct judge *judge, uint32_t login, uint32_t other, const void *how);

static uint32_t look(struct judge *judge, const struct judge_list *list, uint32_t second, uint32_t login,
                     int64_t window, judge_fits *fits, const void *how)
{
    const struct judge_login *of = &judge->logins[login];
    size_t after = judge_lower(list, of->end, second, of->time), before = after;
    unsigned looked_at = 0;

    while (looked_at++ < 2 * MOST_LOOKED_AT) {
        const struct judge_entry *left = before > 0 ? &list->entries[before - 1] : NULL;
        const struct judge_entry *right = after < list->count ? &list->entries[after] : NULL;
        uint32_t other;

        if (left != NULL &&
            (left->first != of->end || left->second != second || of->time - left->time > window))
            left = NULL;
        if (right != NULL &&
            (right->first != of->end || right->second != second || right->time - of->time > window))
            right = NULL;
        if (left == NULL && right == NULL)
            break;
        if (right == NULL || (left != NULL && of->time - left->time < right->time - of->time)) {
            other = left->login;
            before--;
        } else {
            other = right->login;
            after++;
        }
        if (other != login && fits(judge, login, other, how))
            return other;
    }
    return NO_LOGIN;
}

/* Whether the same argument, written bare again, proves nothing. */
static bool is_bare_again(const struct judge *judge, const struct judge_login *login,
                          const struct judge_login *other, uint64_t rules)
{
    size_t first, last = judge_broken_of(judge, login->id, &first);

    for (size_t i = first; i < last; i++) {
        const struct judge_broken *broken = &judge->broken[i];

        if ((RULE_BIT(broken->rule) & rules & rules_of_bare_arguments) != 0 &&
            !judge_takes_from_user(judge, login, broken) &&
            ((broken->argument == ARGUMENT_PASSWORD && other->password_form == FORM_ATOM) ||
             (broken->argument == ARGUMENT_USERNAME && other->username_form == FORM_ATOM)))
            return true;
    }
    return false;
}

struct how {
    uint64_t rules;
    bool own_client, any_name, extra;
};

static bool is_evidence(struct judge *judge, uint32_t index, uint32_t other_index, const void *as)
{
    const struct how *how = as;
    const struct judge_login *login = &judge->logins[index], *other = &judge->logins[other_index];

    return !other->failed && !other->incomplete && !judge_shares(judge, login, other, how->rules) &&
           (!how->own_client || other->client == login->client) &&
           (login->product == other->product || login->product == 0 || other->product == 0) &&
           (how->any_name || login->user == other->user ||
            (login->broken & (RULE_BIT(RULE_BAD_QUOTED) | RULE_BIT(RULE_EXTRA))) != 0) &&
           !is_bare_again(judge, login, other, how->rules);
}

/* The one user whom the logins of this client were of, near a login without a name; 0: none, or several. */
static uint32_t only_user(const struct judge *judge, const struct judge_login *login)
{
    const struct judge_list *list = &judge->by_client;
    size_t i = judge_lower(list, login->end, login->client, login->time - WINDOW_NAMELESS);
    uint32_t user = 0;

    for (unsigned looked_at = 0; i < list->count && looked_at < MOST_LOOKED_AT; i++, looked_at++) {
        const struct judge_entry *entry = &list->entries[i];
        uint32_t found = judge->logins[entry->login].user;

        if (entry->first != login->end || entry->second != login->client ||
            entry->time > login->time + WINDOW_NAMELESS)
            return user;
        if (found == 0 || (user != 0 && user != found))
            return 0;
        user = found;
    }
    return i < list->count ? 0 : user;
}

/* Of `"a\b"` or `a b` written wrongly: whether the name that was meant is one user's alone. */
static bool is_one_name(const struct judge *judge, const struct judge_login *login)
{
    const struct judge_list *list = &judge->by_user;
    size_t i = judge_lower(list, login->end, login->user, INT64_MIN);
    uint32_t user = 0;

    for (unsigned looked_at = 0; i < list->count && looked_at < 2 * MOST_LOOKED_AT; i++, looked_at++) {
        uint32_t found = judge->logins[list->entries[i].login].user;

        if (list->entries[i].first != login->end || list->entries[i].second != login->user)
            return true;
        if (found == login->user)
            continue;
        if (user != 0 && found != user)
            return false;
        user = found;
    }
    return true;
}

uint32_t judge_evidence(struct judge *judge, uint32_t index, uint64_t rules, int64_t window, bool own_client)
{
    const struct judge_login *login = &judge->logins[index];
    struct how how = {.rules = rules, .own_client = true};
    uint32_t found;

    if (login->user == 0) {
        how.any_name = true;
        if (only_user(judge, login) == 0)
            return NO_LOGIN;
        return look(judge, &judge->by_client, login->client, index, WINDOW_NAMELESS, is_evidence, &how);
    }
    if ((login->broken & RULE_BIT(RULE_EXTRA)) != 0 && !is_one_name(judge, login))
        return NO_LOGIN;
    found = look(judge, &judge->by_user, login->user, index, window, is_evidence, &how);
    how.own_client = false;
    return found != NO_LOGIN || own_client
               ? found
               : look(judge, &judge->by_user, login->user, index, window, is_evidence, &how);
}

struct refusal {
    bool bad_only, mailbox, quoted;
};

static bool is_clean_refusal(struct judge *judge, uint32_t index, uint32_t other_index, const void *as)
{
    const struct refusal *how = as;
    const struct judge_login *login = &judge->logins[index], *other = &judge->logins[other_index];

    if (!other->failed || other->user != login->user || !judge_is_clean(other) ||
        judge->verdicts[other_index].late)
        return false;
    switch (judge->verdicts[other_index].says) {
    case REPLY_LIMIT:
    case REPLY_POLICY:
    case REPLY_PRIVACY:
    case REPLY_ACCOUNT:
    case REPLY_UNAVAILABLE:
        return false; /* another reason, which may have passed */
    default:
        break;
    }
    if (how->quoted && (other->username_form == FORM_ATOM || other->password_form == FORM_ATOM))
        return false;
    if (how->mailbox)
        return other->refused_mailbox;
    return other->result == RESULT_BAD || (!how->bad_only && other->result == RESULT_NO);
}

uint32_t judge_clean_refusal(struct judge *judge, uint32_t index, bool bad_only, bool quoted)
{
    const struct judge_login *login = &judge->logins[index];
    struct refusal how = {.bad_only = bad_only, .mailbox = login->refused_mailbox, .quoted = quoted};

    return login->user == 0
               ? NO_LOGIN
               : look(judge, &judge->by_user, login->user, index, WINDOW_BAD, is_clean_refusal, &how);
}

/* --- another form, another mechanism --- */

static bool was_accepted(const struct judge *judge, unsigned kind, uint64_t a, uint64_t b, uint64_t c)
{
    return numbers_find(&judge->accepted, judge_key(judge, kind, a, b, c), 0) != 0;
}

static bool is_other_form(struct judge *judge, uint32_t index, uint32_t other_index, const void *how)
{
    const struct judge_login *login = &judge->logins[index], *other = &judge->logins[other_index];

    (void)how;
    return !other->failed && judge_is_clean(other) && (other->user == login->user || login->user == 0) &&
           other->mechanism == login->mechanism && judge_form_key(other) != judge_form_key(login) &&
           (login->mechanism == 0 ||
            (login->initial != INITIAL_UNKNOWN && other->initial != INITIAL_UNKNOWN)) &&
           (login->product == other->product || login->product == 0 || other->product == 0);
}

uint32_t judge_other_form(struct judge *judge, uint32_t index, int64_t window)
{
    const struct judge_login *login = &judge->logins[index];

    if (login->user == 0)
        return only_user(judge, login) == 0 ? NO_LOGIN
                                            : look(judge, &judge->by_client, login->client, index,
                                                   WINDOW_NAMELESS, is_other_form, NULL);
    if (was_accepted(judge, ACCEPTED_USER_FORM, login->end, login->user, judge_form_key(login)))
        return NO_LOGIN;
    return look(judge, &judge->by_user, login->user, index, window, is_other_form, NULL);
}

bool judge_form_refused(const struct judge *judge, uint32_t index, uint32_t taken, bool *same_user)
{
    const struct judge_list *list = &judge->by_words;
    const struct judge_login *login = &judge->logins[index];
    uint32_t words = judge->verdicts[index].words;
    size_t i = judge_lower(list, login->end, words, login->time - WINDOW_BAD);
    bool refused = false;

    *same_user = false;
    for (unsigned looked_at = 0; i < list->count && looked_at < 2 * MOST_LOOKED_AT; i++, looked_at++) {
        const struct judge_entry *entry = &list->entries[i];
        const struct judge_login *other = &judge->logins[entry->login];

        if (entry->first != login->end || entry->second != words || entry->time > login->time + WINDOW_BAD)
            break;
        if (judge_form_key(other) != judge_form_key(&judge->logins[taken]))
            continue;
        refused = true;
        *same_user = *same_user || (other->user == login->user && other->client == login->client);
    }
    return refused;
}

static bool is_challenge(const struct judge *judge, uint32_t mechanism)
{
    static const char *const names[] = {"CRAM-", "DIGEST-", "NTLM", "SCRAM-"};
    const char *text = strings_text(&judge->strings, mechanism);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (sqlite3_strnicmp(text, names[i], (int)(names[i][4] == '\0' ? 4 : 5)) == 0)
            return true;
    return false;
}

struct switched {
    bool own_client, shown;
};

static bool is_other_mechanism(struct judge *judge, uint32_t index, uint32_t other_index, const void *as)
{
    const struct switched *how = as;
    const struct judge_login *login = &judge->logins[index], *other = &judge->logins[other_index];
    int64_t by;

    if (other->failed || other->incomplete || other->user != login->user ||
        other->mechanism == login->mechanism)
        return false;
    if (how->own_client && other->client != login->client)
        return false;
    if (!how->shown)
        return true;
    by = numbers_find(&judge->accepted,
                      judge_key(judge, SWITCHED, login->end, login->mechanism, other->mechanism), 0);
    return by < 0 || (by > 0 && by != login->client);
}

uint32_t judge_other_mechanism(struct judge *judge, uint32_t index)
{
    const struct judge_login *login = &judge->logins[index];
    uint32_t found;

    if (login->user == 0 ||
        was_accepted(judge, ACCEPTED_USER_MECHANISM, login->end, login->user, login->mechanism))
        return NO_LOGIN;
    if (is_challenge(judge, login->mechanism) &&
        !was_accepted(judge, ACCEPTED_MECHANISM, login->end, login->mechanism, 0)) {
        struct switched any = {0};

        found = look(judge, &judge->by_user, login->user, index, WINDOW_NO, is_other_mechanism, &any);
        if (found != NO_LOGIN)
            return found;
    }
    found = look(judge, &judge->by_user, login->user, index, WINDOW_NAMELESS, is_other_mechanism,
                 &(struct switched){.own_client = true});
    if (found != NO_LOGIN)
        return found;
    return look(judge, &judge->by_user, login->user, index, WINDOW_NO, is_other_mechanism,
                &(struct switched){.shown = true});
}

static bool is_refused_by(struct judge *judge, uint32_t index, uint32_t other_index, const void *mechanism)
{
    const struct judge_login *login = &judge->logins[index], *other = &judge->logins[other_index];

    return other->failed && other->user == login->user && other->client == login->client &&
           other->mechanism == *(const uint32_t *)mechanism && other->result == RESULT_NO &&
           judge_is_clean(other) && judge->verdicts[other_index].says == REPLY_CREDENTIALS;
}

bool judge_mechanism_refused(struct judge *judge, uint32_t index, uint32_t taken)
{
    const struct judge_login *login = &judge->logins[index];

    return look(judge, &judge->by_user, login->user, index, WINDOW_NO, is_refused_by,
                &judge->logins[taken].mechanism) != NO_LOGIN;
}

/* --- everybody --- */

/* How many clean logins of this user failed there around the time; at most a few are counted. */
static size_t own_refusals(const struct judge *judge, const struct judge_login *login)
{
    size_t i = judge_lower(&judge->by_user, login->end, login->user, login->time - WINDOW_OUTAGE), own = 0;

    if (login->user == 0)
        return 0;
    for (unsigned looked_at = 0; i < judge->by_user.count && looked_at < MOST_LOOKED_AT; i++, looked_at++) {
        const struct judge_entry *entry = &judge->by_user.entries[i];
        const struct judge_login *other = &judge->logins[entry->login];

        if (entry->first != login->end || entry->second != login->user ||
            entry->time > login->time + WINDOW_OUTAGE)
            break;
        own += other->failed && judge_is_clean(other) && !judge->verdicts[entry->login].late;
    }
    return own;
}

/* Users, not logins, are what counts: as many as are looked at. */
bool judge_outage(struct judge *judge, uint32_t index)
{
    const struct judge_login *login = &judge->logins[index];
    size_t i = judge_lower(&judge->clean, login->end, 0, login->time - WINDOW_OUTAGE);
    uint32_t users[3] = {0};
    unsigned count = 0;

    if (judge_near(&judge->times, login->end, 0, login->time, WINDOW_OUTAGE) > 0 ||
        judge_near(&judge->clean, login->end, 0, login->time, WINDOW_OUTAGE) < 3 + own_refusals(judge, login))
        return false;
    for (unsigned looked_at = 0; i < judge->clean.count && looked_at < 2 * MOST_LOOKED_AT; i++, looked_at++) {
        const struct judge_entry *entry = &judge->clean.entries[i];
        const struct judge_login *other = &judge->logins[entry->login];

        if (entry->first != login->end || entry->time > login->time + WINDOW_OUTAGE)
            break;
        if ((other->result != RESULT_NO && other->result != RESULT_BAD) || other->user == login->user ||
            other->user == 0 || other->user == users[0] || other->user == users[1])
            continue;
        users[count++] = other->user;
        if (count == 3)
            return true;
    }
    return false;
}

bool judge_said_to_clean(struct judge *judge, uint32_t index)
{
    const struct judge_list *list = &judge->by_words;
    const struct judge_login *login = &judge->logins[index];
    uint32_t words = judge->verdicts[index].words;
    size_t i = judge_lower(list, login->end, words, INT64_MIN);

    for (unsigned looked_at = 0; i < list->count && looked_at < MOST_LOOKED_AT; i++, looked_at++) {
        const struct judge_entry *entry = &list->entries[i];

        if (entry->first != login->end || entry->second != words)
            return false;
        if (entry->login != index && (judge->outbound[entry->login] == NO_LOGIN ||
                                      !judge->logins[judge->outbound[entry->login]].failed))
            return true;
    }
    return false;
}

bool judge_same_bad(struct judge *judge, uint32_t index)
{
    const struct judge_list *list = &judge->by_words;
    const struct judge_login *login = &judge->logins[index];
    uint32_t words = judge->verdicts[index].words;
    size_t same = judge_near(list, login->end, words, login->time, WINDOW_BAD);
    size_t all = judge_near(&judge->clean, login->end, 0, login->time, WINDOW_BAD) +
                 judge_near(&judge->times, login->end, 0, login->time, WINDOW_BAD);
    size_t i = judge_lower(list, login->end, words, login->time - WINDOW_BAD);

    if (same * 20 > all)
        return true;
    for (unsigned looked_at = 0; i < list->count && looked_at < 2 * MOST_LOOKED_AT; i++, looked_at++) {
        const struct judge_entry *entry = &list->entries[i];
        const struct judge_login *other = &judge->logins[entry->login];

        if (entry->first != login->end || entry->second != words || entry->time > login->time + WINDOW_BAD)
            return false;
        if (other->client == login->client || (login->user != 0 && other->user == login->user))
            return true;
    }
    return false;
}

/* --- changes of the mechanism --- */

/* A client that was refused by one mechanism, and let in by another soon after, as the same user. */
bool judge_note_switches(struct judge *judge)
{
    for (size_t i = 0; i < judge->failed; i++) {
        const struct judge_login *login = &judge->logins[i], *other;
        uint32_t found;
        int64_t *by;

        if (login->user == 0 || login->copy || login->broken != 0)
            continue;
        found = look(judge, &judge->by_user, login->user, (uint32_t)i, WINDOW_NAMELESS, is_other_mechanism,
                     &(struct switched){.own_client = true});
        if (found == NO_LOGIN)
            continue;
        other = &judge->logins[found];
        by = numbers_take(&judge->accepted,
                          judge_key(judge, SWITCHED, login->end, login->mechanism, other->mechanism),
                          login->client);
        if (by == NULL)
            return false;
        if (*by != login->client)
            *by = -1; /* several clients */
    }
    return true;
}

bool judge_ever_accepted(const struct judge *judge, uint32_t end, uint32_t mechanism)
{
    return was_accepted(judge, ACCEPTED_MECHANISM, end, mechanism, 0);
}
