/*
 * The two legs of a proxy: a user logs in to a host, and while that login waits for its answer the host logs
 * in elsewhere as the same user. Chance makes such pairs too, so a leg counts only where no different one
 * fits: all inbound logins that an outbound one lies in are alike, and so are all outbound ones that lie in
 * those.
 *
 * Three passes, from strict to lenient, each over what the ones before it left: exact; with a little slack,
 * for clocks that are rounded; with a shift of up to two seconds, for two clocks. Logins are looked up by the
 * proxy's address, the user's name and the time, and no more than a few of them: where there are more, none
 * counts.
 */
#include "db/judgement/judge.h"

#include <stdlib.h>

#define MOST_CANDIDATES 64

/* In judge->aliases: that it is the server's address of a proxy with two. */
#define ALIAS_OF(server) ((uint64_t)(server) | UINT64_C(1) << 40)

enum pass { PASS_EXACT, PASS_SLACK, PASS_SHIFT, PASSES };

/* The address at which the sender of a login is a server. */
static uint32_t proxy_of(const struct judge *judge, const struct judge_login *o)
{
    return (uint32_t)numbers_find(&judge->aliases, (uint64_t)o->client + 1, o->client);
}

struct leg_finder {
    struct judge *judge;
    struct judge_list inbound;  /* server, key: logins that a proxy received */
    struct judge_list outbound; /* by time: logins that one sent; first: 0 */
    struct judge_list shifts;   /* proxy; time: the shift; login: the outbound leg */
    struct numbers alike;       /* by inbound login: the signature of its outbound ones; 0: several */
};

/* 0: not the same user; 1: variants of a name; 2: equal. */
static int same_name(const struct judge_login *i, const struct judge_login *o)
{
    if (i->actor == o->actor || i->user == o->user)
        return 2;
    if (i->domain && o->domain)
        return 0;
    return i->key == o->key || (o->master != 0 && o->master == i->key) ||
           (i->master != 0 && i->master == o->key);
}

/* What the proxy was answered, it cannot have answered otherwise. */
static bool results_fit(const struct judge_login *i, const struct judge_login *o)
{
    bool accepted = o->result == RESULT_OK && !o->refused_mailbox;

    if (i->result == RESULT_OK && !i->refused_mailbox)
        return accepted;
    return i->result == RESULT_NONE || i->result == RESULT_OK || !accepted;
}

/* The clock of a command runs from its last octet, but its time is that of the first: where the client waited
 * in between, the answer came later than is known. */
static int64_t late_by(const struct judge_login *i)
{
    return i->username_form == FORM_LITERAL || i->password_form == FORM_LITERAL || i->mechanism != 0
               ? WINDOW_SKEW
               : 0;
}

static bool lies_in(const struct judge_login *i, const struct judge_login *o, enum pass pass)
{
    int64_t slack = pass == PASS_EXACT ? 0 : WINDOW_SLACK;
    int64_t late = pass == PASS_EXACT ? 0 : late_by(i);
    int64_t low, high;

    if (i->result == RESULT_NONE && o->time - i->time > WINDOW_OPEN_LEG)
        return false;
    if (pass == PASS_SHIFT) {
        if (i->answered == INT64_MAX || o->answered == INT64_MAX)
            return false;
        low = o->answered - i->answered;
        high = o->time - i->time;
        return low <= high && low <= WINDOW_SKEW && high >= -WINDOW_SKEW;
    }
    if (o->time < i->time - slack)
        return false;
    if (i->answered == INT64_MAX)
        return true;
    if (o->time > i->answered + slack + late)
        return false;
    return o->answered == INT64_MAX || o->answered <= i->answered + slack + late;
}

/* 0: `i` is no inbound leg of `o`; 1: by a variant of its name; 2. */
static int fits(const struct leg_finder *finder, uint32_t inbound, uint32_t outbound, enum pass pass)
{
    const struct judge *judge = finder->judge;
    const struct judge_login *i = &judge->logins[inbound], *o = &judge->logins[outbound];

    if (inbound == outbound || i->end == o->end || i->connection == o->connection ||
        judge->outbound[inbound] != NO_LOGIN || !results_fit(i, o) || !lies_in(i, o, pass) ||
        (i->net != o->net && !judge_has_single_nets(judge, o->client)))
        return 0;
    return same_name(i, o);
}

