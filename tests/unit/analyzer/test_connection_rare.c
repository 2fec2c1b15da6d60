/*
 * What hosts and captures do rarely: both sides opening at once, urgent octets, probes of a closed window,
 * handshakes that do not show the roles, times that jump back, a table that is full.
 */
#include "tests/unit/analyzer/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static void simultaneous_open(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN);
    c->next[STREAM_CLIENT]--;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN | SEGMENT_ACK);
    c->next[STREAM_SERVER]--;
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "login");
}

/* The handshake alone would make the server the client. */
static void simultaneous_open_by_the_server(struct conversation *c)
{
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    c->next[STREAM_SERVER]--;
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    conversation_say(c, STREAM_SERVER, "hi");
    conversation_say(c, STREAM_CLIENT, "login");
}

static void urgent_octets(struct conversation *c)
{
    conversation_say(c, STREAM_CLIENT, "ab");
    conversation_say_at(c, STREAM_CLIENT, 0, "", 0);
    c->segment.payload = (const uint8_t *)"cd";
    c->segment.captured = c->segment.length = 2;
    c->segment.flags |= SEGMENT_URG;
    conversation_take(c);
    c->next[STREAM_CLIENT] += 2;
    conversation_say(c, STREAM_CLIENT, "ef");
}

/* The server's window is closed: the client sends the next octet alone until it is taken. */
static void probes_of_a_closed_window(struct conversation *c)
{
    conversation_say(c, STREAM_CLIENT, "ab");
    for (int i = 0; i < 30; i++) {
        conversation_say_at(c, STREAM_CLIENT, 0, "c", 0);
        conversation_flags(c, STREAM_SERVER, SEGMENT_ACK);
        c->now_ns += INT64_C(5000000000);
    }
    conversation_say(c, STREAM_CLIENT, "cdef");
}

/* As Linux sends them: an acknowledged number, no octet. */
static void keep_alives_without_an_octet(struct conversation *c)
{
    conversation_say(c, STREAM_CLIENT, "ab");
    for (int i = 0; i < 30; i++) {
        c->next[STREAM_CLIENT]--;
        conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
        c->next[STREAM_CLIENT]++;
        conversation_flags(c, STREAM_SERVER, SEGMENT_ACK);
        c->now_ns += INT64_C(75000000000);
    }
    conversation_say(c, STREAM_CLIENT, "cd");
}

static void fast_open_of_both_sides(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    c->segment.payload = (const uint8_t *)"early";
    c->segment.captured = c->segment.length = 5;
    conversation_take(c);
    c->next[STREAM_CLIENT] += 5;
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    c->segment.payload = (const uint8_t *)"hi";
    c->segment.captured = c->segment.length = 2;
    conversation_take(c);
    c->next[STREAM_SERVER] += 2;
    conversation_say(c, STREAM_CLIENT, "late");
}

static void time_jumps_back(struct conversation *c)
{
    conversation_say(c, STREAM_SERVER, "hi");
    c->now_ns -= INT64_C(86400000000000);
    conversation_say(c, STREAM_CLIENT, "lo");
    c->now_ns += INT64_C(86400000000000);
    conversation_say(c, STREAM_CLIENT, "gin");
    c->now_ns -= INT64_C(3600000000000);
    conversation_say(c, STREAM_SERVER, "ok");
}

/* Numbers within the other side's window are not enough: it must be the one expected (RFC 5961, 3.2). */
static void forged_resets_within_the_window(struct conversation *c)
{
    conversation_say(c, STREAM_CLIENT, "ab");
    for (uint32_t i = 1; i < 60000; i = i * 3 + 1) {
        c->next[STREAM_SERVER] += i;
        conversation_flags(c, STREAM_SERVER, SEGMENT_RST);
        c->next[STREAM_SERVER] -= i;
    }
    conversation_say(c, STREAM_CLIENT, "cd");
}

static const struct {
    const char *name;
    void (*run)(struct conversation *);
    const char *expected;
    bool open; /* the case begins with a handshake */
} cases[] = {
    {"simultaneous open", simultaneous_open, "S:hi C:login .capture", false},
    {"simultaneous open, the server first", simultaneous_open_by_the_server, "S:hi C:login .capture", false},
    {"urgent octets", urgent_octets, "C:abcdef .capture", true},
    {"probes of a closed window", probes_of_a_closed_window, "C:abcdef .capture", true},
    {"keep-alives without an octet", keep_alives_without_an_octet, "C:abcd .capture", true},
    {"Fast Open of both sides", fast_open_of_both_sides, "C:early S:hi C:late .capture", false},
    {"time jumps back", time_jumps_back, "S:hi C:login S:ok .capture", true},
    {"forged resets within the window", forged_resets_within_the_window, "C:abcd .capture", true},
};

static void conversations_are_reported_as_they_happened(void **state)
{
    (void)state;
    for (int through_nids = 0; through_nids < 2; through_nids++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct conversation c = {.through_nids = through_nids != 0};

            conversation_start(&c, 1000, 2000);
            if (cases[i].open)
                conversation_handshake(&c);
            cases[i].run(&c);
            conversation_end(&c);
            if (strcmp(c.text, cases[i].expected) != 0)
                fail_msg("%s%s:\n  reported %s\n  expected %s", cases[i].name,
                         through_nids ? " (everything through libnids)" : "", c.text, cases[i].expected);
        }
}

