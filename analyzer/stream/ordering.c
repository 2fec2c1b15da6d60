/*
 * The way of the payload. A segment passes two gates. Causality: when its sender had acknowledged octets of
 * the other side that have not been delivered yet, it is held until they are, because a span port may show an
 * answer before the question. Order: when octets before it are missing it goes to libnids, and so does
 * everything after it until nothing waits. A hole becomes a loss when the other side acknowledged it and a
 * few segments or a moment have passed, when what is behind it has waited long, when memory runs short, or at
 * the end.
 */
#include "analyzer/stream/ordering.h"

#include "analyzer/stream/holes.h"
#include "analyzer/stream/repair.h"

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

/* --- telling the handler --- */

static void tell_connection(struct ordering *ordering, struct connection *connection)
{
    if (!connection->payload)
        ordering->opened++;
    connection->payload = true;
}

static void tell_lost(struct ordering *ordering, struct connection *connection, enum stream_side from,
                      uint32_t length, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];

    if (length > 0)
        repeats_gap(connection, from);
    direction->expected += length;
    connection->lost_octets += length;
    ordering->lost += length;
    tell_connection(ordering, connection);
    if (connection->wanted && !ordering->handler.lost(ordering->user, connection, from, length, mark))
        connection->wanted = false;
}

static void tell_start(struct ordering *ordering, struct connection *connection, enum stream_side from,
                       const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];

    if (direction->told)
        return;
    direction->told = true;
    if (!direction->from_start)
        tell_lost(ordering, connection, from, 0, mark);
}

static void tell_octets(struct ordering *ordering, struct connection *connection, enum stream_side from,
                        const uint8_t *octets, size_t length, const struct imap_mark *mark)
{
    tell_start(ordering, connection, from, mark);
    connection->directions[from].expected += (uint32_t)length;
    if (connection->wanted)
        repeats_keep(&ordering->repeats, connection, from, octets, length);
    tell_connection(ordering, connection);
    if (connection->wanted &&
        !ordering->handler.octets(ordering->user, connection, from, octets, length, mark))
        connection->wanted = false;
}

static void on_delivery(void *owner, enum stream_side from, const uint8_t *octets, size_t length)
{
    struct repair *repair = owner;
    struct imap_mark mark = *repair_next_mark(repair, from);

    tell_octets(repair->ordering, repair->connection, from, octets, length, &mark);
}

/* Opens libnids's stream for the connection, from where both directions stand. */
static bool need_pair(struct repair *repair)
{
    const struct direction *directions = repair->connection->directions;
    struct ordering *ordering = repair->ordering;

    if (repair->pair == NULL)
        repair->pair = reassembly_open(ordering->reassembly, repair, directions[STREAM_CLIENT].expected,
                                       directions[STREAM_SERVER].expected);
    return repair->pair != NULL;
}

/* --- holes --- */

static void step_over(struct ordering *ordering, struct connection *connection, enum stream_side from,
                      uint32_t length, const struct imap_mark *mark)
{
    struct repair *repair = connection->repair;

    tell_start(ordering, connection, from, mark);
    tell_lost(ordering, connection, from, length, mark);
    if (repair != NULL && repair->pair != NULL) {
        repair->mark = *mark;
        reassembly_step(repair->pair, from, length);
        repair_trim(repair, from);
    }
}

/* Steps over the holes that have become losses. */
static void judge_holes(struct ordering *ordering, struct connection *connection,
                        const struct imap_mark *mark, bool is_segment)
{
    for (int side = 0; side < 2; side++) {
        enum stream_side from = (enum stream_side)side;
        uint32_t acked = hole_acked(connection, from);
        uint32_t waiting = hole_missing(connection, from);
        struct repair *repair = connection->repair;
        struct hole *hole;
        int64_t age;

        if (acked == 0 && waiting == 0) {
            if (repair != NULL)
                repair->holes[from].open = false;
            continue;
        }
        repair = repair_of(ordering, connection);
        if (repair == NULL) {
            step_over(ordering, connection, from, acked, mark);
            continue;
        }
        hole = &repair->holes[from];
        if (!hole->open || hole->at != connection->directions[from].expected ||
            mark->time_ns < hole->since_ns)
            *hole = (struct hole){true, connection->directions[from].expected, 0, mark->time_ns};
        else if (is_segment)
            hole->segments++;
        age = mark->time_ns - hole->since_ns;
        if (acked > 0 && (hole->segments >= ACKED_HOLE_SEGMENTS || age >= ACKED_HOLE_NS))
            step_over(ordering, connection, from, acked, mark);
        else if (waiting > 0 && age >= OPEN_HOLE_NS)
            step_over(ordering, connection, from, waiting, mark);
    }
}

