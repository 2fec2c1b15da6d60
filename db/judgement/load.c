/* Reads the logins that failed, what they broke, and who is a client or a server anywhere. */
#include "db/judgement/columns.h"

#include <stdlib.h>
#include <string.h>

#define BROKEN_SQL "SELECT login_id, rule, argument, octets FROM violations ORDER BY login_id"

bool judge_want(struct judge *judge, uint64_t kind, uint64_t a, uint64_t b)
{
    return numbers_take(&judge->wanted, numbers_mix(judge->key, kind, a, b, 0), 1) != NULL;
}

bool judge_wants(const struct judge *judge, uint64_t kind, uint64_t a, uint64_t b)
{
    return numbers_find(&judge->wanted, numbers_mix(judge->key, kind, a, b, 0), 0) != 0;
}

bool judge_is_server(const struct judge *judge, uint32_t address)
{
    return address < judge->address_count && judge->addresses[address].is[ROLE_SERVER];
}

bool judge_is_client(const struct judge *judge, uint32_t address)
{
    return address < judge->address_count && judge->addresses[address].is[ROLE_CLIENT];
}

bool judge_has_single_nets(const struct judge *judge, uint32_t address)
{
    return judge_is_client(judge, address) && judge_is_server(judge, address) &&
           !judge->addresses[address].several_nets[ROLE_CLIENT] &&
           !judge->addresses[address].several_nets[ROLE_SERVER];
}

static void note_role(struct judge *judge, uint32_t number, enum judge_role role, uint32_t net)
{
    struct judge_address *address = &judge->addresses[number];

    if (number == 0 || number >= judge->address_count)
        return;
    if (!address->is[role])
        address->net[role] = net;
    address->is[role] = true;
    address->several_nets[role] = address->several_nets[role] || address->net[role] != net;
}

static uint32_t known(const struct judge *judge, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return strings_find(&judge->strings, text, (size_t)sqlite3_column_bytes(row, column));
}

static bool add_route(struct judge *judge, const struct judge_route *route)
{
    struct judge_route *routes =
        judge_room(judge->routes, &judge->route_room, judge->route_count + 1, sizeof *routes);

    if (routes == NULL)
        return false;
    judge->routes = routes;
    routes[judge->route_count++] = *route;
    return true;
}

static bool note_connection(struct judge *judge, sqlite3_stmt *row)
{
    uint32_t client = known(judge, row, 1), server = known(judge, row, 2), net;
    struct judge_route route = {.connection = sqlite3_column_int64(row, 0), .client = client};

    if (client == 0 && server == 0)
        return true;
    net = judge_net(judge, row, 4);
    if (net == UINT32_MAX)
        return false;
    note_role(judge, client, ROLE_CLIENT, net);
    note_role(judge, server, ROLE_SERVER, net);
    if (server != 0)
        route.end = judge_find_end(judge, server, (uint16_t)sqlite3_column_int(row, 3), net);
    return route.end == 0 || add_route(judge, &route);
}

/* The roles of the addresses that a login which failed has, and the connections to its end. */
static int load_connections(struct judge *judge)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(judge->db,
                                "SELECT id, client_ip, server_ip, server_port, vlan, tunnel FROM connections"
                                " ORDER BY id",
                                -1, &row, NULL);

    judge->address_count = (size_t)judge->strings.count + 1;
    judge->addresses = sqlite3_malloc64(judge->address_count * sizeof *judge->addresses);
    if (judge->addresses == NULL)
        rc = SQLITE_NOMEM;
    else
        memset(judge->addresses, 0, judge->address_count * sizeof *judge->addresses);
    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        rc = note_connection(judge, row) ? SQLITE_OK : SQLITE_NOMEM;
    (void)sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* What is known of the failed ones alone. */
static int read_verdict(struct judge *judge, sqlite3_stmt *row, struct judge_login *login,
                        struct judge_verdict *verdict)
{
    bool mailbox = login->refused_mailbox;

