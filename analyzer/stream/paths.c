/*
 * The VLANs and tunnels that one connection was captured in.
 */
#include "analyzer/stream/paths.h"

#include "analyzer/stream/overlaps.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of one connection are this near to each other, by chance two in four thousand are. */
#define NEAR_OCTETS (1 << 20)
/* What belongs together was captured within this time. */
#define TOGETHER_NS INT64_C(60000000000)
/* Hints stand in buckets: a bucket is a line of the processor's cache. */
#define BUCKETS     16384
#define BUCKET_SIZE 4

static bool is_near(uint32_t a, uint32_t b)
{
    int32_t distance = (int32_t)(a - b);

    return distance <= NEAR_OCTETS && distance >= -NEAR_OCTETS;
}

/* The number that a direction is at, by its own segments or else by the other side's. */
static uint32_t number_of(const struct direction *direction)
{
    if (!direction->seen && direction->acked_known)
        return direction->acked;
    return direction->highest;
}

/* A SYN fits by its number, or, when its side was not seen yet, by the number that it acknowledges. */
static bool syn_fits(const struct direction *own, const struct direction *other,
                     const struct segment *segment)
{
    uint32_t first = segment->sequence + 1;
    bool answers = (segment->flags & SEGMENT_ACK) && other->from_start &&
                   (segment->acknowledgment == other->start || segment->acknowledgment + 1 == other->start);

    if (own->known && own->from_start)
        return first == own->start && (!(segment->flags & SEGMENT_ACK) || answers);
    return answers && (!own->known || is_near(first, own->start));
}

bool path_fits(const struct connection *connection, enum stream_side from, const struct segment *segment)
{
    const struct direction *own = &connection->directions[from];
    const struct direction *other = &connection->directions[side_across(from)];
    int64_t apart = segment->time_ns - connection->last_ns;

    if (connection->closed || connection->apart || apart > TOGETHER_NS || apart < -TOGETHER_NS)
        return false;
    /* of a direction that was followed to the end of its interest nothing is left to compare with */
    if (own->seen && !connection->wanted)
        return false;
    if (segment->flags & SEGMENT_SYN)
        return syn_fits(own, other, segment);
    if (!(segment->flags & SEGMENT_ACK))
        return false;
    if (!own->known)
        return other->known && segment->acknowledgment == number_of(other);
    if (!other->known)
        return segment->sequence == own->highest;
    /* where both beginnings were captured, another path was entered by its SYN: what follows fits to the
     * octet, or belongs to somebody whose SYN comes late; one host's numbers of two connections can be near
     */
    if (own->from_start && other->from_start)
        return (segment->sequence == number_of(own) ||
                segment->sequence + segment->length == number_of(own)) &&
               segment->acknowledgment == number_of(other);
    return is_near(segment->sequence, number_of(own)) && is_near(segment->acknowledgment, number_of(other));
}

/* The bucket of these addresses and ports. */
static struct path_hint *bucket_of(const struct path_memory *memory, const struct connection_index *index,
                                   const struct connection_key *key, uint32_t *ends)
{
    struct connection_key alone = *key;

    alone.vlan = 0;
    alone.tunnel = 0;
    *ends = connection_index_hash(index, &alone);
    return memory->hints + (size_t)(*ends % BUCKETS) * BUCKET_SIZE;
}

static bool is_first_path(const struct path_memory *memory, const struct connection_key *key)
{
    return key->vlan == memory->vlan && key->tunnel == memory->tunnel;
}

static __attribute__((noinline)) void
note_hint(struct path_memory *memory, const struct connection_index *index, const struct connection_key *key)
{
    struct path_hint *bucket;
    unsigned at = 0;
    uint32_t ends;

    memory->several = true;
    if (memory->hints == NULL)
        memory->hints = calloc((size_t)BUCKETS * BUCKET_SIZE, sizeof *memory->hints);
    if (memory->hints == NULL)
        return;
    bucket = bucket_of(memory, index, key, &ends);
    /* the newest comes first; the same one stands there once */
    while (at < BUCKET_SIZE - 1 &&
           (bucket[at].ends != ends || bucket[at].vlan != key->vlan || bucket[at].tunnel != key->tunnel))
        at++;
    memmove(bucket + 1, bucket, at * sizeof *bucket);
    bucket[0] = (struct path_hint){ends, key->vlan, key->tunnel};
}

void paths_note(struct path_memory *memory, const struct connection_index *index,
                const struct connection_key *key)
{
    if (!memory->any) {
        memory->any = true;
        memory->vlan = key->vlan;
        memory->tunnel = key->tunnel;
    } else if (!is_first_path(memory, key)) {
        note_hint(memory, index, key);
    }
}