/* Octets were acknowledged that have not been told: where nothing waits, only then there can be a hole. */
static bool is_behind(const struct direction *direction)
{
    return direction->acked_known && sequence_distance(direction->expected, direction->acked) > 0;
}

/* --- placing segments --- */

/* True when the direction cannot queue a further segment; then its first hole is stepped over. */
static bool is_crowded(const struct repair *repair, enum stream_side from, uint32_t length)
{
    const struct ordering *ordering = repair->ordering;

    return repair->queued[from] > 0 &&
           (repair->queued[from] >= MAX_QUEUED || !reassembly_has_room(repair->pair, from, length) ||
            ordering->waiting + length > ordering->max_waiting);
}

static void place_through_nids(struct ordering *ordering, struct connection *connection,
                               enum stream_side from, uint32_t sequence, const uint8_t *octets,
                               uint32_t captured, uint32_t length, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];
    struct repair *repair = repair_of(ordering, connection);
    int32_t ahead;

    if (repair == NULL || !need_pair(repair)) {
        /* no memory or no pair to be had: what is missing will not be waited for */
        ahead = sequence_distance(direction->expected, sequence);
        if (ahead > 0)
            step_over(ordering, connection, from, (uint32_t)ahead, mark);
        if (captured > 0)
            tell_octets(ordering, connection, from, octets, captured, mark);
        if (captured < length)
            step_over(ordering, connection, from, length - captured, mark);
        return;
    }
    repair->mark = *mark;
    while (sequence_distance(direction->expected, sequence) > 0 && is_crowded(repair, from, captured))
        step_over(ordering, connection, from, hole_waiting(connection, from), mark);
    repair->mark = *mark;
    ahead = sequence_distance(direction->expected, sequence);
    if (ahead > 0 && captured > 0 && !repair_queue(repair, from, sequence, octets, captured))
        return;
    reassembly_feed(repair->pair, from, sequence, octets, captured);
    if (ahead > 0)
        return;
    repair_trim(repair, from);
    /* what the snapshot length cut off will not come, unless it waits already */
    if (captured < length && sequence_distance(direction->expected, sequence + length) > 0) {
        uint32_t missing = sequence + length - direction->expected;
        uint32_t hole = hole_waiting(connection, from);

        if (hole == 0 || missing < hole)
            hole = missing;
        step_over(ordering, connection, from, hole, mark);
    }
}

static void place(struct ordering *ordering, struct connection *connection, enum stream_side from,
                  uint32_t sequence, const uint8_t *octets, uint32_t captured, uint32_t length,
                  const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];
    int32_t ahead;

    ahead = sequence_distance(direction->expected, sequence);
    if (ahead > MAX_AHEAD || ahead < -MAX_AHEAD) {
        /* another stretch of the connection altogether */
        while (hole_waiting(connection, from) > 0)
            step_over(ordering, connection, from, hole_waiting(connection, from), mark);
        repair_forget(connection);
        repeats_gap(connection, from);
        direction->expected = sequence;
        direction->from_start = false;
        direction->told = false;
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
    if (ahead > 0 || (connection->repair != NULL && connection->repair->pair != NULL) ||
        ordering->everything_through_nids) {
        place_through_nids(ordering, connection, from, sequence, octets, captured, length, mark);
        return;
    }
    if (captured > 0)
        tell_octets(ordering, connection, from, octets, captured, mark);
    if (captured < length)
        step_over(ordering, connection, from, length - captured, mark);
}

/* --- the causality gate --- */

