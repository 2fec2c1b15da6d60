/*
 * Connections, logins and their violations.
 */
#include "db/names.h"
#include "db/store_internal.h"

#include <stdlib.h>
#include <string.h>

/* The longest word for the octets of a violation: each as \xNN. */
#define OCTETS_TEXT (IMAP_VIOLATION_OCTETS * 4)
/* Beyond it a table is taken for damaged. */
#define MAX_ID (INT64_C(1) << 62)

static void bind_identity(struct store_binder *binder, const struct store_connection *connection)
{
    store_bind_int(binder, connection->capture_id);
    store_bind_string(binder, connection->client_ip);
    store_bind_int(binder, connection->client_port);
    store_bind_string(binder, connection->server_ip);
    store_bind_int(binder, connection->server_port);
    store_bind_count(binder, connection->vlan);
    store_bind_string(binder, connection->tunnel);
    store_bind_string(binder, connection->community_id);
    store_bind_count(binder, connection->first_ns);
}

static void bind_texts(struct store_binder *binder, const struct store_connection *connection)
{
    store_bind_text(binder, connection->greeting);
    store_bind_text(binder, connection->server_product);
    store_bind_text(binder, connection->server_host);
    store_bind_text(binder, connection->capabilities);
    store_bind_text(binder, connection->client_ident);
    store_bind_text(binder, connection->server_ident);
    store_bind_string(binder, connection->origin_ip);
    store_bind_string(binder, connection->origin_source);
}

/* What can change of a row whose values wait: texts that stay are there already. */
static void bind_changing(struct store_binder *binder, const struct store_connection *connection)
{
    store_bind_count(binder, connection->last_ns);
    if (connection->same_texts)
        binder->index += CONNECTION_ENCRYPTION - CONNECTION_GREETING;
    else
        bind_texts(binder, connection);
    store_bind_word(binder, connection->encryption);
    store_bind_word(binder, connection->starttls);
    store_bind_int(binder, connection->starttls_pipelined);
    store_bind_int(binder, connection->midstream);
    store_bind_int(binder, connection->one_sided);
    store_bind_int(binder, connection->not_imap);
    store_bind_int(binder, connection->lost_octets);
    store_bind_word(binder, connection->end);
    store_bind_word(binder, connection->closed_by);
    store_bind_count(binder, connection->closed_by != NULL ? connection->closed_ns : -1);
}

/* Sees that the last number of a table is known: what was given in this transaction, or stands there. */
static int know_last(struct store *store, enum store_sql sql, int64_t *last)
{
    sqlite3_stmt *statement = store->statements[sql];
    int rc;

    if (*last != 0)
        return STORE_OK;
    rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *last = sqlite3_column_int64(statement, 0);
    (void)sqlite3_reset(statement);
    if (rc != SQLITE_ROW)
        return store->failure = store_fail_sqlite(store, rc);
    if (*last < 0 || *last > MAX_ID)
        return store->failure =
                   store_fail(store, "row number %lld leaves no room for more", (long long)*last);
    return STORE_OK;
}

/* The number that a new row gets: the next one of the table's. */
static int next_id(struct store *store, enum store_sql sql, int64_t *last, int64_t *id)
{
    int status = know_last(store, sql, last);

    if (status == STORE_OK)
        *id = ++*last;
    return status;
}

/* Sees that a transaction is open and another row can be pending. */
static int begin_row(struct store *store, enum store_pending table)
{
    int status = store_begin(store);

    if (status != STORE_OK || !pending_is_full(store->pending[table]))
        return status;
    return table == PENDING_CHANGES ? store_flush(store) : store_insert(store);
}

/* The values of a row that still waits to be inserted; NULL: it does not. `last` is the table's last number.
 */
static struct pending_value *waiting_row(struct pending *pending, int64_t last, int64_t id)
{
    int64_t back = last - id;

    if (back < 0 || (uint64_t)back >= pending_count(pending))
        return NULL;
    return pending_row(pending, pending_count(pending) - 1 - (size_t)back);
}

static int filled(struct store *store, const struct store_binder *binder)
{
    return binder->rc == SQLITE_OK ? STORE_OK : (store->failure = store_fail_sqlite(store, binder->rc));
}

static bool is_word(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(word, *words) != 0)
        words++;
    return *words != NULL;
}

/* What the CHECKs of the table say. */
static int check_connection(struct store *store, const struct store_connection *connection)
{
    static const char *const encryptions[] = {"none", "starttls", "implicit", NULL};
    static const char *const answers[] = {"accepted", "refused", "unanswered", NULL};
    static const char *const closers[] = {"client", "server", NULL};

    if (connection->encryption == NULL || !is_word(connection->encryption, encryptions) ||
        (connection->starttls != NULL && !is_word(connection->starttls, answers)) ||
        (connection->closed_by != NULL && !is_word(connection->closed_by, closers)) ||
        connection->lost_octets < 0)
        return store_fail(store, "a connection with a field out of range was not kept");
    return STORE_OK;
}

