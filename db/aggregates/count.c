/*
 * Connections come in the order of their rows, and logins in that of their connections (an index of theirs):
 * both are walked side by side, so that neither is looked up or sorted. A login is judged in C
 * as judged_logins and pair_counts (views.sql) judge it in SQL, in a quarter of the time.
 */
#include "db/aggregates/count.h"

#include <string.h>

/* Connections are taken from SQLite by so many, and so many octets of their texts. */
#define BATCH_ROWS   64
#define BATCH_OCTETS ((size_t)8 * 1024)

/* A row of `connections`. */
struct row {
    int64_t id;
    struct client_server_key key;
    struct text product;
    bool greeted, encrypted, not_imap;
};

struct count {
    sqlite3_stmt *connections, *logins; /* logins: NULL when nothing of them is asked for */
    int64_t login_of;                   /* connection of the login that comes next; INT64_MAX: none comes */
    struct row rows[BATCH_ROWS];
    size_t row_count, text_octets;
    char texts[BATCH_OCTETS];
};

/* The columns of the two statements, by the number of its column. */
enum {
    CONNECTION_ID,
    CONNECTION_CLIENT,
    CONNECTION_SERVER,
    CONNECTION_PORT,
    CONNECTION_PRODUCT,
    CONNECTION_GREETED,
    CONNECTION_ENCRYPTED,
    CONNECTION_NOT_IMAP
};
enum { LOGIN_CONNECTION, LOGIN_NAME, LOGIN_NAME_FORM, LOGIN_PASSWORD_FORM, LOGIN_RESULT, LOGIN_AFTER };

/* What is counted of a login's result, and of how it is written. */
#define OF_RESULT                                                                                            \
    (COUNT_BIT_OF(CLIENT_SERVER_REFUSED) | COUNT_BIT_OF(CLIENT_SERVER_UNANSWERED) |                          \
     COUNT_BIT_OF(CLIENT_SERVER_BAD) | COUNT_BIT_OF(CLIENT_SERVER_QUOTED_LET_IN) |                           \
     COUNT_BIT_OF(CLIENT_SERVER_QUOTED_REFUSED))
#define OF_QUOTED                                                                                            \
    (COUNT_BIT_OF(CLIENT_SERVER_QUOTED) | COUNT_BIT_OF(CLIENT_SERVER_QUOTED_LET_IN) |                        \
     COUNT_BIT_OF(CLIENT_SERVER_QUOTED_REFUSED))
#define OF_BARE (COUNT_BIT_OF(CLIENT_SERVER_BARE) | COUNT_BIT(COUNT_MASKED))
#define OF_LOGINS                                                                                            \
    (COUNT_BIT_OF(CLIENT_SERVER_LOGINS) | COUNT_BIT(COUNT_LOGIN_PRODUCT) | OF_RESULT | OF_QUOTED | OF_BARE)
#define OF_PRODUCT                                                                                           \
    (COUNT_BIT(COUNT_SERVER_PRODUCT) | COUNT_BIT(COUNT_LOGIN_PRODUCT) | COUNT_BIT(COUNT_PRODUCT_ID))

/* Prepares what sqlite3_mprintf made, and frees it. */
static int prepare(sqlite3 *db, char *sql, sqlite3_stmt **statement)
{
    int rc = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, statement, NULL);

    sqlite3_free(sql);
    return rc;
}

/* The expression when one of the columns `of` is asked for. */
static const char *when(uint64_t columns, uint64_t of, const char *expression)
{
    return (columns & of) != 0 ? expression : "NULL";
}

static int prepare_connections(sqlite3 *db, uint64_t columns, sqlite3_stmt **statement)
{
    return prepare(
        db,
        sqlite3_mprintf("SELECT id, client_ip, server_ip, %s, %s, %s, %s, %s FROM connections ORDER BY id",
                        when(columns, COUNT_BIT(COUNT_SERVER_PORT), "server_port"),
                        when(columns, OF_PRODUCT, "server_product"),
                        when(columns, COUNT_BIT(COUNT_GREETING_ID), "greeting IS NOT NULL"),
                        when(columns, COUNT_BIT_OF(CLIENT_SERVER_ENCRYPTED), "encryption <> 'none'"),
                        when(columns, COUNT_BIT_OF(CLIENT_SERVER_NOT_IMAP), "not_imap")),
        statement);
}