static bool must_be_held(const struct connection *connection, enum stream_side from, uint32_t acknowledgment)
{
    const struct direction *other = &connection->directions[side_across(from)];
    int32_t ahead = sequence_distance(other->expected, acknowledgment);

    if (!other->known || !other->seen || ahead <= 0 || ahead > MAX_ACKED_HOLE)
        return false;
    if (other->fin_seen && other->expected == other->fin)
        return false; /* the FIN alone is ahead */
    return true;
}

/* Takes the first held segment that may pass (or, forced, the first of all) and places it. */
static bool release_one(struct ordering *ordering, struct connection *connection, bool forced)
{
    struct repair *repair = connection->repair;

    if (repair == NULL)
        return false;
    for (struct held **at = &repair->held; *at != NULL; at = &(*at)->next) {
        struct held *held = *at;

        if (!forced && must_be_held(connection, held->from, held->acknowledgment))
            continue;
        *at = held->next;
        if (repair->held_end == &held->next)
            repair->held_end = at;
        repair->held_count--;
        repair_account(repair, 0, held->captured);
        place(ordering, connection, held->from, held->sequence, held->octets, held->captured, held->length,
              &held->mark);
        explicit_bzero(held->octets, held->captured);
        free(held);
        return true;
    }
    return false;
}

void ordering_forget(struct ordering *ordering, struct connection *connection)
{
    repeats_forget(&ordering->repeats, connection);
    repair_forget(connection);
}

/* Lets pass what may, and gives back what is not needed any more. */
static void settle(struct ordering *ordering, struct connection *connection)
{
    struct repair *repair;

    while (connection->wanted && release_one(ordering, connection, false))
        ;
    if (!connection->wanted) {
        ordering_forget(ordering, connection);
        return;
    }
    repair = connection->repair;
    if (repair == NULL)
        return;
    if (repair->pair != NULL && !ordering->everything_through_nids &&
        reassembly_is_empty(repair->pair, STREAM_CLIENT) &&
        reassembly_is_empty(repair->pair, STREAM_SERVER)) {
        reassembly_close(repair->pair);
        repair->pair = NULL;
    }
    if (repair->pair == NULL && repair->held == NULL && !repair->holes[STREAM_CLIENT].open &&
        !repair->holes[STREAM_SERVER].open)
        repair_forget(connection);
}

/* --- what the table calls --- */

int ordering_start(struct ordering *ordering, const struct connection_table_options *options,
                   const struct connection_handler *handler, void *user)
{
    memset(ordering, 0, sizeof *ordering);
    ordering->handler = *handler;
    ordering->user = user;
    ordering->everything_through_nids = options->everything_through_nids;
    ordering->max_waiting = options->max_waiting_octets;
    ordering->reassembly = reassembly_new(options->max_repairs, on_delivery);
    return ordering->reassembly == NULL ? -1 : 0;
}

void ordering_start_at(struct ordering *ordering, struct connection *connection, enum stream_side from,
                       uint32_t number, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];
    struct repair *repair = connection->repair;
    enum stream_side other = side_across(from);
    int32_t ahead = sequence_distance(direction->expected, number);

    if (ahead != 0 && repair != NULL && repair->pair != NULL) {
        if (ahead > 0 && ahead < MAX_AHEAD) {
            reassembly_step(repair->pair, from, (uint32_t)ahead);
        } else {
            while (hole_waiting(connection, other) > 0)
                step_over(ordering, connection, other, hole_waiting(connection, other), mark);
            reassembly_close(repair->pair);
            repair->pair = NULL;
        }
    }
    if (ahead != 0)
        repeats_gap(connection, from);
    direction->expected = direction->highest = number;
}

static void take_acknowledgment(struct ordering *ordering, struct connection *connection,
                                enum stream_side from, const struct segment *segment,
                                const struct imap_mark *mark)
{
    struct direction *sender = &connection->directions[from];
    struct direction *other = &connection->directions[side_across(from)];

    if (!(segment->flags & SEGMENT_ACK))
        return;
    if (!other->known) {
        ordering_start_at(ordering, connection, side_across(from), segment->acknowledgment, mark);
        other->known = true;
        /* the first acknowledgment of a client that has sent nothing yet names the other side's start */
        other->from_start =
            sender->from_start && !sender->told && segment->length == 0 && from == STREAM_CLIENT;
        other->start = segment->acknowledgment;
    }
    if (!other->acked_known || sequence_distance(other->acked, segment->acknowledgment) > 0) {
        other->acked = segment->acknowledgment;
        other->acked_known = true;
    }
}

