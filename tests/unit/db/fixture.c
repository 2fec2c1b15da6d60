/*
 * What the tests of the database share.
 */
#include "tests/unit/db/fixture.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* "nobody" of Debian. */
#define NOBODY 65534

const struct store_rule fixture_rules[RULE_COUNT] = {
    [RULE_WILDCARD] = {"unquoted-wildcard", "error", "Wildcard in an atom", "RFC 3501 section 9", "Quote it",
                       "yes", "yes", "yes"},
    [RULE_SPACING] = {"bad-spacing", "error", "Wrong spaces", "RFC 3501 section 9", "One space", "yes", "yes",
                      "yes"},
};

int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (fixture == NULL)
        return -1;
    /* In memory where that is possible: the tests wait for the disk thousands of times. */
    (void)snprintf(fixture->folder, sizeof fixture->folder, "%s/imaptap-db-XXXXXX",
                   access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(fixture->folder) == NULL) {
        free(fixture);
        return -1;
    }
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/test.db", fixture->folder);
    *state = fixture;
    return 0;
}

static int remove_entry(const char *path, const struct stat *facts, int type, struct FTW *place)
{
    (void)facts;
    (void)type;
    (void)place;
    return remove(path);
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;

    (void)chmod(fixture->folder, 0700);
    (void)nftw(fixture->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

const char *fixture_file(const struct fixture *fixture, const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", fixture->folder, name);
    return path;
}

struct store *fixture_open(struct fixture *fixture, bool live)
{
    struct store *store = NULL;

    if (store_open(&store, fixture->path, live, 1000, fixture->why, sizeof fixture->why) != STORE_OK)
        fail_msg("%s", fixture->why);
    assert_int_equal(store_rules(store, fixture_rules, RULE_COUNT), STORE_OK);
    return store;
}

void fixture_close(struct fixture *fixture, struct store *store)
{
    if (store_close(store, fixture->why, sizeof fixture->why) != STORE_OK)
        fail_msg("%s", fixture->why);
}

struct store_capture fixture_capture(const char *fingerprint)
{
    return (struct store_capture){.source = "mail.pcap",
                                  .kind = STORE_FILE,
                                  .fingerprint = fingerprint,
                                  .link_types = "EN10MB",
                                  .packets = 10,
                                  .bytes = 1000,
                                  .kernel_drops = -1,
                                  .interface_drops = -1,
                                  .first_ns = 1700000000000000000,
                                  .last_ns = 1700000001000000000,
                                  .size = 1000,
                                  .lost_octets = -1,
                                  .evicted = -1,
                                  .read_ns = 1700000002000000000,
                                  .events_waiting = -1};
}

int64_t fixture_begin(struct store *store, const char *fingerprint)
{
    struct store_capture capture = fixture_capture(fingerprint);
    int64_t id = 0;

    if (store_capture_begin(store, &capture, &id) != STORE_OK)
        fail_msg("%s", store_error(store));
    return id;
}

void fixture_complete(struct store *store, int64_t id, const char *fingerprint)
{
    struct store_capture capture = fixture_capture(fingerprint);

    capture.state = STORE_COMPLETE;
    if (store_capture_update(store, id, &capture) != STORE_OK)
        fail_msg("%s", store_error(store));
}

struct store_connection fixture_connection(int64_t capture_id, const char *client_ip, const char *server_ip)
{
    struct store_connection connection = {.capture_id = capture_id,
                                          .client_port = 50000,
                                          .server_port = 143,
                                          .vlan = -1,
                                          .first_ns = 1700000000000000000,
                                          .last_ns = 1700000001000000000,
                                          .greeting = fixture_text("ready"),
                                          .server_product = fixture_text("Exchange 2003"),
                                          .encryption = "none",
                                          .end = "fin"};

    (void)snprintf(connection.client_ip, sizeof connection.client_ip, "%s", client_ip);
    (void)snprintf(connection.server_ip, sizeof connection.server_ip, "%s", server_ip);
    return connection;
}

int64_t fixture_connect(struct store *store, int64_t capture_id, const char *client_ip, const char *server_ip)
{
    struct store_connection connection = fixture_connection(capture_id, client_ip, server_ip);
    int64_t id = 0;

    if (store_connection_add(store, &connection, &id) != STORE_OK)
        fail_msg("%s", store_error(store));
    return id;
}

struct imap_login fixture_login(const char *username, enum imap_form form, enum imap_result result)
{
    return (struct imap_login){.number = 1,
                               .begin = {.time_ns = 1700000000123456789, .frame = 7, .capture = 1},
                               .command = IMAP_LOGIN,
                               .tag = fixture_text("a1"),
                               .username = fixture_text(username),
                               .username_form = form,
                               .username_length = (int64_t)strlen(username),
                               .password_form = IMAP_FORM_ATOM,
                               .password_length = -1,
                               .password_empty = -1,
                               .result = result,
                               .response_text = fixture_text("said"),
                               .latency_ns = 1000000};
}

void fixture_violate(struct imap_login *login, unsigned rule, enum imap_argument argument)
{
    login->violations[login->violation_count++] = (struct imap_violation){
        .rule = (enum imap_rule)rule, .argument = argument, .position = -1, .count = -1};
}

int64_t fixture_add(struct store *store, int64_t connection_id, int64_t capture_id,
                    const struct imap_login *login)
{
    int64_t id = 0;

    if (store_login_add(store, connection_id, capture_id, login, &id) != STORE_OK)
        fail_msg("%s", store_error(store));
    return id;
}

struct imap_text fixture_text(const char *text)
{
    return (struct imap_text){text, strlen(text)};
}

const char *fixture_ask(const char *path, const char *sql)
{
    static char answer[4096];
    sqlite3_stmt *statement = NULL;
    const char *rest = sql;
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    answer[0] = '\0';
    while (rc == SQLITE_OK && *rest != '\0') {
        rc = sqlite3_prepare_v2(db, rest, -1, &statement, &rest);
        if (rc != SQLITE_OK || statement == NULL)
            break;
        rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW) {
            const char *text = (const char *)sqlite3_column_text(statement, 0);

            (void)snprintf(answer, sizeof answer, "%s", text != NULL ? text : "NULL");
        }
        while (rc == SQLITE_ROW)
            rc = sqlite3_step(statement);
        if (rc == SQLITE_DONE)
            rc = SQLITE_OK;
        (void)sqlite3_finalize(statement);
        statement = NULL;
    }
    if (rc != SQLITE_OK)
        (void)snprintf(answer, sizeof answer, "error: %s", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    return answer;
}

int64_t fixture_count(const char *path, const char *sql)
{
    return strtoll(fixture_ask(path, sql), NULL, 10);
}

unsigned char *fixture_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    unsigned char *octets = NULL;
    struct stat facts;

    *size = SIZE_MAX;
    if (file == NULL)
        return NULL;
    if (fstat(fileno(file), &facts) == 0)
        octets = malloc((size_t)facts.st_size + 1);
    if (octets != NULL)
        *size = fread(octets, 1, (size_t)facts.st_size, file);
    (void)fclose(file);
    return octets;
}

void fixture_write(const char *path, const void *octets, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

bool fixture_exists(const char *path)
{
    struct stat facts;

    return lstat(path, &facts) == 0;
}

int fixture_unprivileged(int (*function)(struct fixture *), struct fixture *fixture)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
            _exit(255);
        _exit(function(fixture));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

char *fixture_query(struct fixture *fixture, const char *sql, const struct query_options *options,
                    enum query_status *status)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    fixture->why[0] = '\0';
    *status = query_run(fixture->path, sql, options, out, NULL, fixture->why, sizeof fixture->why);
    assert_int_equal(fclose(out), 0);
    return text;
}