static int prepare_logins(sqlite3 *db, uint64_t columns, sqlite3_stmt **statement)
{
    if ((columns & OF_LOGINS) == 0)
        return SQLITE_OK;
    return prepare(
        db,
        sqlite3_mprintf("SELECT connection_id, %s, %s, %s, %s, %s FROM logins ORDER BY connection_id",
                        when(columns, OF_QUOTED | COUNT_BIT(COUNT_MASKED), "username"),
                        when(columns, OF_QUOTED | OF_BARE, "username_form"),
                        when(columns, OF_BARE, "password_form"), when(columns, OF_RESULT, "result"),
                        when(columns, OF_RESULT,
                             "CASE WHEN after_result = 'BAD' OR after_result = 'NO' THEN after_text END")),
        statement);
}

/* Steps to the login that comes next. */
static int next_login(struct count *count)
{
    int rc = sqlite3_step(count->logins);

    if (rc == SQLITE_ROW)
        count->login_of = sqlite3_column_int64(count->logins, LOGIN_CONNECTION);
    else if (rc == SQLITE_DONE)
        count->login_of = INT64_MAX;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int count_open(sqlite3 *db, uint64_t columns, struct count **count)
{
    struct count *opened = sqlite3_malloc64(sizeof *opened);
    int rc;

    *count = NULL;
    if (opened == NULL)
        return SQLITE_NOMEM;
    opened->connections = opened->logins = NULL;
    opened->login_of = INT64_MAX;
    rc = prepare_connections(db, columns, &opened->connections);
    if (rc == SQLITE_OK)
        rc = prepare_logins(db, columns, &opened->logins);
    if (rc == SQLITE_OK && opened->logins != NULL)
        rc = next_login(opened);
    if (rc == SQLITE_OK)
        *count = opened;
    else
        count_close(opened);
    return rc;
}

void count_close(struct count *count)
{
    if (count == NULL)
        return;
    (void)sqlite3_finalize(count->connections);
    (void)sqlite3_finalize(count->logins);
    sqlite3_free(count);
}

/* --- logins --- */

static const char *text_of(sqlite3_stmt *login, int column)
{
    return (const char *)sqlite3_column_text(login, column);
}

static bool is_word(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

/* wildcard_quoted of judged_logins. */
static bool is_quoted_wildcard(const char *name, const char *form)
{
    return name != NULL && strpbrk(name, "*%") != NULL &&
           (is_word(form, "quoted") || is_word(form, "literal") || is_word(form, "literal+") ||
            is_word(form, "literal8"));
}

/* masked of judged_logins, of a name that is there. */
static bool is_masked(const char *name)
{
    size_t characters = 0;

    if (strncmp(name, "user-", 5) != 0 || strspn(name + 5, "0123456789abcdef") < 4)
        return false;
    for (const char *octet = name; *octet != '\0'; octet++)
        characters += ((unsigned char)*octet & 0xC0) != 0x80; /* all but those that go on with one in UTF-8 */
    return characters == 21;
}

/* refused of judged_logins, of a login with this result. */
static bool is_refused(const char *result, sqlite3_stmt *login)
{
    const char *after = text_of(login, LOGIN_AFTER);

    return strcmp(result, "OK") != 0 ||
           (after != NULL && (strstr(after, "authenticated but not connected") != NULL ||
                              strstr(after, "Unsafe Login") != NULL));
}

static void add_verdict(int64_t *counts, sqlite3_stmt *login, bool quoted)
{
    const char *result = text_of(login, LOGIN_RESULT);
    bool refused = result != NULL && is_refused(result, login);

    counts[CLIENT_SERVER_UNANSWERED] += result == NULL;
    counts[CLIENT_SERVER_REFUSED] += refused;
    counts[CLIENT_SERVER_BAD] += is_word(result, "BAD");
    counts[CLIENT_SERVER_QUOTED_LET_IN] += quoted && result != NULL && !refused;
    counts[CLIENT_SERVER_QUOTED_REFUSED] += quoted && refused;
}

static void add_login(struct client_server *pair, sqlite3_stmt *login)
{
    const char *name = text_of(login, LOGIN_NAME);
    const char *form = text_of(login, LOGIN_NAME_FORM);
    bool quoted = is_quoted_wildcard(name, form);

    pair->counts[CLIENT_SERVER_LOGINS]++;
    pair->counts[CLIENT_SERVER_QUOTED] += quoted;
    add_verdict(pair->counts, login, quoted);
    if (!is_word(form, "atom") && !is_word(text_of(login, LOGIN_PASSWORD_FORM), "atom"))
        return;
    pair->counts[CLIENT_SERVER_BARE]++;
    if (pair->masked != 0 && name != NULL)
        pair->masked = is_masked(name);
}

/* The logins of this connection. Those before it are of none that is read (it lies outside of the window). */
static int add_logins(struct count *count, struct client_server *pair, int64_t connection)
{
    int rc = SQLITE_OK;

    while (rc == SQLITE_OK && count->login_of <= connection) {
        if (count->login_of == connection)
            add_login(pair, count->logins);
        rc = next_login(count);
    }
    return rc;
}

/* --- connections --- */

/* A copy of a column's text, as long as there is room, or else the text itself, which is valid until the next
 * step. Without octets when it is NULL. */
static struct text take_text(struct count *count, int column)
{
    struct text text = {(const char *)sqlite3_column_text(count->connections, column), 0};

    if (text.octets == NULL)
        return text;
    text.length = (size_t)sqlite3_column_bytes(count->connections, column);
    if (count->text_octets <= BATCH_OCTETS && text.length <= BATCH_OCTETS - count->text_octets) {
        char *copy = count->texts + count->text_octets;

        memcpy(copy, text.octets, text.length);
        text.octets = copy;
    }
    count->text_octets += text.length;
    return text;
}

/* An address is NULL only where others wrote the file, or for want of memory. */
static struct text take_address(struct count *count, int column)
{
    struct text text = take_text(count, column);

    return text.octets != NULL ? text : (struct text){"", 0};
}

/* Takes rows of connections, until there are enough: what has no room any more is the last one. SQLITE_ROW,
 * SQLITE_DONE: they were the last, or what failed. */
static int take_rows(struct count *count, const struct client_servers *pairs)
{
    int rc = SQLITE_ROW;

    count->row_count = count->text_octets = 0;
    while (count->row_count < BATCH_ROWS && count->text_octets <= BATCH_OCTETS &&
           (rc = sqlite3_step(count->connections)) == SQLITE_ROW) {
        struct row *row = &count->rows[count->row_count++];

        row->id = sqlite3_column_int64(count->connections, CONNECTION_ID);
        row->key.client = take_address(count, CONNECTION_CLIENT);
        row->key.server = take_address(count, CONNECTION_SERVER);
        row->key.port = sqlite3_column_int64(count->connections, CONNECTION_PORT);
        row->product = take_text(count, CONNECTION_PRODUCT);
        row->greeted = sqlite3_column_int(count->connections, CONNECTION_GREETED) != 0;
        row->encrypted = sqlite3_column_int(count->connections, CONNECTION_ENCRYPTED) != 0;
        row->not_imap = sqlite3_column_int(count->connections, CONNECTION_NOT_IMAP) != 0;
        row->key.hash = client_servers_hash(pairs, &row->key);
        client_servers_fetch_place(pairs, &row->key);
    }
    return rc;
}

static int add_row(struct count *count, struct client_servers *pairs, const struct row *row)
{
    struct client_server *pair = client_servers_take(pairs, &row->key);
    int64_t logins;
    int rc;

    if (pair == NULL)
        return SQLITE_NOMEM;
    pair->counts[CLIENT_SERVER_CONNECTIONS]++;
    pair->counts[CLIENT_SERVER_ENCRYPTED] += row->encrypted;
    pair->counts[CLIENT_SERVER_NOT_IMAP] += row->not_imap;
    if (row->greeted)
        pair->greeting_id = row->id;
    logins = pair->counts[CLIENT_SERVER_LOGINS];
    rc = add_logins(count, pair, row->id);
    if (rc != SQLITE_OK || row->product.octets == NULL)
        return rc;
    pair->product_id = row->id;
    if (!client_servers_larger(pairs, &pair->product, row->product) ||
        (pair->counts[CLIENT_SERVER_LOGINS] > logins &&
         !client_servers_larger(pairs, &pair->login_product, row->product)))
        return SQLITE_NOMEM;
    return SQLITE_OK;
}

int count_more(struct count *count, struct client_servers *pairs)
{
    int rc = SQLITE_ROW;

    while (rc == SQLITE_ROW && client_servers_have_room(pairs, BATCH_ROWS)) {
        int added = SQLITE_OK;

        rc = take_rows(count, pairs);
        for (size_t i = 0; i < count->row_count; i++)
            client_servers_fetch_pair(pairs, &count->rows[i].key);
        for (size_t i = 0; added == SQLITE_OK && i < count->row_count; i++)
            added = add_row(count, pairs, &count->rows[i]);
        if (added != SQLITE_OK)
            rc = added;
    }
    return rc;
}
