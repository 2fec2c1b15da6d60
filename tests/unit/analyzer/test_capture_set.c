/*
 * Several captures as one stream: frames in the order of their times, each capture's own order kept.
 */
#include "analyzer/capture/capture_set.h"
#include "tests/unit/analyzer/capture_maker.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MICROSECONDS 0xa1b2c3d4U
#define MAX_CAPTURES 8

struct fixture {
    int fds[MAX_CAPTURES];
    uint32_t indexes[MAX_CAPTURES];
    size_t count;
    size_t octets; /* of all captures */
    struct capture_set *set;
    char events[1000]; /* what happened, a word each: "+3" started, "3:17" a frame of second 17, "-3" ended,
                        "!3" broken */
};

static void note(struct fixture *f, const char *format, uint32_t capture, int64_t second)
{
    size_t length = strlen(f->events);

    if (length > 0)
        f->events[length++] = ' ';
    assert_true(length + 30 < sizeof f->events);
    length += (size_t)snprintf(f->events + length, 20, format, capture);
    if (second >= 0)
        snprintf(f->events + length, 20, ":%d", (int)second);
}

static void on_started(void *user, uint32_t index)
{
    note(user, "+%u", index, -1);
}

static void on_ended(void *user, uint32_t index, enum capture_status status, struct capture_file *file)
{
    char print[CAPTURE_FINGERPRINT_SIZE];

    note(user, status == CAPTURE_BROKEN ? "!%u" : "-%u", index, -1);
    assert_int_equal(status == CAPTURE_BROKEN, capture_file_error(file)[0] != '\0');
    capture_file_fingerprint(file, print);
    assert_memory_equal(print, "ht64k:", 6);
}

/* Adds a capture with a frame for each number in `seconds`, which end in -1; `tail` octets more follow.
 * The index is ten times the order. */
static void add(struct fixture *f, const int *seconds, size_t tail, bool piped)
{
    struct maker maker = {0};

    maker_pcap(&maker, MICROSECONDS, 1);
    for (; *seconds != -1; seconds++)
        maker_record(&maker, (uint32_t)*seconds, 0, 20, (uint8_t)*seconds);
    maker_octets(&maker, "xxxxxxxxxxxxxxxx", tail);
    f->fds[f->count] = piped ? maker_pipe(&maker, 0, maker.length) : maker_file(&maker, 0, maker.length);
    f->indexes[f->count] = (uint32_t)f->count * 10;
    f->count++;
    f->octets += maker.length;
    maker_free(&maker);
}

static void read_set(struct fixture *f)
{
    static const struct capture_set_handler handler = {on_started, on_ended};
    struct frame frame;
    enum capture_status status;

    f->set = capture_set_new(f->fds, f->indexes, f->count, &handler, f);
    assert_int_equal(capture_set_position(f->set), 0);
    assert_string_equal(f->events, "");
    while ((status = capture_set_next(f->set, &frame)) == CAPTURE_FRAME) {
        note(f, "%u", frame.capture, frame.time_ns / 1000000000);
        assert_int_equal(frame.captured, 20);
        assert_int_equal(frame.octets[19], (uint8_t)(frame.time_ns / 1000000000));
    }
    assert_int_equal(status, CAPTURE_END);
    assert_int_equal(capture_set_next(f->set, &frame), CAPTURE_END);
    assert_int_equal(capture_set_position(f->set), f->octets);
    capture_set_free(f->set);
    for (size_t i = 0; i < f->count; i++)
        close(f->fds[i]);
}

static void captures_that_overlap_are_merged_by_time(void **state)
{
    struct fixture f = {0};

    (void)state;
    add(&f, (const int[]){1, 4, 5, 9, -1}, 0, false);
    add(&f, (const int[]){2, 3, 6, -1}, 0, false);
    add(&f, (const int[]){0, 7, 8, -1}, 0, false);
    read_set(&f);
    assert_string_equal(f.events, "+20 20:0 +0 0:1 +10 10:2 10:3 0:4 0:5 10:6 -10 20:7 20:8 -20 0:9 -0");
}

