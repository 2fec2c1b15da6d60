/*
 * The way of the payload. A segment passes two gates. Causality: when its sender had acknowledged octets of
 * the other side that have not been delivered yet, it is held until they are, because a span port may show an
 * answer before the question. Order: when octets before it are missing it goes to libnids, and so does
 * everything after it until nothing waits. A hole becomes a loss when the other side acknowledged it and a
 * few segments or a moment have passed, when what follows it has waited long, when memory runs short, or at
 * the end.
 */
#include "analyzer/stream/in_order.h"

#include "analyzer/stream/gaps.h"
#include "analyzer/stream/reorder_buffer.h"

#include <stdlib.h>
#include <string.h>

/* An acknowledged hole may still be filled by segments captured late: so many segments, or so long, it is
 * waited for. */
#define ACKED_HOLE_SEGMENTS 16
#define ACKED_HOLE_NS       200000000
/* A hole that nobody acknowledged may still be filled by a retransmission. */
#define OPEN_HOLE_NS INT64_C(10000000000)
/* A segment this far ahead belongs to another stretch of the connection: no hole, but a new start. */
#define MAX_AHEAD (1 << 29)
/* Segments that one direction may have waiting: libnids walks its queue at each insertion. */
#define MAX_QUEUED 1024

/* --- what the handler gets --- */

static void count_opened(struct in_order *in_order, struct connection *connection)
{
    if (!connection->payload)
        in_order->opened++;
    connection->payload = true;
}

static void report_lost(struct in_order *in_order, struct connection *connection, enum stream_side from,
                        uint32_t length, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];

    if (length > 0)
        overlaps_gap(connection, from);
    direction->expected += length;
    connection->lost_octets += length;
    in_order->lost += length;
    count_opened(in_order, connection);
    if (connection->wanted && !in_order->handler.lost(in_order->user, connection, from, length, mark))
        connection->wanted = false;
}

static void report_start(struct in_order *in_order, struct connection *connection, enum stream_side from,
                         const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];

    if (direction->reported)
        return;
    direction->reported = true;
    if (!direction->from_start)
        report_lost(in_order, connection, from, 0, mark);
}

static void deliver_octets(struct in_order *in_order, struct connection *connection, enum stream_side from,
                           const uint8_t *octets, size_t length, const struct imap_mark *mark)
{
    report_start(in_order, connection, from, mark);
    connection->directions[from].expected += (uint32_t)length;
    if (connection->wanted)
        overlaps_keep(&in_order->overlaps, connection, from, octets, length);
    count_opened(in_order, connection);
    if (connection->wanted &&
        !in_order->handler.octets(in_order->user, connection, from, octets, length, mark))
        connection->wanted = false;
}

static void on_delivery(void *owner, enum stream_side from, const uint8_t *octets, size_t length)
{
    struct reorder_buffer *reorder_buffer = owner;
    struct imap_mark mark = *reorder_buffer_next_mark(reorder_buffer, from);

    deliver_octets(reorder_buffer->in_order, reorder_buffer->connection, from, octets, length, &mark);
}

/* Opens libnids's stream for the connection, from where both directions stand. */
static bool need_pair(struct reorder_buffer *reorder_buffer)
{
    const struct direction *directions = reorder_buffer->connection->directions;
    struct in_order *in_order = reorder_buffer->in_order;

    if (reorder_buffer->pair == NULL)
        reorder_buffer->pair =
            reassembly_open(in_order->reassembly, reorder_buffer, directions[STREAM_CLIENT].expected,
                            directions[STREAM_SERVER].expected);
    return reorder_buffer->pair != NULL;
}

/* --- holes --- */

static void step_over(struct in_order *in_order, struct connection *connection, enum stream_side from,
                      uint32_t length, const struct imap_mark *mark)
{
    struct reorder_buffer *reorder_buffer = connection->reorder_buffer;

    report_start(in_order, connection, from, mark);
    report_lost(in_order, connection, from, length, mark);
    if (reorder_buffer != NULL && reorder_buffer->pair != NULL) {
        reorder_buffer->mark = *mark;
        reassembly_step(reorder_buffer->pair, from, length);
        reorder_buffer_trim(reorder_buffer, from);
    }
}

