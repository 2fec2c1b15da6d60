/*
 * The way of a growing capture's octets to the analyzer: nothing is lost, mixed up, or waited for in vain.
 */
#include "analyzer/ipc/file_feed.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LARGE (3 * FILE_FEED_PIECE + 777)

static uint8_t octet_at(size_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static void never_dry(void *user)
{
    (void)user;
}

/* Runs `receive` in a child; its result is the child's status. */
static pid_t start(struct file_feed *feed, int (*receive)(struct file_feed *))
{
    pid_t child = fork();

    if (child == 0)
        _exit(file_feed_become_receiver(feed, never_dry, NULL) ? receive(feed) : 99);
    file_feed_become_sender(feed);
    return child;
}

static void await(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void push_all(struct file_feed *feed)
{
    while (file_feed_is_busy(feed)) {
        assert_true(file_feed_push(feed));
        usleep(100);
    }
}

static void send_capture(struct file_feed *feed, uint32_t capture, size_t octets, enum file_feed_end end)
{
    for (size_t sent = 0; sent < octets;) {
        size_t part = octets - sent < FILE_FEED_PIECE ? octets - sent : FILE_FEED_PIECE;

        for (size_t i = 0; i < part; i++)
            file_feed_room(feed)[i] = octet_at(sent + i);
        assert_true(file_feed_give(feed, capture, part));
        push_all(feed);
        sent += part;
    }
    assert_true(file_feed_give_end(feed, capture, end));
    push_all(feed);
}

/* Reads a capture, in portions of odd sizes; -1: octets are wrong. */
static long read_capture(struct file_feed *feed)
{
    uint8_t octets[4099];
    long total = 0;
    ssize_t n;

    while ((n = file_feed_read(feed, octets, 1 + (size_t)total % sizeof octets)) > 0)
        for (ssize_t i = 0; i < n; i++)
            if (octets[i] != octet_at((size_t)total++))
                return -1;
    return n == 0 && file_feed_read(feed, octets, 1) == 0 ? total : -1;
}

static int receive_three(struct file_feed *feed)
{
    uint32_t capture;

    if (!file_feed_next(feed, &capture) || capture != 4 || read_capture(feed) != LARGE ||
        file_feed_is_unfinished(feed))
        return 1;
    if (!file_feed_next(feed, &capture) || capture != 5 || read_capture(feed) != 0 ||
        file_feed_is_unfinished(feed))
        return 2;
    if (!file_feed_next(feed, &capture) || capture != 900000 || read_capture(feed) != 1 ||
        !file_feed_is_unfinished(feed))
        return 3;
    return file_feed_next(feed, &capture) ? 4 : 0;
}

static void captures_come_whole_and_in_order(void **state)
{
    struct file_feed *feed = file_feed_new();
    pid_t child;

    (void)state;
    assert_non_null(feed);
    child = start(feed, receive_three);
    send_capture(feed, 4, LARGE, FILE_FEED_WHOLE);
    send_capture(feed, 5, 0, FILE_FEED_WHOLE);
    send_capture(feed, 900000, 1, FILE_FEED_UNFINISHED);
    file_feed_close(feed);
    await(child);
    file_feed_free(feed);
}

static int receive_cut(struct file_feed *feed)
{
    uint32_t capture;
    uint8_t octets[100];

    if (!file_feed_next(feed, &capture) || file_feed_read(feed, octets, sizeof octets) != 10)
        return 1;
    if (file_feed_is_unfinished(feed))
        return 2;
    return file_feed_read(feed, octets, sizeof octets) == 0 && file_feed_is_unfinished(feed) ? 0 : 3;
}

static void closing_in_the_middle_leaves_a_capture_unfinished(void **state)
{
    struct file_feed *feed = file_feed_new();
    pid_t child;

    (void)state;
    assert_non_null(feed);
    child = start(feed, receive_cut);
    assert_true(file_feed_give(feed, 1, 10));
    push_all(feed);
    file_feed_close(feed);
    await(child);
    file_feed_free(feed);
}

static int dried, dry_twice[2];

/* Has the sender wait for the second time, which comes FILE_FEED_DRY_MS after the first. */
static void count_dry(void *user)
{
    if (++*(int *)user == 2 && write(dry_twice[1], "", 1) != 1)
        _exit(98);
}

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int receive_late(struct file_feed *feed)
{
    long began = now_ms();
    uint32_t capture;
    uint8_t octet;

    dried = 0;
    if (!file_feed_become_receiver(feed, count_dry, &dried) || !file_feed_next(feed, &capture) || dried < 2 ||
        dried > 2 + (now_ms() - began) / FILE_FEED_DRY_MS)
        return 1;
    return file_feed_read(feed, &octet, 1) == 1 ? 0 : 2;
}

static void who_waits_is_reported_now_and_then(void **state)
{
    struct file_feed *feed = file_feed_new();
    pid_t child;
    char octet;

    (void)state;
    assert_non_null(feed);
    assert_int_equal(pipe(dry_twice), 0);
    child = start(feed, receive_late);
    assert_int_equal(read(dry_twice[0], &octet, 1), 1);
    assert_true(file_feed_give(feed, 1, 1));
    push_all(feed);
    await(child);
    file_feed_free(feed);
}

static int receive_nothing(struct file_feed *feed)
{
    (void)feed;
    return 0;
}

static void a_receiver_that_is_gone_is_noticed(void **state)
{
    struct file_feed *feed = file_feed_new();

    (void)state;
    assert_non_null(feed);
    await(start(feed, receive_nothing));
    assert_false(file_feed_give(feed, 1, 1));
    file_feed_free(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_come_whole_and_in_order),
        cmocka_unit_test(closing_in_the_middle_leaves_a_capture_unfinished),
        cmocka_unit_test(who_waits_is_reported_now_and_then),
        cmocka_unit_test(a_receiver_that_is_gone_is_noticed),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