static void open_and_close(struct conversation *c)
{
    conversation_handshake(c);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK);
    conversation_flags(c, STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
}

static void open_and_reset(struct conversation *c)
{
    conversation_handshake(c);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_RST | SEGMENT_ACK);
}

static void a_syn_alone(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
}

static void a_refused_syn(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    conversation_flags(c, STREAM_SERVER, SEGMENT_RST | SEGMENT_ACK);
}

static void an_answer_that_nobody_acknowledged(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
}

/* The client acknowledges octets that were not captured: something was sent. */
static void octets_that_were_not_captured(struct conversation *c)
{
    conversation_handshake(c);
    c->next[STREAM_SERVER] += 20;
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
}

static void octets(struct conversation *c)
{
    conversation_handshake(c);
    conversation_say(c, STREAM_SERVER, "hi");
}

/* A connection on which no side said anything is reported too, but no scan of ports and no flood of SYNs. */
static void who_opens_and_says_nothing_is_silent(void **state)
{
    static const struct {
        const char *name;
        void (*run)(struct conversation *);
        unsigned silent;
    } rows[] = {
        {"opened and closed", open_and_close, 1},
        {"opened and reset", open_and_reset, 1},
        {"opened, and the capture ends", conversation_handshake, 1},
        {"a SYN alone", a_syn_alone, 0},
        {"a SYN that was refused", a_refused_syn, 0},
        {"a SYN-ACK that nobody acknowledged", an_answer_that_nobody_acknowledged, 0},
        {"octets that were not captured", octets_that_were_not_captured, 0},
        {"octets", octets, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conversation c = {0};

        conversation_start(&c, 1000, 2000);
        rows[i].run(&c);
        conversation_end(&c);
        if (c.silent != rows[i].silent)
            fail_msg("%s: %u", rows[i].name, c.silent);
    }
}

/* Both ends are at ports that are named, and no handshake was captured: what is said shows the roles. */
static void where_ports_do_not_show_the_roles_the_content_does(void **state)
{
    static const struct {
        enum stream_side first;
        const char *said, *expected;
    } rows[] = {
        {STREAM_SERVER, "* OK ready", "~S S:* OK ready .capture"},
        {STREAM_SERVER, "+ go on", "~S S:+ go on .capture"},
        {STREAM_CLIENT, "a1 LOGIN x y", "~C C:a1 LOGIN x y .capture"},
        {STREAM_CLIENT, "c2VjcmV0", "~C C:c2VjcmV0 .capture"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conversation c = {.other_port = 40000};

        conversation_start(&c, 1000, 2000);
        conversation_say(&c, rows[i].first, rows[i].said);
        conversation_end(&c);
        assert_string_equal(c.text, rows[i].expected);
    }
}

/* The server speaks to the client's port `port`, `offset` octets after its first one. */
static void say_on_port(struct conversation *c, uint16_t port, uint32_t offset, const char *text)
{
    conversation_say_at(c, STREAM_SERVER, 0, "", 0);
    c->segment.destination_port = port;
    c->segment.sequence += offset;
    c->segment.payload = (const uint8_t *)text;
    c->segment.captured = c->segment.length = (uint32_t)strlen(text);
    conversation_take(c);
}

static void a_full_table_reports_what_it_gives_up(void **state)
{
    struct conversation c = {.max_connections = 3};

    (void)state;
    conversation_start(&c, 1000, 2000);
    for (uint16_t port = 40000; port < 40004; port++) {
        say_on_port(&c, port, 0, "* OK");
        if (port == 40001)
            say_on_port(&c, 40000, 4, "+on"); /* from now on another one is the longest unused */
    }
    say_on_port(&c, 40000, 7, "+off");
    assert_int_equal(connection_table_counts(c.table).evicted, 1);
    assert_int_equal(connection_table_counts(c.table).open, 3);
    conversation_end(&c);
    assert_string_equal(c.text,
                        "~S S:* OK ~S S:* OK+on ~S S:* OK .evicted ~S S:* OK+off .capture .capture .capture");
}

/* As many connections from other ports of the client, of which there is this one segment. */
static void flood(struct conversation *c, uint16_t count, uint8_t flags)
{
    struct segment segment = {.destination_port = 143, .flags = flags, .payload = (const uint8_t *)""};

    for (uint16_t i = 0; i < count; i++) {
        segment.time_ns = c->now_ns;
        segment.source_port = (uint16_t)(50000 + i);
        connection_table_take(c->table, &segment);
    }
}

static void a_flood_of_syns_takes_the_place_of_half_open_connections_alone(void **state)
{
    struct conversation c = {.max_half_open = 10};

    (void)state;
    conversation_start(&c, 1000, 2000);
    conversation_handshake(&c);
    flood(&c, 1000, SEGMENT_SYN);
    assert_int_equal(connection_table_counts(c.table).open, 1 + 10);
    flood(&c, 1000, SEGMENT_SYN); /* once more: that makes them nothing else */
    assert_int_equal(connection_table_counts(c.table).open, 1 + 10);
    flood(&c, 2000, SEGMENT_SYN | SEGMENT_FIN);
    assert_int_equal(connection_table_counts(c.table).open, 1 + 10);
    assert_int_equal(connection_table_counts(c.table).evicted, 0);
    conversation_say(&c, STREAM_SERVER, "* OK");
    conversation_end(&c);
    assert_string_equal(c.text, "S:* OK .capture");
}

static void a_full_table_gives_up_silent_connections_before_others(void **state)
{
    struct conversation c = {.max_connections = 10};

    (void)state;
    conversation_start(&c, 1000, 2000);
    conversation_handshake(&c);
    conversation_say(&c, STREAM_SERVER, "* OK");
    flood(&c, 1000, SEGMENT_SYN | SEGMENT_ACK);
    assert_int_equal(connection_table_counts(c.table).open, 10);
    assert_int_equal(connection_table_counts(c.table).evicted, 1000 - 9);
    conversation_say(&c, STREAM_SERVER, " ready");
    conversation_end(&c);
    assert_string_equal(c.text, "S:* OK ready .capture");
}

/* The answer has both numbers, so nothing of it is lost. */
static void a_half_open_connection_that_was_given_up_begins_at_its_answer(void **state)
{
    struct conversation c = {.max_half_open = 10};

    (void)state;
    conversation_start(&c, 1000, 2000);
    conversation_flags(&c, STREAM_CLIENT, SEGMENT_SYN);
    flood(&c, 1000, SEGMENT_SYN);
    assert_int_equal(connection_table_counts(c.table).open, 10);
    conversation_flags(&c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    conversation_flags(&c, STREAM_CLIENT, SEGMENT_ACK);
    conversation_say(&c, STREAM_SERVER, "* OK");
    conversation_say(&c, STREAM_CLIENT, "a NOOP");
    conversation_end(&c);
    assert_string_equal(c.text, "S:* OK C:a NOOP .capture");
}

static bool count_octets(void *user, struct connection *connection, enum stream_side from,
                         const uint8_t *octets, size_t length, const struct imap_mark *mark)
{
    (void)connection;
    (void)from;
    (void)octets;
    (void)mark;
    *(size_t *)user += length;
    return true;
}

static bool go_on(void *user, struct connection *connection, enum stream_side from, uint64_t length,
                  const struct imap_mark *mark)
{
    (void)user;
    (void)connection;
    (void)from;
    (void)length;
    (void)mark;
    return true;
}

static void ignore_end(void *user, struct connection *connection, enum connection_end how)
{
    (void)user;
    (void)connection;
    (void)how;
}

/* The server greets the client's port `number`, or says it once more. */
static void greet(struct connection_table *table, uint32_t number, uint8_t flags)
{
    struct segment segment = {.source_port = 143, .destination_port = 40000, .flags = flags};

    memcpy(segment.destination, &number, sizeof number);
    segment.destination[15] = 1;
    segment.sequence = flags & SEGMENT_RST ? 5 : 1;
    segment.payload = (const uint8_t *)"* OK";
    segment.captured = segment.length = flags & SEGMENT_RST ? 0 : 4;
    connection_table_take(table, &segment);
}

/* However many end within the time that stragglers are waited for: those of the latest are known. */
static void closed_connections_do_not_pile_up(void **state)
{
    static const struct connection_handler handler = {count_octets, go_on, ignore_end, NULL};
    static const uint16_t ports[] = {143};
    struct connection_table_options options;
    struct connection_table *table;
    size_t delivered = 0;

    (void)state;
    connection_table_defaults(&options);
    options.ports = ports;
    options.port_count = 1;
    table = connection_table_new(&options, &handler, &delivered);
    assert_non_null(table);
    for (uint32_t i = 1; i <= 20000; i++) {
        greet(table, i, SEGMENT_ACK);
        greet(table, i, SEGMENT_RST);
    }
    assert_int_equal(delivered, 20000 * 4);
    assert_in_range(connection_table_counts(table).open, 4096, 10000);
    assert_int_equal(connection_table_counts(table).evicted, 0);
    for (uint32_t i = 20000 - 4000; i <= 20000; i++)
        greet(table, i, SEGMENT_ACK);
    assert_int_equal(delivered, 20000 * 4);
    greet(table, 1, SEGMENT_ACK);
    assert_int_equal(delivered, 20000 * 4 + 4);
    connection_table_finish(table);
    connection_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_are_reported_as_they_happened),
        cmocka_unit_test(who_opens_and_says_nothing_is_silent),
        cmocka_unit_test(where_ports_do_not_show_the_roles_the_content_does),
        cmocka_unit_test(a_full_table_reports_what_it_gives_up),
        cmocka_unit_test(a_flood_of_syns_takes_the_place_of_half_open_connections_alone),
        cmocka_unit_test(a_full_table_gives_up_silent_connections_before_others),
        cmocka_unit_test(a_half_open_connection_that_was_given_up_begins_at_its_answer),
        cmocka_unit_test(closed_connections_do_not_pile_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
