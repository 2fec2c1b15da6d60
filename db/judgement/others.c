/* Reads the accepted logins that can say something about those that failed, and finds copies of the same
 * packets. */
#include "db/judgement/columns.h"

#include <ctype.h>
#include <string.h>

uint64_t judge_key(const struct judge *judge, unsigned kind, uint64_t a, uint64_t b, uint64_t c)
{
    return numbers_mix(judge->key, kind, a, b, c);
}

uint64_t judge_form_key(const struct judge_login *login)
{
    return (uint64_t)login->mechanism << 16 | (uint64_t)login->initial << 14 |
           (uint64_t)login->username_form << 8 | login->password_form;
}

bool judge_note(struct judge *judge, struct numbers *numbers, unsigned kind, uint64_t a, uint64_t b,
                uint64_t c)
{
    int64_t *value = numbers_take(numbers, judge_key(judge, kind, a, b, c), 0);

    if (value == NULL)
        return false;
    (*value)++;
    return true;
}

/* --- what a server takes --- */

/* The next octet of the column `octets`, where others than ! to ~ are written \xNN. */
static unsigned next_octet(const char **text)
{
    const char *at = *text;
    unsigned high, low;

    if (at[0] == '\\' && at[1] == 'x' && isxdigit((unsigned char)at[2]) && isxdigit((unsigned char)at[3])) {
        high = (unsigned)(at[2] <= '9' ? at[2] - '0' : (at[2] | 32) - 'a' + 10);
        low = (unsigned)(at[3] <= '9' ? at[3] - '0' : (at[3] | 32) - 'a' + 10);
        *text = at + 4;
        return high * 16 + low;
    }
    *text = at + 1;
    return (unsigned char)*at;
}

/* What of a violation is compared: rule, argument, octet. 256: no octet is named. */
static uint64_t fault(const struct judge_broken *broken, unsigned octet)
{
    return (uint64_t)broken->rule << 16 | (uint64_t)broken->argument << 12 | octet;
}

static bool note_tolerated(struct judge *judge, const struct judge_login *login)
{
    size_t first, last = judge_broken_of(judge, login->id, &first);
    bool noted = true;

    for (size_t i = first; noted && i < last; i++) {
        const char *octets = strings_text(&judge->strings, judge->broken[i].octets);

        do {
            uint64_t what = fault(&judge->broken[i], *octets == '\0' ? 256 : next_octet(&octets));

            noted = judge_note(judge, &judge->tolerated, TOLERATED, login->end, what, 0) &&
                    (login->user == 0 ||
                     judge_note(judge, &judge->tolerated, TOLERATED_USER, login->end, what, login->user));
        } while (noted && *octets != '\0');
    }
    return noted;
}

static bool is_tolerated(const struct judge *judge, const struct judge_login *login,
                         const struct judge_broken *broken, unsigned kind, uint32_t user)
{
    const char *octets = strings_text(&judge->strings, broken->octets);

    do {
        uint64_t what = fault(broken, *octets == '\0' ? 256 : next_octet(&octets));

        if (numbers_find(&judge->tolerated, judge_key(judge, kind, login->end, what, user), 0) == 0)
            return false;
    } while (*octets != '\0');
    return true;
}

void judge_tolerated(const struct judge *judge, uint32_t index, uint64_t *anybody, uint64_t *this_user)
{
    const struct judge_login *login = &judge->logins[index];
    size_t first, last = judge_broken_of(judge, login->id, &first);
    uint64_t not_by_anybody = 0, not_by_user = 0;

    for (size_t i = first; i < last; i++) {
        if (!is_tolerated(judge, login, &judge->broken[i], TOLERATED, 0))
            not_by_anybody |= RULE_BIT(judge->broken[i].rule);
        if (login->user == 0 || !is_tolerated(judge, login, &judge->broken[i], TOLERATED_USER, login->user))
            not_by_user |= RULE_BIT(judge->broken[i].rule);
    }
    *anybody = login->broken & ~not_by_anybody;
    *this_user = login->broken & ~not_by_user;
}

bool judge_takes_from_user(const struct judge *judge, const struct judge_login *login,
                           const struct judge_broken *broken)
{
    return login->user != 0 && is_tolerated(judge, login, broken, TOLERATED_USER, login->user);
}

bool judge_shares(const struct judge *judge, const struct judge_login *login, const struct judge_login *other,
                  uint64_t rules)
{
    size_t first, last, other_first, other_last;

    if ((other->broken & rules) == 0)
        return false;
    last = judge_broken_of(judge, login->id, &first);
    other_last = judge_broken_of(judge, other->id, &other_first);
    for (size_t i = first; i < last; i++) {
        const struct judge_broken *broken = &judge->broken[i];

        if ((RULE_BIT(broken->rule) & rules) == 0 || judge_takes_from_user(judge, login, broken))
            continue;
        for (size_t j = other_first; j < other_last; j++)
            if (judge->broken[j].rule == broken->rule && judge->broken[j].argument == broken->argument)
                return true;
    }
    return false;
}

/* --- accepted logins --- */