    *verdict =
        (struct judge_verdict){.author = NO_LOGIN, .evidence = NO_LOGIN, .inbound = NO_LOGIN, .closed = -1};
    verdict->lost = sqlite3_column_int64(row, LOST) > 0 || sqlite3_column_int(row, ONE_SIDED) != 0 ||
                    sqlite3_column_int(row, MIDSTREAM) != 0 || !judge_column_is(row, ENCRYPTION, "none");
    verdict->closed_by_server = judge_column_is(row, CLOSED_BY, "server");
    verdict->closed_by_client = judge_column_is(row, CLOSED_BY, "client");
    if (sqlite3_column_type(row, CLOSED) != SQLITE_NULL)
        verdict->closed = sqlite3_column_int64(row, CLOSED) - login->time;
    verdict->capabilities = judge_text(judge, row, CAPABILITIES);
    verdict->client_ident = judge_text(judge, row, CLIENT_IDENT);
    verdict->oauth_error = judge_text(judge, row, OAUTH_ERROR);
    verdict->said = judge_text(judge, row, mailbox ? AFTER_TEXT : TEXT);
    verdict->code = mailbox ? 0 : judge_text(judge, row, CODE);
    if (verdict->capabilities == UINT32_MAX || verdict->client_ident == UINT32_MAX ||
        verdict->oauth_error == UINT32_MAX || verdict->said == UINT32_MAX || verdict->code == UINT32_MAX)
        return SQLITE_NOMEM;
    return judge_words(judge, login, verdict, mailbox ? NULL : (const char *)sqlite3_column_text(row, CODE),
                       (const char *)sqlite3_column_text(row, mailbox ? AFTER_TEXT : TEXT));
}

int judge_add_login(struct judge *judge, const struct judge_login *login)
{
    struct judge_login *logins = judge_room(judge->logins, &judge->room, judge->count + 1, sizeof *logins);

    if (logins == NULL || judge->count + 1 >= NO_LOGIN)
        return SQLITE_NOMEM;
    judge->logins = logins;
    logins[judge->count++] = *login;
    return SQLITE_OK;
}

static int add_failed(struct judge *judge, sqlite3_stmt *row)
{
    struct judge_login login;
    struct judge_verdict *verdicts, verdict;
    int rc = judge_read_login(judge, row, &login);

    if (rc != SQLITE_OK || !login.failed)
        return rc;
    rc = read_verdict(judge, row, &login, &verdict);
    if (rc != SQLITE_OK)
        return rc;
    verdicts = judge_room(judge->verdicts, &judge->verdict_room, judge->count + 1, sizeof *verdicts);
    if (verdicts == NULL)
        return SQLITE_NOMEM;
    judge->verdicts = verdicts;
    verdicts[judge->count] = verdict;
    return judge_add_login(judge, &login);
}

