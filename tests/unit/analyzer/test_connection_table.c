/*
 * The connection table with libnids behind it: what it reports of conversations that were captured in every
 * odd way. Every case runs with and without the shortcut for octets that are in order.
 */
#include "tests/unit/analyzer/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void whole(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "login");
    conversation_say(c, STREAM_SERVER, "ok");
    conversation_flags(c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
    conversation_flags(c, STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
}

static void met_in_its_middle(struct conversation *c)
{
    conversation_say(c, STREAM_CLIENT, "login");
    conversation_say(c, STREAM_SERVER, "ok");
}

static void only_the_client(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    c->next[STREAM_SERVER] += 1;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
    c->next[STREAM_SERVER] += 20;
    for (int i = 0; i < 12; i++) {
        conversation_say(c, STREAM_CLIENT, "a");
        c->next[STREAM_SERVER] += 20;
    }
    conversation_flags(c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
}

static void only_the_server(struct conversation *c)
{
    c->next[STREAM_CLIENT]++;
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    conversation_say(c, STREAM_SERVER, "hi");
    c->next[STREAM_CLIENT] += 30;
    conversation_say(c, STREAM_SERVER, "ok");
}

static void handshake_without_syn_ack(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    c->next[STREAM_SERVER]++;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "x");
}

static void every_packet_twice(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    conversation_take(c);
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    conversation_take(c);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_take(c);
    conversation_say(c, STREAM_CLIENT, "login");
    conversation_take(c);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
    conversation_take(c);
    conversation_flags(c, STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK);
    conversation_take(c);
    conversation_take(c);
}

static void out_of_order(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say_at(c, STREAM_CLIENT, 2, "cd", 0);
    conversation_say_at(c, STREAM_CLIENT, 4, "ef", 0);
    conversation_say_at(c, STREAM_CLIENT, 0, "ab", 0);
    c->next[STREAM_CLIENT] += 6;
    conversation_say(c, STREAM_CLIENT, "g");
}

static void overlapping_what_was_delivered(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say_at(c, STREAM_CLIENT, 0, "abcd", 0);
    conversation_say_at(c, STREAM_CLIENT, 2, "XXef", 0);
}

static void answer_captured_before_the_question(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say_at(c, STREAM_SERVER, 0, "ok", 5);
    conversation_say(c, STREAM_CLIENT, "login");
}

static void lost_and_acknowledged(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_CLIENT, "ab");
    c->next[STREAM_CLIENT] += 7;
    conversation_say(c, STREAM_SERVER, "ok");
    for (int i = 0; i < 20; i++)
        conversation_say(c, STREAM_CLIENT, "x");
}

static void lost_and_never_acknowledged(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_CLIENT, "ab");
    conversation_say_at(c, STREAM_CLIENT, 3, "ef", 0);
    c->now_ns += INT64_C(11000000000);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
    conversation_say_at(c, STREAM_CLIENT, 5, "gh", 0);
}

static void retransmission_fills_the_hole(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say_at(c, STREAM_CLIENT, 2, "cd", 0);
    c->now_ns += INT64_C(3000000000);
    conversation_say_at(c, STREAM_CLIENT, 0, "abcd", 0);
}

static void cut_by_the_snapshot_length(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say_at(c, STREAM_CLIENT, 0, "ab", 0);
    c->segment.sequence += 2;
    c->segment.length = 10;
    conversation_take(c);
    c->segment.sequence += 10;
    c->segment.length = 2;
    conversation_take(c);
}

static void sequence_numbers_wrap(struct conversation *c)
{
    c->next[STREAM_CLIENT] = UINT32_MAX - 3;
    c->next[STREAM_SERVER] = UINT32_MAX - 2;
    conversation_handshake(c);
    conversation_say(c, STREAM_SERVER, "abcdef");
    conversation_say_at(c, STREAM_CLIENT, 6, "ghijkl", 0);
    conversation_say_at(c, STREAM_CLIENT, 0, "abcdef", 0);
}

static void octets_behind_the_fin(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_CLIENT, "ab");
    conversation_flags(c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
    conversation_say(c, STREAM_CLIENT, "cd");
    conversation_say(c, STREAM_SERVER, "ok");
}

static void fin_before_the_last_octets(struct conversation *c)
{
    conversation_handshake(c);
    c->next[STREAM_CLIENT] += 2;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
    conversation_flags(c, STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK);
    c->next[STREAM_CLIENT] -= 3;
    conversation_say(c, STREAM_CLIENT, "ab");
}

static void reset_that_counts(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_CLIENT, "ab");
    conversation_flags(c, STREAM_SERVER, SEGMENT_RST | SEGMENT_ACK);
    conversation_say(c, STREAM_CLIENT, "cd");
}

static void forged_reset(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_CLIENT, "ab");
    c->next[STREAM_SERVER] += 1000;
    conversation_flags(c, STREAM_SERVER, SEGMENT_RST);
    c->next[STREAM_SERVER] -= 1000;
    conversation_say(c, STREAM_CLIENT, "cd");
}