/* Steps over the holes that have become losses. */
static void judge_holes(struct in_order *in_order, struct connection *connection,
                        const struct imap_mark *mark, bool is_segment)
{
    for (int side = 0; side < 2; side++) {
        enum stream_side from = (enum stream_side)side;
        uint32_t acked = gap_acked(connection, from);
        uint32_t waiting = gap_missing(connection, from);
        struct reorder_buffer *reorder_buffer = connection->reorder_buffer;
        struct gap *gap;
        int64_t age;

        if (acked == 0 && waiting == 0) {
            if (reorder_buffer != NULL)
                reorder_buffer->gaps[from].open = false;
            continue;
        }
        reorder_buffer = reorder_buffer_of(in_order, connection);
        if (reorder_buffer == NULL) {
            step_over(in_order, connection, from, acked, mark);
            continue;
        }
        gap = &reorder_buffer->gaps[from];
        if (!gap->open || gap->at != connection->directions[from].expected || mark->time_ns < gap->since_ns)
            *gap = (struct gap){true, connection->directions[from].expected, 0, mark->time_ns};
        else if (is_segment)
            gap->segments++;
        age = mark->time_ns - gap->since_ns;
        if (acked > 0 && (gap->segments >= ACKED_HOLE_SEGMENTS || age >= ACKED_HOLE_NS))
            step_over(in_order, connection, from, acked, mark);
        else if (waiting > 0 && age >= OPEN_HOLE_NS)
            step_over(in_order, connection, from, waiting, mark);
    }
}

/* Octets were acknowledged that have not been delivered: where nothing waits, only then is there a hole. */
static bool is_behind(const struct direction *direction)
{
    return direction->acked_known && sequence_distance(direction->expected, direction->acked) > 0;
}

/* --- placing segments --- */

/* True when the direction cannot queue a further segment; then its first hole is stepped over. */
static bool is_crowded(const struct reorder_buffer *reorder_buffer, enum stream_side from, uint32_t length)
{
    const struct in_order *in_order = reorder_buffer->in_order;

    return reorder_buffer->queued[from] > 0 && (reorder_buffer->queued[from] >= MAX_QUEUED ||
                                                !reassembly_has_room(reorder_buffer->pair, from, length) ||
                                                in_order->waiting + length > in_order->max_waiting);
}

static void place_through_nids(struct in_order *in_order, struct connection *connection,
                               enum stream_side from, uint32_t sequence, const uint8_t *octets,
                               uint32_t captured, uint32_t length, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];
    struct reorder_buffer *reorder_buffer = reorder_buffer_of(in_order, connection);
    int32_t ahead;

    if (reorder_buffer == NULL || !need_pair(reorder_buffer)) {
        /* no memory or no pair is available: what is missing will not be waited for */
        ahead = sequence_distance(direction->expected, sequence);
        if (ahead > 0)
            step_over(in_order, connection, from, (uint32_t)ahead, mark);
        if (captured > 0)
            deliver_octets(in_order, connection, from, octets, captured, mark);
        if (captured < length)
            step_over(in_order, connection, from, length - captured, mark);
        return;
    }
    reorder_buffer->mark = *mark;
    while (sequence_distance(direction->expected, sequence) > 0 && is_crowded(reorder_buffer, from, captured))
        step_over(in_order, connection, from, gap_waiting(connection, from), mark);
    reorder_buffer->mark = *mark;
    ahead = sequence_distance(direction->expected, sequence);
    if (ahead > 0 && captured > 0 && !reorder_buffer_queue(reorder_buffer, from, sequence, octets, captured))
        return;
    reassembly_feed(reorder_buffer->pair, from, sequence, octets, captured);
    if (ahead > 0)
        return;
    reorder_buffer_trim(reorder_buffer, from);
    /* what the snapshot length cut off will not come, unless it waits already */
    if (captured < length && sequence_distance(direction->expected, sequence + length) > 0) {
        uint32_t missing = sequence + length - direction->expected;
        uint32_t gap = gap_waiting(connection, from);

        if (gap == 0 || missing < gap)
            gap = missing;
        step_over(in_order, connection, from, gap, mark);
    }
}

