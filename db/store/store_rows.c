/*
 * Connections, logins and their violations.
 */
#include "db/names.h"
#include "db/store/store_internal.h"
#include "db/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The longest word for the octets of a violation: each as \xNN. */
#define OCTETS_TEXT (IMAP_VIOLATION_OCTETS * 4)
/* Beyond it a table is taken for damaged. */
#define MAX_ID (INT64_C(1) << 62)

/* The values of a row that waits are being filled in. */
struct filling {
    struct row_buffer *pending;
    struct row_buffer_value *values; /* by column */
    int rc;
};

static struct filling fill(struct row_buffer *pending, struct row_buffer_value *values)
{
    return (struct filling){pending, values, SQLITE_OK};
}

/* NULL when negative. */
static struct row_buffer_value count_of(int64_t count)
{
    return count < 0 ? pending_null() : pending_number(count);
}

static struct row_buffer_value keep(struct filling *filling, const char *text, size_t length)
{
    const char *kept = length > INT_MAX ? NULL : row_buffer_keep(filling->pending, text, length);

    if (kept != NULL)
        return (struct row_buffer_value){ROW_BUFFER_TEXT, (int)length, {.text = kept}};
    filling->rc = length > INT_MAX ? SQLITE_TOOBIG : SQLITE_NOMEM;
    return pending_null();
}

static __attribute__((noinline)) struct row_buffer_value keep_escaped(struct filling *filling,
                                                                      struct imap_text text)
{
    size_t length;
    char *escaped = text_escape(text.octets, text.length, &length);
    struct row_buffer_value value = pending_null();

    if (escaped == NULL)
        filling->rc = SQLITE_NOMEM;
    else
        value = keep(filling, escaped, length);
    sqlite3_free(escaped);
    return value;
}

/* NULL when missing; escaped when it is not UTF-8. */
static struct row_buffer_value text_of(struct filling *filling, struct imap_text text)
{
    if (text.octets == NULL)
        return pending_null();
    return text_is_plain(text.octets, text.length) ? keep(filling, text.octets, text.length)
                                                   : keep_escaped(filling, text);
}

static struct row_buffer_value string_of(struct filling *filling, const char *string)
{
    return text_of(filling, (struct imap_text){string, string != NULL ? strlen(string) : 0});
}

/* The value of a member, by the kind of its column. */
#define VALUE_NUMBER(member, detail)  pending_number(member)
#define VALUE_COUNT(member, detail)   count_of(member)
#define VALUE_ADDRESS(member, detail) string_of(filling, member)
#define VALUE_STRING(member, detail)  string_of(filling, member)
#define VALUE_TEXT(member, detail)    text_of(filling, member)
#define VALUE_WORD(member, detail)    pending_word(member)
#define VALUE_FLAG(member, detail)    pending_number(member)
#define VALUE_SIZE(member, detail)    pending_number(member)
#define VALUE_LENGTH(member, detail)  count_of(member)
#define VALUE_TRUTH(member, detail)   count_of(member)
#define VALUE_TIME(member, detail)    count_of(member)
#define VALUE_ENUM(member, detail)    pending_word(NAME_FUNCTION detail(member))
#define NAME_FUNCTION(type, limit)    name_of_##type