unsigned paths_to_try(const struct path_memory *memory, const struct connection_index *index,
                      const struct connection_key *key, struct connection_key keys[PATHS_TRIED])
{
    const struct path_hint *bucket;
    unsigned count = 0;
    uint32_t ends;

    if (!memory->any)
        return 0;
    if (!is_first_path(memory, key)) {
        keys[count] = *key;
        keys[count].vlan = memory->vlan;
        keys[count++].tunnel = memory->tunnel;
    }
    if (memory->hints == NULL)
        return count;
    bucket = bucket_of(memory, index, key, &ends);
    for (unsigned i = 0; i < BUCKET_SIZE; i++) {
        if (bucket[i].ends != ends || (bucket[i].vlan == key->vlan && bucket[i].tunnel == key->tunnel))
            continue;
        keys[count] = *key;
        keys[count].vlan = bucket[i].vlan;
        keys[count++].tunnel = bucket[i].tunnel;
    }
    return count;
}

/* Gives the connection a list of paths, with its own in it. */
static bool begin_list(struct path_memory *memory, struct connection *connection)
{
    struct paths *paths;

    if (memory->connections >= PATHS_MAX_CONNECTIONS)
        return false;
    paths = calloc(1, sizeof *paths);
    if (paths == NULL)
        return false;
    paths->path[0] = (struct path){connection->key.vlan, connection->key.tunnel, connection->hash,
                                   connection->tunnel_text};
    paths->count = 1;
    for (int side = 0; side < 2; side++)
        paths->begun[side] = connection->directions[side].seen;
    connection->paths = paths;
    memory->connections++;
    return true;
}

bool paths_add(struct path_memory *memory, struct connection_index *index, struct connection *connection,
               const struct segment *segment, uint32_t hash)
{
    struct paths *paths = connection->paths;
    char *text = NULL;

    if ((paths != NULL && paths->count == PATHS_OF_ONE) || !connection_index_has_room(index))
        return false;
    if (segment->tunnel_text[0] != '\0') {
        text = strdup(segment->tunnel_text);
        if (text == NULL)
            return false;
    }
    if (paths == NULL && !begin_list(memory, connection)) {
        free(text);
        return false;
    }
    paths = connection->paths;
    paths->path[paths->count++] = (struct path){segment->vlan, segment->tunnel, hash, text};
    connection_index_put_path(index, connection, hash);
    return true;
}

unsigned paths_number(const struct connection *connection, const struct segment *segment)
{
    const struct paths *paths = connection->paths;
    unsigned number = 0;

    while (number + 1U < paths->count &&
           (paths->path[number].vlan != segment->vlan || paths->path[number].tunnel != segment->tunnel))
        number++;
    return number;
}

bool paths_differ(const struct connection *connection, enum stream_side from, const struct segment *segment)
{
    const struct direction *own = &connection->directions[from];

    /* one client behind both can give two connections the same number in the same moment; the servers differ
     */
    if ((segment->flags & (SEGMENT_SYN | SEGMENT_ACK)) == (SEGMENT_SYN | SEGMENT_ACK))
        return own->known && own->from_start && segment->sequence + 1 != own->start &&
               connection->paths->begun[from] &&
               paths_number(connection, segment) != connection->paths->first[from];
    return segment->captured > 0 && !(segment->flags & SEGMENT_SYN) &&
           paths_number(connection, segment) != connection->paths->leading[from] &&
           overlaps_compare(connection, from, segment->sequence, segment) > 0;
}

bool paths_is_copy(struct connection *connection, enum stream_side from, const struct segment *segment)
{
    struct paths *paths = connection->paths;
    unsigned number = paths_number(connection, segment);
    uint32_t end = segment->sequence + ((segment->flags & SEGMENT_SYN) != 0) + segment->length;

    if (!paths->begun[from]) {
        paths->begun[from] = true;
        paths->first[from] = paths->leading[from] = (uint8_t)number;
    }
    if (segment->length == 0 || number == paths->leading[from])
        return false;
    if ((int32_t)(end - connection->directions[from].expected) > 0) {
        paths->leading[from] = (uint8_t)number;
        return false;
    }
    paths->copies++;
    return true;
}

/* A path's number, after the one with the number `gone` went. */
static uint8_t renumbered(uint8_t number, unsigned gone)
{
    if (number == gone)
        return 0;
    return (uint8_t)(number - (number > gone));
}

void paths_drop(struct connection_index *index, struct connection *connection, unsigned number)
{
    struct paths *paths = connection->paths;

    connection_index_remove_path(index, connection, paths->path[number].hash);
    free(paths->path[number].tunnel_text);
    paths->count--;
    memmove(paths->path + number, paths->path + number + 1, (paths->count - number) * sizeof paths->path[0]);
    for (int side = 0; side < 2; side++) {
        paths->first[side] = renumbered(paths->first[side], number);
        paths->leading[side] = renumbered(paths->leading[side], number);
    }
    connection->key.vlan = paths->path[0].vlan;
    connection->key.tunnel = paths->path[0].tunnel;
    connection->hash = paths->path[0].hash;
    connection->tunnel_text = paths->path[0].tunnel_text;
}

void paths_forget(struct path_memory *memory, struct connection_index *index, struct connection *connection)
{
    while (connection->paths->count > 1)
        paths_drop(index, connection, connection->paths->count - 1U);
    free(connection->paths);
    connection->paths = NULL;
    memory->connections--;
}

void paths_stop(struct path_memory *memory)
{
    free(memory->hints);
    memory->hints = NULL;
}