static void place(struct in_order *in_order, struct connection *connection, enum stream_side from,
                  uint32_t sequence, const uint8_t *octets, uint32_t captured, uint32_t length,
                  const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];
    int32_t ahead;

    ahead = sequence_distance(direction->expected, sequence);
    if (ahead > MAX_AHEAD || ahead < -MAX_AHEAD) {
        /* another stretch of the connection altogether */
        while (gap_waiting(connection, from) > 0)
            step_over(in_order, connection, from, gap_waiting(connection, from), mark);
        reorder_buffer_forget(connection);
        overlaps_gap(connection, from);
        direction->expected = sequence;
        direction->from_start = false;
        direction->reported = false;
        direction->acked_known = false;
        ahead = 0;
    }
    if (ahead < 0) {
        uint32_t old = (uint32_t)-ahead;

        if (old >= length)
            return;
        octets += old < captured ? old : captured;
        captured -= old < captured ? old : captured;
        length -= old;
        sequence += old;
        ahead = 0;
    }
    if (ahead > 0 || (connection->reorder_buffer != NULL && connection->reorder_buffer->pair != NULL) ||
        in_order->everything_through_nids) {
        place_through_nids(in_order, connection, from, sequence, octets, captured, length, mark);
        return;
    }
    if (captured > 0)
        deliver_octets(in_order, connection, from, octets, captured, mark);
    if (captured < length)
        step_over(in_order, connection, from, length - captured, mark);
}

/* --- the causality gate --- */

static bool must_be_held(const struct connection *connection, enum stream_side from, uint32_t acknowledgment)
{
    const struct direction *other = &connection->directions[side_across(from)];
    int32_t ahead = sequence_distance(other->expected, acknowledgment);

    if (!other->known || !other->seen || ahead <= 0 || ahead > MAX_ACKED_GAP)
        return false;
    if (other->fin_seen && other->expected == other->fin)
        return false; /* the FIN alone is ahead */
    return true;
}

/* Takes the first held segment that may pass (or, forced, the first of all) and places it. */
static bool release_one(struct in_order *in_order, struct connection *connection, bool forced)
{
    struct reorder_buffer *reorder_buffer = connection->reorder_buffer;

    if (reorder_buffer == NULL)
        return false;
    for (struct held **at = &reorder_buffer->held; *at != NULL; at = &(*at)->next) {
        struct held *held = *at;

        if (!forced && must_be_held(connection, held->from, held->acknowledgment))
            continue;
        *at = held->next;
        if (reorder_buffer->held_end == &held->next)
            reorder_buffer->held_end = at;
        reorder_buffer->held_count--;
        reorder_buffer_account(reorder_buffer, 0, held->captured);
        place(in_order, connection, held->from, held->sequence, held->octets, held->captured, held->length,
              &held->mark);
        explicit_bzero(held->octets, held->captured);
        free(held);
        return true;
    }
    return false;
}

void in_order_forget(struct in_order *in_order, struct connection *connection)
{
    overlaps_forget(&in_order->overlaps, connection);
    reorder_buffer_forget(connection);
}