static void ports_used_again_after_fin(struct conversation *c)
{
    whole(c);
    c->next[STREAM_CLIENT] = 5000;
    c->next[STREAM_SERVER] = 9000;
    whole(c);
}

static void ports_used_again_without_fin(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_CLIENT, "ab");
    c->next[STREAM_CLIENT] = 5000;
    c->next[STREAM_SERVER] = 9000;
    conversation_handshake(c);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "cd");
}

static void forged_syn(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_CLIENT, "ab");
    c->next[STREAM_CLIENT] += 70000;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    c->next[STREAM_CLIENT] -= 70001;
    conversation_say(c, STREAM_CLIENT, "cd");
}

static void fast_open(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    c->segment.payload = (const uint8_t *)"early";
    c->segment.captured = c->segment.length = 5;
    conversation_take(c);
    c->next[STREAM_CLIENT] += 5;
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    conversation_say(c, STREAM_CLIENT, "late");
}

static void keep_alive(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_CLIENT, "ab");
    conversation_say_at(c, STREAM_CLIENT, -1, "z", 0);
    conversation_say(c, STREAM_CLIENT, "cd");
}

static void half_open(struct conversation *c)
{
    conversation_handshake(c);
}

static void other_ports(struct conversation *c)
{
    conversation_say(c, STREAM_CLIENT, "x");
    c->segment.destination_port = 110;
    conversation_take(c);
}

static const struct {
    const char *name;
    void (*run)(struct conversation *);
    const char *expected;
} cases[] = {
    {"a whole conversation", whole, "S:hi C:login S:ok .fin"},
    {"met in its middle", met_in_its_middle, "~C C:login ~S S:ok .capture"},
    {"only the client was captured", only_the_client, "C:aaaaaaaaaaaa .fin"},
    {"only the server was captured", only_the_server, "S:hiok .capture"},
    {"the SYN-ACK was not captured", handshake_without_syn_ack, "S:hi C:x .capture"},
    {"every packet twice", every_packet_twice, "S:hi C:login .fin"},
    {"out of order", out_of_order, "C:abcdefg .capture"},
    {"the first delivered octets count", overlapping_what_was_delivered, "C:abcdef .capture"},
    {"an answer waits for its question", answer_captured_before_the_question, "C:login S:ok .capture"},
    {"lost and acknowledged", lost_and_acknowledged, "C:ab !C7 S:ok C:xxxxxxxxxxxxxxxxxxxx .capture"},
    {"lost and never acknowledged", lost_and_never_acknowledged, "C:ab !C3 C:efgh .capture"},
    {"a retransmission fills the hole", retransmission_fills_the_hole, "C:abcd .capture"},
    {"cut by the snapshot length", cut_by_the_snapshot_length, "C:abab !C8 C:ab .capture"},
    {"sequence numbers wrap", sequence_numbers_wrap, "S:abcdef C:abcdefghijkl .capture"},
    {"octets behind the FIN", octets_behind_the_fin, "C:ab S:ok .capture"},
    {"a FIN before the last octets", fin_before_the_last_octets, "C:ab .fin"},
    {"a reset that counts", reset_that_counts, "C:ab .reset"},
    {"a forged reset", forged_reset, "C:abcd .capture"},
    {"ports used again after FIN", ports_used_again_after_fin,
     "S:hi C:login S:ok .fin S:hi C:login S:ok .fin"},
    {"ports used again without FIN", ports_used_again_without_fin, "C:ab .replaced S:hi C:cd .capture"},
    {"a forged SYN", forged_syn, "C:abcd .capture"},
    {"TCP Fast Open", fast_open, "C:earlylate .capture"},
    {"keep-alive", keep_alive, "C:abcd .capture"},
    {"a connection without an octet is none", half_open, ""},
    {"only the ports asked for", other_ports, "~C C:x .capture"},
};

static void conversations_are_reported_as_they_happened(void **state)
{
    (void)state;
    for (int through_nids = 0; through_nids < 2; through_nids++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct conversation c = {.through_nids = through_nids != 0};

            conversation_start(&c, 1000, 2000);
            cases[i].run(&c);
            conversation_end(&c);
            if (strcmp(c.text, cases[i].expected) != 0)
                fail_msg("%s%s:\n  reported %s\n  expected %s", cases[i].name,
                         through_nids ? " (everything through libnids)" : "", c.text, cases[i].expected);
        }
}

static void octets_bear_the_frame_they_came_in(void **state)
{
    struct conversation c = {0};

    (void)state;
    conversation_start(&c, 1000, 2000);
    conversation_handshake(&c);
    conversation_say_at(&c, STREAM_CLIENT, 2, "cd", 0); /* frame 4 */
    conversation_say_at(&c, STREAM_CLIENT, 0, "ab", 0); /* frame 5 */
    assert_int_equal(c.last_frame, 4);
    conversation_end(&c);
}

