/*
 * One connection in several VLANs: each direction in its own, all of it twice, or two that only look alike.
 */
#include "tests/unit/analyzer/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define INSIDE  11
#define OUTSIDE 21

/* The last segment once more, in another VLAN. */
static void copy(struct conversation *c, uint32_t vlan)
{
    c->segment.vlan = vlan;
    conversation_take(c);
}

static void say_twice(struct conversation *c, enum stream_side side, const char *text)
{
    conversation_say(c, side, text);
    copy(c, OUTSIDE);
}

static void shake_hands_twice(struct conversation *c)
{
    c->vlan[STREAM_CLIENT] = c->vlan[STREAM_SERVER] = INSIDE;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    copy(c, OUTSIDE);
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    copy(c, OUTSIDE);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
    copy(c, OUTSIDE);
}

static void a_vlan_for_each_direction(struct conversation *c)
{
    c->vlan[STREAM_CLIENT] = INSIDE;
    c->vlan[STREAM_SERVER] = OUTSIDE;
    conversation_handshake(c);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "login");
    conversation_say(c, STREAM_SERVER, "ok");
    conversation_flags(c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
    conversation_flags(c, STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK);
}

static void only_one_direction_tagged(struct conversation *c)
{
    c->vlan[STREAM_SERVER] = OUTSIDE;
    conversation_handshake(c);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "login");
}

static void a_vlan_for_each_direction_from_the_middle_on(struct conversation *c)
{
    c->vlan[STREAM_CLIENT] = INSIDE;
    c->vlan[STREAM_SERVER] = OUTSIDE;
    conversation_say(c, STREAM_CLIENT, "login");
    conversation_say(c, STREAM_SERVER, "ok");
}

/* The span port shows the answer first. */
static void the_answer_comes_first(struct conversation *c)
{
    c->vlan[STREAM_CLIENT] = INSIDE;
    c->vlan[STREAM_SERVER] = OUTSIDE;
    c->next[STREAM_CLIENT]++;
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    c->next[STREAM_CLIENT]--;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "login");
}

static void everything_twice(struct conversation *c)
{
    shake_hands_twice(c);
    say_twice(c, STREAM_SERVER, "hi");
    say_twice(c, STREAM_CLIENT, "login");
    say_twice(c, STREAM_SERVER, "ok");
    conversation_flags(c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
    copy(c, OUTSIDE);
    conversation_flags(c, STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK);
    copy(c, OUTSIDE);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
    copy(c, OUTSIDE);
}

static void a_copy_has_what_was_lost(struct conversation *c)
{
    shake_hands_twice(c);
    say_twice(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "lo");
    c->vlan[STREAM_CLIENT] = OUTSIDE;
    conversation_say(c, STREAM_CLIENT, "gin");
    c->vlan[STREAM_CLIENT] = INSIDE;
    say_twice(c, STREAM_SERVER, "ok");
}

/* The same addresses and ports, and other numbers. */
static void two_customers(struct conversation *c)
{
    const uint32_t other[2] = {0x70000000, 0x30000000};
    uint32_t first[2];

    for (int turn = 0; turn < 2; turn++) {
        c->vlan[STREAM_CLIENT] = c->vlan[STREAM_SERVER] = turn == 0 ? INSIDE : OUTSIDE;
        conversation_handshake(c);
        conversation_say(c, STREAM_SERVER, turn == 0 ? "hi" : "hello");
        memcpy(first, turn == 0 ? c->next : first, sizeof first);
        memcpy(c->next, other, turn == 0 ? sizeof other : 0);
    }
    conversation_say(c, STREAM_CLIENT, "second");
    conversation_say(c, STREAM_SERVER, "+");
    c->vlan[STREAM_CLIENT] = c->vlan[STREAM_SERVER] = INSIDE;
    memcpy(c->next, first, sizeof first);
    conversation_say(c, STREAM_CLIENT, "first");
}

/* As generators of traffic make them: even the numbers are the same, but what they say is not. */
static void two_customers_with_the_same_numbers(struct conversation *c)
{
    shake_hands_twice(c);
    conversation_say(c, STREAM_SERVER, "hi");
    copy(c, OUTSIDE);
    conversation_say(c, STREAM_CLIENT, "alice");
    c->segment.payload = (const uint8_t *)"bobby";
    copy(c, OUTSIDE);
    conversation_say(c, STREAM_SERVER, "no");
    c->segment.payload = (const uint8_t *)"ok";
    copy(c, OUTSIDE);
}

/* One machine behind both clients gives their connections, of one moment, the same number. */
static void two_customers_whose_servers_answer_with_other_numbers(struct conversation *c)
{
    uint32_t first[2];

    c->vlan[STREAM_CLIENT] = c->vlan[STREAM_SERVER] = INSIDE;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    copy(c, OUTSIDE);
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    memcpy(first, c->next, sizeof first);
    c->next[STREAM_SERVER] += 400;
    c->vlan[STREAM_CLIENT] = c->vlan[STREAM_SERVER] = OUTSIDE;
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    conversation_say(c, STREAM_SERVER, "yo");
    conversation_say(c, STREAM_CLIENT, "bobby");
    memcpy(c->next, first, sizeof first);
    c->vlan[STREAM_CLIENT] = c->vlan[STREAM_SERVER] = INSIDE;
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "alice");
}