/* Lets pass what may, and gives back what is not needed any more. */
static void settle(struct in_order *in_order, struct connection *connection)
{
    struct reorder_buffer *reorder_buffer;

    while (connection->wanted && release_one(in_order, connection, false))
        ;
    if (!connection->wanted) {
        in_order_forget(in_order, connection);
        return;
    }
    reorder_buffer = connection->reorder_buffer;
    if (reorder_buffer == NULL)
        return;
    if (reorder_buffer->pair != NULL && !in_order->everything_through_nids &&
        reassembly_is_empty(reorder_buffer->pair, STREAM_CLIENT) &&
        reassembly_is_empty(reorder_buffer->pair, STREAM_SERVER)) {
        reassembly_close(reorder_buffer->pair);
        reorder_buffer->pair = NULL;
    }
    if (reorder_buffer->pair == NULL && reorder_buffer->held == NULL &&
        !reorder_buffer->gaps[STREAM_CLIENT].open && !reorder_buffer->gaps[STREAM_SERVER].open)
        reorder_buffer_forget(connection);
}

/* --- what the table calls --- */

int in_order_start(struct in_order *in_order, const struct connection_table_options *options,
                   const struct connection_handler *handler, void *user)
{
    memset(in_order, 0, sizeof *in_order);
    in_order->handler = *handler;
    in_order->user = user;
    in_order->everything_through_nids = options->everything_through_nids;
    in_order->max_waiting = options->max_waiting_octets;
    in_order->reassembly = reassembly_new(options->max_repairs, on_delivery);
    return in_order->reassembly == NULL ? -1 : 0;
}

void in_order_start_at(struct in_order *in_order, struct connection *connection, enum stream_side from,
                       uint32_t number, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];
    struct reorder_buffer *reorder_buffer = connection->reorder_buffer;
    enum stream_side other = side_across(from);
    int32_t ahead = sequence_distance(direction->expected, number);

    if (ahead != 0 && reorder_buffer != NULL && reorder_buffer->pair != NULL) {
        if (ahead > 0 && ahead < MAX_AHEAD) {
            reassembly_step(reorder_buffer->pair, from, (uint32_t)ahead);
        } else {
            while (gap_waiting(connection, other) > 0)
                step_over(in_order, connection, other, gap_waiting(connection, other), mark);
            reassembly_close(reorder_buffer->pair);
            reorder_buffer->pair = NULL;
        }
    }
    if (ahead != 0)
        overlaps_gap(connection, from);
    direction->expected = direction->highest = number;
}

static void take_acknowledgment(struct in_order *in_order, struct connection *connection,
                                enum stream_side from, const struct segment *segment,
                                const struct imap_mark *mark)
{
    struct direction *sender = &connection->directions[from];
    struct direction *other = &connection->directions[side_across(from)];

    if (!(segment->flags & SEGMENT_ACK))
        return;
    if (!other->known) {
        in_order_start_at(in_order, connection, side_across(from), segment->acknowledgment, mark);
        other->known = true;
        /* the first acknowledgment of a client that has sent nothing yet names the other side's start */
        other->from_start =
            sender->from_start && !sender->reported && segment->length == 0 && from == STREAM_CLIENT;
        other->start = segment->acknowledgment;
    }
    if (!other->acked_known || sequence_distance(other->acked, segment->acknowledgment) > 0) {
        other->acked = segment->acknowledgment;
        other->acked_known = true;
    }
}

/* The first segment of a direction that was known only from the other side's acknowledgments. */
static void meet(struct in_order *in_order, struct connection *connection, enum stream_side from,
                 uint32_t sequence, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];

    direction->seen = true;
    if (!direction->known || (!direction->from_start && !direction->reported)) {
        in_order_start_at(in_order, connection, from, sequence, mark);
        direction->known = true;
    } else if (direction->from_start && sequence_distance(direction->expected, sequence) > 0) {
        /* until now it had not been captured at all: that is no hole, but a start in the middle; still, what
         * the other side acknowledged of it was sent */
        uint32_t missing = sequence - direction->expected;

        if (direction->acked_known && sequence_distance(sequence, direction->acked) >= 0 &&
            missing <= MAX_ACKED_GAP) {
            connection->lost_octets += missing;
            in_order->lost += missing;
        }
        in_order_start_at(in_order, connection, from, sequence, mark);
        direction->from_start = false;
    }
}