static void captures_one_behind_the_other_are_read_so_whatever_their_order(void **state)
{
    struct fixture f = {0};

    (void)state;
    add(&f, (const int[]){5, 6, -1}, 0, false);
    add(&f, (const int[]){1, 2, -1}, 0, false);
    add(&f, (const int[]){3, 4, -1}, 0, false);
    read_set(&f);
    assert_string_equal(f.events, "+10 10:1 10:2 -10 +20 20:3 20:4 -20 +0 0:5 0:6 -0");
}

static void equal_times_come_in_the_order_given(void **state)
{
    struct fixture f = {0};

    (void)state;
    add(&f, (const int[]){1, 1, -1}, 0, false);
    add(&f, (const int[]){1, 1, -1}, 0, false);
    read_set(&f);
    assert_string_equal(f.events, "+0 0:1 0:1 -0 +10 10:1 10:1 -10");
}

static void times_that_jump_keep_their_captures_order(void **state)
{
    struct fixture f = {0};

    (void)state;
    add(&f, (const int[]){5, 1, 2, 9, 3, -1}, 0, false);
    add(&f, (const int[]){4, 6, -1}, 0, false);
    read_set(&f);
    assert_string_equal(f.events, "+10 10:4 +0 0:5 0:1 0:2 10:6 -10 0:9 0:3 -0");
}

static void captures_without_frames_are_reported_before_all_others(void **state)
{
    struct fixture f = {0};

    (void)state;
    add(&f, (const int[]){5, -1}, 0, false);
    add(&f, (const int[]){-1}, 0, false);
    add(&f, (const int[]){-1}, 3, false);
    add(&f, (const int[]){4, -1}, 0, false);
    read_set(&f);
    assert_string_equal(f.events, "+10 -10 +20 !20 +30 30:4 -30 +0 0:5 -0");
}

static void a_broken_capture_does_not_stop_the_others(void **state)
{
    struct fixture f = {0};

    (void)state;
    add(&f, (const int[]){1, 3, -1}, 7, false);
    add(&f, (const int[]){2, 4, -1}, 0, false);
    read_set(&f);
    assert_string_equal(f.events, "+0 0:1 +10 10:2 0:3 !0 10:4 -10");
}

static void pipes_take_part(void **state)
{
    struct fixture f = {0};

    (void)state;
    add(&f, (const int[]){1, 3, 5, -1}, 0, true);
    add(&f, (const int[]){2, 4, 6, -1}, 0, false);
    add(&f, (const int[]){-1}, 0, true);
    read_set(&f);
    assert_string_equal(f.events, "+20 -20 +0 0:1 +10 10:2 0:3 10:4 0:5 -0 10:6 -10");
}

static void nothing_at_all_is_over_at_once(void **state)
{
    struct fixture f = {0};

    (void)state;
    read_set(&f);
    assert_string_equal(f.events, "");
}

static void a_single_capture_is_reported_with_its_frames_or_without(void **state)
{
    struct fixture f = {0}, empty = {0};

    (void)state;
    add(&f, (const int[]){3, 2, -1}, 0, true);
    read_set(&f);
    assert_string_equal(f.events, "+0 0:3 0:2 -0");
    add(&empty, (const int[]){-1}, 0, false);
    read_set(&empty);
    assert_string_equal(empty.events, "+0 -0");
}

/* The only capture may be a live one: a frame is handed out as soon as it has come. */
static void a_single_pipe_is_not_read_ahead(void **state)
{
    static const struct capture_set_handler handler = {on_started, on_ended};
    struct fixture f = {0};
    struct maker maker = {0};
    struct frame frame;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    maker_pcap(&maker, MICROSECONDS, 1);
    maker_record(&maker, 1, 0, 20, 1);
    assert_int_equal(write(ends[1], maker.octets, maker.length), (ssize_t)maker.length);
    f.set = capture_set_new(&ends[0], &f.indexes[0], 1, &handler, &f);
    assert_int_equal(capture_set_next(f.set, &frame), CAPTURE_FRAME); /* waits for ever if it wants more */
    assert_string_equal(f.events, "+0");
    capture_set_free(f.set);
    maker_free(&maker);
    close(ends[0]);
    close(ends[1]);
}

/* The first frame, and those after it that are at hand: their octets all stand, and nothing was reported
 * meanwhile. */
