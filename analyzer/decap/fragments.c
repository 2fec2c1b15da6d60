/*
 * IP fragments become datagrams again. Which octets of a datagram are there is kept as a bit for each 8 of
 * them: fragments begin at multiples of 8, and only the last one may end elsewhere.
 */
#include "analyzer/decap/fragments.h"

#include "analyzer/decap/siphash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS    1024
#define MAX_LENGTH 65535U
#define UNIT       8U
/* Fragments of a complete datagram that come again this soon are copies of the same frames (a port mirrored
 * both ways). */
#define COPY_NS INT64_C(100000000)

/* Octets with their list link in front, so that they can outlive their entry. */
struct buffer {
    struct buffer *next;
    uint8_t octets[];
};

struct key {
    uint64_t words[7];
};

struct entry {
    struct entry *next;          /* in the same bucket */
    struct entry *older, *newer; /* by creation */
    struct key key;
    int64_t time_ns;       /* of the first fragment; once complete, of the last */
    struct buffer *buffer; /* NULL: complete */
    uint64_t *seen;        /* a bit for each unit */
    uint32_t room;         /* octets that `buffer` holds, a multiple of 64 units */
    uint32_t length;       /* 0: not known yet */
    uint32_t end;          /* the furthest octet seen, plus 1 */
    uint32_t units;        /* seen */
    uint32_t captured;     /* the first octet cut off; UINT32_MAX: none */
    uint8_t protocol;
};

struct fragments {
    uint64_t secret[2];
    struct entry *buckets[BUCKETS];
    struct entry *oldest, *newest;
    uint32_t count;
    uint64_t octets;
    struct fragments_counts counts; /* of those given up */
    struct buffer *released;        /* handed out until the next release */
};

struct fragments *fragments_new(void)
{
    struct fragments *fragments = calloc(1, sizeof *fragments);

    if (fragments != NULL &&
        getrandom(fragments->secret, sizeof fragments->secret, 0) != sizeof fragments->secret) {
        free(fragments);
        return NULL;
    }
    return fragments;
}

static void make_key(const struct fragment *fragment, struct key *key)
{
    size_t address = fragment->ipv6 ? 16 : 4;
    /* in IPv6 only the first fragment names the protocol */
    uint64_t protocol = fragment->ipv6 ? 256 : fragment->protocol;

    memset(key, 0, sizeof *key);
    memcpy(&key->words[0], fragment->source, address);
    memcpy(&key->words[2], fragment->destination, address);
    key->words[4] = (uint64_t)fragment->identification << 32 | protocol;
    key->words[5] = fragment->vlan;
    key->words[6] = fragment->tunnel;
}

static struct entry **bucket_of(struct fragments *fragments, const struct key *key)
{
    return &fragments->buckets[siphash(fragments->secret, key->words, 7) % BUCKETS];
}

/* Octets of heap of an entry with room for so many octets. */
static uint64_t heap_of(uint32_t room)
{
    return sizeof(struct entry) + (room == 0 ? 0 : sizeof(struct buffer) + room + room / UNIT / 8);
}

static void free_entry(struct entry *entry)
{
    free(entry->buffer);
    free(entry->seen);
    free(entry);
}

static void remove_entry(struct fragments *fragments, struct entry *entry)
{
    struct entry **link = bucket_of(fragments, &entry->key);

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        fragments->oldest = entry->newer;
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        fragments->newest = entry->older;
    fragments->count--;
    fragments->counts.incomplete += entry->buffer != NULL;
    fragments->octets -= heap_of(entry->room);
    free_entry(entry);
}

static bool is_apart(int64_t a, int64_t b, int64_t limit)
{
    return (a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a) > (uint64_t)limit;
}

