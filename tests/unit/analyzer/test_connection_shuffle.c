/*
 * Random conversations under a seed: split, repeated, overlapped and captured out of order, every one must
 * come out as the octets that were said, whether libnids sees everything or only what is out of order.
 */
#include "tests/unit/analyzer/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS    1500
#define SEGMENTS 400
#define TOGETHER 7

struct said {
    enum stream_side side;
    uint32_t at, length; /* in the side's octets */
    uint32_t acked;      /* octets of the other side that had been said before */
};

struct heard {
    uint8_t octets[2][65536];
    size_t length[2];
    size_t too_early; /* octets delivered before octets that their sender had acknowledged */
    const uint32_t *acked_at[2];
};

static uint8_t text[2][65536]; /* what each side says */
static uint32_t start[2];      /* number of its first octet */

static uint64_t random_state;

static uint32_t pick(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(random_state >> 33) % limit;
}

static bool on_octets(void *user, struct connection *connection, enum stream_side from, const uint8_t *octets,
                      size_t length, const struct imap_mark *mark)
{
    struct heard *heard = user;
    enum stream_side other = side_across(from);

    (void)connection;
    (void)mark;
    if (length > sizeof heard->octets[from] - heard->length[from])
        return false;
    for (size_t i = 0; i < length; i++)
        if (heard->acked_at[from][heard->length[from] + i] > heard->length[other])
            heard->too_early++;
    memcpy(heard->octets[from] + heard->length[from], octets, length);
    heard->length[from] += length;
    return true;
}

static bool on_lost(void *user, struct connection *connection, enum stream_side from, uint64_t length,
                    const struct imap_mark *mark)
{
    (void)user;
    (void)connection;
    (void)from;
    (void)mark;
    fail_msg("%llu octets reported as lost, and none was", (unsigned long long)length);
    return false;
}

static void on_ended(void *user, struct connection *connection, enum connection_end end)
{
    (void)user;
    (void)connection;
    (void)end;
}

static void make_segment(struct segment *segment, enum stream_side side, uint8_t flags)
{
    memset(segment, 0, sizeof *segment);
    segment->source[15] = side == STREAM_CLIENT ? 1 : 2;
    segment->destination[15] = side == STREAM_CLIENT ? 2 : 1;
    segment->source_port = side == STREAM_CLIENT ? 40000 : 143;
    segment->destination_port = side == STREAM_CLIENT ? 143 : 40000;
    segment->flags = flags;
    segment->payload = (const uint8_t *)"";
    segment->time_ns = 1;
}

/* Takes some segments that are at hand: what each needs is sought before the first is taken. */
static void take_together(struct connection_table *table, const struct said *said, unsigned count)
{
    struct segment segments[TOGETHER];
    struct connection_search searches[TOGETHER];

    for (unsigned i = 0; i < count; i++) {
        enum stream_side other = side_across(said[i].side);

        make_segment(&segments[i], said[i].side, SEGMENT_ACK);
        segments[i].sequence = start[said[i].side] + said[i].at;
        segments[i].acknowledgment = start[other] + said[i].acked;
        segments[i].payload = text[said[i].side] + said[i].at;
        segments[i].captured = segments[i].length = said[i].length;
        connection_table_lookup(table, &segments[i], &searches[i]);
    }
    for (unsigned i = 0; i < count; i++)
        connection_table_fetch(table, &searches[i]);
    for (unsigned i = 0; i < count; i++)
        connection_table_process_found(table, &segments[i], &searches[i]);
}

static void run(uint64_t seed, bool through_nids)
{
    static const struct connection_handler handler = {on_octets, on_lost, on_ended, NULL};
    static const uint16_t ports[] = {143};
    static uint32_t acked_at[2][65536];
    static struct said said[SEGMENTS * 3];
    static struct heard heard;
    struct connection_table_options options;
    struct connection_table *table;
    struct segment segment;
    uint32_t length[2] = {0, 0};
    unsigned together = 1 + (unsigned)(seed % TOGETHER);
    unsigned count = 0;

    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (int side = 0; side < 2; side++) {
        start[side] = pick(2) ? UINT32_MAX - pick(20000) : pick(UINT32_MAX);
        for (size_t i = 0; i < sizeof text[side]; i++)
            text[side][i] = (uint8_t)pick(256);
    }
    for (unsigned i = 0; i < SEGMENTS; i++) {
        enum stream_side side = pick(2) ? STREAM_CLIENT : STREAM_SERVER;
        enum stream_side other = side_across(side);
        struct said piece = {side, length[side], 1 + pick(pick(8) ? 40 : 300), length[other]};

        if (piece.length > sizeof text[side] - piece.at)
            break;
        for (uint32_t at = piece.at; at < piece.at + piece.length; at++)
            acked_at[side][at] = piece.acked;
        length[side] += piece.length;
        said[count++] = piece;
        /* now and then once more, with what came before it or twice the same */
        if (pick(6) == 0) {
            uint32_t back = pick(piece.at + 1);

            back = back > 100 ? 100 : back;
            piece.at -= back;
            piece.length += back;
            said[count++] = piece;
        }
    }
    /* captured out of order, but near its place, so that no hole is given up */
    for (unsigned block = 0; block < count; block += 6)
        for (unsigned i = block; i < block + 6 && i < count; i++) {
            unsigned end = block + 6 < count ? block + 6 : count;
            unsigned j = i + pick(end - i);
            struct said swapped = said[i];

            said[i] = said[j];
            said[j] = swapped;
        }
    memset(&heard, 0, sizeof heard);
    heard.acked_at[STREAM_CLIENT] = acked_at[STREAM_CLIENT];
    heard.acked_at[STREAM_SERVER] = acked_at[STREAM_SERVER];
    connection_table_defaults(&options);
    options.ports = ports;
    options.port_count = 1;
    options.max_repairs = 4;
    options.everything_through_nids = through_nids;
    table = connection_table_new(&options, &handler, &heard);
    assert_non_null(table);
    make_segment(&segment, STREAM_CLIENT, SEGMENT_SYN);
    segment.sequence = start[STREAM_CLIENT] - 1;
    connection_table_take(table, &segment);
    make_segment(&segment, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    segment.sequence = start[STREAM_SERVER] - 1;
    segment.acknowledgment = start[STREAM_CLIENT];
    connection_table_take(table, &segment);
    for (unsigned at = 0; at < count; at += together)
        take_together(table, &said[at], at + together < count ? together : count - at);
    connection_table_finish(table);
    connection_table_free(table);
    for (int side = 0; side < 2; side++)
        if (heard.length[side] != length[side] || memcmp(heard.octets[side], text[side], length[side]) != 0)
            fail_msg("seed %llu%s: side %d came out wrong (%zu of %u octets)", (unsigned long long)seed,
                     through_nids ? ", everything through libnids" : "", side, heard.length[side],
                     length[side]);
    if (heard.too_early > 0)
        fail_msg("seed %llu: %zu octets came before what they answer", (unsigned long long)seed,
                 heard.too_early);
}

static void shuffled_conversations_come_out_as_they_were_said(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        run(seed, seed % 2 != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shuffled_conversations_come_out_as_they_were_said)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