static unsigned read_at_hand(struct fixture *f, size_t tail)
{
    static const struct capture_set_handler handler = {on_started, on_ended};
    struct frame frames[4];
    unsigned count = 1;

    add(f, (const int[]){1, 2, 3, -1}, tail, false);
    f->set = capture_set_new(f->fds, f->indexes, 1, &handler, f);
    assert_false(capture_set_next_near(f->set, &frames[0])); /* nothing was read yet */
    assert_int_equal(capture_set_next(f->set, &frames[0]), CAPTURE_FRAME);
    while (capture_set_next_near(f->set, &frames[count]))
        count++;
    assert_string_equal(f->events, "+0");
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(frames[i].number, i + 1);
        assert_int_equal(frames[i].capture, 0);
        assert_int_equal(frames[i].captured, 20);
        assert_int_equal(frames[i].octets[19], i + 1);
    }
    assert_int_equal(capture_set_next(f->set, &frames[0]), CAPTURE_END);
    capture_set_free(f->set);
    close(f->fds[0]);
    return count;
}

static void frames_at_hand_stay_and_the_end_is_not_reported_before_it_is_asked_for(void **state)
{
    struct fixture whole = {0}, corrupt = {0};

    (void)state;
    assert_int_equal(read_at_hand(&whole, 0), 3);
    assert_string_equal(whole.events, "+0 -0");
    assert_int_equal(read_at_hand(&corrupt, 16), 3);
    assert_string_equal(corrupt.events, "+0 !0");
}

struct ring {
    unsigned begun, over;
};

static void ring_started(void *user, uint32_t index)
{
    struct ring *ring = user;

    assert_int_equal(ring->begun, ring->over); /* no two at a time */
    assert_int_equal(index, ring->begun);
    ring->begun++;
}

static void ring_ended(void *user, uint32_t index, enum capture_status status, struct capture_file *file)
{
    struct ring *ring = user;

    (void)file;
    assert_int_equal(status, CAPTURE_END);
    assert_int_equal(index, ring->over);
    ring->over++;
}

/* The files of a ring, in an order that says nothing. */
static void of_many_captures_only_those_that_overlap_are_begun(void **state)
{
    enum { COUNT = 400, FRAMES = 3 };
    static const struct capture_set_handler handler = {ring_started, ring_ended};
    struct ring ring = {0};
    struct capture_set *set;
    struct frame frame;
    int fds[COUNT];
    uint32_t indexes[COUNT];
    unsigned frames = 0;

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        struct maker maker = {0};

        indexes[i] = i * 7 % COUNT;
        maker_pcap(&maker, MICROSECONDS, 1);
        for (uint32_t j = 0; j < FRAMES; j++)
            maker_record(&maker, indexes[i] * FRAMES + j, 0, 20, 0);
        fds[i] = maker_file(&maker, 0, maker.length);
        maker_free(&maker);
    }
    set = capture_set_new(fds, indexes, COUNT, &handler, &ring);
    while (capture_set_next(set, &frame) == CAPTURE_FRAME) {
        assert_int_equal(frame.time_ns / 1000000000, frames++);
        /* of those that are still to come, nothing counts as read */
        assert_true(capture_set_position(set) <= ring.begun * (24 + FRAMES * 36));
    }
    assert_int_equal(frames, COUNT * FRAMES);
    assert_int_equal(ring.over, COUNT);
    capture_set_free(set);
    for (uint32_t i = 0; i < COUNT; i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_that_overlap_are_merged_by_time),
        cmocka_unit_test(captures_one_behind_the_other_are_read_so_whatever_their_order),
        cmocka_unit_test(equal_times_come_in_the_order_given),
        cmocka_unit_test(times_that_jump_keep_their_captures_order),
        cmocka_unit_test(captures_without_frames_are_reported_before_all_others),
        cmocka_unit_test(a_broken_capture_does_not_stop_the_others),
        cmocka_unit_test(pipes_take_part),
        cmocka_unit_test(nothing_at_all_is_over_at_once),
        cmocka_unit_test(a_single_capture_is_reported_with_its_frames_or_without),
        cmocka_unit_test(a_single_pipe_is_not_read_ahead),
        cmocka_unit_test(frames_at_hand_stay_and_the_end_is_not_reported_before_it_is_asked_for),
        cmocka_unit_test(of_many_captures_only_those_that_overlap_are_begun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