static int load_failed(struct judge *judge)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(judge->db, judge_failed_sql, -1, &row, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        rc = add_failed(judge, row);
    (void)sqlite3_finalize(row);
    judge->failed = judge->count;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* --- what they broke --- */

static uint8_t argument_of(sqlite3_stmt *row, int column)
{
    return judge_column_is(row, column, "username")   ? ARGUMENT_USERNAME
           : judge_column_is(row, column, "password") ? ARGUMENT_PASSWORD
           : judge_column_is(row, column, "command")  ? ARGUMENT_COMMAND
                                                      : ARGUMENT_OTHER;
}

static int add_broken(struct judge *judge, sqlite3_stmt *row)
{
    struct judge_broken *broken;
    unsigned rule =
        judge_rule(judge, (const char *)sqlite3_column_text(row, 1), (size_t)sqlite3_column_bytes(row, 1));
    uint32_t octets = judge_text(judge, row, 3);

    if (rule == RULES_MOST)
        return SQLITE_OK;
    broken = judge_room(judge->broken, &judge->broken_room, judge->broken_count + 1, sizeof *broken);
    if (broken == NULL || octets == UINT32_MAX)
        return SQLITE_NOMEM;
    judge->broken = broken;
    broken[judge->broken_count++] = (struct judge_broken){.login = sqlite3_column_int64(row, 0),
                                                          .rule = (uint8_t)rule,
                                                          .argument = argument_of(row, 2),
                                                          .octets = octets};
    return SQLITE_OK;
}

static int load_broken(struct judge *judge)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(judge->db, BROKEN_SQL, -1, &row, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        rc = add_broken(judge, row);
    (void)sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

size_t judge_broken_of(const struct judge *judge, int64_t login, size_t *first)
{
    size_t low = 0, high = judge->broken_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (judge->broken[middle].login < login)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    while (high < judge->broken_count && judge->broken[high].login == login)
        high++;
    return high;
}

void judge_set_broken(const struct judge *judge, struct judge_login *login)
{
    size_t first, last = judge_broken_of(judge, login->id, &first);

    for (size_t i = first; i < last; i++)
        login->broken |= RULE_BIT(judge->broken[i].rule);
}

/* --- which others matter --- */

/* Whether the cause stands already, whatever others say: most do. */
static bool is_settled(const struct judge *judge, const struct judge_login *login,
                       const struct judge_verdict *verdict)
{
    if (judge_is_server(judge, login->client))
        return false; /* it may be a leg */
    if (login->result == RESULT_NONE)
        return true;
    if (login->broken != 0)
        return false;
    return judge_is_reason(verdict->says) || judge_is_about_password(judge, login, verdict);
}

static bool want_for(struct judge *judge, const struct judge_login *login,
                     const struct judge_verdict *verdict)
{
    bool wanted;

    judge->proxies = judge->proxies || judge_is_server(judge, login->client);
    if (is_settled(judge, login, verdict))
        return true;
    wanted = numbers_take(&judge->connections, (uint64_t)login->connection + 1, INT64_MAX) != NULL &&
             judge_want(judge, WANT_END, login->end, 0);
    if (login->user != 0)
        return wanted && judge_want(judge, WANT_USER, login->user, 0) &&
               judge_want(judge, WANT_USER, login->key, 0) &&
               (login->master == 0 || judge_want(judge, WANT_USER, login->master, 0));
    judge->nameless = true;
    return wanted && judge_want(judge, WANT_CLIENT, login->end, login->client);
}

static int by_id(const void *first, const void *second)
{
    const struct judge_login *a = first, *b = second;

    return (a->id > b->id) - (a->id < b->id);
}

/* Puts the failed ones in the order of their rows, with what was read of each. */
static int sort_failed(struct judge *judge)
{
    struct judge_verdict *sorted;
    bool in_order = true;

    for (size_t i = 1; i < judge->failed; i++)
        in_order = in_order && judge->logins[i - 1].id < judge->logins[i].id;
    if (in_order)
        return SQLITE_OK;
    sorted = sqlite3_malloc64((judge->failed + 1) * sizeof *sorted);
    if (sorted == NULL)
        return SQLITE_NOMEM;
    for (size_t i = 0; i < judge->failed; i++)
        judge->logins[i].broken = i; /* where its verdict stands */
    qsort(judge->logins, judge->failed, sizeof *judge->logins, by_id);
    for (size_t i = 0; i < judge->failed; i++) {
        sorted[i] = judge->verdicts[judge->logins[i].broken];
        judge->logins[i].broken = 0;
    }
    sqlite3_free(judge->verdicts);
    judge->verdicts = sorted;
    judge->verdict_room = judge->failed + 1;
    return SQLITE_OK;
}

int judge_load(struct judge *judge)
{
    int rc = load_failed(judge);

    if (rc != SQLITE_OK || judge->failed == 0)
        return rc;
    rc = sort_failed(judge);
    if (rc == SQLITE_OK)
        rc = load_connections(judge);
    if (rc == SQLITE_OK)
        rc = load_broken(judge);
    for (size_t i = 0; rc == SQLITE_OK && i < judge->failed; i++) {
        judge_set_broken(judge, &judge->logins[i]);
        rc = want_for(judge, &judge->logins[i], &judge->verdicts[i]) ? SQLITE_OK : SQLITE_NOMEM;
    }
    return rc;
}