/* Who writes user names quoted or as literals, at which end. */
static bool note_quotes(struct judge *judge, const struct judge_login *login)
{
    return login->username_form < FORM_QUOTED || login->username_form > FORM_LITERAL8 ||
           judge_note(judge, &judge->accepted, QUOTES, login->end, login->client, 0);
}

bool judge_sender_quotes(const struct judge *judge, const struct judge_login *login)
{
    return numbers_find(&judge->accepted, judge_key(judge, QUOTES, login->end, login->client, 0), 0) != 0;
}

static bool note_accepted(struct judge *judge, const struct judge_login *login)
{
    return judge_add(&judge->times, (struct judge_entry){.first = login->end, .time = login->time}) &&
           judge_note(judge, &judge->accepted, ACCEPTED_MECHANISM, login->end, login->mechanism, 0) &&
           (login->broken == 0 || note_tolerated(judge, login));
}

/* The same of a user that matters. */
static bool note_accepted_user(struct judge *judge, const struct judge_login *login)
{
    return note_quotes(judge, login) &&
           (login->user == 0 || (judge_note(judge, &judge->accepted, ACCEPTED_USER_MECHANISM, login->end,
                                            login->user, login->mechanism) &&
                                 judge_note(judge, &judge->accepted, ACCEPTED_USER_FORM, login->end,
                                            login->user, judge_form_key(login))));
}

/* The name as a sender means it who writes it wrongly: without backslashes, or its first word. 0: the same.
 */
static uint32_t meant(struct judge *judge, uint32_t user, char what)
{
    const char *text = strings_text(&judge->strings, user);
    char copy[256];
    size_t length = 0, size = strlen(text);

    if (size >= sizeof copy || strchr(text, what) == NULL)
        return 0;
    memcpy(copy, text, size + 1);
    if (what == ' ')
        return strings_number(&judge->strings, copy, (size_t)(strchr(copy, ' ') - copy));
    for (size_t i = 0; i < size; i++)
        if (copy[i] != '\\')
            copy[length++] = copy[i];
    return strings_number(&judge->strings, copy, length);
}

static bool is_wanted(struct judge *judge, const struct judge_login *login)
{
    uint32_t bare = meant(judge, login->user, '\\'), word = meant(judge, login->user, ' ');

    return judge_wants(judge, WANT_USER, login->user, 0) || judge_wants(judge, WANT_USER, login->key, 0) ||
           (login->master != 0 && judge_wants(judge, WANT_USER, login->master, 0)) ||
           (bare != 0 && judge_wants(judge, WANT_USER, bare, 0)) ||
           (word != 0 && judge_wants(judge, WANT_USER, word, 0)) ||
           (judge->nameless && judge_wants(judge, WANT_CLIENT, login->end, login->client));
}

/* The first login of a connection that was let in, where one failed on it. */
static bool note_connection(struct judge *judge, const struct judge_login *login)
{
    uint64_t key = (uint64_t)login->connection + 1;
    int64_t *first;

    if (numbers_find(&judge->connections, key, -1) == -1)
        return true;
    first = numbers_take(&judge->connections, key, INT64_MAX);
    if (first != NULL && login->result == RESULT_OK && login->id < *first)
        *first = login->id;
    return first != NULL;
}

/* Reads all of a login; one that is to be left out counts as failed. */
static int read_whole(struct judge *judge, int64_t id, struct judge_login *login)
{
    int rc = judge->whole != NULL ? SQLITE_OK
                                  : sqlite3_prepare_v2(judge->db, judge_login_sql, -1, &judge->whole, NULL);

    *login = (struct judge_login){.failed = true};
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(judge->whole, 1, id);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(judge->whole);
    if (rc == SQLITE_ROW)
        rc = judge_read_login(judge, judge->whole, login);
    else if (rc == SQLITE_DONE)
        rc = SQLITE_OK;
    (void)sqlite3_reset(judge->whole);
    return rc;
}

/* *broken is the place in judge->broken: the rows come in the same order. */
static int add_other(struct judge *judge, sqlite3_stmt *row, size_t *broken)
{
    int64_t id = sqlite3_column_int64(row, OK_ID);
    struct judge_login login;
    bool whole;
    int rc;

    while (*broken < judge->broken_count && judge->broken[*broken].login < id)
        ++*broken;
    whole =
        judge_may_be_wanted(judge, row, *broken < judge->broken_count && judge->broken[*broken].login == id);
    rc = whole ? read_whole(judge, id, &login) : judge_read_accepted(judge, row, &login);
    if (rc != SQLITE_OK || login.failed)
        return rc;
    if (*broken < judge->broken_count && judge->broken[*broken].login == id)
        judge_set_broken(judge, &login);
    if (!note_connection(judge, &login) ||
        (judge_wants(judge, WANT_END, login.end, 0) && !note_accepted(judge, &login)) ||
        (judge->proxies && login.client != 0 && login.end != 0 && !note_quotes(judge, &login)))
        return SQLITE_NOMEM;
    if (!whole || !is_wanted(judge, &login))
        return SQLITE_OK;
    return note_accepted_user(judge, &login) ? judge_add_login(judge, &login) : SQLITE_NOMEM;
}