/* What makes logins alike: how they are written, and whether they failed. */
static int64_t signature(const struct judge *judge, uint32_t index)
{
    const struct judge_login *login = &judge->logins[index];
    uint64_t mixed = numbers_mix(judge->key, login->broken, judge_form_key(login) & ~FORM_KEY_INITIAL,
                                 login->failed, login->incomplete);

    return (int64_t)(mixed >> 1) + 1;
}

struct candidates {
    uint32_t logins[MOST_CANDIDATES * 2];
    unsigned count;
    bool too_many;
};

static void collect(const struct leg_finder *finder, uint32_t outbound, uint32_t key, enum pass pass,
                    struct candidates *found, int *best)
{
    const struct judge_login *o = &finder->judge->logins[outbound];
    const struct judge_list *list = &finder->inbound;
    uint32_t proxy = proxy_of(finder->judge, o);
    int64_t ahead = pass == PASS_EXACT ? 0 : pass == PASS_SLACK ? WINDOW_SLACK : WINDOW_SKEW;
    size_t first = judge_lower(list, proxy, key, o->time - WINDOW_LONG_LEG);
    size_t last = judge_lower(list, proxy, key, o->time + ahead + 1);

    if (last - first > (size_t)MOST_CANDIDATES * 4) {
        found->too_many = true;
        return;
    }
    for (size_t i = first; i < last; i++) {
        int fit = fits(finder, list->entries[i].login, outbound, pass);

        if (fit == 0 || fit < *best)
            continue;
        if (fit > *best)
            found->count = 0;
        *best = fit;
        if (found->count == MOST_CANDIDATES) {
            found->too_many = true;
            return;
        }
        found->logins[found->count++] = list->entries[i].login;
    }
}

static void candidates_of(const struct leg_finder *finder, uint32_t outbound, enum pass pass,
                          struct candidates *found)
{
    const struct judge_login *o = &finder->judge->logins[outbound];
    int best = 0;

    found->count = 0;
    found->too_many = false;
    collect(finder, outbound, o->key, pass, found, &best);
    if (o->master != 0 && o->master != o->key && !found->too_many)
        collect(finder, outbound, o->master, pass, found, &best);
    for (unsigned i = 1; i < found->count && !found->too_many; i++)
        found->too_many =
            signature(finder->judge, found->logins[i]) != signature(finder->judge, found->logins[0]);
}

/* Notes for each inbound login whether all outbound ones that may be its are alike. */
static bool note_alike(struct leg_finder *finder, enum pass pass)
{
    struct candidates found;

    for (size_t n = 0; n < finder->outbound.count; n++) {
        uint32_t outbound = finder->outbound.entries[n].login;
        int64_t own = signature(finder->judge, outbound);

        if (finder->judge->leg[outbound] != NO_LOGIN)
            continue;
        candidates_of(finder, outbound, pass, &found);
        for (unsigned i = 0; i < found.count; i++) {
            int64_t *alike = numbers_take(&finder->alike, (uint64_t)found.logins[i] + 1, own);

            if (alike == NULL)
                return false;
            if (*alike != own)
                *alike = 0;
        }
    }
    return true;
}

/* The one that was answered first: what is left of them then lies in more. */
static uint32_t first_answered(const struct leg_finder *finder, const struct candidates *found)
{
    uint32_t first = NO_LOGIN;

    for (unsigned i = 0; i < found->count; i++) {
        if (numbers_find(&finder->alike, (uint64_t)found->logins[i] + 1, 0) == 0)
            return NO_LOGIN;
        if (first == NO_LOGIN ||
            finder->judge->logins[found->logins[i]].answered < finder->judge->logins[first].answered)
            first = found->logins[i];
    }
    return first;
}