/* The first segment of a direction that was known only from the other side's acknowledgments. */
static void meet(struct ordering *ordering, struct connection *connection, enum stream_side from,
                 uint32_t sequence, const struct imap_mark *mark)
{
    struct direction *direction = &connection->directions[from];

    direction->seen = true;
    if (!direction->known || (!direction->from_start && !direction->told)) {
        ordering_start_at(ordering, connection, from, sequence, mark);
        direction->known = true;
    } else if (direction->from_start && sequence_distance(direction->expected, sequence) > 0) {
        /* until now it had not been captured at all: that is no hole, but a start in the middle */
        ordering_start_at(ordering, connection, from, sequence, mark);
        direction->from_start = false;
    }
}

void ordering_take(struct ordering *ordering, struct connection *connection, enum stream_side from,
                   uint32_t sequence, const struct segment *segment)
{
    struct direction *direction = &connection->directions[from];
    struct imap_mark mark = {segment->time_ns, segment->frame, segment->capture};
    const struct segment *taken = segment;
    struct segment cut;
    uint32_t end;

    if (!direction->seen)
        meet(ordering, connection, from, sequence, &mark);
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
    take_acknowledgment(ordering, connection, from, segment, &mark);
    if (!connection->wanted) {
        /* octets alone count: an acknowledgment may stand behind a FIN that comes later */
        if (taken->length > 0 && sequence_distance(direction->expected, end) > 0)
            direction->expected = end;
        return;
    }
    if (taken->length > 0) {
        bool early =
            (segment->flags & SEGMENT_ACK) && must_be_held(connection, from, segment->acknowledgment);

        repeats_count(&ordering->repeats, connection, from, sequence, taken);
        if (!early || !repair_hold(ordering, connection, from, sequence, taken, &mark)) {
            while (early && release_one(ordering, connection, true))
                ; /* no room to wait in */
            place(ordering, connection, from, sequence, taken->payload, taken->captured, taken->length,
                  &mark);
        }
    }
    if (connection->repair != NULL) {
        connection->repair->mark = mark;
        repair_touch(connection->repair);
    }
    if (connection->wanted &&
        (connection->repair != NULL || is_behind(&connection->directions[STREAM_CLIENT]) ||
         is_behind(&connection->directions[STREAM_SERVER])))
        judge_holes(ordering, connection, &mark, true);
    if (connection->repair != NULL || !connection->wanted)
        settle(ordering, connection);
}

void ordering_tick(struct ordering *ordering, int64_t now_ns)
{
    struct repair *next;

    for (struct repair *repair = ordering->oldest; repair != NULL; repair = next) {
        struct connection *connection = repair->connection;
        struct imap_mark mark = repair->mark;

        next = repair->newer;
        mark.time_ns = now_ns;
        judge_holes(ordering, connection, &mark, false);
        settle(ordering, connection);
    }
}

void ordering_flush(struct ordering *ordering, struct connection *connection)
{
    struct imap_mark mark = {connection->last_ns, 0, connection->capture};
    bool moved = connection->repair != NULL || hole_acked(connection, STREAM_CLIENT) > 0 ||
                 hole_acked(connection, STREAM_SERVER) > 0; /* else nothing waits */

    if (connection->repair != NULL)
        mark = connection->repair->mark;
    while (moved && connection->wanted) {
        moved = false;
        for (int side = 0; side < 2; side++) {
            enum stream_side from = (enum stream_side)side;
            uint32_t hole = hole_acked(connection, from);

            if (hole == 0)
                hole = hole_missing(connection, from);
            if (hole > 0) {
                step_over(ordering, connection, from, hole, &mark);
                moved = true;
            }
        }
        if (release_one(ordering, connection, false) || (!moved && release_one(ordering, connection, true)))
            moved = true;
    }
    ordering_forget(ordering, connection);
}

void ordering_stop(struct ordering *ordering)
{
    repeats_stop(&ordering->repeats);
    reassembly_free(ordering->reassembly);
    ordering->reassembly = NULL;
}
