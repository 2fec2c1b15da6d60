/*
 * Events on their way between the processes: what goes in comes out, and nothing unsound is taken.
 */
#include "analyzer/ipc/event_ring.h"
#include "analyzer/stream/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct imap_text text(const char *string)
{
    return (struct imap_text){string, strlen(string)};
}

static struct event login_event(void)
{
    struct event event = {.kind = EVENT_LOGIN};
    struct imap_login *login = &event.login.login;

    event.login.slot = 3;
    login->number = 2;
    login->begin = (struct imap_mark){1234567890123456789, 42, 1};
    login->tag = text("a1");
    login->username = (struct imap_text){"st\0r*", 5};
    login->username_form = IMAP_FORM_ATOM;
    login->username_length = 5;
    login->password_form = IMAP_FORM_QUOTED;
    login->password_length = -1;
    login->exposure = IMAP_EXPOSURE_GUESSABLE;
    login->result = IMAP_RESULT_BAD;
    login->response_text = text("Unexpected char");
    login->latency_ns = 77;
    login->violations[0] =
        (struct imap_violation){IMAP_RULE_UNQUOTED_WILDCARD, IMAP_ARG_USERNAME, 4, 1, "*", 1};
    login->violation_count = 1;
    return event;
}

static void a_login_comes_out_as_it_went_in(void **state)
{
    static uint8_t octets[EVENT_MAX_OCTETS];
    struct event event = login_event(), back;
    size_t length = event_encode(&event, octets);

    (void)state;
    assert_true(length > 0);
    assert_true(event_decode(&back, octets, length, 2, 10));
    assert_int_equal(back.login.slot, 3);
    assert_int_equal(back.login.login.begin.frame, 42);
    assert_int_equal(back.login.login.username.length, 5);
    assert_memory_equal(back.login.login.username.octets, "st\0r*", 5);
    assert_int_equal(back.login.login.exposure, IMAP_EXPOSURE_GUESSABLE);
    assert_null(back.login.login.authzid.octets);
    assert_int_equal(back.login.login.violations[0].position, 4);
    assert_int_equal(back.login.login.violations[0].octets[0], '*');
}

/* What cannot change goes with the first event alone. */
static void a_connection_reported_again_brings_only_what_can_change(void **state)
{
    static const uint8_t client[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1}, nobody[16];
    static uint8_t octets[EVENT_MAX_OCTETS];
    struct event event = {.kind = EVENT_CONNECTION}, back;
    struct event_connection *connection = &event.connection;
    size_t length;

    (void)state;
    connection->slot = 3;
    connection->capture = 1;
    connection->vlan = 5;
    connection->client_port = 4000;
    connection->first_ns = 7;
    connection->last_ns = 8;
    connection->greeting = text("ready");
    memcpy(connection->client, client, sizeof client);
    length = event_encode(&event, octets);
    assert_true(event_decode(&back, octets, length, 2, 10));
    assert_false(back.connection.again);
    assert_memory_equal(back.connection.client, client, sizeof client);
    assert_int_equal(back.connection.first_ns, 7);
    connection->again = true;
    assert_true(event_encode(&event, octets) < length);
    assert_true(event_decode(&back, octets, event_encode(&event, octets), 2, 10));
    assert_true(back.connection.again);
    assert_int_equal(back.connection.slot, 3);
    assert_int_equal(back.connection.capture, 1);
    assert_int_equal(back.connection.last_ns, 8);
    assert_int_equal(back.connection.greeting.length, 5);
    assert_memory_equal(back.connection.client, nobody, sizeof nobody);
}

static void texts_that_are_the_same_are_not_reported_again(void **state)
{
    static uint8_t octets[EVENT_MAX_OCTETS];
    struct event event = {.kind = EVENT_CONNECTION}, back;
    struct event_connection *connection = &event.connection;

    (void)state;
    connection->greeting = text("ready");
    connection->last_ns = 8;
    connection->again = connection->same_texts = true;
    assert_true(event_decode(&back, octets, event_encode(&event, octets), 2, 10));
    assert_true(back.connection.same_texts);
    assert_null(back.connection.greeting.octets);
    assert_int_equal(back.connection.last_ns, 8);
    connection->again = false; /* there is nothing that they could be the same as */
    assert_false(event_decode(&back, octets, event_encode(&event, octets), 2, 10));
}

