/* A row of a login and its connection, as the judgement keeps it. */
#include "db/judgement/columns.h"

#include <stdio.h>
#include <string.h>

/* Of the failed ones, and of accepted ones that matter; what is read of the failed ones alone comes last. */
#define LOGIN_COLUMNS_SQL                                                                                    \
    "SELECT l.id, l.time_ns, l.latency_ns, l.frame, l.capture_id, l.connection_id, l.command, l.mechanism,"  \
    " l.username, l.username_form, l.password_form, l.authzid, l.result, l.incomplete, l.after_result,"      \
    " l.after_text, c.client_ip, c.client_port, c.server_ip, c.server_port, c.vlan, c.tunnel,"               \
    " c.server_product, l.tag, l.response_code, l.response_text, c.capabilities, c.encryption,"              \
    " c.midstream, c.one_sided, c.lost_octets, c.closed_by, c.closed_ns, c.server_ident, c.client_ident,"    \
    " l.initial_response, l.password_empty, l.oauth_error"                                                   \
    " FROM logins l CROSS JOIN connections c ON c.id = l.connection_id "
/* The condition is that of the index logins_incomplete. */
const char judge_failed_sql[] = LOGIN_COLUMNS_SQL
    "WHERE l.result IS NOT 'OK' OR l.after_result = 'BAD' OR l.after_result = 'NO' OR l.incomplete";
const char judge_login_sql[] = LOGIN_COLUMNS_SQL "WHERE l.id = ?1";
const char judge_accepted_sql[] =
    "SELECT id, time_ns, connection_id, command, mechanism, username, username_form, authzid, after_result,"
    " initial_response"
    " FROM logins WHERE result = 'OK' ORDER BY id";

uint32_t judge_text(struct judge *judge, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return strings_number(&judge->strings, text, (size_t)sqlite3_column_bytes(row, column));
}

bool judge_column_is(sqlite3_stmt *row, int column, const char *word)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text != NULL && strcmp(text, word) == 0;
}

static bool is_like(sqlite3_stmt *row, int column, const char *pattern)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text != NULL && sqlite3_strlike(pattern, text, 0) == 0;
}

/* VLAN and tunnel together: the world in which addresses are unique. 0: neither. */
uint32_t judge_net(struct judge *judge, sqlite3_stmt *row, int vlan)
{
    char text[256];
    int length;

    if (sqlite3_column_type(row, vlan) == SQLITE_NULL && sqlite3_column_type(row, vlan + 1) == SQLITE_NULL)
        return 0;
    length = snprintf(text, sizeof text, "net %lld %s", (long long)sqlite3_column_int64(row, vlan) + 1,
                      sqlite3_column_type(row, vlan + 1) == SQLITE_NULL
                          ? ""
                          : (const char *)sqlite3_column_text(row, vlan + 1));
    return strings_number(&judge->strings, text, length < 0 ? 0 : strnlen(text, sizeof text));
}

/* --- names --- */

/* A text that is being looked at: strings move when others are added. */
struct copy {
    char small[256], *text;
};

static bool copy_text(struct copy *copy, const char *text, size_t length)
{
    copy->text = length < sizeof copy->small ? copy->small : sqlite3_malloc64(length + 1);
    if (copy->text == NULL)
        return false;
    memcpy(copy->text, text, length);
    copy->text[length] = '\0';
    return true;
}

static uint32_t end_copy(struct copy *copy, uint32_t number)
{
    if (copy->text != copy->small)
        sqlite3_free(copy->text);
    return number;
}

static char lower_octet(char octet)
{
    return (char)(octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet);
}

static uint32_t lower(struct judge *judge, const char *text, size_t length)
{
    struct copy copy;

    if (text == NULL)
        return 0;
    if (!copy_text(&copy, text, length))
        return UINT32_MAX;
    for (size_t i = 0; i < length; i++)
        copy.text[i] = lower_octet(copy.text[i]);
    return end_copy(&copy, strings_number(&judge->strings, copy.text, length));
}

/* The first `length` octets of a name, without DOMAIN\ and @domain. */
static uint32_t local_part(struct judge *judge, uint32_t name, size_t length, bool *domain)
{
    struct copy copy;
    char *text, *at;

    if (name == 0 || name == UINT32_MAX)
        return name;
    if (!copy_text(&copy, strings_text(&judge->strings, name), length))
        return UINT32_MAX;
    text = strrchr(copy.text, '\\');
    text = text != NULL && text > copy.text && text[1] != '\0' ? text + 1 : copy.text;
    at = strchr(text, '@');
    if (at != NULL && at > text)
        *at = '\0';
    *domain = text > copy.text || at != NULL;
    return end_copy(&copy, strings_number(&judge->strings, text, strlen(text)));
}