int store_connection_add(struct store *store, const struct store_connection *connection, int64_t *id)
{
    struct pending *pending = store->pending[PENDING_CONNECTIONS];
    struct store_binder binder;
    int64_t made = 0;
    int status = begin_row(store, PENDING_CONNECTIONS);

    *id = 0;
    if (status == STORE_OK)
        status = check_connection(store, connection);
    if (status == STORE_OK)
        status = next_id(store, SQL_LAST_CONNECTION, &store->last_connection, &made);
    if (status != STORE_OK)
        return status;
    binder = store_fill(pending, pending_add(pending), 0);
    store_bind_int(&binder, made);
    bind_identity(&binder, connection);
    bind_changing(&binder, connection);
    status = filled(store, &binder);
    if (status == STORE_OK)
        *id = made;
    return status;
}

static int no_connection(struct store *store, int64_t id)
{
    return store_fail(store, "there is no connection %lld", (long long)id);
}

int store_connection_update(struct store *store, int64_t id, const struct store_connection *connection)
{
    struct pending *pending = store->pending[PENDING_CONNECTIONS];
    struct pending_value *row;
    struct store_binder binder;
    int status = begin_row(store, PENDING_CHANGES);

    if (status == STORE_OK)
        status = check_connection(store, connection);
    if (status == STORE_OK)
        status = know_last(store, SQL_LAST_CONNECTION, &store->last_connection);
    if (status == STORE_OK && (id < 1 || id > store->last_connection))
        status = no_connection(store, id);
    /* a row that changes again and again keeps the texts of each change until it is inserted */
    if (status == STORE_OK && pending_is_heavy(pending))
        status = store_insert(store);
    if (status != STORE_OK)
        return status;
    row = waiting_row(pending, store->last_connection, id);
    if (row != NULL) {
        binder = store_fill(pending, row, CONNECTION_LAST_NS);
    } else {
        pending = store->pending[PENDING_CHANGES];
        binder = store_fill(pending, pending_add(pending), 0);
        store_bind_int(&binder, id);
    }
    bind_changing(&binder, connection);
    if (pending == store->pending[PENDING_CHANGES])
        store_bind_int(&binder, connection->same_texts);
    return filled(store, &binder);
}

/* The later of two changes of a row comes later. */
static int by_row(const void *a, const void *b)
{
    const struct pending_value *left = *(struct pending_value *const *)a;
    const struct pending_value *right = *(struct pending_value *const *)b;

    if (left->as.number != right->as.number)
        return left->as.number < right->as.number ? -1 : 1;
    return left < right ? -1 : left > right;
}

static int make_change(struct store *store, const struct pending_value *row)
{
    bool same_texts = row[STORE_CHANGE_COLUMNS].as.number != 0;
    struct store_binder binder =
        store_bind(store, same_texts ? SQL_CONNECTION_SAME_TEXTS : SQL_CONNECTION_UPDATE);
    int changes = 0, status;

    store_bind_values(&binder, row, STORE_CHANGE_COLUMNS);
    status = store_run(store, &binder, &changes);
    if (status == STORE_OK && changes == 0)
        status = store->failure = no_connection(store, row->as.number);
    return status;
}

/* Connections end in another order than they began: to follow that would be to read and write a page for
 * each. */
int store_make_changes(struct store *store)
{
    struct pending *pending = store->pending[PENDING_CHANGES];
    size_t count = pending_count(pending);
    struct pending_value **rows;
    int status = STORE_OK;

    if (count == 0)
        return STORE_OK;
    rows = calloc(count, sizeof(struct pending_value *));
    if (rows == NULL)
        return store->failure = store_fail(store, "out of memory");
    for (size_t i = 0; i < count; i++)
        rows[i] = pending_row(pending, i);
    qsort(rows, count, sizeof(struct pending_value *), by_row);
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        status = make_change(store, rows[i]);
    free(rows);
    if (status == STORE_OK)
        pending_clear(pending);
    return status;
}

/* The record may come from a process that a hostile packet crashed: nothing in it is taken on trust. */
static int check_login(struct store *store, const struct imap_login *login)
{
    if (name_of_command(login->command) == NULL || (unsigned)login->result >= IMAP_RESULTS ||
        (unsigned)login->username_form >= IMAP_FORMS || (unsigned)login->password_form >= IMAP_FORMS ||
        login->begin.frame > INT64_MAX || login->violation_count > IMAP_MAX_VIOLATIONS)
        return store_fail(store, "a login with a field out of range was not kept");
    for (unsigned i = 0; i < login->violation_count; i++) {
        const struct imap_violation *violation = &login->violations[i];

        if ((size_t)violation->rule >= store->rule_count)
            return store_fail(store, "a violation of a rule that is not in the table (%u) was not kept",
                              (unsigned)violation->rule);
        if (name_of_argument(violation->argument) == NULL || violation->octet_count > IMAP_VIOLATION_OCTETS)
            return store_fail(store, "a violation with a field out of range was not kept");
    }
    return STORE_OK;
}