bool judge_was_answered_later(struct judge *judge, const struct judge_login *login)
{
    bool later;

    if (judge->later == NULL &&
        sqlite3_prepare_v2(judge->db,
                           "SELECT 1 FROM logins WHERE connection_id = ?1 AND id > ?2 AND result IS NOT NULL",
                           -1, &judge->later, NULL) != SQLITE_OK)
        return true; /* then nothing is claimed */
    (void)sqlite3_bind_int64(judge->later, 1, login->connection);
    (void)sqlite3_bind_int64(judge->later, 2, login->id);
    later = sqlite3_step(judge->later) != SQLITE_DONE;
    (void)sqlite3_reset(judge->later);
    return later;
}

/* Whether it was let in before on its connection. */
static void look_around(struct judge *judge)
{
    for (size_t i = 0; i < judge->failed; i++) {
        const struct judge_login *login = &judge->logins[i];

        judge->verdicts[i].late =
            numbers_find(&judge->connections, (uint64_t)login->connection + 1, INT64_MAX) < login->id ||
            (login->broken & RULE_BIT(RULE_ALREADY)) != 0;
    }
}

int judge_load_others(struct judge *judge)
{
    sqlite3_stmt *row = NULL;
    size_t broken = 0;
    int rc = SQLITE_OK;

    for (size_t i = 0; i < judge->failed; i++)
        if (!note_quotes(judge, &judge->logins[i]))
            return SQLITE_NOMEM;
    if (judge->wanted.count > 0) {
        rc = sqlite3_prepare_v2(judge->db, judge_accepted_sql, -1, &row, NULL);
        while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
            rc = add_other(judge, row, &broken);
        (void)sqlite3_finalize(row);
        if (rc != SQLITE_DONE)
            return rc;
    }
    look_around(judge);
    return SQLITE_OK;
}

/* --- lists --- */

/* Whether all was captured at one place: then there are no copies. */
static bool is_one_place(const struct judge *judge)
{
    for (size_t i = 1; i < judge->count; i++)
        if (judge->logins[i].net != judge->logins[0].net ||
            judge->logins[i].capture != judge->logins[0].capture)
            return false;
    return true;
}

/* The later of two captures of the same packets is left out everywhere. */
static bool find_copies(struct judge *judge)
{
    struct judge_list list = {0};
    bool done = true;

    if (is_one_place(judge))
        return true;
    for (size_t i = 0; done && i < judge->count; i++) {
        uint64_t packets = judge->logins[i].packets;

        done = judge_add(&list, (struct judge_entry){.first = (uint32_t)(packets >> 32),
                                                     .second = (uint32_t)packets,
                                                     .time = judge->logins[i].time,
                                                     .login = (uint32_t)i});
    }
    judge_sort(&list);
    for (size_t i = 1; done && i < list.count; i++) {
        const struct judge_entry *a = &list.entries[i - 1], *b = &list.entries[i];
        struct judge_login *first = &judge->logins[a->login], *second = &judge->logins[b->login];

        if (a->first != b->first || a->second != b->second || b->time - a->time > WINDOW_SKEW ||
            first->connection == second->connection ||
            (first->net == second->net && first->capture == second->capture))
            continue;
        second->copy = true;
    }
    sqlite3_free(list.entries);
    return done;
}

/* A name by which others may mean this user. */
static bool add_user(struct judge *judge, uint32_t end, uint32_t user, uint32_t index)
{
    return user == 0 ||
           judge_add(&judge->by_user,
                     (struct judge_entry){
                         .first = end, .second = user, .time = judge->logins[index].time, .login = index});
}

static bool list_login(struct judge *judge, uint32_t index)
{
    const struct judge_login login = judge->logins[index];
    uint32_t bare, word;

    if (login.copy)
        return true;
    bare = meant(judge, login.user, '\\');
    word = meant(judge, login.user, ' ');
    if (!add_user(judge, login.end, login.user, index) || !add_user(judge, login.end, bare, index) ||
        !add_user(judge, login.end, word, index))
        return false;
    if (!login.failed)
        return !judge_wants(judge, WANT_CLIENT, login.end, login.client) ||
               judge_add(&judge->by_client,
                         (struct judge_entry){
                             .first = login.end, .second = login.client, .time = login.time, .login = index});
    if (!judge_is_clean(&login) || judge->verdicts[index].late)
        return true;
    return judge_add(&judge->by_words, (struct judge_entry){.first = login.end,
                                                            .second = judge->verdicts[index].words,
                                                            .time = login.time,
                                                            .login = index}) &&
           judge_add(&judge->clean,
                     (struct judge_entry){.first = login.end, .time = login.time, .login = index});
}

int judge_lists(struct judge *judge)
{
    bool done = find_copies(judge);

    for (size_t i = 0; done && i < judge->count; i++)
        done = list_login(judge, (uint32_t)i);
    judge_sort(&judge->by_user);
    judge_sort(&judge->by_client);
    judge_sort(&judge->by_words);
    judge_sort(&judge->times);
    judge_sort(&judge->clean);
    return done ? SQLITE_OK : SQLITE_NOMEM;
}