static bool read_names(struct judge *judge, sqlite3_stmt *row, struct judge_login *login)
{
    const char *name = (const char *)sqlite3_column_text(row, USERNAME);
    const char *authzid = (const char *)sqlite3_column_text(row, AUTHZID);
    const char *star;
    bool ignored;

    login->user = lower(judge, name, (size_t)sqlite3_column_bytes(row, USERNAME));
    login->actor = authzid != NULL && *authzid != '\0'
                       ? lower(judge, authzid, (size_t)sqlite3_column_bytes(row, AUTHZID))
                       : login->user;
    login->key =
        local_part(judge, login->actor, strlen(strings_text(&judge->strings, login->actor)), &login->domain);
    star = strchr(strings_text(&judge->strings, login->actor), '*');
    if (star != NULL && star[1] != '\0' && star > strings_text(&judge->strings, login->actor))
        login->master = local_part(judge, login->actor,
                                   (size_t)(star - strings_text(&judge->strings, login->actor)), &ignored);
    return login->user != UINT32_MAX && login->actor != UINT32_MAX && login->key != UINT32_MAX &&
           login->master != UINT32_MAX;
}

/* --- logins --- */

static uint8_t form_of(sqlite3_stmt *row, int column)
{
    static const char *const forms[] = {"", "atom", "quoted", "literal", "literal+", "literal8", "sasl"};
    const char *text = (const char *)sqlite3_column_text(row, column);

    for (uint8_t i = 1; text != NULL && i < sizeof forms / sizeof *forms; i++)
        if (strcmp(text, forms[i]) == 0)
            return i;
    return FORM_NONE;
}

static uint8_t result_of(sqlite3_stmt *row, int column)
{
    static const char *const results[] = {"", "OK", "NO", "BAD", "BYE"};
    const char *text = (const char *)sqlite3_column_text(row, column);

    for (uint8_t i = 1; text != NULL && i < sizeof results / sizeof *results; i++)
        if (strcmp(text, results[i]) == 0)
            return i;
    return RESULT_NONE;
}

static uint64_t end_key(const struct judge *judge, uint32_t server, uint16_t port, uint32_t net)
{
    return numbers_mix(judge->key, 1, server, port, net);
}

uint32_t judge_find_end(const struct judge *judge, uint32_t server, uint16_t port, uint32_t net)
{
    return (uint32_t)numbers_find(&judge->ends, end_key(judge, server, port, net), 0);
}

static bool read_end(struct judge *judge, sqlite3_stmt *row, struct judge_login *login)
{
    int64_t *end;

    login->net = judge_net(judge, row, VLAN);
    login->server = judge_text(judge, row, SERVER_IP);
    login->server_port = (uint16_t)sqlite3_column_int(row, SERVER_PORT);
    end = numbers_take(&judge->ends, end_key(judge, login->server, login->server_port, login->net),
                       judge->end_count + 1);
    if (end == NULL || login->server == UINT32_MAX || login->net == UINT32_MAX)
        return false;
    if (*end > judge->end_count)
        judge->end_count++;
    login->end = (uint32_t)*end;
    return true;
}

/* The same as in judged_logins (db/views.sql). */
static bool has_no_mailbox(const struct judge_login *login, sqlite3_stmt *row)
{
    const char *text = (const char *)sqlite3_column_text(row, AFTER_TEXT);

    return login->result == RESULT_OK && text != NULL &&
           (judge_column_is(row, AFTER_RESULT, "BAD") || judge_column_is(row, AFTER_RESULT, "NO")) &&
           (strstr(text, "authenticated but not connected") != NULL || strstr(text, "Unsafe Login") != NULL);
}

/* The part of a name before the @, looked up instead of being added; 0 where it has none. */
static uint32_t find_part(const struct judge *judge, const char *text, size_t length)
{
    const char *at = memchr(text, '@', length);

    return at != NULL && at > text ? strings_find(&judge->strings, text, (size_t)(at - text)) : 0;
}

bool judge_may_be_wanted(struct judge *judge, sqlite3_stmt *row, bool broken)
{
    const char *name = (const char *)sqlite3_column_text(row, OK_USERNAME), *special;
    size_t length = name == NULL ? 0 : (size_t)sqlite3_column_bytes(row, OK_USERNAME);
    char lower_name[256];
    uint32_t whole, part;

    if (judge->nameless || length == 0 || length >= sizeof lower_name ||
        sqlite3_column_type(row, OK_AUTHZID) != SQLITE_NULL || judge_column_is(row, OK_AFTER_RESULT, "BAD") ||
        judge_column_is(row, OK_AFTER_RESULT, "NO"))
        return true;
    special = memchr(name, '\\', length) != NULL  ? "\\"
              : memchr(name, '*', length) != NULL ? "*"
              : memchr(name, ' ', length) != NULL ? " "
                                                  : NULL;
    if (special != NULL)
        return true;
    for (size_t i = 0; i < length; i++)
        lower_name[i] = lower_octet(name[i]);
    whole = strings_find(&judge->strings, lower_name, length);
    part = find_part(judge, lower_name, length);
    return (whole != 0 && (broken || judge_wants(judge, WANT_USER, whole, 0))) ||
           (part != 0 && judge_wants(judge, WANT_USER, part, 0));
}