static bool note_leg(struct leg_finder *finder, uint32_t inbound, uint32_t outbound, enum pass pass)
{
    static const uint8_t grades[PASSES] = {
        [PASS_EXACT] = LEG_EXACT, [PASS_SLACK] = LEG_SLACK, [PASS_SHIFT] = LEG_SHIFTED};
    struct judge *judge = finder->judge;
    const struct judge_login *i = &judge->logins[inbound], *o = &judge->logins[outbound];

    judge->leg[outbound] = inbound;
    judge->leg_grade[outbound] = grades[pass];
    judge->outbound[inbound] = outbound;
    if (pass != PASS_SHIFT)
        return true;
    return judge_add(&finder->shifts,
                     (struct judge_entry){.first = o->client,
                                          .time = ((o->answered - i->answered) + (o->time - i->time)) / 2,
                                          .login = outbound});
}

static bool match(struct leg_finder *finder, enum pass pass)
{
    struct candidates found;

    numbers_free(&finder->alike);
    if (!note_alike(finder, pass))
        return false;
    for (size_t n = 0; n < finder->outbound.count; n++) {
        uint32_t outbound = finder->outbound.entries[n].login, inbound;

        if (finder->judge->leg[outbound] != NO_LOGIN)
            continue;
        candidates_of(finder, outbound, pass, &found);
        if (found.count == 0 || found.too_many)
            continue;
        inbound = first_answered(finder, &found);
        if (inbound != NO_LOGIN && !note_leg(finder, inbound, outbound, pass))
            return false;
    }
    return true;
}

/* A shift that three users of a proxy agree on is that of its clock; any other may be chance, and is no leg.
 */
static void agree(struct leg_finder *finder)
{
    struct judge *judge = finder->judge;
    const struct judge_list *list = &finder->shifts;

    judge_sort(&finder->shifts);
    for (size_t n = 0; n < list->count; n++) {
        uint32_t users[3];
        unsigned count = 0;
        size_t last = n;

        for (; last < list->count && list->entries[last].first == list->entries[n].first &&
               list->entries[last].time - list->entries[n].time <= JUDGE_SECOND / 20 && count < 3;
             last++) {
            uint32_t user = judge->logins[list->entries[last].login].actor;
            bool known = false;

            for (unsigned i = 0; i < count; i++)
                known = known || users[i] == user;
            if (!known)
                users[count++] = user;
        }
        for (size_t i = n; count == 3 && i < last; i++)
            judge->leg_grade[list->entries[i].login] = LEG_AGREED;
    }
    for (size_t n = 0; n < list->count; n++) {
        uint32_t outbound = list->entries[n].login;

        if (judge->leg_grade[outbound] != LEG_SHIFTED)
            continue;
        judge->outbound[judge->leg[outbound]] = NO_LOGIN;
        judge->leg[outbound] = NO_LOGIN;
        judge->leg_grade[outbound] = LEG_NONE;
    }
}

/* Who writes a login otherwise than it came in. */
static bool note_changes(struct judge *judge)
{
    for (size_t n = 0; n < judge->count; n++) {
        const struct judge_login *o = &judge->logins[n];

        if (judge->leg[n] == NO_LOGIN || judge_form_key(o) == judge_form_key(&judge->logins[judge->leg[n]]))
            continue;
        if (numbers_take(&judge->changes, (uint64_t)o->client + 1, 1) == NULL)
            return false;
    }
    return true;
}

static bool add_inbound(struct judge_list *list, uint32_t server, const struct judge_login *login,
                        uint32_t index)
{
    struct judge_entry entry = {.first = server, .second = login->key, .time = login->time, .login = index};

    if (!judge_add(list, entry))
        return false;
    entry.second = login->master;
    return login->master == 0 || login->master == login->key || judge_add(list, entry);
}

static bool add_leg_ends(struct leg_finder *finder, uint32_t index)
{
    const struct judge *judge = finder->judge;
    const struct judge_login *login = &judge->logins[index];
    bool received = judge_is_client(judge, login->server) ||
                    numbers_find(&judge->aliases, ALIAS_OF(login->server), 0) != 0;

    if (login->copy || login->key == 0)
        return true;
    if (received && !add_inbound(&finder->inbound, login->server, login, index))
        return false;
    return (!judge_is_server(judge, login->client) && proxy_of(judge, login) == login->client) ||
           judge_add(&finder->outbound, (struct judge_entry){.time = login->time, .login = index});
}

