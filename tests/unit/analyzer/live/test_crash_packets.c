/*
 * Which packet ended an analyzer: it is named by time and connection, and a connection that did so twice is
 * left out.
 */
#include "analyzer/live/crash_packets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* An analyzer that died in a frame from 192.0.2.1 to 192.0.2.2; `turned`: in one that went back. */
static void die(struct event_ring_figures *figures, uint16_t client_port, bool turned)
{
    static const uint8_t addresses[2][16] = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1},
                                             {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2}};

    memset(figures, 0, sizeof *figures);
    memcpy(figures->ends.address[turned], addresses[0], 16);
    memcpy(figures->ends.address[!turned], addresses[1], 16);
    figures->ends.port[turned] = client_port;
    figures->ends.port[!turned] = 143;
    figures->frame_ns = INT64_C(1700000000) * 1000000000;
    figures->inside = figures->ends_known = true;
}

static const char *blame(struct crash_packets *crash_packets, struct event_ring_figures *figures)
{
    static char place[256];

    crash_packets_blame(crash_packets, figures, place, sizeof place);
    return place;
}

static void test_the_first_death_names_time_and_connection(void **state)
{
    struct crash_packets crash_packets = {0};
    struct event_ring_figures figures;

    (void)state;
    die(&figures, 40000, false);
    assert_string_equal(blame(&crash_packets, &figures),
                        "in the frame of 2023-11-14 22:13:20 UTC from 192.0.2.1 port "
                        "40000 to 192.0.2.2 port 143");
    assert_int_equal(crash_packets.skipped_count, 0);
}

static void test_the_second_death_leaves_the_connection_out(void **state)
{
    struct crash_packets crash_packets = {0};
    struct event_ring_figures figures;

    (void)state;
    die(&figures, 40000, false);
    (void)blame(&crash_packets, &figures);
    die(&figures, 40001, false);
    assert_null(strstr(blame(&crash_packets, &figures), "left out"));
    die(&figures, 40000, true); /* by a packet of the other direction */
    assert_non_null(strstr(blame(&crash_packets, &figures), "is left out from now on"));
    assert_int_equal(crash_packets.skipped_count, 1);
    assert_int_equal(crash_packets.skipped[0].port[1], 40000);
}

static void test_a_death_before_the_connection_is_known_names_the_time(void **state)
{
    struct crash_packets crash_packets = {0};
    struct event_ring_figures figures;

    (void)state;
    die(&figures, 40000, false);
    figures.ends_known = false;
    assert_string_equal(blame(&crash_packets, &figures), "in the frame of 2023-11-14 22:13:20 UTC");
    assert_int_equal(crash_packets.suspect_count, 0);
}

static void test_a_death_between_frames_accuses_nobody(void **state)
{
    struct crash_packets crash_packets = {0};
    struct event_ring_figures figures;

    (void)state;
    die(&figures, 40000, false);
    figures.inside = false;
    assert_string_equal(blame(&crash_packets, &figures), "");
    assert_int_equal(crash_packets.suspect_count, 0);
}

static void test_the_oldest_give_way_when_many_do_it(void **state)
{
    struct crash_packets crash_packets = {0};
    struct event_ring_figures figures;

    (void)state;
    for (uint16_t port = 1; port <= 100; port++)
        for (int time = 0; time < 2; time++) {
            die(&figures, port, false);
            (void)blame(&crash_packets, &figures);
        }
    assert_int_equal(crash_packets.suspect_count, CRASH_PACKETS_SUSPECTS);
    assert_int_equal(crash_packets.skipped_count, CRASH_PACKETS_SKIPPED);
    assert_int_equal(crash_packets.skipped[CRASH_PACKETS_SKIPPED - 1].port[0], 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_death_names_time_and_connection),
        cmocka_unit_test(test_the_second_death_leaves_the_connection_out),
        cmocka_unit_test(test_a_death_before_the_connection_is_known_names_the_time),
        cmocka_unit_test(test_a_death_between_frames_accuses_nobody),
        cmocka_unit_test(test_the_oldest_give_way_when_many_do_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