static int read_mechanism(struct judge *judge, sqlite3_stmt *row, int command, int mechanism,
                          struct judge_login *login)
{
    if (judge_column_is(row, command, "AUTHENTICATE"))
        login->mechanism = sqlite3_column_type(row, mechanism) == SQLITE_NULL
                               ? strings_number(&judge->strings, "?", 1)
                               : judge_text(judge, row, mechanism);
    return login->mechanism == UINT32_MAX ? SQLITE_NOMEM : SQLITE_OK;
}

/* The connection by its number: they are sorted, and where no number is left out, it stands at that place. */
static const struct judge_route *find_route(const struct judge *judge, int64_t connection)
{
    const struct judge_route *routes = judge->routes;
    size_t low = 0, high = judge->route_count;

    if (high == 0 || connection < routes[0].connection)
        return NULL;
    if ((uint64_t)connection - (uint64_t)routes[0].connection < high) {
        low = (size_t)(connection - routes[0].connection);
        if (routes[low].connection == connection)
            return &routes[low];
        high = low;
        low = 0;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (routes[middle].connection < connection)
            low = middle + 1;
        else
            high = middle;
    }
    return low < judge->route_count && routes[low].connection == connection ? &routes[low] : NULL;
}

static enum judge_initial initial_of(sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return INITIAL_UNKNOWN;
    return sqlite3_column_int(row, column) != 0 ? INITIAL_SENT : INITIAL_NOT_SENT;
}

int judge_read_accepted(struct judge *judge, sqlite3_stmt *row, struct judge_login *login)
{
    const struct judge_route *route = find_route(judge, sqlite3_column_int64(row, OK_CONNECTION));

    *login = (struct judge_login){.id = sqlite3_column_int64(row, OK_ID),
                                  .time = sqlite3_column_int64(row, OK_TIME),
                                  .connection = sqlite3_column_int64(row, OK_CONNECTION),
                                  .end = route == NULL ? 0 : route->end,
                                  .client = route == NULL ? 0 : route->client,
                                  .result = RESULT_OK,
                                  .username_form = form_of(row, OK_USERNAME_FORM),
                                  .initial = (uint8_t)initial_of(row, OK_INITIAL_RESPONSE)};
    return read_mechanism(judge, row, OK_COMMAND, OK_MECHANISM, login);
}

int judge_read_login(struct judge *judge, sqlite3_stmt *row, struct judge_login *login)
{
    uint32_t tag;
    int rc;

    *login = (struct judge_login){.id = sqlite3_column_int64(row, ID),
                                  .time = sqlite3_column_int64(row, TIME),
                                  .answered = INT64_MAX,
                                  .connection = sqlite3_column_int64(row, CONNECTION),
                                  .result = result_of(row, RESULT)};
    login->refused_mailbox = has_no_mailbox(login, row);
    login->failed = login->result != RESULT_OK || login->refused_mailbox;
    login->username_form = form_of(row, USERNAME_FORM);
    login->initial = (uint8_t)initial_of(row, INITIAL_RESPONSE);
    if (!read_end(judge, row, login))
        return SQLITE_NOMEM;
    rc = read_mechanism(judge, row, COMMAND, MECHANISM, login);
    if (rc != SQLITE_OK)
        return rc;
    login->frame = sqlite3_column_int64(row, FRAME);
    login->capture = sqlite3_column_int64(row, CAPTURE);
    login->incomplete = sqlite3_column_int(row, INCOMPLETE) != 0;
    login->password_form = form_of(row, PASSWORD_FORM);
    login->empty_password = sqlite3_column_int(row, PASSWORD_EMPTY) != 0;
    if (sqlite3_column_type(row, LATENCY) != SQLITE_NULL)
        login->answered = login->time + sqlite3_column_int64(row, LATENCY);
    else if (sqlite3_column_type(row, CLOSED) != SQLITE_NULL &&
             sqlite3_column_type(row, CLOSED_BY) != SQLITE_NULL)
        login->answered = sqlite3_column_int64(row, CLOSED);
    if (login->answered < login->time)
        login->answered = login->time;
    login->client = judge_text(judge, row, CLIENT_IP);
    login->client_port = (uint16_t)sqlite3_column_int(row, CLIENT_PORT);
    login->product = judge_text(judge, row, PRODUCT);
    login->dovecot = is_like(row, PRODUCT, "Dovecot%") || is_like(row, SERVER_IDENT, "%dovecot%");
    login->courier = is_like(row, PRODUCT, "Courier%") || is_like(row, SERVER_IDENT, "%courier%");
    login->cyrus = is_like(row, PRODUCT, "%Cyrus%") || is_like(row, SERVER_IDENT, "%cyrus%");
    tag = judge_text(judge, row, TAG);
    if (!read_names(judge, row, login) || login->client == UINT32_MAX || login->product == UINT32_MAX ||
        tag == UINT32_MAX)
        return SQLITE_NOMEM;
    login->packets = numbers_mix(
        numbers_mix(judge->key, login->client, login->client_port, login->server, login->server_port), tag,
        login->user, (uint64_t)login->username_form << 8 | login->password_form, login->result);
    return SQLITE_OK;
}
