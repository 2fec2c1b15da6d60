/*
 * Who closed a connection: the connection table reports the side that was the first to do so, and when.
 */
#include "tests/unit/analyzer/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *name;
    enum stream_side first;
    uint8_t flags;
    enum stream_side second;
    uint8_t more; /* 0: nothing follows */
    enum connection_closer closer;
} closings[] = {
    {"the client's FIN", STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK, STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK,
     CLOSED_BY_CLIENT},
    {"the server's FIN", STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK, STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK,
     CLOSED_BY_SERVER},
    {"a FIN that is never answered", STREAM_SERVER, SEGMENT_FIN | SEGMENT_ACK, 0, 0, CLOSED_BY_SERVER},
    {"the client's RST", STREAM_CLIENT, SEGMENT_RST | SEGMENT_ACK, 0, 0, CLOSED_BY_CLIENT},
    {"the server's RST", STREAM_SERVER, SEGMENT_RST | SEGMENT_ACK, 0, 0, CLOSED_BY_SERVER},
    {"a FIN that a RST answers", STREAM_CLIENT, SEGMENT_FIN | SEGMENT_ACK, STREAM_SERVER,
     SEGMENT_RST | SEGMENT_ACK, CLOSED_BY_CLIENT},
    {"nobody", STREAM_CLIENT, SEGMENT_ACK, 0, 0, CLOSED_BY_NOBODY},
};

static void the_side_that_closed_first_is_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof closings / sizeof closings[0]; i++) {
        struct conversation c = {0};
        int64_t first_ns;

        conversation_start(&c, 1000, 2000);
        conversation_handshake(&c);
        conversation_say(&c, STREAM_CLIENT, "ab");
        conversation_flags(&c, closings[i].first, closings[i].flags);
        first_ns = c.segment.time_ns;
        if (closings[i].more != 0)
            conversation_flags(&c, closings[i].second, closings[i].more);
        conversation_end(&c);
        if (c.closer != closings[i].closer)
            fail_msg("%s: closed by %d, not %d", closings[i].name, (int)c.closer, (int)closings[i].closer);
        if (c.closer != CLOSED_BY_NOBODY)
            assert_int_equal(c.closed_ns, first_ns);
    }
}

/* Both sides send their FIN before they have seen the other's: the one captured first counts. */
static void of_fins_that_cross_the_first_counts(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        struct conversation c = {0};
        enum stream_side one = first == 0 ? STREAM_CLIENT : STREAM_SERVER;
        enum stream_side other = first == 0 ? STREAM_SERVER : STREAM_CLIENT;
        uint32_t unseen;

        conversation_start(&c, 1000, 2000);
        conversation_handshake(&c);
        conversation_say(&c, STREAM_CLIENT, "ab");
        conversation_flags(&c, one, SEGMENT_FIN | SEGMENT_ACK);
        unseen = c.next[one];
        c.next[one]--; /* not acknowledged yet */
        conversation_flags(&c, other, SEGMENT_FIN | SEGMENT_ACK);
        c.next[one] = unseen;
        conversation_flags(&c, one, SEGMENT_ACK);
        conversation_flags(&c, other, SEGMENT_ACK);
        conversation_end(&c);
        assert_int_equal(c.closer, one == STREAM_CLIENT ? CLOSED_BY_CLIENT : CLOSED_BY_SERVER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_side_that_closed_first_is_reported),
        cmocka_unit_test(of_fins_that_cross_the_first_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
