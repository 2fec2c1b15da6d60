/*
 * Which segments of another VLAN or tunnel belong to a connection: one row a case.
 */
#include "analyzer/stream/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CLIENT_FIRST 1001U
#define SERVER_FIRST 5001U
#define FAR          (2U << 20)
#define SECOND       INT64_C(1000000000)

/* The client's SYN was captured: nothing is known of the server. */
static const struct connection client_syn = {.wanted = true,
                                             .directions = {[STREAM_CLIENT] = {.start = CLIENT_FIRST,
                                                                               .expected = CLIENT_FIRST,
                                                                               .highest = CLIENT_FIRST,
                                                                               .known = true,
                                                                               .seen = true,
                                                                               .from_start = true}}};
/* The server's SYN-ACK was captured, and no segment of the client. */
static const struct connection server_syn = {.wanted = true,
                                             .directions = {[STREAM_CLIENT] = {.start = CLIENT_FIRST,
                                                                               .expected = CLIENT_FIRST,
                                                                               .highest = CLIENT_FIRST,
                                                                               .known = true,
                                                                               .from_start = true},
                                                            [STREAM_SERVER] = {.start = SERVER_FIRST,
                                                                               .expected = SERVER_FIRST,
                                                                               .highest = SERVER_FIRST,
                                                                               .known = true,
                                                                               .seen = true,
                                                                               .from_start = true}}};
/* Both were captured, and 100 octets of each side. */
static const struct connection open_connection = {
    .wanted = true,
    .directions = {[STREAM_CLIENT] = {.start = CLIENT_FIRST,
                                      .expected = CLIENT_FIRST + 100,
                                      .highest = CLIENT_FIRST + 100,
                                      .known = true,
                                      .seen = true,
                                      .from_start = true},
                   [STREAM_SERVER] = {.start = SERVER_FIRST,
                                      .expected = SERVER_FIRST + 100,
                                      .highest = SERVER_FIRST + 100,
                                      .known = true,
                                      .seen = true,
                                      .from_start = true}}};
/* Only the client was captured, from the middle on: it acknowledged 100 octets of the server. */
static const struct connection half = {.wanted = true,
                                       .directions = {[STREAM_CLIENT] = {.expected = CLIENT_FIRST + 50,
                                                                         .highest = CLIENT_FIRST + 50,
                                                                         .known = true,
                                                                         .seen = true},
                                                      [STREAM_SERVER] = {.expected = SERVER_FIRST,
                                                                         .highest = SERVER_FIRST,
                                                                         .acked = SERVER_FIRST + 100,
                                                                         .known = true,
                                                                         .acked_known = true}}};
/* The login phase is over. */
static const struct connection over = {
    .directions = {
        [STREAM_CLIENT] = {.expected = CLIENT_FIRST, .highest = CLIENT_FIRST, .known = true, .seen = true},
        [STREAM_SERVER] = {.expected = SERVER_FIRST, .highest = SERVER_FIRST, .known = true}}};
static const struct connection closed_connection = {
    .closed = true,
    .wanted = true,
    .directions = {[STREAM_CLIENT] = {.start = CLIENT_FIRST,
                                      .expected = CLIENT_FIRST,
                                      .highest = CLIENT_FIRST,
                                      .known = true,
                                      .seen = true,
                                      .from_start = true}}};