/* Printable ASCII as it is, everything else as \xNN: these are single octets, never UTF-8. */
static size_t octets_text(const struct imap_violation *violation, char text[OCTETS_TEXT])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;

    for (unsigned i = 0; i < violation->octet_count; i++) {
        uint8_t octet = violation->octets[i];

        if (octet > ' ' && octet < 0x7F) {
            text[at++] = (char)octet;
            continue;
        }
        text[at++] = '\\';
        text[at++] = 'x';
        text[at++] = digits[octet >> 4];
        text[at++] = digits[octet & 0x0F];
    }
    return at;
}

static int add_violation(struct store *store, int64_t login_id, const struct imap_violation *violation)
{
    struct pending *pending = store->pending[PENDING_VIOLATIONS];
    char text[OCTETS_TEXT];
    size_t length = octets_text(violation, text);
    struct store_binder binder = store_fill(pending, pending_add(pending), 0);

    store_bind_int(&binder, login_id);
    store_bind_word(&binder, store->rules[violation->rule]);
    store_bind_word(&binder, name_of_argument(violation->argument));
    store_bind_count(&binder, violation->position);
    store_bind_count(&binder, violation->count);
    store_bind_text(&binder, (struct imap_text){length > 0 ? text : NULL, length});
    return filled(store, &binder);
}

int store_login_add(struct store *store, int64_t connection_id, int64_t capture_id,
                    const struct imap_login *login, int64_t *id)
{
    struct pending *pending = store->pending[PENDING_LOGINS];
    struct store_binder binder;
    int64_t made = 0;
    int status;

    *id = 0;
    status = begin_row(store, PENDING_LOGINS);
    if (status == STORE_OK)
        status = check_login(store, login);
    if (status == STORE_OK)
        status = next_id(store, SQL_LAST_LOGIN, &store->last_login, &made);
    if (status != STORE_OK)
        return status;
    binder = store_fill(pending, pending_add(pending), 0);
    store_bind_int(&binder, made);
    store_bind_int(&binder, connection_id);
    store_bind_int(&binder, capture_id);
    store_bind_int(&binder, login->begin.time_ns);
    store_bind_int(&binder, (int64_t)login->begin.frame);
    store_bind_text(&binder, login->tag);
    store_bind_word(&binder, name_of_command(login->command));
    store_bind_text(&binder, login->mechanism);
    store_bind_text(&binder, login->username);
    store_bind_word(&binder, name_of_form(login->username_form));
    store_bind_count(&binder, login->username_length);
    store_bind_word(&binder, name_of_form(login->password_form));
    store_bind_count(&binder, login->password_length);
    store_bind_text(&binder, login->authzid);
    store_bind_text(&binder, login->workstation);
    store_bind_word(&binder, name_of_result(login->result));
    store_bind_text(&binder, login->response_code);
    store_bind_text(&binder, login->response_text);
    store_bind_count(&binder, login->latency_ns);
    store_bind_word(&binder, NULL); /* what comes after it is not known yet */
    store_bind_word(&binder, NULL);
    store_bind_int(&binder, login->incomplete != 0);
    status = filled(store, &binder);
    for (unsigned i = 0; status == STORE_OK && i < login->violation_count; i++) {
        status = begin_row(store, PENDING_VIOLATIONS);
        if (status == STORE_OK)
            status = add_violation(store, made, &login->violations[i]);
    }
    if (status == STORE_OK)
        *id = made;
    return status;
}

int store_login_after(struct store *store, int64_t login_id, enum imap_result result, struct imap_text text)
{
    struct pending *pending = store->pending[PENDING_LOGINS];
    struct pending_value *row;
    struct store_binder binder;
    int changes = 0;
    int status;

    if ((unsigned)result >= IMAP_RESULTS)
        return store_fail(store, "a verdict out of range was not kept");
    status = begin_row(store, PENDING_LOGINS);
    if (status != STORE_OK)
        return status;
    row = waiting_row(pending, store->last_login, login_id);
    binder = row != NULL ? store_fill(pending, row, LOGIN_AFTER_RESULT) : store_bind(store, SQL_LOGIN_AFTER);
    store_bind_word(&binder, name_of_result(result));
    store_bind_text(&binder, text);
    if (row != NULL)
        return filled(store, &binder);
    store_bind_int(&binder, login_id);
    status = store_run(store, &binder, &changes);
    if (status == STORE_OK && changes == 0)
        status = store_fail(store, "there is no login %lld", (long long)login_id);
    return status;
}

struct prints *store_take_prints(struct store *store)
{
    struct prints *prints = store->prints;

    store->prints = NULL;
    return prints;
}