static void texts_over_the_limit_are_cut_not_refused(void **state)
{
    static uint8_t octets[EVENT_MAX_OCTETS];
    static char huge[20000];
    struct event event = {.kind = EVENT_CONNECTION}, back;
    struct event_connection *connection = &event.connection;

    (void)state;
    memset(huge, 'x', sizeof huge);
    connection->greeting = connection->server_product = connection->capabilities = connection->client_ident =
        connection->server_ident = connection->origin_ip = connection->origin_source =
            (struct imap_text){huge, sizeof huge};
    connection->vlan = -1;
    assert_true(event_decode(&back, octets, event_encode(&event, octets), 1, 1));
    assert_int_equal(back.connection.vlan, -1);
    assert_int_equal(back.connection.origin_ip.length, 45);
}

/* In memory of just the size that is asked for, so that the sanitizer sees an octet after it. */
static void the_longest_events_fit(void **state)
{
    static char huge[20000];
    static struct event login = {.kind = EVENT_LOGIN}, connection = {.kind = EVENT_CONNECTION}, back;
    struct imap_login *full = &login.login.login;
    struct imap_text text = {huge, sizeof huge};
    uint8_t *octets = malloc(EVENT_MAX_OCTETS);

    (void)state;
    assert_non_null(octets);
    full->tag = full->mechanism = full->username = full->authzid = text;
    full->workstation = full->response_code = full->response_text = text;
    for (full->violation_count = 0; full->violation_count < IMAP_MAX_VIOLATIONS; full->violation_count++)
        full->violations[full->violation_count].octet_count = IMAP_VIOLATION_OCTETS;
    assert_true(event_decode(&back, octets, event_encode(&login, octets), 1, 1));
    assert_int_equal(back.login.login.violation_count, IMAP_MAX_VIOLATIONS);
    connection.connection.greeting = connection.connection.server_product = text;
    connection.connection.server_host = connection.connection.capabilities = text;
    connection.connection.client_ident = connection.connection.server_ident = text;
    connection.connection.origin_ip = connection.connection.origin_source = text;
    memset(connection.connection.tunnel, 't', sizeof connection.connection.tunnel - 1);
    assert_true(event_decode(&back, octets, event_encode(&connection, octets), 1, 1));
    assert_int_equal(back.connection.server_ident.length, 8192);
    free(octets);
}

static void numbers_beyond_their_limits_are_refused(void **state)
{
    static uint8_t octets[EVENT_MAX_OCTETS];
    struct event event = login_event(), back;
    size_t length = event_encode(&event, octets);

    (void)state;
    assert_false(event_decode(&back, octets, length, 1, 10)); /* capture 1 of 1 */
    assert_false(event_decode(&back, octets, length, 2, 3));  /* slot 3 of 3 */
    event.login.login.username_form = IMAP_FORMS;
    assert_false(event_decode(&back, octets, event_encode(&event, octets), 2, 10));
    event = login_event();
    event.login.login.exposure = IMAP_EXPOSURES;
    assert_false(event_decode(&back, octets, event_encode(&event, octets), 2, 10));
    event = login_event();
    event.login.login.violations[0].rule = IMAP_RULES;
    assert_false(event_decode(&back, octets, event_encode(&event, octets), 2, 10));
}

static void every_cut_and_every_changed_octet_is_taken_or_refused_without_harm(void **state)
{
    static uint8_t octets[EVENT_MAX_OCTETS];
    struct event event = login_event(), back;
    size_t length = event_encode(&event, octets);

    (void)state;
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *exact = malloc(cut + 1);

        assert_non_null(exact);
        memcpy(exact, octets, cut);
        assert_false(event_decode(&back, exact, cut, 2, 10));
        free(exact);
    }
    for (size_t at = 0; at < length; at++)
        for (int bit = 0; bit < 8; bit++) {
            octets[at] ^= (uint8_t)(1 << bit);
            (void)event_decode(&back, octets, length, 2, 10);
            octets[at] ^= (uint8_t)(1 << bit);
        }
}

static unsigned receive_all(struct event_ring *ring)
{
    struct event event;
    unsigned count = 0;
    enum event_ring_status status;

    while ((status = event_ring_receive(ring, &event, 5000)) == EVENT_RING_EVENT) {
        assert_int_equal(event.kind, EVENT_AFTER);
        assert_int_equal(event.after.number, count++);
    }
    assert_int_equal(status, EVENT_RING_END);
    return count;
}

