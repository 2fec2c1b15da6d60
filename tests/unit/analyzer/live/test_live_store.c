/*
 * What waits for the database of a live capture: in bounded memory, lost loudly beyond it, and written when
 * the database can be written again.
 */
#include "analyzer/live/store/live_store.h"

#include "analyzer/live/store/event_queue.h"
#include "analyzer/recorder/open_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <unistd.h>

static const char *const interfaces[] = {"eth1"};
static const struct store_run_facts facts = {
    .uuid = "01234567-89ab-4cde-8f01-23456789abcd",
    .imaptap_version = "0.1.0",
    .libpcap_version = "libpcap 1.10",
    .libnids_version = "1.26",
    .sqlite_version = "3.40.1",
    .command_line = "imaptap live -i eth1",
    .host = "sensor",
    .user = "alice",
};

struct fixture {
    char folder[64], path[96], log[96];
    struct live_store *live_store;
    sqlite3 *other; /* another process's connection */
};

static void no_figures(void *user, unsigned worker, unsigned interface, struct live_store_figures *figures)
{
    (void)user;
    (void)worker;
    (void)interface;
    *figures = (struct live_store_figures){.first_ns = -1, .last_ns = -1, .link_type = -1};
}

static void take(struct live_store *live_store, const struct event *event)
{
    static uint8_t octets[EVENT_MAX_OCTETS];

    live_store_take(live_store, 0, event, octets, event_encode(event, octets));
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct event event = {.kind = EVENT_CAPTURE_STARTED};
    struct live_store_options options = {.database = fixture->path,
                                         .interfaces = interfaces,
                                         .interface_count = 1,
                                         .workers = 1,
                                         .flush_ms = 1,
                                         .run = &facts,
                                         .figures = no_figures};
    struct store *store;

    *state = fixture;
    strcpy(fixture->folder, "/tmp/imaptap-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/test.db", fixture->folder);
    (void)snprintf(fixture->log, sizeof fixture->log, "%s/log", fixture->folder);
    assert_non_null(freopen(fixture->log, "w+", stderr));
    setvbuf(stderr, NULL, _IONBF, 0);
    store = open_store(fixture->path, true);
    assert_non_null(store);
    fixture->live_store = live_store_new(&options, store);
    assert_non_null(fixture->live_store);
    live_store_restart(fixture->live_store, 0);
    take(fixture->live_store, &event);
    live_store_work(fixture->live_store, true);
    assert_int_equal(sqlite3_open(fixture->path, &fixture->other), SQLITE_OK);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[256];

    sqlite3_close(fixture->other);
    live_store_free(fixture->live_store);
    /* the log, and with it what a test that failed has to say */
    (void)snprintf(command, sizeof command, "cat %s; rm -r %s", fixture->log, fixture->folder);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

static void connection(struct fixture *fixture, uint32_t slot, bool again, bool ended)
{
    struct event event = {.kind = EVENT_CONNECTION};

    event.connection = (struct event_connection){.slot = slot,
                                                 .again = again,
                                                 .client_port = (uint16_t)(1024 + slot % 60000),
                                                 .server_port = 143,
                                                 .client = {[10] = 0xff, 0xff, 192, 0, 2, 1},
                                                 .server = {[10] = 0xff, 0xff, 192, 0, 2, 143},
                                                 .vlan = -1,
                                                 .ended = ended};
    take(fixture->live_store, &event);
}

static void login(struct fixture *fixture, uint32_t slot)
{
    static char username[8000]; /* fills memory sooner */
    struct event event = {.kind = EVENT_LOGIN};

    memset(username, 'u', sizeof username);
    event.login = (struct event_login){
        .slot = slot,
        .login = {.number = 1,
                  .command = IMAP_LOGIN,
                  .username = {username, sizeof username},
                  .username_form = IMAP_FORM_ATOM,
                  .password_form = IMAP_FORM_ATOM,
                  .result = IMAP_RESULT_OK,
                  .username_length = sizeof username,
                  .password_length = -1,
                  .latency_ns = -1},
    };
    take(fixture->live_store, &event);
}

static int64_t count(struct fixture *fixture, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t answer;

    assert_int_equal(sqlite3_prepare_v2(fixture->other, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
}

static void other_says(struct fixture *fixture, const char *sql)
{
    assert_int_equal(sqlite3_exec(fixture->other, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* How often the log says so. */
static int said(struct fixture *fixture, const char *words)
{
    static char text[1 << 16];
    FILE *file = fopen(fixture->log, "r");
    int times = 0;

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        times++;
    return times;
}

/* Another process holds the database while more comes than can wait; returns how many logins came. */
static int64_t overflow(struct fixture *fixture)
{
    uint32_t slot = 1;

    other_says(fixture, "BEGIN IMMEDIATE");
    live_store_work(fixture->live_store, true);
    for (; slot < 10000; slot++) {
        connection(fixture, slot, false, false);
        login(fixture, slot);
        connection(fixture, slot, false, true);
        if (slot == 10)
            live_store_work(fixture->live_store, true);
    }
    return slot - 1;
}

static void test_what_finds_no_room_is_counted_as_lost_loudly(void **state)
{
    struct fixture *fixture = *state;
    int64_t came = overflow(fixture);
    struct live_store_lost lost = live_store_lost(fixture->live_store);

    assert_int_equal(said(fixture, "locked"), 1);
    assert_int_equal(said(fixture, "no more findings can wait in memory: from here on they are lost"), 1);
    assert_true(lost.logins > 0 && (int64_t)lost.logins < came);
    assert_true(lost.connections > 0);
    assert_true(lost.events >= lost.logins + lost.connections);
    /* a login of 8,000 octets is the most of what waits */
    assert_true((came - (int64_t)lost.logins) * 8000 < (int64_t)(EVENT_QUEUE_OCTETS + EVENT_QUEUE_RESERVE));
    other_says(fixture, "COMMIT");
}

static void test_it_recovers_and_says_what_was_lost(void **state)
{
    struct fixture *fixture = *state;
    int64_t came = overflow(fixture);
    struct live_store_lost lost = live_store_lost(fixture->live_store);
    char words[96];

    other_says(fixture, "COMMIT");
    live_store_work(fixture->live_store, true);
    assert_int_equal(count(fixture, "SELECT count(*) FROM logins"), came - (int64_t)lost.logins);
    (void)snprintf(words, sizeof words, "lost meanwhile: %llu logins, %llu connections",
                   (unsigned long long)lost.logins, (unsigned long long)lost.connections);
    assert_int_equal(said(fixture, words), 1);
    assert_int_equal(live_store_waiting(fixture->live_store), 0);
}

static void test_after_it_a_slot_is_another_connection(void **state)
{
    struct fixture *fixture = *state;
    int64_t came = overflow(fixture), rows;

    other_says(fixture, "COMMIT");
    live_store_work(fixture->live_store, true);
    rows = count(fixture, "SELECT count(*) FROM connections");
    for (uint32_t slot = 1; slot <= came; slot++)
        connection(fixture, slot, false, true); /* also where the end of the last one was lost */
    live_store_work(fixture->live_store, true);
    assert_int_equal(count(fixture, "SELECT count(*) FROM connections"), rows + came);
    assert_int_equal(count(fixture,
                           "SELECT count(*) FROM logins l JOIN connections c ON c.id = l.connection_id"
                           " WHERE c.id > (SELECT max(connection_id) FROM logins)"),
                     0);
}

static void test_the_end_of_a_capture_finds_room_in_the_reserve(void **state)
{
    struct fixture *fixture = *state;
    struct event event = {.kind = EVENT_CAPTURE_ENDED};

    (void)overflow(fixture);
    event.capture.packets = 7;
    event.capture.first_ns = event.capture.last_ns = 1;
    take(fixture->live_store, &event);
    other_says(fixture, "COMMIT");
    live_store_work(fixture->live_store, true);
    assert_int_equal(count(fixture, "SELECT count(*) FROM captures WHERE state = 'complete' AND packets = 7"),
                     1);
}

static void test_what_still_waits_at_the_end_is_reported(void **state)
{
    struct fixture *fixture = *state;

    other_says(fixture, "BEGIN IMMEDIATE");
    connection(fixture, 1, false, false);
    login(fixture, 1);
    assert_false(live_store_close(fixture->live_store, 1, false));
    assert_int_equal(said(fixture, "2 findings could not be written and are lost"), 1);
    other_says(fixture, "COMMIT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_finds_no_room_is_counted_as_lost_loudly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_it_recovers_and_says_what_was_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_after_it_a_slot_is_another_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_end_of_a_capture_finds_room_in_the_reserve, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_still_waits_at_the_end_is_reported, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
