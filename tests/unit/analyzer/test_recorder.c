/*
 * An analyzer that begins before the database is open: its findings are kept when they are wanted, and it
 * never outlives them.
 */
#include "analyzer/recorder/recorder.h"

#include "analyzer/recorder/open_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* pcap: one frame of Ethernet, of no protocol that is looked into. */
static const uint8_t capture[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0,    0,
                                  1,    0,    1,    0,    0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0,    0,
                                  14,   0,    0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0x88, 0xb5};

static const struct pipeline_options options = {.hash = true};

struct fixture {
    char folder[64], path[96], database[96];
    struct inputs inputs;
    struct recorder_result result;
    struct store *store;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    FILE *file;

    strcpy(fixture->folder, "/tmp/imaptap-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/one.pcap", fixture->folder);
    (void)snprintf(fixture->database, sizeof fixture->database, "%s/test.db", fixture->folder);
    file = fopen(fixture->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(capture, 1, sizeof capture, file), sizeof capture);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(inputs_add(&fixture->inputs, fixture->path, stderr), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->store != NULL)
        assert_true(close_store(fixture->store));
    (void)unlink(fixture->path);
    (void)unlink(fixture->database);
    (void)rmdir(fixture->folder);
    inputs_free(&fixture->inputs);
    recorder_result_free(&fixture->result);
    free(fixture);
    return 0;
}

static void no_process_is_left(void)
{
    assert_int_equal(waitpid(-1, NULL, 0), -1);
    assert_int_equal(errno, ECHILD);
}

static struct analyzer_run *started(struct fixture *fixture)
{
    struct analyzer_run *reading = recorder_new(&fixture->inputs, &options, &fixture->result);

    assert_non_null(reading);
    recorder_start(reading);
    return reading;
}

static void read_it(struct fixture *fixture)
{
    struct analyzer_run *reading = started(fixture);

    if (fixture->store == NULL)
        fixture->store = open_store(fixture->database, false);
    assert_non_null(fixture->store);
    assert_int_equal(recorder_read(reading, fixture->store, false), 0);
    recorder_free(reading);
    assert_false(fixture->result.store_failed);
    no_process_is_left();
}

static void what_it_found_is_kept(void **state)
{
    struct fixture *fixture = *state;

    read_it(fixture);
    assert_int_equal(fixture->result.outcomes[0].state, OUTCOME_READ);
    assert_int_equal(fixture->result.outcomes[0].packets, 1);
    assert_int_equal(fixture->result.missed.frames, 1);
}

static void what_is_named_twice_is_read_once(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(inputs_add(&fixture->inputs, fixture->path, stderr), 0);
    read_it(fixture);
    assert_int_equal(fixture->result.outcomes[0].state, OUTCOME_READ);
    assert_int_equal(fixture->result.outcomes[1].state, OUTCOME_KNOWN);
    assert_int_equal(fixture->result.missed.frames, 1);
}

static void a_database_that_knows_the_capture_after_all_stays_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    int64_t id;

    read_it(fixture);
    id = fixture->result.outcomes[0].id;
    recorder_result_free(&fixture->result);
    read_it(fixture);
    assert_int_equal(fixture->result.outcomes[0].state, OUTCOME_KNOWN);
    assert_int_equal(fixture->result.outcomes[0].id, id);
    assert_int_equal(fixture->result.missed.frames, 0);
}

static void one_known_of_two_has_the_other_read_alone(void **state)
{
    struct fixture *fixture = *state;
    uint8_t other[sizeof capture];
    char path[128];
    FILE *file;

    read_it(fixture);
    recorder_result_free(&fixture->result);
    memcpy(other, capture, sizeof capture);
    other[sizeof other - 3] = 1;
    (void)snprintf(path, sizeof path, "%s/two.pcap", fixture->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(other, 1, sizeof other, file), sizeof other);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(inputs_add(&fixture->inputs, path, stderr), 0);
    (void)unlink(path);
    read_it(fixture);
    assert_int_equal(fixture->result.outcomes[0].state, OUTCOME_KNOWN);
    assert_int_equal(fixture->result.outcomes[1].state, OUTCOME_READ);
    assert_int_equal(fixture->result.missed.frames, 1);
}

static void without_a_database_it_ends(void **state)
{
    struct fixture *fixture = *state;

    recorder_free(started(fixture));
    no_process_is_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_it_found_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_named_twice_is_read_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_database_that_knows_the_capture_after_all_stays_as_it_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_known_of_two_has_the_other_read_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_database_it_ends, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