#define FILL_CONNECTION(NAME, name, kind, detail)                                                            \
    filling->values[CONNECTION_##NAME] = VALUE_##kind(connection->name, detail);
#define FILL_LOGIN(NAME, name, kind, detail)                                                                 \
    filling->values[LOGIN_##NAME] = VALUE_##kind(login->name, detail);

static void fill_identity(struct filling *filling, const struct store_connection *connection)
{
    CONNECTION_STAYS(FILL_CONNECTION)
}

/* What can change; texts that stay are there already, or do not matter. */
static void fill_changing(struct filling *filling, const struct store_connection *connection)
{
    filling->values[CONNECTION_LAST_NS] = count_of(connection->last_ns);
    CONNECTION_CHANGES(FILL_CONNECTION)
    if (connection->closed_by == NULL)
        filling->values[CONNECTION_CLOSED_NS] = pending_null();
    if (!connection->same_texts) {
        CONNECTION_TEXTS(FILL_CONNECTION)
    }
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

    if (status != STORE_OK || !row_buffer_is_full(store->pending[table]))
        return status;
    return table == PENDING_CHANGES ? store_flush(store) : store_insert(store);
}

/* The values of a row that still waits to be inserted; NULL: it does not. `last` is the table's last number.
 */
static struct row_buffer_value *waiting_row(struct row_buffer *pending, int64_t last, int64_t id)
{
    int64_t back = last - id;

    if (back < 0 || (uint64_t)back >= row_buffer_count(pending))
        return NULL;
    return row_buffer_row(pending, row_buffer_count(pending) - 1 - (size_t)back);
}

static int filled(struct store *store, const struct filling *filling)
{
    return filling->rc == SQLITE_OK ? STORE_OK : (store->failure = store_fail_sqlite(store, filling->rc));
}

/* Also a missing one, if that is among them. */
static bool is_word(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (word == words[i] || (word != NULL && words[i] != NULL && strcmp(word, words[i]) == 0))
            return true;
    return false;
}

/* What the CHECKs of the table say: whether a member is out of range, by the kind of its column. */
#define WRONG_WORD(NAME, name)                                                                               \
    !is_word(connection->name, connection_##name##_words, CONNECTION_##NAME##_WORDS)
#define WRONG_FLAG(NAME, name)             false
#define WRONG_SIZE(NAME, name)             (connection->name < 0)
#define WRONG_TIME(NAME, name)             false
#define WRONG_TEXT(NAME, name)             false
#define WRONG_LENGTH(NAME, name)           false
#define OR_WRONG(NAME, name, kind, detail) || WRONG_##kind(NAME, name)

static int check_connection(struct store *store, const struct store_connection *connection)
{
    if (false CONNECTION_CHANGES(OR_WRONG))
        return store_fail(store, "a connection with a field out of range was not kept");
    return STORE_OK;
}

int store_connection_add(struct store *store, const struct store_connection *connection, int64_t *id)
{
    struct row_buffer *pending = store->pending[PENDING_CONNECTIONS];
    struct filling filling;
    int64_t made = 0;
    int status = begin_row(store, PENDING_CONNECTIONS);

    *id = 0;
    if (status == STORE_OK)
        status = check_connection(store, connection);
    if (status == STORE_OK)
        status = next_id(store, SQL_LAST_CONNECTION, &store->last_connection, &made);
    if (status != STORE_OK)
        return status;
    filling = fill(pending, row_buffer_add(pending));
    filling.values[CONNECTION_ID] = pending_number(made);
    fill_identity(&filling, connection);
    fill_changing(&filling, connection);
    status = filled(store, &filling);
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
    struct row_buffer *pending = store->pending[PENDING_CONNECTIONS];
    struct row_buffer_value *row;
    struct filling filling;
    int status = begin_row(store, PENDING_CHANGES);

    if (status == STORE_OK)
        status = check_connection(store, connection);
    if (status == STORE_OK)
        status = know_last(store, SQL_LAST_CONNECTION, &store->last_connection);
    if (status == STORE_OK && (id < 1 || id > store->last_connection))
        status = no_connection(store, id);
    /* a row that changes again and again keeps the texts of each change until it is inserted */
    if (status == STORE_OK && row_buffer_is_heavy(pending))
        status = store_insert(store);
    if (status != STORE_OK)
        return status;
    row = waiting_row(pending, store->last_connection, id);
    if (row == NULL) {
        pending = store->pending[PENDING_CHANGES];
        row = row_buffer_add(pending);
        row[CONNECTION_ID] = pending_number(id);
        row[STORE_SAME_TEXTS] = pending_number(connection->same_texts);
    }
    filling = fill(pending, row);
    fill_changing(&filling, connection);
    return filled(store, &filling);
}

/* The later of two changes of a row comes later. */
static int by_row(const void *a, const void *b)
{
    const struct row_buffer_value *left = *(struct row_buffer_value *const *)a;
    const struct row_buffer_value *right = *(struct row_buffer_value *const *)b;

    if (left->as.number != right->as.number)
        return left->as.number < right->as.number ? -1 : 1;
    return left < right ? -1 : left > right;
}

static int make_change(struct store *store, const struct row_buffer_value *row)
{
    bool same_texts = row[STORE_SAME_TEXTS].as.number != 0;
    struct store_binder binder =
        store_bind(store, same_texts ? SQL_CONNECTION_SAME_TEXTS : SQL_CONNECTION_UPDATE);
    int changes = 0, status;

    store_bind_values(&binder, row + CONNECTION_LAST_NS, 1);
    if (!same_texts)
        store_bind_values(&binder, row + CONNECTION_LAST_NS + 1, CONNECTION_LAST_TEXT - CONNECTION_LAST_NS);
    store_bind_values(&binder, row + CONNECTION_FIRST_CHANGE, CONNECTION_COLUMNS - CONNECTION_FIRST_CHANGE);
    store_bind_values(&binder, row, 1);
    status = store_run(store, &binder, &changes);
    if (status == STORE_OK && changes == 0)
        status = store->failure = no_connection(store, row->as.number);
    return status;
}

/* Connections end in another order than they began: to follow that would be to read and write a page for
 * each. */
int store_make_changes(struct store *store)
{
    struct row_buffer *pending = store->pending[PENDING_CHANGES];
    size_t count = row_buffer_count(pending);
    struct row_buffer_value **rows;
    int status = STORE_OK;

    if (count == 0)
        return STORE_OK;
    store->unjudged = true;
    rows = calloc(count, sizeof(struct row_buffer_value *));
    if (rows == NULL)
        return store->failure = store_fail(store, "out of memory");
    for (size_t i = 0; i < count; i++)
        rows[i] = row_buffer_row(pending, i);
    qsort(rows, count, sizeof(struct row_buffer_value *), by_row);
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        status = make_change(store, rows[i]);
    free(rows);
    if (status == STORE_OK)
        row_buffer_clear(pending);
    return status;
}

/* Whether a field is out of range, by its kind. */
#define BEYOND_TEXT(member, detail)         false
#define BEYOND_LENGTH(member, detail)       false
#define BEYOND_TRUTH(member, detail)        ((member) > 1)
#define BEYOND_TIME(member, detail)         false
#define BEYOND_FLAG(member, detail)         false
#define BEYOND_LIMIT(type, limit)           limit
#define BEYOND_ENUM(member, detail)         ((unsigned)(member) >= BEYOND_LIMIT detail)
#define OR_BEYOND(NAME, name, kind, detail) || BEYOND_##kind(login->name, detail)

/* The record may come from a process that a hostile packet crashed: nothing in it is taken on trust. */
static int check_login(struct store *store, const struct imap_login *login)
{
    if (login->begin.frame > INT64_MAX ||
        login->violation_count > IMAP_MAX_VIOLATIONS IMAP_LOGIN_FIELDS(OR_BEYOND))
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
    struct row_buffer *pending = store->pending[PENDING_VIOLATIONS];
    struct filling filling = fill(pending, row_buffer_add(pending));
    char text[OCTETS_TEXT];
    size_t length = octets_text(violation, text);

    filling.values[VIOLATION_LOGIN_ID] = pending_number(login_id);
    filling.values[VIOLATION_RULE] = pending_word(store->rules[violation->rule]);
    filling.values[VIOLATION_ARGUMENT] = pending_word(name_of_argument(violation->argument));
    filling.values[VIOLATION_POSITION] = count_of(violation->position);
    filling.values[VIOLATION_COUNT] = count_of(violation->count);
    if (length > 0)
        filling.values[VIOLATION_OCTETS] = keep(&filling, text, length);
    return filled(store, &filling);
}

static void fill_login(struct filling *filling, const struct imap_login *login)
{
    filling->values[LOGIN_TIME_NS] = pending_number(login->begin.time_ns);
    filling->values[LOGIN_FRAME] = pending_number((int64_t)login->begin.frame);
    IMAP_LOGIN_FIELDS(FILL_LOGIN)
}

int store_login_add(struct store *store, int64_t connection_id, int64_t capture_id,
                    const struct imap_login *login, int64_t *id)
{
    struct row_buffer *pending = store->pending[PENDING_LOGINS];
    struct filling filling;
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
    filling = fill(pending, row_buffer_add(pending));
    filling.values[LOGIN_ID] = pending_number(made);
    filling.values[LOGIN_CONNECTION_ID] = pending_number(connection_id);
    filling.values[LOGIN_CAPTURE_ID] = pending_number(capture_id);
    fill_login(&filling, login); /* what comes after it is not known yet */
    status = filled(store, &filling);
    for (unsigned i = 0; status == STORE_OK && i < login->violation_count; i++) {
        status = begin_row(store, PENDING_VIOLATIONS);
        if (status == STORE_OK)
            status = add_violation(store, made, &login->violations[i]);
    }
    if (status == STORE_OK)
        *id = made;
    return status;
}

/* What store_login_after does for a login that does not wait any more. */
static int change_login(struct store *store, int64_t login_id, enum imap_result result, struct imap_text text)
{
    struct store_binder binder = store_bind(store, SQL_LOGIN_AFTER);
    int changes = 0, status;

    store->unjudged = true;
    store_bind_word(&binder, name_of_result(result));
    store_bind_text(&binder, text);
    store_bind_int(&binder, login_id);
    status = store_run(store, &binder, &changes);
    if (status == STORE_OK && changes == 0)
        status = store_fail(store, "there is no login %lld", (long long)login_id);
    return status;
}

int store_login_after(struct store *store, int64_t login_id, enum imap_result result, struct imap_text text)
{
    struct row_buffer *pending = store->pending[PENDING_LOGINS];
    struct row_buffer_value *row;
    struct filling filling;
    int status;

    if ((unsigned)result >= IMAP_RESULTS)
        return store_fail(store, "a verdict out of range was not kept");
    status = begin_row(store, PENDING_LOGINS);
    if (status != STORE_OK)
        return status;
    row = waiting_row(pending, store->last_login, login_id);
    if (row == NULL)
        return change_login(store, login_id, result, text);
    filling = fill(pending, row);
    row[LOGIN_AFTER_RESULT] = pending_word(name_of_result(result));
    row[LOGIN_AFTER_TEXT] = text_of(&filling, text);
    return filled(store, &filling);
}