static struct entry *find(struct fragments *fragments, const struct key *key, int64_t time_ns)
{
    for (struct entry *entry = *bucket_of(fragments, key); entry != NULL; entry = entry->next) {
        if (memcmp(&entry->key, key, sizeof *key) != 0)
            continue;
        if (!is_apart(entry->time_ns, time_ns, entry->buffer == NULL ? COPY_NS : FRAGMENTS_MAX_AGE_NS))
            return entry;
        remove_entry(fragments, entry); /* the identification is in use again */
        break;
    }
    return NULL;
}

/* True when the oldest datagram must go: it is too old, or one more might be too much. */
static bool is_due(const struct fragments *fragments, const struct entry *oldest, int64_t time_ns)
{
    return fragments->count >= FRAGMENTS_MAX_DATAGRAMS ||
           fragments->octets > FRAGMENTS_MAX_OCTETS - 2 * MAX_LENGTH ||
           is_apart(oldest->time_ns, time_ns, FRAGMENTS_MAX_AGE_NS);
}

static void make_room(struct fragments *fragments, int64_t time_ns)
{
    struct entry *newer;

    for (struct entry *entry = fragments->oldest; entry != NULL && is_due(fragments, entry, time_ns);
         entry = newer) {
        newer = entry->newer;
        remove_entry(fragments, entry);
    }
}

static struct entry *add_entry(struct fragments *fragments, const struct key *key, int64_t time_ns)
{
    struct entry *entry = calloc(1, sizeof *entry);
    struct entry **bucket = bucket_of(fragments, key);

    if (entry == NULL)
        return NULL;
    entry->key = *key;
    entry->time_ns = time_ns;
    entry->captured = UINT32_MAX;
    entry->next = *bucket;
    *bucket = entry;
    entry->older = fragments->newest;
    if (fragments->newest != NULL)
        fragments->newest->newer = entry;
    else
        fragments->oldest = entry;
    fragments->newest = entry;
    fragments->count++;
    fragments->octets += heap_of(0);
    return entry;
}

/* Makes the entry hold `end` octets. */
static bool grow(struct fragments *fragments, struct entry *entry, uint32_t end)
{
    uint32_t room = entry->room == 0 ? 2048 : entry->room;
    struct buffer *buffer;
    uint64_t *seen;

    while (room < end)
        room *= 2;
    if (room == entry->room)
        return true;
    buffer = realloc(entry->buffer, sizeof *buffer + room);
    if (buffer == NULL)
        return false;
    entry->buffer = buffer;
    seen = realloc(entry->seen, room / UNIT / 8);
    if (seen == NULL)
        return false;
    memset((uint8_t *)seen + entry->room / UNIT / 8, 0, (room - entry->room) / UNIT / 8);
    entry->seen = seen;
    fragments->octets += heap_of(room) - heap_of(entry->room);
    entry->room = room;
    return true;
}

static bool is_seen(const struct entry *entry, uint32_t unit)
{
    return entry->seen[unit / 64] >> unit % 64 & 1;
}

/* How many octets of a unit seen before are others than its own. */
static uint32_t count_differing(const struct entry *entry, const struct fragment *fragment, uint32_t from)
{
    uint32_t differing = 0;

    for (uint32_t i = from; i < from + UNIT && i < fragment->captured; i++)
        differing += fragment->offset + i < entry->captured &&
                     entry->buffer->octets[fragment->offset + i] != fragment->octets[i];
    return differing;
}

/* Copies those octets that were not seen before. Returns true when none of them was. */
static bool copy(struct fragments *fragments, struct entry *entry, const struct fragment *fragment)
{
    uint32_t first = fragment->offset / UNIT, count = (fragment->length + UNIT - 1) / UNIT, fresh = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = i * UNIT, length = UNIT;

        if (entry->units > 0 && is_seen(entry, first + i)) {
            fragments->counts.differing += count_differing(entry, fragment, from);
            continue;
        }
        entry->seen[(first + i) / 64] |= UINT64_C(1) << (first + i) % 64;
        fresh++;
        if (fragment->length - from < length)
            length = fragment->length - from;
        if (from + length <= fragment->captured) {
            memcpy(entry->buffer->octets + fragment->offset + from, fragment->octets + from, length);
        } else if (fragment->offset + from < entry->captured) {
            uint32_t there = from < fragment->captured ? fragment->captured - from : 0;

            memcpy(entry->buffer->octets + fragment->offset + from, fragment->octets + from, there);
            entry->captured = fragment->offset + from + there;
        }
    }
    entry->units += fresh;
    return fresh == count;
}