static void an_acknowledged_hole_is_reported_soon(void **state)
{
    struct conversation c = {0};

    (void)state;
    conversation_start(&c, 1000, 2000);
    lost_and_acknowledged(&c);
    assert_non_null(strstr(c.text, "!C7"));
    assert_non_null(strstr(c.text, "S:ok"));
    conversation_end(&c);
}

static void a_hole_that_nobody_acknowledged_is_reported_after_ten_seconds(void **state)
{
    struct conversation c = {0};

    (void)state;
    conversation_start(&c, 1000, 2000);
    conversation_handshake(&c);
    conversation_say_at(&c, STREAM_CLIENT, 3, "ef", 0);
    c.now_ns += INT64_C(9000000000);
    conversation_flags(&c, STREAM_CLIENT, SEGMENT_ACK);
    assert_string_equal(c.text, "");
    c.now_ns += INT64_C(2000000000);
    conversation_flags(&c, STREAM_CLIENT, SEGMENT_ACK);
    assert_non_null(strstr(c.text, "!C3 C:ef"));
    conversation_end(&c);
}

static void much_may_wait_behind_a_hole(void **state)
{
    struct conversation c = {0};
    size_t delivered = 0;

    (void)state;
    conversation_start(&c, 1000, 2000);
    conversation_handshake(&c);
    for (int32_t i = 1; i <= 3;
         i++) /* more than libnids would keep for itself, and beyond a window of 64 KiB */
        for (int32_t j = 0; j < 100; j++)
            if (i == 1 || j == 0)
                conversation_say_at(&c, STREAM_CLIENT, 2 + (i - 1) * 146000 + j * 2, "ab", 0);
    assert_string_equal(c.text, "");
    conversation_say_at(&c, STREAM_CLIENT, 0, "ab", 0);
    for (const char *at = c.text; (at = strstr(at, "ab")) != NULL; at += 2)
        delivered++;
    assert_int_equal(delivered, 101);
    conversation_end(&c);
    assert_non_null(strstr(c.text, "!C145800 C:ab !C145998 C:ab"));
}

static void stragglers_of_a_closed_connection_are_known(void **state)
{
    struct conversation c = {0};

    (void)state;
    conversation_start(&c, 1000, 2000);
    conversation_flags(&c, STREAM_CLIENT, SEGMENT_SYN);
    c.next[STREAM_CLIENT]--;
    whole(&c);
    c.next[STREAM_CLIENT] = 1000;
    conversation_flags(&c, STREAM_CLIENT, SEGMENT_SYN); /* captured late, once more */
    conversation_say(&c, STREAM_CLIENT, "login");
    conversation_end(&c);
    assert_string_equal(c.text, "S:hi C:login S:ok .fin");
}

static void nothing_is_reported_once_nothing_is_wanted(void **state)
{
    struct conversation c = {.stop_after_octets = true};

    (void)state;
    conversation_start(&c, 1000, 2000);
    conversation_handshake(&c);
    conversation_say(&c, STREAM_SERVER, "hi");
    conversation_say_at(&c, STREAM_CLIENT, 5, "later", 0);
    conversation_say(&c, STREAM_SERVER, "more");
    c.next[STREAM_CLIENT] += 10;
    conversation_flags(&c, STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK);
    conversation_flags(&c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
    conversation_end(&c);
    assert_string_equal(c.text, "S:hi .fin");
}

static void a_full_table_gives_up_half_open_connections_first(void **state)
{
    static const struct connection_handler handler = {0};
    static const uint16_t ports[] = {143};
    struct connection_table_options options;
    struct connection_table *table;
    struct segment segment = {.destination_port = 143, .flags = SEGMENT_SYN, .payload = (const uint8_t *)""};

    (void)state;
    connection_table_defaults(&options);
    options.ports = ports;
    options.port_count = 1;
    options.max_connections = 100;
    table = connection_table_new(&options, &handler, NULL);
    assert_non_null(table);
    for (uint32_t i = 0; i < 100000; i++) {
        memcpy(segment.source, &i, sizeof i);
        segment.source_port = (uint16_t)(1024 + i % 60000);
        connection_table_take(table, &segment);
    }
    assert_int_equal(connection_table_counts(table).open, 100);
    assert_int_equal(connection_table_counts(table).evicted, 0); /* nothing is lost of them */
    connection_table_finish(table);
    assert_int_equal(connection_table_counts(table).open, 0);
    connection_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_are_reported_as_they_happened),
        cmocka_unit_test(octets_bear_the_frame_they_came_in),
        cmocka_unit_test(an_acknowledged_hole_is_reported_soon),
        cmocka_unit_test(a_hole_that_nobody_acknowledged_is_reported_after_ten_seconds),
        cmocka_unit_test(much_may_wait_behind_a_hole),
        cmocka_unit_test(stragglers_of_a_closed_connection_are_known),
        cmocka_unit_test(nothing_is_reported_once_nothing_is_wanted),
        cmocka_unit_test(a_full_table_gives_up_half_open_connections_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