/* A child sends `count` events and then dies by SIGKILL, or ends well. */
static unsigned received_from_child(unsigned count, bool dies)
{
    struct event_ring *ring = event_ring_new();
    unsigned received;
    pid_t child;

    assert_non_null(ring);
    child = fork();
    if (child == 0) {
        struct event event = {.kind = EVENT_AFTER, .after = {.slot = 1, .text = {"some text", 9}}};

        event_ring_become_sender(ring);
        for (unsigned i = 0; i < count; i++) {
            event.after.number = i;
            (void)event_ring_send(ring, &event);
        }
        if (dies)
            kill(getpid(), SIGKILL);
        (void)event_ring_flush(ring);
        _exit(0);
    }
    event_ring_become_receiver(ring, 1, 10);
    received = receive_all(ring);
    waitpid(child, NULL, 0);
    event_ring_free(ring);
    return received;
}

static void all_events_of_a_sender_that_ends_arrive_in_order(void **state)
{
    (void)state;
    assert_int_equal(received_from_child(0, false), 0);
    assert_int_equal(received_from_child(1, false), 1);
    assert_int_equal(received_from_child(100000, false), 100000);
}

static void no_event_of_a_sender_that_dies_is_lost(void **state)
{
    (void)state;
    for (unsigned count = 0; count < 4000; count += 401)
        assert_int_equal(received_from_child(count, true), count);
}

static void a_sender_learns_that_nobody_receives(void **state)
{
    struct event_ring *ring = event_ring_new();
    pid_t child;
    int status;

    (void)state;
    assert_non_null(ring);
    child = fork();
    if (child == 0) {
        struct event event = {.kind = EVENT_AFTER, .after = {.slot = 1, .text = {"some text", 9}}};

        signal(SIGPIPE, SIG_IGN);
        event_ring_become_sender(ring);
        while (event_ring_send(ring, &event))
            ;
        _exit(7);
    }
    event_ring_free(ring);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* Sends events, and writes nonsense over the shared memory between them. */
static _Noreturn void send_nonsense(struct event_ring *ring, unsigned seed)
{
    struct event event = {.kind = EVENT_AFTER, .after = {.slot = 1, .text = {"some text", 9}}};
    struct stat about;
    uint8_t *memory;

    srand(seed);
    signal(SIGPIPE, SIG_IGN);
    if (fstat(event_ring_memory_fd(ring), &about) != 0)
        _exit(1);
    memory =
        mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, event_ring_memory_fd(ring), 0);
    if (memory == MAP_FAILED)
        _exit(1);
    event_ring_become_sender(ring);
    for (int i = 0; i < 100; i++) {
        size_t at = sizeof(struct event_ring_figures), length = 1 + (size_t)rand() % 64;

        /* at the beginning of the first chunk, or anywhere */
        at += (size_t)rand() % (seed % 2 != 0 ? 256 : (size_t)about.st_size - at - length);
        for (unsigned number = 0; number < 200; number++) {
            event.after.number = number;
            (void)event_ring_send(ring, &event);
        }
        for (size_t j = 0; j < length; j++)
            memory[at + j] = (uint8_t)(seed % 3 == 0 ? 0xff : rand() % (seed % 3 == 1 ? 256 : 2));
        (void)event_ring_flush(ring);
    }
    _exit(0);
}

static void whatever_a_sender_writes_is_taken_or_refused_without_harm(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 60; seed++) {
        struct event_ring *ring = event_ring_new();
        enum event_ring_status status;
        struct event event;
        pid_t child;

        assert_non_null(ring);
        child = fork();
        if (child == 0)
            send_nonsense(ring, seed);
        event_ring_become_receiver(ring, 1, 10);
        do {
            status = event_ring_receive(ring, &event, 100);
            if (status == EVENT_RING_QUIET)
                kill(child, SIGKILL); /* it has made itself wait for ever */
        } while (status == EVENT_RING_EVENT || status == EVENT_RING_QUIET);
        assert_true(status == EVENT_RING_END || status == EVENT_RING_BROKEN);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        event_ring_free(ring);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_comes_out_as_it_went_in),
        cmocka_unit_test(a_connection_reported_again_brings_only_what_can_change),
        cmocka_unit_test(texts_that_are_the_same_are_not_reported_again),
        cmocka_unit_test(texts_over_the_limit_are_cut_not_refused),
        cmocka_unit_test(the_longest_events_fit),
        cmocka_unit_test(numbers_beyond_their_limits_are_refused),
        cmocka_unit_test(every_cut_and_every_changed_octet_is_taken_or_refused_without_harm),
        cmocka_unit_test(all_events_of_a_sender_that_ends_arrive_in_order),
        cmocka_unit_test(no_event_of_a_sender_that_dies_is_lost),
        cmocka_unit_test(a_sender_learns_that_nobody_receives),
        cmocka_unit_test(whatever_a_sender_writes_is_taken_or_refused_without_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