/* --- proxies with two addresses --- */

/* The one server that received logins of this user in which this one lies; 0: none, or several. */
static uint32_t received_by(const struct judge *judge, const struct judge_list *all,
                            const struct judge_login *o)
{
    size_t first = judge_lower(all, 0, o->key, o->time - WINDOW_LONG_LEG);
    size_t last = judge_lower(all, 0, o->key, o->time + 1);
    uint32_t server = 0;

    for (size_t n = first; n < last && last - first <= MOST_CANDIDATES; n++) {
        const struct judge_login *i = &judge->logins[all->entries[n].login];

        if (i->end == o->end || i->connection == o->connection || i->client == o->client ||
            i->net != o->net || !results_fit(i, o) || !lies_in(i, o, PASS_EXACT) || same_name(i, o) == 0)
            continue;
        if (server != 0 && server != i->server)
            return 0;
        server = i->server;
    }
    return server;
}

/* One client whose votes are [first, last): its proxy's address, when three users show it and none another.
 */
static bool note_alias(struct judge *judge, const struct judge_list *votes, size_t first, size_t last)
{
    uint32_t server = votes->entries[first].second, users = 1;
    int64_t *alias;

    for (size_t n = first + 1; n < last; n++) {
        if (votes->entries[n].second != server)
            return true;
        users += votes->entries[n].time != votes->entries[n - 1].time;
    }
    if (users < 3)
        return true;
    alias = numbers_take(&judge->aliases, (uint64_t)votes->entries[first].first + 1, server);
    return alias != NULL && numbers_take(&judge->aliases, ALIAS_OF(server), 1) != NULL;
}

static bool find_aliases(struct judge *judge)
{
    struct judge_list all = {0}, votes = {0};
    bool done = true;

    for (size_t i = 0; done && i < judge->count; i++)
        if (!judge->logins[i].copy && judge->logins[i].key != 0)
            done = add_inbound(&all, 0, &judge->logins[i], (uint32_t)i);
    judge_sort(&all);
    for (size_t i = 0; done && i < judge->failed; i++) {
        const struct judge_login *o = &judge->logins[i];
        uint32_t server =
            o->copy || o->key == 0 || judge_is_server(judge, o->client) ? 0 : received_by(judge, &all, o);

        if (server != 0) /* the user stands where a time would */
            done = judge_add(&votes,
                             (struct judge_entry){.first = o->client, .second = server, .time = o->actor});
    }
    judge_sort(&votes);
    for (size_t first = 0, last; done && first < votes.count; first = last) {
        for (last = first + 1; last < votes.count && votes.entries[last].first == votes.entries[first].first;)
            last++;
        done = note_alias(judge, &votes, first, last);
    }
    sqlite3_free(all.entries);
    sqlite3_free(votes.entries);
    return done;
}

static bool make_room(struct judge *judge)
{
    size_t count = judge->count + 1;

    judge->leg = sqlite3_malloc64(count * sizeof *judge->leg);
    judge->outbound = sqlite3_malloc64(count * sizeof *judge->outbound);
    judge->leg_grade = sqlite3_malloc64(count);
    if (judge->leg == NULL || judge->outbound == NULL || judge->leg_grade == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        judge->leg[i] = judge->outbound[i] = NO_LOGIN;
        judge->leg_grade[i] = LEG_NONE;
    }
    return true;
}

int judge_legs(struct judge *judge)
{
    struct leg_finder finder = {.judge = judge};
    bool done = make_room(judge) && find_aliases(judge);

    for (size_t i = 0; done && i < judge->count; i++)
        done = add_leg_ends(&finder, (uint32_t)i);
    judge_sort(&finder.inbound);
    judge_sort(&finder.outbound);
    for (int pass = PASS_EXACT; done && pass < PASSES; pass++)
        done = match(&finder, (enum pass)pass);
    if (done) {
        agree(&finder);
        done = note_changes(judge);
    }
    sqlite3_free(finder.inbound.entries);
    sqlite3_free(finder.outbound.entries);
    sqlite3_free(finder.shifts.entries);
    numbers_free(&finder.alike);
    return done ? SQLITE_OK : SQLITE_NOMEM;
}