static const struct {
    const char *name;
    const struct connection *connection;
    enum stream_side from;
    uint8_t flags;
    uint32_t sequence, acknowledgment;
    int64_t later_ns;
    bool fits;
} rows[] = {
    {"the same SYN", &client_syn, STREAM_CLIENT, SEGMENT_SYN, CLIENT_FIRST - 1, 0, 0, true},
    {"another SYN", &client_syn, STREAM_CLIENT, SEGMENT_SYN, CLIENT_FIRST, 0, 0, false},
    {"the same SYN, much later", &client_syn, STREAM_CLIENT, SEGMENT_SYN, CLIENT_FIRST - 1, 0, 61 * SECOND,
     false},
    {"the same SYN of a closed connection", &closed_connection, STREAM_CLIENT, SEGMENT_SYN, CLIENT_FIRST - 1,
     0, 0, false},
    {"the SYN's answer", &client_syn, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK, 77, CLIENT_FIRST, 0, true},
    {"an answer to another SYN", &client_syn, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK, 77, CLIENT_FIRST + 1,
     0, false},
    {"an answer that counts no number for the SYN", &client_syn, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK, 77,
     CLIENT_FIRST - 1, 0, true},
    {"a SYN of the other side", &client_syn, STREAM_SERVER, SEGMENT_SYN, 77, 0, 0, false},
    {"the SYN that was answered", &server_syn, STREAM_CLIENT, SEGMENT_SYN, CLIENT_FIRST - 1, 0, 0, true},
    {"a SYN that was not answered", &server_syn, STREAM_CLIENT, SEGMENT_SYN, CLIENT_FIRST + 7, 0, 0, false},
    {"the same SYN-ACK", &server_syn, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK, SERVER_FIRST - 1,
     CLIENT_FIRST, 0, true},
    {"a SYN-ACK with the same number for another client", &server_syn, STREAM_SERVER,
     SEGMENT_SYN | SEGMENT_ACK, SERVER_FIRST - 1, CLIENT_FIRST + 9, 0, false},
    {"data behind a SYN-ACK that is missing", &client_syn, STREAM_SERVER, SEGMENT_ACK, 99, CLIENT_FIRST, 0,
     true},
    {"data that acknowledges another number", &client_syn, STREAM_SERVER, SEGMENT_ACK, 99, CLIENT_FIRST + 1,
     0, false},
    {"the handshake's last segment", &client_syn, STREAM_CLIENT, SEGMENT_ACK, CLIENT_FIRST, 99, 0, true},
    {"what comes next", &open_connection, STREAM_CLIENT, SEGMENT_ACK, CLIENT_FIRST + 100, SERVER_FIRST + 100,
     0, true},
    {"what came before, where its SYN would have been", &open_connection, STREAM_CLIENT, SEGMENT_ACK,
     CLIENT_FIRST + 50, SERVER_FIRST + 80, 0, false},
    {"a far sequence number", &open_connection, STREAM_CLIENT, SEGMENT_ACK, CLIENT_FIRST + FAR,
     SERVER_FIRST + 100, 0, false},
    {"a far acknowledgment", &open_connection, STREAM_CLIENT, SEGMENT_ACK, CLIENT_FIRST + 100,
     SERVER_FIRST + FAR, 0, false},
    {"no acknowledgment", &open_connection, STREAM_CLIENT, 0, CLIENT_FIRST + 100, 0, 0, false},
    {"the other direction", &half, STREAM_SERVER, SEGMENT_ACK, SERVER_FIRST + 100, CLIENT_FIRST + 50, 0,
     true},
    {"the other direction of another one", &half, STREAM_SERVER, SEGMENT_ACK, SERVER_FIRST + FAR,
     CLIENT_FIRST + 50, 0, false},
    {"the same direction, its login phase over", &over, STREAM_CLIENT, SEGMENT_ACK, CLIENT_FIRST,
     SERVER_FIRST, 0, false},
    {"the other direction, the login phase over", &over, STREAM_SERVER, SEGMENT_ACK, SERVER_FIRST,
     CLIENT_FIRST, 0, true},
};

static void a_segment_fits_by_its_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct segment segment = {.flags = rows[i].flags,
                                  .sequence = rows[i].sequence,
                                  .acknowledgment = rows[i].acknowledgment,
                                  .time_ns = rows[i].later_ns};

        if (path_fits(rows[i].connection, rows[i].from, &segment) != rows[i].fits)
            fail_msg("%s: %s", rows[i].name, rows[i].fits ? "does not fit" : "fits");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_fits_by_its_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
