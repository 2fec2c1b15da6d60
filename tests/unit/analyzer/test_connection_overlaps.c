/*
 * Octets that are captured more than once: which of them counts, and what is counted of the others.
 */
#include "tests/unit/analyzer/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define FROM_CLIENT STREAM_CLIENT

static void sent_again(struct conversation *c)
{
    conversation_say(c, FROM_CLIENT, "abcd");
    conversation_say_at(c, FROM_CLIENT, -4, "abcd", 0);
    conversation_say_at(c, FROM_CLIENT, -2, "cdef", 0);
}

static void sent_again_otherwise(struct conversation *c)
{
    conversation_say(c, FROM_CLIENT, "abcd");
    conversation_say_at(c, FROM_CLIENT, -3, "Xc", 0);
    conversation_say_at(c, FROM_CLIENT, -4, "WXYZef", 0);
}

static void waiting_twice(struct conversation *c)
{
    conversation_say_at(c, FROM_CLIENT, 2, "cdef", 0);
    conversation_say_at(c, FROM_CLIENT, 2, "cdef", 0);
    conversation_say_at(c, FROM_CLIENT, 0, "ab", 0);
}

/* Of octets that wait, those of the segment that begins first count; of two that begin alike, the earlier. */
static void waiting_and_overlapped(struct conversation *c)
{
    conversation_say_at(c, FROM_CLIENT, 4, "efgh", 0);
    conversation_say_at(c, FROM_CLIENT, 4, "EFGH", 0);
    conversation_say_at(c, FROM_CLIENT, 2, "CDe", 0);
    conversation_say_at(c, FROM_CLIENT, 0, "ab", 0);
}

static void filled_beyond_the_hole(struct conversation *c)
{
    conversation_say_at(c, FROM_CLIENT, 2, "cd", 0);
    conversation_say_at(c, FROM_CLIENT, 6, "gh", 0);
    conversation_say_at(c, FROM_CLIENT, 0, "abCDefg", 0);
}

/* The answer is captured first and waits for its question; so does its copy. */
static void held_twice(struct conversation *c)
{
    conversation_say_at(c, STREAM_SERVER, 0, "ok", 5);
    conversation_say_at(c, STREAM_SERVER, 0, "no", 5);
    conversation_say(c, FROM_CLIENT, "login");
}

static void keep_alive_with_any_octet(struct conversation *c)
{
    conversation_say(c, FROM_CLIENT, "ab");
    conversation_say_at(c, FROM_CLIENT, -1, "z", 0);
}

/* What stands where octets were lost is late, not repeated: there is nothing to compare it with. */
static void late_behind_a_loss(struct conversation *c)
{
    conversation_say(c, FROM_CLIENT, "ab");
    conversation_say_at(c, FROM_CLIENT, 4, "gh", 0);
    c->now_ns += INT64_C(11000000000);
    conversation_flags(c, FROM_CLIENT, SEGMENT_ACK);
    conversation_say_at(c, FROM_CLIENT, 0, "cdef", 0);
}

static void fragmented(struct conversation *c)
{
    conversation_say(c, FROM_CLIENT, "ab");
    conversation_say_at(c, FROM_CLIENT, 0, "", 0); /* makes the next one */
    c->segment.sequence -= 2;
    c->segment.payload = (const uint8_t *)"abcd";
    c->segment.captured = c->segment.length = 4;
    c->segment.rejoined = true;
    conversation_take(c);
}

static void nothing_kept_across_a_wrap(struct conversation *c)
{
    conversation_say(c, FROM_CLIENT, "abcdefghij");
    conversation_say_at(c, FROM_CLIENT, -10, "abcdefghiJ", 0);
}