static void two_customers_differ_from_the_first_octet_on(struct conversation *c)
{
    shake_hands_twice(c);
    conversation_say(c, STREAM_SERVER, "hi");
    c->segment.payload = (const uint8_t *)"yo";
    copy(c, OUTSIDE);
    conversation_say(c, STREAM_CLIENT, "alice");
    c->segment.payload = (const uint8_t *)"bobby";
    copy(c, OUTSIDE);
}

/* What the connection's own VLAN shows is the other one: it keeps the VLAN that was taken from. */
static void the_first_vlan_differs(struct conversation *c)
{
    shake_hands_twice(c);
    c->vlan[STREAM_SERVER] = OUTSIDE;
    conversation_say(c, STREAM_SERVER, "hi");
    c->segment.payload = (const uint8_t *)"yo";
    copy(c, INSIDE);
    conversation_say(c, STREAM_SERVER, "+");
    c->segment.payload = (const uint8_t *)"-";
    copy(c, INSIDE);
}

/* The connection moves to another VLAN, when a link fails, say. */
static void it_moves(struct conversation *c)
{
    c->vlan[STREAM_CLIENT] = c->vlan[STREAM_SERVER] = INSIDE;
    conversation_handshake(c);
    conversation_say(c, STREAM_SERVER, "hi");
    c->vlan[STREAM_CLIENT] = c->vlan[STREAM_SERVER] = OUTSIDE;
    conversation_say(c, STREAM_CLIENT, "login");
    conversation_say(c, STREAM_SERVER, "ok");
}

static void the_same_ports_again(struct conversation *c)
{
    everything_twice(c);
    c->next[STREAM_CLIENT] += 100000;
    c->next[STREAM_SERVER] += 100000;
    shake_hands_twice(c);
    say_twice(c, STREAM_SERVER, "hello");
}

/* What two connections say one after the other reads as one word when it is of the same side. */
static const struct {
    const char *name;
    void (*run)(struct conversation *);
    const char *expected;
    uint64_t copies;
} cases[] = {
    {"a VLAN for each direction", a_vlan_for_each_direction, "S:hi C:login S:ok .fin", 0},
    {"only one direction tagged", only_one_direction_tagged, "S:hi C:login .capture", 0},
    {"from the middle on", a_vlan_for_each_direction_from_the_middle_on, "~C C:login ~S S:ok .capture", 0},
    {"the answer comes first", the_answer_comes_first, "S:hi C:login .capture", 0},
    {"everything twice", everything_twice, "S:hi C:login S:ok .fin", 3},
    {"a copy has what was lost", a_copy_has_what_was_lost, "S:hi C:login S:ok .capture", 2},
    {"two customers", two_customers, "S:hi S:hello C:second S:+ C:first .capture .capture", 0},
    {"two customers with the same numbers", two_customers_with_the_same_numbers,
     "S:hi C:alice C:bobby S:no ~S S:ok .capture .capture", 1},
    {"two customers whose servers answer with other numbers",
     two_customers_whose_servers_answer_with_other_numbers, "S:yo C:bobby S:hi C:alice .capture .capture", 0},
    {"two customers that differ at once", two_customers_differ_from_the_first_octet_on,
     "S:hi S:yo C:alicebobby .capture .capture", 0},
    {"the first VLAN differs", the_first_vlan_differs, "S:hi S:yo+- .capture .capture", 0},
    {"it moves", it_moves, "S:hi C:login S:ok .capture", 0},
    {"the same ports again", the_same_ports_again, "S:hi C:login S:ok .fin S:hello .capture", 4},
};

static void a_connection_is_reported_once(void **state)
{
    (void)state;
    for (int through_nids = 0; through_nids < 2; through_nids++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct conversation c = {.through_nids = through_nids != 0};
            uint64_t copies;

            conversation_start(&c, 1000, 2000);
            cases[i].run(&c);
            copies = connection_table_counts(c.table).copies;
            conversation_end(&c);
            if (strcmp(c.text, cases[i].expected) != 0 || copies != cases[i].copies)
                fail_msg("%s%s:\n  reported %s (%llu copies)\n  expected %s (%llu)", cases[i].name,
                         through_nids ? " (everything through libnids)" : "", c.text,
                         (unsigned long long)copies, cases[i].expected, (unsigned long long)cases[i].copies);
        }
}

/* Whoever sends the same SYN in more and more VLANs gets a connection for each, in the end. */
static void vlans_without_end_are_bounded(void **state)
{
    struct conversation c = {0};

    (void)state;
    conversation_start(&c, 1000, 2000);
    for (uint32_t vlan = 1; vlan <= 12; vlan++) {
        c.vlan[STREAM_CLIENT] = vlan;
        conversation_flags(&c, STREAM_CLIENT, SEGMENT_SYN);
        c.next[STREAM_CLIENT]--;
    }
    assert_int_equal(connection_table_counts(c.table).open, 3);
    conversation_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_reported_once),
        cmocka_unit_test(vlans_without_end_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