/* True when the fragment's end agrees with what the others said of the datagram's length. */
static bool fits(const struct entry *entry, const struct fragment *fragment)
{
    uint32_t end = fragment->offset + fragment->length;

    if (entry->length != 0)
        return fragment->more ? end <= entry->length : end == entry->length;
    return fragment->more || end >= entry->end;
}

static void hand_out(struct fragments *fragments, struct entry *entry, int64_t time_ns,
                     struct datagram *whole)
{
    whole->octets = entry->buffer->octets;
    whole->length = entry->length;
    whole->captured = entry->captured < entry->length ? entry->captured : entry->length;
    whole->protocol = entry->protocol;
    entry->buffer->next = fragments->released;
    fragments->released = entry->buffer;
    entry->buffer = NULL;
    free(entry->seen);
    entry->seen = NULL;
    fragments->octets -= heap_of(entry->room) - heap_of(0);
    entry->room = 0;
    entry->time_ns = time_ns;
}

enum fragment_result fragments_take(struct fragments *fragments, const struct fragment *fragment,
                                    struct datagram *whole)
{
    uint32_t end = fragment->offset + fragment->length;
    struct entry *entry;
    struct key key;
    bool fresh;

    if (fragment->length == 0 || fragment->length > MAX_LENGTH || end > MAX_LENGTH ||
        (fragment->more && fragment->length % UNIT != 0))
        return FRAGMENT_MALFORMED;
    make_room(fragments, fragment->time_ns);
    make_key(fragment, &key);
    entry = find(fragments, &key, fragment->time_ns);
    if (entry != NULL && entry->buffer == NULL)
        return FRAGMENT_KEPT;
    if (entry == NULL)
        entry = add_entry(fragments, &key, fragment->time_ns);
    if (entry == NULL)
        return FRAGMENT_KEPT;
    if (!fits(entry, fragment))
        return FRAGMENT_MALFORMED;
    if (!grow(fragments, entry, end)) {
        remove_entry(fragments, entry);
        return FRAGMENT_KEPT;
    }
    if (fragment->offset == 0 && !is_seen(entry, 0))
        entry->protocol = fragment->protocol;
    fresh = copy(fragments, entry, fragment);
    if (!fragment->more)
        entry->length = end;
    if (end > entry->end)
        entry->end = end;
    if (entry->length != 0 && entry->units == (entry->length + UNIT - 1) / UNIT) {
        hand_out(fragments, entry, fragment->time_ns, whole);
        return FRAGMENT_WHOLE;
    }
    return fragment->offset == 0 && fresh ? FRAGMENT_FIRST : FRAGMENT_KEPT;
}

void fragments_release(struct fragments *fragments)
{
    while (fragments->released != NULL) {
        struct buffer *buffer = fragments->released;

        fragments->released = buffer->next;
        free(buffer);
    }
}

struct fragments_counts fragments_counts(const struct fragments *fragments)
{
    struct fragments_counts counts = fragments->counts;

    for (const struct entry *entry = fragments->oldest; entry != NULL; entry = entry->newer)
        counts.incomplete += entry->buffer != NULL;
    return counts;
}

uint64_t fragments_octets(const struct fragments *fragments)
{
    return fragments->octets;
}

void fragments_free(struct fragments *fragments)
{
    if (fragments == NULL)
        return;
    for (struct entry *entry = fragments->oldest, *newer; entry != NULL; entry = newer) {
        newer = entry->newer;
        free_entry(entry);
    }
    fragments_release(fragments);
    free(fragments);
}