static const struct {
    const char *name;
    uint32_t first; /* the client's number */
    void (*run)(struct conversation *);
    const char *expected;
    uint64_t repeated, differing;
} cases[] = {
    {"sent again", 1000, sent_again, "C:abcdef .capture", 6, 0},
    {"sent again otherwise", 1000, sent_again_otherwise, "C:abcdef .capture", 6, 5},
    {"waiting twice", 1000, waiting_twice, "C:abcdef .capture", 4, 0},
    {"waiting and overlapped", 1000, waiting_and_overlapped, "C:abCDefgh .capture", 5, 4},
    {"filled beyond the hole", 1000, filled_beyond_the_hole, "C:abCDefgh .capture", 3, 2},
    {"held twice", 1000, held_twice, "C:login S:ok .capture", 2, 2},
    {"keep-alive with any octet", 1000, keep_alive_with_any_octet, "C:ab .capture", 0, 0},
    {"late behind a loss", 1000, late_behind_a_loss, "C:ab !C4 C:gh .capture", 0, 0},
    {"a first fragment that was handed out", 1000, fragmented, "C:abcd .capture", 0, 0},
    {"across a wrap", UINT32_MAX - 4, nothing_kept_across_a_wrap, "C:abcdefghij .capture", 10, 1},
};

static void the_first_octets_count_and_the_others_are_counted(void **state)
{
    (void)state;
    for (int through_nids = 0; through_nids < 2; through_nids++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct conversation c = {.through_nids = through_nids != 0};
            struct connection_counts counts;

            conversation_start(&c, cases[i].first, 2000);
            conversation_handshake(&c);
            cases[i].run(&c);
            counts = connection_table_counts(c.table);
            conversation_end(&c);
            if (strcmp(c.text, cases[i].expected) != 0 || counts.repeated_octets != cases[i].repeated ||
                counts.differing_octets != cases[i].differing)
                fail_msg("%s%s:\n  reported %s, %d again, %d differing\n  expected %s, %d, %d", cases[i].name,
                         through_nids ? " (everything through libnids)" : "", c.text,
                         (int)counts.repeated_octets, (int)counts.differing_octets, cases[i].expected,
                         (int)cases[i].repeated, (int)cases[i].differing);
        }
}

/* Whatever was kept before them: each of the newest octets is compared with the one that stands at its place.
 */
static void each_octet_is_compared_with_the_one_at_its_place(void **state)
{
    static char text[2601];

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)('a' + i % 23);
    for (size_t wrong = sizeof text - 1 - 1024; wrong < sizeof text - 1; wrong++) {
        static const size_t sizes[] = {1, 100, 511, 512, 1023, 1024, 1025};
        size_t size = sizes[wrong % (sizeof sizes / sizeof *sizes)];
        struct conversation c = {0};
        struct connection_counts counts;
        char again[1025];

        conversation_start(&c, 1000, 2000);
        conversation_handshake(&c);
        for (size_t at = 0; at < sizeof text - 1; at += size) {
            char piece[1026];

            (void)snprintf(piece, size + 1, "%s", text + at);
            conversation_say(&c, FROM_CLIENT, piece);
        }
        memcpy(again, text + sizeof text - 1 - 1024, sizeof again);
        again[wrong - (sizeof text - 1 - 1024)] = 'X';
        conversation_say_at(&c, FROM_CLIENT, -1024, again, 0);
        counts = connection_table_counts(c.table);
        assert_int_equal(counts.repeated_octets, 1024);
        assert_int_equal(counts.differing_octets, 1);
        conversation_end(&c);
    }
}

/* What is kept to compare with is the newest, however the octets came. */
static void only_the_newest_octets_are_compared(void **state)
{
    static char text[3001], wrong[3001];

    (void)state;
    memset(text, 'a', sizeof text - 1);
    memset(wrong, 'b', sizeof wrong - 1);
    for (size_t piece = 1; piece < sizeof text; piece = piece * 7 + 1) {
        struct conversation c = {0};
        struct connection_counts counts;

        conversation_start(&c, 1000, 2000);
        conversation_handshake(&c);
        for (size_t at = 0; at < sizeof text - 1; at += piece)
            conversation_say(&c, FROM_CLIENT,
                             text + (sizeof text - 1 - piece > at ? sizeof text - 1 - piece : at));
        conversation_say_at(&c, FROM_CLIENT, -2000, wrong + 1000, 0);
        counts = connection_table_counts(c.table);
        assert_int_equal(counts.repeated_octets, 1024);
        assert_int_equal(counts.differing_octets, 1024);
        conversation_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_octets_count_and_the_others_are_counted),
        cmocka_unit_test(each_octet_is_compared_with_the_one_at_its_place),
        cmocka_unit_test(only_the_newest_octets_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