void in_order_take(struct in_order *in_order, struct connection *connection, enum stream_side from,
                   uint32_t sequence, const struct segment *segment)
{
    struct direction *direction = &connection->directions[from];
    struct imap_mark mark = {segment->time_ns, segment->frame, segment->capture};
    const struct segment *taken = segment;
    struct segment cut;
    uint32_t end;

    if (!direction->seen)
        meet(in_order, connection, from, sequence, &mark);
    if (direction->fin_seen && sequence_distance(direction->fin, sequence + segment->length) > 0) {
        int32_t before_fin = sequence_distance(sequence, direction->fin);

        cut = *segment;
        taken = &cut;
        cut.length = before_fin > 0 ? (uint32_t)before_fin : 0;
        if (cut.captured > cut.length)
            cut.captured = cut.length;
    }
    end = sequence + taken->length;
    if (sequence_distance(direction->highest, end) > 0)
        direction->highest = end;
    take_acknowledgment(in_order, connection, from, segment, &mark);
    if (!connection->wanted) {
        /* octets alone count: an acknowledgment may follow a FIN that comes later */
        if (taken->length > 0 && sequence_distance(direction->expected, end) > 0)
            direction->expected = end;
        return;
    }
    if (taken->length > 0) {
        bool early =
            (segment->flags & SEGMENT_ACK) && must_be_held(connection, from, segment->acknowledgment);

        overlaps_count(&in_order->overlaps, connection, from, sequence, taken);
        if (!early || !reorder_buffer_hold(in_order, connection, from, sequence, taken, &mark)) {
            while (early && release_one(in_order, connection, true))
                ; /* no room to wait in */
            place(in_order, connection, from, sequence, taken->payload, taken->captured, taken->length,
                  &mark);
        }
    }
    if (connection->reorder_buffer != NULL) {
        connection->reorder_buffer->mark = mark;
        reorder_buffer_touch(connection->reorder_buffer);
    }
    if (connection->wanted &&
        (connection->reorder_buffer != NULL || is_behind(&connection->directions[STREAM_CLIENT]) ||
         is_behind(&connection->directions[STREAM_SERVER])))
        judge_holes(in_order, connection, &mark, true);
    if (connection->reorder_buffer != NULL || !connection->wanted)
        settle(in_order, connection);
}

void in_order_tick(struct in_order *in_order, int64_t now_ns)
{
    struct reorder_buffer *next;

    for (struct reorder_buffer *reorder_buffer = in_order->oldest; reorder_buffer != NULL;
         reorder_buffer = next) {
        struct connection *connection = reorder_buffer->connection;
        struct imap_mark mark = reorder_buffer->mark;

        next = reorder_buffer->newer;
        mark.time_ns = now_ns;
        judge_holes(in_order, connection, &mark, false);
        settle(in_order, connection);
    }
}

void in_order_flush(struct in_order *in_order, struct connection *connection)
{
    struct imap_mark mark = {connection->last_ns, 0, connection->capture};
    bool moved = connection->reorder_buffer != NULL || gap_acked(connection, STREAM_CLIENT) > 0 ||
                 gap_acked(connection, STREAM_SERVER) > 0; /* else nothing waits */

    if (connection->reorder_buffer != NULL)
        mark = connection->reorder_buffer->mark;
    while (moved && connection->wanted) {
        moved = false;
        for (int side = 0; side < 2; side++) {
            enum stream_side from = (enum stream_side)side;
            uint32_t gap = gap_acked(connection, from);

            if (gap == 0)
                gap = gap_missing(connection, from);
            if (gap > 0) {
                step_over(in_order, connection, from, gap, &mark);
                moved = true;
            }
        }
        if (release_one(in_order, connection, false) || (!moved && release_one(in_order, connection, true)))
            moved = true;
    }
    in_order_forget(in_order, connection);
}

void in_order_stop(struct in_order *in_order)
{
    overlaps_stop(&in_order->overlaps);
    reassembly_free(in_order->reassembly);
    in_order->reassembly = NULL;
}
