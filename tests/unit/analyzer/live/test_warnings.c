/*
 * What a live capture warns of: drops when they begin, and silence after a minute, with what helps.
 */
#include "analyzer/live/warnings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE_MS WARNINGS_SILENCE_MS
#define START_MS  1000000

static const char *const names[] = {"eth1", "eth2"};

static struct warnings watch_of(size_t interfaces)
{
    return (struct warnings){.interfaces = names,
                             .interface_count = interfaces,
                             .buffer_octets = 64 << 20,
                             .ports = "143,993",
                             .started_ms = START_MS};
}

/* Connections in both directions: nothing to warn of. */
static struct worker_pool_totals good(void)
{
    struct worker_pool_totals totals = {.connections = 3, .two_sided = 3};

    totals.interfaces[0].packets = 100;
    return totals;
}

/* The only warning at this time; "" for none. */
static const char *warning(struct warnings *watch, int64_t after_ms, const struct worker_pool_totals *totals)
{
    static char text[512];
    char more[512];

    if (!warnings_next(watch, START_MS + after_ms, totals, text, sizeof text))
        return "";
    assert_false(warnings_next(watch, START_MS + after_ms, totals, more, sizeof more));
    return text;
}

static void expect_words(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", text, words);
}

static void test_drops_by_the_kernel_name_buffer_and_workers(void **state)
{
    struct warnings watch = watch_of(2);
    struct worker_pool_totals totals = good();
    const char *text;

    (void)state;
    assert_string_equal(warning(&watch, 5000, &totals), "");
    totals.interfaces[1].kernel_drops = 1234;
    text = warning(&watch, 10000, &totals);
    expect_words(text, "eth2: the kernel drops frames (1,234 so far)");
    expect_words(text, "--buffer (now 64)");
    expect_words(text, "--workers");
}

static void test_drops_by_the_interface_name_its_ring(void **state)
{
    struct warnings watch = watch_of(1);
    struct worker_pool_totals totals = good();
    const char *text;

    (void)state;
    totals.interfaces[0].interface_drops = 7;
    text = warning(&watch, 5000, &totals);
    expect_words(text, "eth1: the interface itself drops frames (7 so far)");
    expect_words(text, "ethtool -G eth1 rx");
}

static void test_drops_that_go_on_are_reported_once_and_again_after_a_calm_minute(void **state)
{
    struct warnings watch = watch_of(1);
    struct worker_pool_totals totals = good();

    (void)state;
    totals.interfaces[0].kernel_drops = 1;
    expect_words(warning(&watch, 5000, &totals), "1 so far");
    for (int64_t at = 10000; at <= 3 * MINUTE_MS; at += 5000) {
        totals.interfaces[0].kernel_drops++;
        assert_string_equal(warning(&watch, at, &totals), "");
    }
    assert_string_equal(warning(&watch, 3 * MINUTE_MS + 5000, &totals), "");
    totals.interfaces[0].kernel_drops = 100;
    expect_words(warning(&watch, 4 * MINUTE_MS + 5000, &totals), "100 so far");
}

static void test_evictions_name_workers_once(void **state)
{
    struct warnings watch = watch_of(1);
    struct worker_pool_totals totals = good();

    (void)state;
    totals.evicted = 5;
    expect_words(warning(&watch, 5000, &totals), "oldest were given up (5 so far): more --workers");
    totals.evicted = 9;
    assert_string_equal(warning(&watch, 10000, &totals), "");
}

/* Right before the minute is over nothing is said; then `words`, and that once. */
static void expect_after_a_minute(const struct worker_pool_totals *totals, const char *words)
{
    struct warnings watch = watch_of(2);

    assert_string_equal(warning(&watch, MINUTE_MS - 1, totals), "");
    expect_words(warning(&watch, MINUTE_MS, totals), words);
    assert_string_equal(warning(&watch, 2 * MINUTE_MS, totals), "");
}

static void test_no_packet_at_all_is_reported(void **state)
{
    struct worker_pool_totals totals = {0};

    (void)state;
    expect_after_a_minute(&totals, "not one packet was seen in a minute (port 143,993");
}

static void test_packets_without_imap_are_reported(void **state)
{
    struct worker_pool_totals totals = {0};

    (void)state;
    totals.interfaces[1].packets = 1;
    expect_after_a_minute(&totals, "no IMAP was seen in a minute, though packets were");
}

static void test_one_direction_only_is_reported(void **state)
{
    struct worker_pool_totals totals = good();

    (void)state;
    totals.two_sided = 0;
    expect_after_a_minute(&totals, "only one direction of the connections was seen");
}

static void test_imap_in_both_directions_is_no_warning(void **state)
{
    struct warnings watch = watch_of(1);
    struct worker_pool_totals totals = good();

    (void)state;
    assert_string_equal(warning(&watch, MINUTE_MS, &totals), "");
}

static void test_a_database_that_stays_shut_is_reported_once_a_minute(void **state)
{
    struct warnings watch = watch_of(1);
    struct live_store_lost lost = {.events = 5, .logins = 2};
    char text[512] = "";

    (void)state;
    assert_false(warnings_database(&watch, START_MS, true, 9, &lost, text, sizeof text));
    assert_false(warnings_database(&watch, START_MS + 5000, false, 1000, &lost, text, sizeof text));
    assert_false(
        warnings_database(&watch, START_MS + 5000 + MINUTE_MS - 1, false, 1000, &lost, text, sizeof text));
    assert_true(
        warnings_database(&watch, START_MS + 5000 + MINUTE_MS, false, 1234, &lost, text, sizeof text));
    expect_words(text, "still cannot be written: 1,234 events wait in memory, 5 are lost");
    assert_false(
        warnings_database(&watch, START_MS + 10000 + MINUTE_MS, false, 1234, &lost, text, sizeof text));
    assert_false(warnings_database(&watch, START_MS + 15000 + MINUTE_MS, true, 0, &lost, text, sizeof text));
    assert_false(warnings_database(&watch, START_MS + 9 * MINUTE_MS, false, 1, &lost, text, sizeof text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drops_by_the_kernel_name_buffer_and_workers),
        cmocka_unit_test(test_drops_by_the_interface_name_its_ring),
        cmocka_unit_test(test_drops_that_go_on_are_reported_once_and_again_after_a_calm_minute),
        cmocka_unit_test(test_evictions_name_workers_once),
        cmocka_unit_test(test_no_packet_at_all_is_reported),
        cmocka_unit_test(test_packets_without_imap_are_reported),
        cmocka_unit_test(test_one_direction_only_is_reported),
        cmocka_unit_test(test_imap_in_both_directions_is_no_warning),
        cmocka_unit_test(test_a_database_that_stays_shut_is_reported_once_a_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
