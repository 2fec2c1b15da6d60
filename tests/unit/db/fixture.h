/*
 * What the tests of the database share: a folder of their own, small rows, and a look at the file through
 * plain SQLite.
 */
#ifndef IMAPTAP_TESTS_DB_FIXTURE_H
#define IMAPTAP_TESTS_DB_FIXTURE_H

#include "db/query.h"
#include "db/store.h"

#include <setjmp.h> /* cmocka needs these first */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The indexes of the rules that store_rules is given in the tests. */
enum { RULE_WILDCARD, RULE_SPACING, RULE_COUNT };
extern const struct store_rule fixture_rules[RULE_COUNT];

struct fixture {
    char folder[64]; /* removed with all it holds by the teardown */
    char path[96];   /* of the database: folder/test.db, which does not exist at first */
    char why[1024];
};

/* A test in a folder of its own. */
#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The path of another file in the folder; valid until the next call. */
const char *fixture_file(const struct fixture *fixture, const char *name);

/* Opens the store and fills the table of rules; fails the test when that fails. */
struct store *fixture_open(struct fixture *fixture, bool live);
void fixture_close(struct fixture *fixture, struct store *store);

/* A capture with this fingerprint (may be NULL). */
struct store_capture fixture_capture(const char *fingerprint);
int64_t fixture_begin(struct store *store, const char *fingerprint);
void fixture_complete(struct store *store, int64_t id, const char *fingerprint);
struct store_connection fixture_connection(int64_t capture_id, const char *client_ip, const char *server_ip);
int64_t fixture_connect(struct store *store, int64_t capture_id, const char *client_ip,
                        const char *server_ip);

/* A LOGIN whose user name is written in `form`, answered with `result`, without violations. */
struct imap_login fixture_login(const char *username, enum imap_form form, enum imap_result result);
void fixture_violate(struct imap_login *login, unsigned rule, enum imap_argument argument);
int64_t fixture_add(struct store *store, int64_t connection_id, int64_t capture_id,
                    const struct imap_login *login);

struct imap_text fixture_text(const char *text);

/* Runs SQL through a plain SQLite connection; the first value of the first row as text, "NULL" for NULL and
 * "" for no row. Valid until the next call. */
const char *fixture_ask(const char *path, const char *sql);
int64_t fixture_count(const char *path, const char *sql);

/* The whole file; free it. *size is SIZE_MAX when there is no such file. */
unsigned char *fixture_read(const char *path, size_t *size);
void fixture_write(const char *path, const void *octets, size_t size);

/* Whether a file is there. */
bool fixture_exists(const char *path);

/* Runs `function` in a process without root's rights, which passes by permissions; what it returned (0 to
 * 255). */
int fixture_unprivileged(int (*function)(struct fixture *), struct fixture *fixture);

/* Runs a query and returns what it wrote; free it. */
char *fixture_query(struct fixture *fixture, const char *sql, const struct query_options *options,
                    enum query_status *status);

#endif
